/** Reads pieces of a view's state straight from their tables: in the process that runs it, or another. */
import type { Datum, StateName } from '../../state.ts'
import { encodeDatum } from '../datum-codec.ts'
import { decodeDatum } from '../datum-decoder.ts'
import { type PieceKind, unknownPiece } from '../format.ts'
import type { CacheEntry, CacheRange, ReadonlyCache, StoreStatus } from '../view-store.ts'
import { Connection, type PostgresSource } from './connection.ts'
import { readStatus } from './postgres-backend.ts'
import { type Names, namesOf, readPieces } from './postgres-record.ts'
import { KEY_SHORT_MAX, shortForm } from './short-form.ts'

/** Rows of `entries` read at once. */
const PAGE_ROWS = 1_000

/** Does something over a connection. */
type Use = <T>(work: (by: Connection) => Promise<T>) => Promise<T>

/** A view that another process keeps up to date. */
export interface PostgresReader {
  status(): Promise<StoreStatus>
  /** Its methods throw `views/invalid-graph` when the view has no piece of that name. */
  cache<R>(name: StateName): ReadonlyCache<R>
}

/**
 * Reads a view without running it: only what is committed, and nothing is written.
 *
 * @throws UniverseError `views/store-too-new`; `views/not-ready` when there is no such view.
 */
export async function openPostgresReader(
  options: PostgresSource & { readonly schema?: string; readonly view: string },
): Promise<PostgresReader> {
  const names = namesOf(options.schema)
  const use: Use = (work) => Connection.use(options, work)
  const status = (): Promise<StoreStatus> => use((by) => readStatus(by, names, options.view))
  await status()
  return {
    status,
    cache: <R>(name: StateName) => new PostgresCache<R>(use, names, options.view, name),
  }
}

interface StoredEntry {
  readonly key: Uint8Array
  readonly row: Uint8Array
  readonly weight: string
  readonly place: readonly Uint8Array[]
}

/** One piece of state, for reading. */
export class PostgresCache<R> implements ReadonlyCache<R> {
  readonly #use: Use
  readonly #names: Names
  readonly #view: string
  readonly #name: StateName

  constructor(use: Use, names: Names, view: string, name: StateName) {
    this.#use = use
    this.#names = names
    this.#view = view
    this.#name = name
  }

  get(key: Datum, { from = 0, rowsMax }: CacheRange = {}): Promise<CacheEntry<R>[]> {
    const { short } = shortForm(encodeDatum(key), KEY_SHORT_MAX)
    return this.#use(async (by) => {
      const { columns, order, table } = await this.#piece(by)
      const rows = await by.query<StoredEntry>(
        `SELECT ${columns} FROM ${table} WHERE k = $1 ORDER BY ${order} LIMIT $2 OFFSET $3`,
        [short, rowsMax ?? null, from],
      )
      return rows.map(entryOf<R>)
    })
  }

  async *entries(): AsyncIterable<CacheEntry<R>> {
    let last: readonly Uint8Array[] = []
    for (;;) {
      const page = await this.#use(async (by) => {
        const { columns, place, table } = await this.#piece(by)
        const after = `WHERE (${place}) > (${last.map((_, index) => `$${index + 1}`).join(', ')})`
        return by.query<StoredEntry>(
          `SELECT ${columns}, ARRAY[${place}] AS place FROM ${table}
           ${last.length > 0 ? after : ''} ORDER BY ${place} LIMIT ${PAGE_ROWS}`,
          last,
        )
      })
      yield* page.map(entryOf<R>)
      if (page.length < PAGE_ROWS) return
      last = page.at(-1)?.place ?? []
    }
  }

  async #piece(by: Connection): Promise<PieceText & { readonly table: string }> {
    const entry = (await readPieces(by, this.#names, this.#view)).get(this.#name)
    if (entry === undefined) throw unknownPiece(this.#name)
    return { ...PIECE_TEXTS[entry.kind], table: this.#names.table(entry.table) }
  }
}

interface PieceText {
  readonly columns: string
  /** What is in the index. */
  readonly place: string
  /** Of the rows under one key. */
  readonly order: string
}

const ROW_COLUMNS = 'coalesce(kl, k) AS key, coalesce(x, rl, r) AS row, w AS weight'

const PIECE_TEXTS: Readonly<Record<PieceKind, PieceText>> = {
  bag: { columns: ROW_COLUMNS, place: 'k, r', order: 'r' },
  ordered: {
    columns: ROW_COLUMNS,
    place: 'k, o, r',
    order: 'o, coalesce(ol, o), coalesce(rl, r)',
  },
  cells: { columns: 'coalesce(kl, k) AS key, v AS row, 1 AS weight', place: 'k', order: 'k' },
}

function entryOf<R>({ key, row, weight }: StoredEntry): CacheEntry<R> {
  return { key: decodeDatum(key), row: decodeDatum(row) as R, weight: Number(weight) }
}
