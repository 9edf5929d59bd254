import { closeSync, openSync, readSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { assert, UniverseError } from '@inner-universe/core'
import type { Driver, Durability, Statement, StorageKind } from '../driver.ts'
import { clearLogMark, databaseBytes, findFaults, foldLog } from '../maintenance.ts'
import { type FileAccess, openingPragmas } from '../pragmas.ts'
import { driverClosed } from '../sqlite-error.ts'
import { statementKind } from '../statement-kind.ts'
import { guard, type NodeConnection, NodeStatement } from './statement.ts'

/** Compiled statements kept per driver; the least recently asked for is dropped first. */
const STATEMENTS_MAX = 500

/** Longest wait for others that open the same file, in ms. */
const SHARED_OPENING_MS_MAX = 5_000

/** Where the database is, and what its commits survive. */
export interface NodeDatabaseOptions {
  /** A file path, or `:memory:`. */
  readonly path: string
  readonly durability: Durability
  /**
   * `shared`: other processes may open the file at the same time; BEGIN IMMEDIATE throws
   * `storage/locked` while one of them writes. Default `exclusive`.
   */
  readonly access?: FileAccess
  /** For `:memory:` only: the bytes of a database to start from. */
  readonly contents?: Uint8Array
}

/**
 * Opens a database over Node's built-in SQLite, creating the file when there is none.
 *
 * @throws UniverseError `storage/locked` when another driver or process has it open,
 * `storage/unavailable` when the path cannot be opened, `storage/corrupt` or
 * `storage/not-a-database` when its bytes are bad: they are then left as they were.
 */
export function openNodeDatabase(options: NodeDatabaseOptions): Driver {
  const { path, durability, contents, access = 'exclusive' } = options
  const database = guard('', () => {
    return new DatabaseSync(path, {
      // Of several openers at once, each finds the others in the way for a moment.
      timeout: access === 'shared' ? SHARED_OPENING_MS_MAX : 0,
      returnArrays: true,
      enableForeignKeyConstraints: false,
      defensive: true,
    })
  })
  const driver = new NodeDriver(database, path)
  try {
    if (contents !== undefined) {
      assert(path === ':memory:', 'contents are given to a database in memory')
      // A copy: the caller's bytes stay as they are, and SQLite wants the rollback-journal form.
      const bytes = contents.slice()
      clearLogMark(bytes)
      guard('', () => database.deserialize(bytes))
    }
    for (const pragma of openingPragmas(driver.storage, durability, access)) driver.exec(pragma)
    // The first read of the pages: damage is found here and not in the middle of a call.
    driver.prepare('SELECT count(*) FROM sqlite_schema').get()
    if (access === 'shared') driver.exec('PRAGMA busy_timeout = 0')
    return driver
  } catch (error) {
    driver.close()
    throw error
  }
}

class NodeDriver implements Driver {
  readonly storage: StorageKind
  readonly #path: string
  readonly #connection: NodeConnection
  readonly #statements = new Map<string, NodeStatement>()
  #exportFile: number | undefined

  constructor(database: DatabaseSync, path: string) {
    this.storage = path === ':memory:' ? 'memory' : 'file'
    this.#path = path
    this.#connection = { database, schemaGeneration: 0, writeGeneration: 0, isExpired: undefined }
  }

  get isOpen(): boolean {
    return this.#connection.database.isOpen
  }

  get isInTransaction(): boolean {
    return this.isOpen && this.#connection.database.isTransaction
  }

  exec(sql: string): void {
    this.#assertOpen()
    // One BEGIN, COMMIT or SAVEPOINT goes the cached way; anything else may hold any statements.
    if (statementKind(sql) === 'transaction' && !/;\s*\S/.test(sql)) {
      this.prepare(sql).run()
      return
    }
    this.#connection.writeGeneration++
    this.#connection.schemaGeneration++
    guard(sql, () => this.#connection.database.exec(sql))
  }

  prepare(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = new NodeStatement(this.#connection, sql)
      this.#statements.set(sql, statement)
      if (this.#statements.size > STATEMENTS_MAX) {
        const [oldest] = this.#statements.keys()
        // Whoever still holds it can go on using it: Node frees a statement with its last reference.
        if (oldest !== undefined) this.#statements.delete(oldest)
      }
    } else {
      this.#assertOpen()
    }
    return statement
  }

  setDeadline(isExpired: (() => boolean) | undefined): void {
    this.#connection.isExpired = isExpired
  }

  fileBytes(): number {
    return databaseBytes(this)
  }

  *exportChunks(chunkBytes: number): Iterable<Uint8Array> {
    assert(chunkBytes > 0, 'chunks of an export have bytes')
    this.checkpoint()
    const generation = this.#connection.writeGeneration
    const totalBytes = this.fileBytes()
    const read = this.storage === 'memory' ? this.#memoryReader() : this.#fileReader()
    for (let start = 0; start < totalBytes; start += chunkBytes) {
      this.#assertOpen()
      if (this.#connection.writeGeneration !== generation) {
        throw new UniverseError(
          'storage/changed',
          'the database was written during its export; start again',
        )
      }
      const chunk = read(start, Math.min(chunkBytes, totalBytes - start))
      if (start === 0) clearLogMark(chunk)
      yield chunk
    }
  }

  checkpoint(): void {
    this.#assertOpen()
    if (this.storage !== 'memory') foldLog(this)
    else assert(!this.isInTransaction, 'no transaction is open at a checkpoint')
  }

  integrityCheck(): readonly string[] {
    return findFaults(this)
  }

  close(): void {
    if (!this.isOpen) return
    this.#statements.clear()
    this.#connection.database.close()
    if (this.#exportFile !== undefined) closeSync(this.#exportFile)
    this.#exportFile = undefined
  }

  #memoryReader(): (start: number, length: number) => Uint8Array {
    const bytes = guard('', () => this.#connection.database.serialize())
    return (start, length) => bytes.slice(start, start + length)
  }

  #fileReader(): (start: number, length: number) => Uint8Array {
    // Order matters: closing any descriptor of a file drops the process's POSIX locks on it, so
    // this one stays open until SQLite has closed its own.
    this.#exportFile ??= openSync(this.#path, 'r')
    const file = this.#exportFile
    return (start, length) => {
      const chunk = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const count = readSync(file, chunk, filled, length - filled, start + filled)
        if (count === 0)
          throw new UniverseError('storage/io', 'the database file is shorter than it should be')
        filled += count
      }
      return chunk
    }
  }

  #assertOpen(): void {
    if (!this.isOpen) throw driverClosed()
  }
}
