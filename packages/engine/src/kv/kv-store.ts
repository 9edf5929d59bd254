/**
 * Ordered key-value entries in categories, over one SQLite database. KV.md KS1–KS12.
 *
 * Keys are ordered byte by byte, a key before its own extensions. Everything is synchronous; bytes
 * handed out are copies, bytes handed in are read before the call returns.
 */
import { type KeyRange, type KvRow, prefixRange, UniverseError } from '@inner-universe/core'
import {
  type Driver,
  inSavepoint,
  inTransaction,
  type SqlValue,
  type Synchronous,
} from '@inner-universe/sqlite'
import { withKvErrors } from './kv-error.ts'
import type { KvOperation, KvPage, KvScanOptions } from './kv-operation.ts'
import { KV_TABLE, openKvSchema } from './kv-schema.ts'

/** The statements over one table. */
interface KvSql {
  readonly table: string
  readonly put: string
  readonly delete: string
  readonly get: string
  readonly exists: string
}

/** Runs something and passes on what it gives. */
type Guard = <T>(body: () => T) => T

function sqlOf(table: string): KvSql {
  const isEntry = 'WHERE category = ?1 AND key = ?2'
  return {
    table,
    put: `INSERT OR REPLACE INTO ${table} (category, key, payload) VALUES (?1, ?2, ?3)`,
    delete: `DELETE FROM ${table} ${isEntry}`,
    get: `SELECT payload FROM ${table} ${isEntry}`,
    exists: `SELECT 1 FROM ${table} ${isEntry}`,
  }
}

/**
 * The entries of one table.
 *
 * @throws UniverseError from every method of one made by {@link openKvStore}: `kv/backend` with
 * `details.backendCode` when SQLite refuses, `kv/closed` after `close`.
 */
export class KvStore {
  readonly #driver: Driver
  readonly #sql: KvSql
  readonly #guard: Guard

  /**
   * @param table name of its table, as `kvTableStatement` makes it.
   * @param guard runs what uses the driver, and may give its errors another form.
   */
  constructor(driver: Driver, table: string, guard: Guard) {
    this.#driver = driver
    this.#sql = sqlOf(table)
    this.#guard = guard
  }

  /** Puts one entry, in the place of an older one of that key. */
  put(category: Uint8Array, key: Uint8Array, payload: Uint8Array): void {
    this.#change({ kind: 'put', category, key, payload })
  }

  /** Deletes one entry. Says whether it was there. */
  delete(category: Uint8Array, key: Uint8Array): boolean {
    return this.#change({ kind: 'delete', category, key }) > 0
  }

  /** Deletes the entries whose keys begin with `prefix`; of no bytes: all. Gives their number. */
  deletePrefix(category: Uint8Array, prefix: Uint8Array): number {
    return this.#change({ kind: 'deletePrefix', category, key: prefix })
  }

  /**
   * Does all of the operations in their order, or none of them; within {@link transaction} a failure
   * undoes these operations only. Gives for each the number of entries that it put or deleted.
   */
  batch(operations: readonly KvOperation[]): number[] {
    return this.#guard(() => {
      const body = (): number[] => operations.map((operation) => this.#change(operation))
      // A statement is whole or undone by itself.
      if (operations.length < 2) return body()
      return this.#driver.isInTransaction
        ? inSavepoint(this.#driver, body)
        : inTransaction(this.#driver, body)
    })
  }

  /** Runs `body` in one transaction: one flush for all that it writes. What it throws undoes it all. */
  transaction<T>(body: () => Synchronous<T>): T {
    return this.#guard(() => inTransaction(this.#driver, body))
  }

  /** False in a transaction that SQLite has given up as a whole, as it may on a full disk. */
  get isInTransaction(): boolean {
    return this.#driver.isInTransaction
  }

  /** The payload of a key, or undefined. */
  get(category: Uint8Array, key: Uint8Array): Uint8Array | undefined {
    return this.#guard(() => {
      const row = this.#driver.prepare(this.#sql.get).get([category, key])
      return row?.[0] as Uint8Array | undefined
    })
  }

  /** True when the key is there. Cost: one index seek, the payload is not read. */
  exists(category: Uint8Array, key: Uint8Array): boolean {
    return this.#guard(
      () => this.#driver.prepare(this.#sql.exists).get([category, key]) !== undefined,
    )
  }

  /** Number of entries of a range. Cost: O(that number). */
  count(category: Uint8Array, range: KeyRange): number {
    return this.#guard(() => {
      const { where, params } = conditions(category, range, {})
      const row = this.#driver
        .prepare(`SELECT count(*) FROM ${this.#sql.table} ${where}`)
        .get(params)
      return Number(row?.[0])
    })
  }

  /**
   * The entries of a range, in the order of their keys. A range whose stop is not after its start
   * holds none. Cost: one index seek, then O(entries) time and memory: give `limit` or `bytesMax`, or
   * read in pages with `after`.
   *
   * @throws UniverseError `kv/invalid-argument` for a limit that is none.
   */
  scan(category: Uint8Array, range: KeyRange, options: KvScanOptions = {}): KvPage {
    const { reverse = false, limit, bytesMax = Number.POSITIVE_INFINITY } = options
    checkLimit(limit)
    return this.#guard(() => {
      const { where, params } = conditions(category, range, options)
      const sql =
        `SELECT key, payload FROM ${this.#sql.table} ${where} ORDER BY key ${reverse ? 'DESC' : 'ASC'} ` +
        `LIMIT ?${params.length + 1}`
      const rows: KvRow[] = []
      let bytes = 0
      this.#driver.prepare(sql).each([...params, limit ?? -1], ([key, payload]) => {
        const row = { key, payload } as KvRow
        rows.push(row)
        bytes += row.key.length + row.payload.length
        return bytes < bytesMax
      })
      const mayHaveMore = rows.length === limit || bytes >= bytesMax
      return { rows, next: mayHaveMore ? rows.at(-1)?.key : undefined }
    })
  }

  /** The entries whose keys begin with `prefix`; of no bytes: all. As {@link scan}. */
  scanPrefix(category: Uint8Array, prefix: Uint8Array, options: KvScanOptions = {}): KvPage {
    return this.scan(category, prefixRange(prefix), options)
  }

  /** Size of the database in bytes, without its write-ahead log. */
  bytes(): number {
    return this.#guard(() => this.#driver.fileBytes())
  }

  /** Closes the database. Idempotent. */
  close(): void {
    this.#driver.close()
  }

  #change(operation: KvOperation): number {
    const { kind, category, key } = operation
    return this.#guard(() => {
      if (kind === 'put') {
        return this.#driver.prepare(this.#sql.put).run([category, key, operation.payload])
      }
      if (kind === 'delete') return this.#driver.prepare(this.#sql.delete).run([category, key])
      const { where, params } = conditions(category, prefixRange(key), {})
      return this.#driver.prepare(`DELETE FROM ${this.#sql.table} ${where}`).run(params)
    })
  }
}

/**
 * Opens the store of a database, making its table in an empty one. The store owns the driver from
 * then on; a failure closes it.
 *
 * @throws UniverseError `kv/backend` for a database of another version or kind, which stays as it is.
 */
export function openKvStore(driver: Driver): KvStore {
  try {
    return withKvErrors(() => {
      openKvSchema(driver)
      // Compiled now: a table of other columns is found here and not at the first use.
      const { put, delete: remove, get } = sqlOf(KV_TABLE)
      for (const sql of [put, remove, get]) driver.prepare(sql)
      return new KvStore(driver, KV_TABLE, withKvErrors)
    })
  } catch (error) {
    driver.close()
    throw error
  }
}

/** The rows of a range, beyond the cursor if there is one. */
function conditions(
  category: Uint8Array,
  { start, stop }: KeyRange,
  { after, reverse = false }: KvScanOptions,
): { readonly where: string; readonly params: SqlValue[] } {
  const params: SqlValue[] = [category, start]
  let where = 'WHERE category = ?1 AND key >= ?2'
  const add = (comparison: '<' | '>', key: Uint8Array): void => {
    params.push(key)
    where += ` AND key ${comparison} ?${params.length}`
  }
  if (stop.length > 0) add('<', stop)
  if (after !== undefined) add(reverse ? '<' : '>', after)
  return { where, params }
}

function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return
  throw new UniverseError(
    'kv/invalid-argument',
    `a limit of ${limit} is none; give a whole number from 0 on`,
  )
}
