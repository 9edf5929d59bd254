/** Z-sets by key in one SQLite table. STORES.md VS5. */
import { UniverseError } from '@inner-universe/core'
import { type Driver, quoteIdentifier, type SqlValue, type Statement } from '@inner-universe/sqlite'
import { equalDatum } from '../../datum.ts'
import { type MapKey, mapKey } from '../../map-key.ts'
import type { Datum, OrderedBag, OrderTerm } from '../../state.ts'
import { encodeDatum, encodeOrder, encodeRow } from '../datum-codec.ts'
import { decodeDatum } from '../datum-decoder.ts'
import type { Digest, DigestSeed } from '../digest.ts'
import type { Piece, PieceOwner } from './piece.ts'

/** Rows read at once: of most groups all, of large ones few enough to stop early. */
const PAGE_ROWS = 32

/** Rows read at once after the first page. */
const NEXT_PAGE_ROWS = 512

/** A group that was read whole. Replaced, not changed: somebody may be going through it. */
interface Group<R> {
  readonly rows: readonly R[]
  readonly weights: readonly number[]
}

/**
 * Writes go to the table at once, since the transaction takes them back if the step fails; small groups
 * that were read are remembered.
 */
export class SqliteBag<R> implements OrderedBag<R>, Piece {
  readonly #owner: PieceOwner
  readonly #seed: DigestSeed
  readonly #order: readonly OrderTerm<R>[] | undefined
  readonly #groups = new Map<MapKey, Group<R>>()
  readonly #insert: Statement
  readonly #remove: Statement
  readonly #removeWeight: Statement
  readonly #weight: Statement
  readonly #size: Statement
  readonly #first: Statement
  readonly #next: Statement
  readonly #all: Statement

  constructor(
    driver: Driver,
    table: string,
    owner: PieceOwner,
    seed: DigestSeed,
    order: readonly OrderTerm<R>[] | undefined,
  ) {
    this.#owner = owner
    this.#seed = seed
    this.#order = order
    const t = quoteIdentifier(table)
    const place = order === undefined ? 'r' : 'o, r'
    const marks = order === undefined ? '?' : '?, ?'
    const here = `k = ? AND (${place}) = (${marks})`
    this.#insert = driver.prepare(
      `INSERT INTO ${t} (k, ${place}, w, x) VALUES (?, ${marks}, ?, ?)
       ON CONFLICT DO UPDATE SET w = w + excluded.w RETURNING w`,
    )
    this.#remove = driver.prepare(`DELETE FROM ${t} WHERE ${here}`)
    this.#removeWeight = driver.prepare(`DELETE FROM ${t} WHERE ${here} AND w = ?`)
    this.#weight = driver.prepare(`SELECT w FROM ${t} WHERE ${here}`)
    this.#size = driver.prepare(`SELECT count(*) FROM ${t} WHERE k = ?`)
    this.#first = driver.prepare(
      `SELECT w, x, ${place} FROM ${t} WHERE k = ? ORDER BY ${place} LIMIT ${PAGE_ROWS} OFFSET ?`,
    )
    this.#next = driver.prepare(
      `SELECT w, x, ${place} FROM ${t} WHERE k = ? AND (${place}) > (${marks})
       ORDER BY ${place} LIMIT ${NEXT_PAGE_ROWS}`,
    )
    this.#all = driver.prepare(`SELECT w, x, k, ${place} FROM ${t}`)
  }

  each(key: Datum, onRow: (row: R, weight: number) => undefined | boolean): void {
    this.eachFrom(key, 0, onRow)
  }

  eachFrom(key: Datum, from: number, onRow: (row: R, weight: number) => undefined | boolean): void {
    const mark = mapKey(key)
    const group = this.#groups.get(mark)
    if (group !== undefined) {
      for (let index = from; index < group.rows.length; index += 1) {
        if (onRow(group.rows[index] as R, group.weights[index] as number) === false) return
      }
      return
    }
    const bytes = encodeDatum(key)
    let page = this.#first.all([bytes, from])
    if (from === 0 && page.length < PAGE_ROWS) {
      const rows = page.map((row) => rowOf<R>(row))
      const weights = page.map((row) => row[0] as number)
      this.#remember(mark, { rows, weights })
      for (const [index, row] of rows.entries()) {
        if (onRow(row, weights[index] as number) === false) return
      }
      return
    }
    for (let rowsMax = PAGE_ROWS; ; rowsMax = NEXT_PAGE_ROWS) {
      for (const row of page) if (onRow(rowOf<R>(row), row[0] as number) === false) return
      const last = page.at(-1)
      if (last === undefined || page.length < rowsMax) return
      page = this.#next.all([bytes, ...last.slice(2)])
    }
  }

  add(key: Datum, row: R, weight: number): number {
    if (weight === 0) return this.weight(key, row)
    const { bytes, exact } = encodeRow(row)
    const place = this.#place(key, row, bytes)
    this.#owner.digest.add(this.#seed, weight, place)
    const sum = this.#write(place, weight, exact)
    this.#noteInGroup(mapKey(key), row, sum)
    return sum
  }

  weight(key: Datum, row: R): number {
    const group = this.#groups.get(mapKey(key))
    if (group !== undefined) {
      const index = group.rows.findIndex((each) => equalDatum(each, row))
      return index < 0 ? 0 : (group.weights[index] as number)
    }
    return (this.#weight.get(this.#place(key, row, encodeDatum(row)))?.[0] as number) ?? 0
  }

  size(key: Datum): number {
    const group = this.#groups.get(mapKey(key))
    return group?.rows.length ?? (this.#size.get([encodeDatum(key)])?.[0] as number)
  }

  eachEntry(onEntry: (key: Datum, row: R, weight: number) => void): void {
    this.#all.each([], (row) => {
      onEntry(decodeDatum(row[2] as Uint8Array), rowOf<R>(row), row[0] as number)
      return undefined
    })
  }

  /** Adds all that is in the table to a digest. */
  addTo(digest: Digest): void {
    this.#all.each([], (row) => {
      digest.add(this.#seed, row[0] as number, row.slice(2) as Uint8Array[])
      return undefined
    })
  }

  /** Nothing waits to be written; what is remembered is bounded. */
  flush(): void {
    trim(this.#groups, this.#owner.cachedMax)
  }

  /** Forgets what was read. */
  discard(): void {
    this.#groups.clear()
  }

  #place(key: Datum, row: R, bytes: Uint8Array): Uint8Array[] {
    const k = encodeDatum(key)
    return this.#order === undefined ? [k, bytes] : [k, encodeOrder(row, this.#order), bytes]
  }

  #write(place: readonly SqlValue[], weight: number, exact: Uint8Array | null): number {
    // What takes away mostly takes all.
    if (weight < 0 && this.#removeWeight.run([...place, -weight]) > 0) return 0
    const sum = this.#insert.get([...place, weight, exact])?.[0]
    if (typeof sum !== 'number') {
      throw new UniverseError(
        'views/weight-limit',
        `a row would have ${sum} copies; make the rows distinct before they are multiplied`,
      )
    }
    if (sum === 0) this.#remove.run(place)
    return sum
  }

  /** Keeps a remembered group right. One in order is read again: its place is the table's to say. */
  #noteInGroup(mark: MapKey, row: R, sum: number): void {
    const group = this.#groups.get(mark)
    if (group === undefined) return
    if (this.#order !== undefined || group.rows.length >= PAGE_ROWS) {
      this.#groups.delete(mark)
      return
    }
    const rows = [...group.rows]
    const weights = [...group.weights]
    const index = rows.findIndex((each) => equalDatum(each, row))
    if (index < 0) {
      rows.push(row)
      weights.push(sum)
    } else if (sum === 0) {
      rows.splice(index, 1)
      weights.splice(index, 1)
    } else weights[index] = sum
    this.#groups.set(mark, { rows, weights })
  }

  #remember(mark: MapKey, group: Group<R>): void {
    trim(this.#groups, this.#owner.cachedMax)
    this.#groups.set(mark, group)
  }
}

/** Drops the oldest entries of a map until it is no larger than a bound. */
function trim(map: Map<MapKey, unknown>, sizeMax: number): void {
  if (map.size < sizeMax) return
  for (const key of map.keys()) {
    map.delete(key)
    if (map.size < sizeMax) return
  }
}

/** The row of `w, x, …, r`. */
function rowOf<R>(columns: readonly SqlValue[]): R {
  return decodeDatum((columns[1] ?? columns.at(-1)) as Uint8Array) as R
}
