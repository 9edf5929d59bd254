import { assert, UniverseError } from '@inner-universe/core'
import type { Driver, Durability, Statement, StorageKind } from '../driver.ts'
import { clearLogMark, databaseBytes, findFaults, foldLog } from '../maintenance.ts'
import { openingPragmas } from '../pragmas.ts'
import { sqlInvalid, sqliteError } from '../sqlite-error.ts'
import { isBlankSql, statementKind } from '../statement-kind.ts'
import { allocateText } from './compile.ts'
import { assertIntact, WasmConnection } from './connection.ts'
import { isTooDeep } from './expression-depth.ts'
import { type Pointer, SQLITE_OK, type Sqlite } from './sqlite-module.ts'
import { WasmStatement } from './statement.ts'
import { opfsVfs, type SyncFile } from './vfs.ts'

/** What a database is opened over. */
export type DatabaseBacking =
  | { readonly kind: 'memory'; readonly contents?: Uint8Array }
  /** Open files: the database, its log, its journal. The driver closes them, also when it fails. */
  | { readonly kind: 'opfs'; readonly path: string; readonly files: readonly SyncFile[] }

/**
 * Opens a database in an instance of SQLite, creating it where the file is empty.
 *
 * @throws UniverseError `storage/corrupt` or `storage/not-a-database` when its bytes are bad,
 * `storage/quota-exceeded` when there is no room for the first page.
 */
export function openDatabase(
  module: Sqlite,
  backing: DatabaseBacking,
  durability: Durability,
): Driver {
  let driver: WasmDriver | undefined
  try {
    assertIntact(module)
    if (backing.kind === 'opfs') opfsVfs(module).attach(backing.path, backing.files)
    driver = new WasmDriver(openConnection(module, backing), backing)
    if (backing.kind === 'memory' && backing.contents !== undefined) {
      driver.deserialize(backing.contents)
    }
    for (const pragma of openingPragmas(backing.kind, durability)) driver.exec(pragma)
    // The first read of the pages: damage is found here and not in the middle of a call.
    driver.prepare('SELECT count(*) FROM sqlite_schema').get()
    return driver
  } catch (error) {
    if (driver === undefined) releaseFiles(module, backing)
    else driver.close()
    throw error
  }
}

class WasmDriver implements Driver {
  readonly storage: StorageKind
  readonly #connection: WasmConnection
  readonly #backing: DatabaseBacking

  constructor(connection: WasmConnection, backing: DatabaseBacking) {
    this.storage = backing.kind
    this.#connection = connection
    this.#backing = backing
  }

  get isOpen(): boolean {
    return this.#connection.isOpen
  }

  get isInTransaction(): boolean {
    return this.#connection.isInTransaction
  }

  exec(sql: string): void {
    this.#connection.assertOpen()
    // One BEGIN, COMMIT or SAVEPOINT goes the cached way.
    if (statementKind(sql) === 'transaction' && !/;\s*\S/.test(sql)) {
      this.prepare(sql).run()
      return
    }
    if (isTooDeep(sql)) throw sqlInvalid('an expression is nested too deep', sql)
    for (let rest = sql; !isBlankSql(rest, 0); ) {
      let tail = ''
      const statement = new WasmStatement(this.#connection, rest, (text) => {
        tail = text
      })
      try {
        statement.run()
      } finally {
        statement.release()
      }
      rest = tail
    }
  }

  prepare(sql: string): Statement {
    const { statements } = this.#connection
    let statement = statements.get(sql)
    if (statement === undefined) {
      statement = new WasmStatement(this.#connection, sql)
      statements.set(sql, statement)
    }
    return statement
  }

  setDeadline(isExpired: (() => boolean) | undefined): void {
    this.#connection.assertOpen()
    this.#connection.setDeadline(isExpired)
  }

  fileBytes(): number {
    return databaseBytes(this)
  }

  *exportChunks(chunkBytes: number): Iterable<Uint8Array> {
    assert(chunkBytes > 0, 'chunks of an export have bytes')
    this.checkpoint()
    const generation = this.#connection.writeGeneration
    const totalBytes = this.fileBytes()
    const read = this.#backing.kind === 'memory' ? this.#memoryReader() : this.#fileReader()
    for (let start = 0; start < totalBytes; start += chunkBytes) {
      this.#connection.assertOpen()
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
    this.#connection.assertOpen()
    if (this.storage !== 'memory') foldLog(this)
    else assert(!this.isInTransaction, 'no transaction is open at a checkpoint')
  }

  integrityCheck(): readonly string[] {
    return findFaults(this)
  }

  close(): void {
    this.#connection.close()
    releaseFiles(this.#connection.module, this.#backing)
  }

  /** Fills a database in memory that is still empty. */
  deserialize(contents: Uint8Array): void {
    const { module, handle } = this.#connection
    const bytes = contents.slice()
    clearLogMark(bytes)
    const at = module.sqlite3_malloc(bytes.length)
    if (at === 0) throw outOfMemory()
    module.HEAPU8.set(bytes, at)
    const schema = allocateText(module, 'main')
    try {
      const { length } = bytes
      const flags = FREE_ON_CLOSE | RESIZABLE
      this.#connection.check(
        module.sqlite3_deserialize(handle, schema.at, at, length, 0, length, 0, flags),
      )
    } finally {
      module.free(schema.at)
    }
  }

  #memoryReader(): (start: number, length: number) => Uint8Array {
    const { module, handle } = this.#connection
    const schema = allocateText(module, 'main')
    const outBytes = module.malloc(8)
    const at = module.sqlite3_serialize(handle, schema.at, outBytes, 0)
    const byteCount = module.HEAP32[outBytes >> 2] as number
    module.free(outBytes)
    module.free(schema.at)
    if (at === 0) throw outOfMemory()
    const bytes = module.HEAPU8.slice(at, at + byteCount)
    module.sqlite3_free(at)
    return (start, length) => bytes.slice(start, start + length)
  }

  #fileReader(): (start: number, length: number) => Uint8Array {
    assert(this.#backing.kind === 'opfs', 'a file is read where there is one')
    const [file] = this.#backing.files
    return (start, length) => {
      const chunk = new Uint8Array(length)
      if (file?.read(chunk, { at: start }) !== length) {
        throw new UniverseError('storage/io', 'the database file is shorter than it should be')
      }
      return chunk
    }
  }
}

/** `SQLITE_DESERIALIZE_FREEONCLOSE` and `_RESIZEABLE`: the bytes are SQLite's from then on. */
const FREE_ON_CLOSE = 1
const RESIZABLE = 2

/** `SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE` */
const OPEN_FLAGS = 2 | 4

/** `SQLITE_DBCONFIG_DEFENSIVE`: SQL cannot write to shadow tables or to the schema itself. */
const CONFIG_DEFENSIVE = 1010

function openConnection(module: Sqlite, backing: DatabaseBacking): WasmConnection {
  const path = allocateText(module, backing.kind === 'memory' ? ':memory:' : backing.path)
  const vfs = backing.kind === 'memory' ? undefined : opfsVfs(module)
  const vfsName = vfs && allocateText(module, vfs.name)
  const out = module.malloc(8)
  try {
    const resultCode = module.sqlite3_open_v2(path.at, out, OPEN_FLAGS, vfsName?.at ?? 0)
    const handle = module.HEAP32[out >> 2] as Pointer
    if (handle === 0) throw outOfMemory()
    const connection = new WasmConnection(module, handle)
    if (vfs !== undefined) connection.takeCause = () => vfs.takeCause()
    if (resultCode !== SQLITE_OK) {
      const error = connection.failure(resultCode)
      connection.close()
      throw error
    }
    module.sqlite3_extended_result_codes(handle, 1)
    module.HEAP32[out >> 2] = 1
    module.HEAP32[(out >> 2) + 1] = 0
    module.sqlite3_db_config(handle, CONFIG_DEFENSIVE, out)
    return connection
  } finally {
    module.free(out)
    module.free(path.at)
    if (vfsName !== undefined) module.free(vfsName.at)
  }
}

function releaseFiles(module: Sqlite, backing: DatabaseBacking): void {
  if (backing.kind === 'memory') return
  opfsVfs(module).detach(backing.path)
  for (const file of backing.files) file.close()
}

function outOfMemory(): UniverseError {
  return sqliteError({ resultCode: 7, message: 'out of memory' })
}
