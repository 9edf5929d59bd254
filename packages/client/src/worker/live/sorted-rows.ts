/**
 * Rows of an incremental query in their order, and the positions at which they change.
 *
 * The list is the truth of now. Of what was, only the changes are kept that led from it, and only as
 * long as a page may be there: where a row was in an older list follows from where it is, or would be,
 * now, and from how many of the changes in between lie before it.
 */
import type { Row } from '@inner-universe/core'
import { comparison, type Delta, type OrderTerm, SortedList } from '@inner-universe/views'
import { LIVE_CHANGES_MAX } from '../../rpc/limits.ts'
import type { RowsPatch } from '../../rpc/row-patch.ts'
import type { RowsSince } from './live-source.ts'

/** A second, third… copy of a row. The first is the row itself. */
class Copy {
  readonly row: Row
  readonly number: number

  constructor(row: Row, number: number) {
    this.row = row
    this.number = number
  }
}

/** A row, and how many copies of it came or went. */
interface Change {
  readonly row: Row
  readonly weight: number
}

/** How rows are ordered, and told to be one row with other values. */
export interface SortedRowsOptions {
  /** Total but for equal rows. */
  readonly order: readonly OrderTerm<Row>[]
  /** A text that a row keeps when its values change; undefined: it is another row then. */
  readonly keyOf: ((row: Row) => string) | undefined
}

/** Rows in order, with versions: whole numbers that rise. */
export class SortedRows {
  readonly #compare: (a: Row, b: Row) => number
  readonly #keyOf: ((row: Row) => string) | undefined
  readonly #list: SortedList<Row | Copy>
  /** Changes that led here: the first of them from version `#version - #log.length` on. */
  #log: (readonly Change[])[] = []
  #logRows = 0
  #version = 0
  /** How many of the list are no first copies. */
  #copyCount = 0
  /** Ways to now, by the version that they begin at. */
  readonly #ways = new Map<number, RowsSince>()

  constructor({ order, keyOf }: SortedRowsOptions) {
    const compare = comparison(order)
    this.#compare = compare
    this.#keyOf = keyOf
    this.#list = new SortedList<Row | Copy>((a, b) => {
      const byRow = compare(rowOf(a), rowOf(b))
      return byRow === 0 ? numberOf(a) - numberOf(b) : byRow
    })
  }

  get size(): number {
    return this.#list.size
  }

  get version(): number {
    return this.#version
  }

  /** Takes in rows that no version is of: while it is filled. */
  load(delta: Delta<Row>): void {
    const { rows, weights } = delta
    for (let index = 0; index < rows.length; index++) {
      this.#add(rows[index] as Row, weights[index] as number)
    }
  }

  /** Takes in a consolidated change. Cost: O(rows of it · log size). */
  apply(delta: Delta<Row>): void {
    if (delta.isEmpty) return
    this.load(delta)
    const changes = delta.rows.map((row, index) => ({
      row,
      weight: delta.weights[index] as number,
    }))
    this.#log.push(changes)
    this.#logRows += changes.length
    this.#version += 1
    this.#ways.clear()
    const most = Math.max(LIVE_CHANGES_MAX, this.#list.size)
    while (this.#logRows > most) this.#logRows -= this.#log.shift()?.length ?? 0
  }

  /** All of them, in order. Cost: O(size). */
  rows(): Row[] {
    const rows: Row[] = []
    this.#list.eachFrom(0, (item) => {
      rows.push(rowOf(item))
      return undefined
    })
    return rows
  }

  /** The way from a version to now. */
  since(version: number): RowsSince {
    if (version === this.#version) return 'nothing'
    const behind = this.#version - version
    if (behind > this.#log.length) return 'all'
    let way = this.#ways.get(version)
    if (way === undefined) {
      way = this.#wayOf(this.#net(this.#log.slice(-behind).flat()))
      this.#ways.set(version, way)
    }
    return way
  }

  /** Nobody is at an older version. */
  forget(): void {
    this.#log = []
    this.#logRows = 0
    this.#ways.clear()
  }

  #add(row: Row, weight: number): void {
    for (let copies = weight; copies > 0; copies--) {
      if (this.#list.insert(row)) continue
      this.#list.insert(new Copy(row, this.#countOf(row)))
      this.#copyCount += 1
    }
    for (let copies = weight; copies < 0; copies++) {
      const count = this.#copyCount === 0 ? 1 : this.#countOf(row)
      if (count > 1) this.#copyCount -= 1
      if (!this.#list.remove(count > 1 ? new Copy(row, count - 1) : row)) {
        throw new Error('invariant: a row that leaves a live query was in it')
      }
    }
  }

  #countOf(row: Row): number {
    return this.#list.rankOf(new Copy(row, Number.POSITIVE_INFINITY)) - this.#list.rankOf(row)
  }

  /** The changes in order, each row once. */
  #net(changes: Change[]): Change[] {
    const sorted = changes.sort((a, b) => this.#compare(a.row, b.row))
    const net: Change[] = []
    for (const change of sorted) {
      const last = net.at(-1)
      if (last === undefined || this.#compare(last.row, change.row) !== 0) {
        net.push(change)
        continue
      }
      net[net.length - 1] = { row: change.row, weight: last.weight + change.weight }
    }
    return net.filter(({ weight }) => weight !== 0)
  }

  #wayOf(net: readonly Change[]): RowsSince {
    if (net.length === 0) return 'nothing'
    const removed: { readonly from: number; readonly row: Row }[] = []
    const inserted: { readonly index: number; readonly row: Row }[] = []
    // How much longer the list has become before the row at hand.
    let growth = 0
    for (const { row, weight } of net) {
      const index = this.#list.rankOf(row)
      for (let copy = 0; copy < weight; copy++) inserted.push({ index: index + copy, row })
      for (let copy = 0; copy < -weight; copy++) removed.push({ from: index - growth + copy, row })
      growth += weight
    }
    return this.#paired(removed, inserted)
  }

  /** Tells rows that got other values from those that came and went. */
  #paired(
    removed: readonly { readonly from: number; readonly row: Row }[],
    inserted: readonly { readonly index: number; readonly row: Row }[],
  ): RowsPatch<Row> {
    const keyOf = this.#keyOf
    if (keyOf === undefined || removed.length === 0 || inserted.length === 0) {
      return { removed: removed.map(({ from }) => from), inserted, updated: [], moved: [] }
    }
    const fromByKey = new Map(removed.map(({ from, row }) => [keyOf(row), from]))
    const updated: { from: number; index: number; row: Row }[] = []
    const arrived = inserted.filter(({ index, row }) => {
      const key = keyOf(row)
      const from = fromByKey.get(key)
      if (from === undefined) return true
      fromByKey.delete(key)
      updated.push({ from, index, row })
      return false
    })
    const isUpdated = new Set(updated.map(({ from }) => from))
    const left = removed.flatMap(({ from }) => (isUpdated.has(from) ? [] : [from]))
    return { removed: left, inserted: arrived, updated, moved: [] }
  }
}

function rowOf(item: Row | Copy): Row {
  return item instanceof Copy ? item.row : item
}

function numberOf(item: Row | Copy): number {
  return item instanceof Copy ? item.number : 0
}
