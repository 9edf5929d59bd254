/** Z-sets: rows with weights, as values. ALGEBRA.md VA4. */
import { Delta } from './delta.ts'
import { checkWeight, WeightTable } from './weight-table.ts'

/**
 * A Z-set: rows, each with a whole number other than zero. Table and change alike.
 *
 * Never changes: every operation gives a new one. Rows are compared by value. Cost: O(rows) of both.
 */
export class ZSet<R = unknown> implements Iterable<readonly [row: R, weight: number]> {
  readonly #table: WeightTable<R>

  private constructor(table: WeightTable<R>) {
    this.#table = table
  }

  /** Each row once for every time that it is given. */
  static from<R>(rows: Iterable<R>): ZSet<R> {
    const table = new WeightTable<R>()
    for (const row of rows) table.add(row, 1)
    return new ZSet(table)
  }

  /** Rows with weights; those of equal rows are added up. */
  static fromEntries<R>(entries: Iterable<readonly [row: R, weight: number]>): ZSet<R> {
    const table = new WeightTable<R>()
    for (const [row, weight] of entries) table.add(row, checkWeight(weight))
    return new ZSet(table)
  }

  /** What a delta comes to. */
  static fromDelta<R>(delta: Delta<R>): ZSet<R> {
    const table = new WeightTable<R>()
    const { rows, weights } = delta
    for (let index = 0; index < rows.length; index += 1) {
      table.add(rows[index] as R, weights[index] as number)
    }
    return new ZSet(table)
  }

  get isEmpty(): boolean {
    return this.#table.size === 0
  }

  /** Distinct rows. */
  get size(): number {
    return this.#table.size
  }

  /** The weight of a row; zero if it is not in here. */
  count(row: R): number {
    return this.#table.weight(row)
  }

  /** Weights added up. */
  add(other: ZSet<R>): ZSet<R> {
    return ZSet.#sum(this, other, 1)
  }

  /** Weights of the other taken away. */
  minus(other: ZSet<R>): ZSet<R> {
    return ZSet.#sum(this, other, -1)
  }

  negate(): ZSet<R> {
    return this.times(-1)
  }

  /** Every weight times a whole number. */
  times(factor: number): ZSet<R> {
    const table = new WeightTable<R>()
    if (factor !== 0) for (const [row, weight] of this) table.add(row, weight * factor)
    return new ZSet(table)
  }

  equals(other: ZSet<R>): boolean {
    if (this.size !== other.size) return false
    for (const [row, weight] of this) if (other.count(row) !== weight) return false
    return true
  }

  /** As a change: what makes this of nothing. */
  toDelta(): Delta<R> {
    const delta = new Delta<R>()
    for (const [row, weight] of this) delta.push(row, weight)
    return delta
  }

  /** Rows and weights, in no particular order. */
  *[Symbol.iterator](): Iterator<readonly [row: R, weight: number]> {
    const table = this.#table
    for (let at = 0; at < table.size; at += 1) yield [table.rowAt(at), table.weightAt(at)]
  }

  static #sum<R>(left: ZSet<R>, right: ZSet<R>, factor: number): ZSet<R> {
    const table = new WeightTable<R>()
    for (const [row, weight] of left) table.add(row, weight)
    for (const [row, weight] of right) table.add(row, weight * factor)
    return new ZSet(table)
  }
}
