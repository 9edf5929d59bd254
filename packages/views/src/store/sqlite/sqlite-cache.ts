/** Reads pieces of a view's state straight from their tables: in the process that runs it, or another. */
import { type Driver, quoteIdentifier, type SqlRow, type SqlValue } from '@inner-universe/sqlite'
import type { Datum, StateName } from '../../state.ts'
import { encodeDatum } from '../datum-codec.ts'
import { decodeDatum } from '../datum-decoder.ts'
import { notReady, storeCorrupt, unknownPiece } from '../format.ts'
import type { CacheEntry, CacheRange, ReadonlyCache, StoreStatus } from '../view-store.ts'
import { readPieces, readRecord, readSkipped } from './sqlite-record.ts'

/** Rows of `entries` read at once. */
const PAGE_ROWS = 500

/** A view of a database that another process, or another part of this one, keeps up to date. */
export interface SqliteReader {
  status(): StoreStatus
  /** @throws UniverseError `views/invalid-graph` when the view has no piece of that name. */
  cache<R>(name: StateName): ReadonlyCache<R>
}

/**
 * Reads a view without running it: only what is committed, and nothing is written. The driver is the
 * caller's; another process's file is opened with `access: 'shared'`.
 *
 * @throws UniverseError `views/store-too-new`; `views/not-ready` when there is no such view, or it is
 * still being filled.
 */
export function openSqliteReader(options: { driver: Driver; view: string }): SqliteReader {
  const { driver, view } = options
  readStatus(driver, view)
  return {
    status: () => readStatus(driver, view),
    cache: <R>(name: StateName) => new SqliteCache<R>(driver, view, name),
  }
}

/** Where a view stands. Throws `views/not-ready` when there is none, or it is still being filled. */
export function readStatus(driver: Driver, view: string): StoreStatus {
  const record = readRecord(driver, view)
  if (record?.phase !== 'ready') throw notReady(view)
  const { inputTime, frontier } = record
  return { inputTime, frontier, skipped: readSkipped(driver, view) }
}

/** One piece of state, for reading. */
export class SqliteCache<R> implements ReadonlyCache<R> {
  readonly #driver: Driver
  readonly #view: string
  readonly #name: StateName

  constructor(driver: Driver, view: string, name: StateName) {
    this.#driver = driver
    this.#view = view
    this.#name = name
    this.#columns()
  }

  async get(key: Datum, { from = 0, rowsMax = -1 }: CacheRange = {}): Promise<CacheEntry<R>[]> {
    const { columns, place, table } = this.#columns()
    return this.#driver
      .prepare(`SELECT ${columns} FROM ${table} WHERE k = ? ORDER BY ${place} LIMIT ? OFFSET ?`)
      .all([encodeDatum(key), rowsMax, from])
      .map(entryOf<R>)
  }

  async *entries(): AsyncIterable<CacheEntry<R>> {
    let last: SqlValue[] = []
    for (;;) {
      const { columns, place, table, width } = this.#columns()
      const after = `WHERE (${place}) > (${Array(width).fill('?').join(', ')})`
      const page = this.#driver
        .prepare(
          `SELECT ${columns} FROM ${table} ${last.length > 0 ? after : ''}
           ORDER BY ${place} LIMIT ${PAGE_ROWS}`,
        )
        .all(last)
      yield* page.map(entryOf<R>)
      if (page.length < PAGE_ROWS) return
      last = page.at(-1)?.slice(2, 2 + width) ?? []
    }
  }

  /** The columns as `w, x, k, …, r`: read each time, since the view may have been built anew. */
  #columns(): { columns: string; place: string; table: string; width: number } {
    const entry = readPieces(this.#driver, this.#view).get(this.#name)
    if (entry === undefined) throw unknownPiece(this.#name)
    if (!entry.isThere) throw storeCorrupt(this.#view, `the table of ${this.#name} is gone`)
    const table = quoteIdentifier(entry.table)
    switch (entry.kind) {
      case 'bag':
        return { columns: 'w, x, k, r', place: 'k, r', table, width: 2 }
      case 'ordered':
        return { columns: 'w, x, k, o, r', place: 'k, o, r', table, width: 3 }
      case 'cells':
        return { columns: '1, NULL, k, v', place: 'k', table, width: 1 }
    }
  }
}

function entryOf<R>(row: SqlRow): CacheEntry<R> {
  const [weight, exact, key] = row
  const bytes = (exact ?? row.at(-1)) as Uint8Array
  return {
    key: decodeDatum(key as Uint8Array),
    row: decodeDatum(bytes) as R,
    weight: weight as number,
  }
}
