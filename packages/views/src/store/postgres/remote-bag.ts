/** Z-sets by key in one Postgres table, as far as a step has loaded them. STORES.md VS16. */
import { assert } from '@inner-universe/core'
import { type MapKey, mapKey } from '../../map-key.ts'
import type { Datum, OrderedBag, OrderTerm } from '../../state.ts'
import { encodeDatum, encodeOrder, encodeRow } from '../datum-codec.ts'
import { decodeDatum } from '../datum-decoder.ts'
import type { Digest, DigestSeed } from '../digest.ts'
import type { Connection } from './connection.ts'
import { type NeededKey, type PieceOwner, type RemotePiece, textOf } from './remote-piece.ts'
import { KEY_SHORT_MAX, ROW_SHORT_MAX, shortForm, shortOrder } from './short-form.ts'

/** Rows written by one statement. */
const WRITE_ROWS_MAX = 5_000

/** Rows read at once by a cursor. */
const FETCH_ROWS = 2_000

interface RemoteRow<R> {
  readonly row: R
  /** Order and row as bytes, whole. Order is empty in a bag without one. */
  readonly o: Uint8Array
  readonly r: Uint8Array
  readonly exact: Uint8Array | null
  /** Weight in the table, as far as loaded. */
  stored: number
  /** What is to be added to it. */
  delta: number
}

interface RemoteGroup<R> {
  readonly k: Uint8Array
  readonly rows: Map<string, RemoteRow<R>>
  /** In order. Undefined: to be sorted again. */
  sorted: readonly RemoteRow<R>[] | undefined
  /** How many rows from the first on are loaded; Infinity: all. */
  loadedRows: number
  /** The last of them, where there are more. */
  last: RemoteRow<R> | undefined
}

interface StoredRow {
  readonly k: Uint8Array
  readonly kl: Uint8Array | null
  readonly o?: Uint8Array
  readonly ol?: Uint8Array | null
  readonly r: Uint8Array
  readonly rl: Uint8Array | null
  readonly w: string
  readonly x: Uint8Array | null
}

/** What was loaded of a table for the step under way, and what the step has changed. */
export class RemoteBag<R> implements OrderedBag<R>, RemotePiece {
  readonly #table: string
  readonly #owner: PieceOwner
  readonly #seed: DigestSeed
  readonly #order: readonly OrderTerm<R>[] | undefined
  readonly #groups = new Map<MapKey, RemoteGroup<R>>()
  readonly #changed = new Set<RemoteRow<R>>()
  readonly #groupOf = new Map<RemoteRow<R>, RemoteGroup<R>>()

  constructor(
    table: string,
    owner: PieceOwner,
    seed: DigestSeed,
    order: readonly OrderTerm<R>[] | undefined,
  ) {
    this.#table = table
    this.#owner = owner
    this.#seed = seed
    this.#order = order
  }

  each(key: Datum, onRow: (row: R, weight: number) => undefined | boolean): void {
    this.eachFrom(key, 0, onRow)
  }

  eachFrom(key: Datum, from: number, onRow: (row: R, weight: number) => undefined | boolean): void {
    const group = this.#loaded(key)
    let place = 0
    for (const each of this.#rowsOf(group)) {
      const weight = each.stored + each.delta
      if (weight === 0) continue
      if (group.last !== undefined && compareRows(each, group.last) > 0) return
      if (place >= from && onRow(each.row, weight) === false) return
      place += 1
    }
  }

  add(key: Datum, row: R, weight: number): number {
    const group = this.#group(key)
    const each = this.#row(group, row)
    if (weight === 0) return each.stored + each.delta
    each.delta += weight
    this.#changed.add(each)
    this.#owner.digest.add(this.#seed, weight, this.#parts(group, each))
    return each.stored + each.delta
  }

  weight(key: Datum, row: R): number {
    const group = this.#loaded(key)
    const each = this.#row(group, row)
    const isKnown = group.last === undefined || compareRows(each, group.last) <= 0
    assert(isKnown, 'a group is loaded as far as the row whose weight is read')
    return each.stored + each.delta
  }

  size(key: Datum): number {
    let size = 0
    const group = this.#loaded(key)
    assert(group.loadedRows === Infinity, 'a group is loaded whole before it is counted')
    for (const each of group.rows.values()) if (each.stored + each.delta !== 0) size += 1
    return size
  }

  eachEntry(): void {
    assert(false, 'remote state is read whole by its cache')
  }

  /** Rows of keys, one statement for all. */
  async load(by: Connection, needs: ReadonlyMap<MapKey, NeededKey>): Promise<void> {
    const groups: RemoteGroup<R>[] = []
    const limits: number[] = []
    for (const { key, rowsMax } of needs.values()) {
      const group = this.#group(key)
      if (group.loadedRows >= rowsMax) continue
      const wanted = this.#order === undefined ? Infinity : rowsMax
      // Rows that the step takes away are still in the table.
      let taken = 0
      for (const each of group.rows.values()) if (each.delta < 0) taken += 1
      groups.push(group)
      limits.push(wanted + taken)
    }
    if (groups.length === 0) return
    const byKey = new Map(groups.map((group) => [textOf(group.k), group]))
    const counts = new Map<RemoteGroup<R>, number>()
    const rows = await by.query<StoredRow>(this.#loadText(), [
      groups.map((group) => shortForm(group.k, KEY_SHORT_MAX).short),
      limits.map((limit) => (limit === Infinity ? null : limit)),
    ])
    for (const stored of rows) {
      const group = byKey.get(textOf(stored.kl ?? stored.k))
      assert(group !== undefined, 'only rows of the asked keys are loaded')
      group.last = this.#store(group, stored)
      counts.set(group, (counts.get(group) ?? 0) + 1)
    }
    for (const [index, group] of groups.entries()) {
      const limit = limits[index] as number
      const isWhole = (counts.get(group) ?? 0) < limit
      group.loadedRows = isWhole ? Infinity : limit
      if (isWhole) group.last = undefined
    }
  }

  async flush(by: Connection): Promise<void> {
    const changed = [...this.#changed].filter(({ delta }) => delta !== 0)
    this.#changed.clear()
    for (let from = 0; from < changed.length; from += WRITE_ROWS_MAX) {
      await this.#write(by, changed.slice(from, from + WRITE_ROWS_MAX))
    }
  }

  discard(): void {
    this.#groups.clear()
    this.#groupOf.clear()
    this.#changed.clear()
  }

  async addTo(by: Connection, digest: Digest): Promise<void> {
    await by.query(`DECLARE entries NO SCROLL CURSOR FOR SELECT * FROM ${this.#table}`)
    for (;;) {
      const rows = await by.query<StoredRow>(`FETCH ${FETCH_ROWS} FROM entries`)
      for (const { k, kl, o, ol, r, rl, w } of rows) {
        const place = o === undefined ? [] : [ol ?? o]
        digest.add(this.#seed, Number(w), [kl ?? k, ...place, rl ?? r])
      }
      if (rows.length < FETCH_ROWS) break
    }
    await by.query('CLOSE entries')
  }

  async #write(by: Connection, rows: readonly RemoteRow<R>[]): Promise<void> {
    const keys = rows.map((each) =>
      shortForm(this.#groupOf.get(each)?.k as Uint8Array, KEY_SHORT_MAX),
    )
    const values = rows.map((each) => shortForm(each.r, ROW_SHORT_MAX))
    const places = this.#order === undefined ? [] : rows.map((each) => shortOrder(each.o))
    const index: Column[] = [
      { name: 'k', type: 'bytea', values: keys.map((each) => each.short) },
      { name: 'r', type: 'bytea', values: values.map((each) => each.short) },
    ]
    const others: Column[] = [
      { name: 'kl', type: 'bytea', values: keys.map((each) => each.long) },
      { name: 'rl', type: 'bytea', values: values.map((each) => each.long) },
      { name: 'w', type: 'bigint', values: rows.map((each) => each.delta) },
      { name: 'x', type: 'bytea', values: rows.map((each) => each.exact) },
    ]
    if (this.#order !== undefined) {
      index.push({ name: 'o', type: 'bytea', values: places.map((each) => each.short) })
      others.push({ name: 'ol', type: 'bytea', values: places.map((each) => each.long) })
    }
    const columns = [...index, ...others]
    const [sums] = await by.query<{ hasZero: boolean | null }>(
      `WITH written AS (
         INSERT INTO ${this.#table} AS b (${namesOf(columns)}) SELECT * FROM ${unnested(columns)}
         ON CONFLICT (${namesOf(index)}) DO UPDATE SET w = b.w + excluded.w RETURNING w)
       SELECT bool_or(w = 0) AS "hasZero" FROM written`,
      columns.map((column) => column.values),
    )
    if (sums?.hasZero === true) {
      const isSame = index.map(({ name }) => `b.${name} = q.${name}`).join(' AND ')
      await by.query(
        `DELETE FROM ${this.#table} b USING ${unnested(index)} AS q (${namesOf(index)})
         WHERE b.w = 0 AND ${isSame}`,
        index.map((column) => column.values),
      )
    }
    for (const each of rows) {
      each.stored += each.delta
      each.delta = 0
    }
  }

  /** `$1` keys, `$2` how many rows of each, NULL for all. */
  #loadText(): string {
    const order = this.#order === undefined ? 'r' : 'o, coalesce(ol, o), coalesce(rl, r)'
    return `SELECT b.* FROM unnest($1::bytea[], $2::bigint[]) AS q (k, n), LATERAL (
      SELECT * FROM ${this.#table} t WHERE t.k = q.k ORDER BY ${order} LIMIT q.n) b`
  }

  #group(key: Datum): RemoteGroup<R> {
    const mark = mapKey(key)
    let group = this.#groups.get(mark)
    if (group === undefined) {
      group = {
        k: encodeDatum(key),
        rows: new Map(),
        sorted: undefined,
        loadedRows: 0,
        last: undefined,
      }
      this.#groups.set(mark, group)
    }
    return group
  }

  #loaded(key: Datum): RemoteGroup<R> {
    const group = this.#group(key)
    assert(group.loadedRows > 0, `a key is announced before it is read from ${this.#table}`)
    return group
  }

  #row(group: RemoteGroup<R>, row: R): RemoteRow<R> {
    const { bytes: r, exact } = encodeRow(row)
    const text = textOf(r)
    const known = group.rows.get(text)
    if (known !== undefined) return known
    const o = this.#order === undefined ? NO_BYTES : encodeOrder(row, this.#order)
    return this.#add(group, text, { row, o, r, exact, stored: 0, delta: 0 })
  }

  #store(group: RemoteGroup<R>, { o, ol, r, rl, w, x }: StoredRow): RemoteRow<R> {
    const whole = rl ?? r
    const text = textOf(whole)
    const stored = Number(w)
    const known = group.rows.get(text)
    if (known !== undefined) {
      known.stored = stored
      return known
    }
    const row = decodeDatum(x ?? whole) as R
    return this.#add(group, text, {
      row,
      o: ol ?? o ?? NO_BYTES,
      r: whole,
      exact: x,
      stored,
      delta: 0,
    })
  }

  #add(group: RemoteGroup<R>, text: string, row: RemoteRow<R>): RemoteRow<R> {
    group.rows.set(text, row)
    group.sorted = undefined
    this.#groupOf.set(row, group)
    return row
  }

  /** In order; whoever goes through it may add meanwhile. */
  #rowsOf(group: RemoteGroup<R>): readonly RemoteRow<R>[] {
    group.sorted ??=
      this.#order === undefined
        ? [...group.rows.values()]
        : [...group.rows.values()].sort(compareRows)
    return group.sorted
  }

  #parts(group: RemoteGroup<R>, { o, r }: RemoteRow<R>): Uint8Array[] {
    return this.#order === undefined ? [group.k, r] : [group.k, o, r]
  }
}

/** One column of many rows. */
interface Column {
  readonly name: string
  readonly type: 'bytea' | 'bigint'
  readonly values: readonly (Uint8Array | number | null)[]
}

function namesOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(', ')
}

/** The rows that columns make, each given as one value. */
function unnested(columns: readonly Column[]): string {
  return `unnest(${columns.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})`
}

const NO_BYTES = new Uint8Array()

function compareRows<R>(a: RemoteRow<R>, b: RemoteRow<R>): number {
  return Buffer.compare(a.o, b.o) || Buffer.compare(a.r, b.r)
}
