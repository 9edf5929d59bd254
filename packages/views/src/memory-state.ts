/** State in memory: gone with the process. */
import { compareDatum, equalDatum, type HashDatum } from './datum.ts'
import { keyOfMapKey, type MapKey, mapKey } from './map-key.ts'
import { SortedList } from './sorted-list.ts'
import type { Bag, Cells, Datum, OrderedBag, OrderTerm, StateName, StateStore } from './state.ts'
import { WeightTable } from './weight-table.ts'

/** A {@link StateStore} in memory. What a failed step changed stays changed: drop it then. */
export class MemoryState implements StateStore {
  readonly isRemote = false
  readonly #hash: HashDatum | undefined

  /** Another hash is for tests: it must give equal values equal numbers. */
  constructor(options: { readonly hash?: HashDatum } = {}) {
    this.#hash = options.hash
  }

  bag<R>(_name: StateName): Bag<R> {
    return new MemoryBag<R>(this.#hash)
  }

  orderedBag<R>(_name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R> {
    return new MemoryOrderedBag<R>(order, this.#hash)
  }

  cells<V>(_name: StateName): Cells<V> {
    return new MemoryCells<V>()
  }
}

/** A key's rows: one of weight one as itself, others in a table. Tables are never rows. */
type Bucket<R> = R | WeightTable<R>

class MemoryBag<R> implements Bag<R> {
  readonly #buckets = new Map<MapKey, Bucket<R>>()
  readonly #hash: HashDatum | undefined

  constructor(hash: HashDatum | undefined) {
    this.#hash = hash
  }

  each(key: Datum, onRow: (row: R, weight: number) => undefined | boolean): void {
    const primitive = mapKey(key)
    const bucket = this.#buckets.get(primitive)
    if (bucket instanceof WeightTable) bucket.each(onRow)
    else if (bucket !== undefined || this.#buckets.has(primitive)) onRow(bucket as R, 1)
  }

  add(key: Datum, row: R, weight: number): number {
    const primitive = mapKey(key)
    const bucket = this.#buckets.get(primitive)
    if (bucket instanceof WeightTable) {
      const sum = bucket.add(row, weight)
      if (sum === 0 && bucket.size === 0) this.#buckets.delete(primitive)
      return sum
    }
    if (bucket === undefined && !this.#buckets.has(primitive)) {
      if (weight === 1) this.#buckets.set(primitive, row)
      else if (weight !== 0) this.#startTable(primitive).add(row, weight)
      return weight
    }
    if (equalDatum(bucket, row)) {
      if (weight === -1) {
        this.#buckets.delete(primitive)
        return 0
      }
      if (weight === 0) return 1
    }
    const table = this.#startTable(primitive)
    table.add(bucket as R, 1)
    return table.add(row, weight)
  }

  weight(key: Datum, row: R): number {
    const primitive = mapKey(key)
    const bucket = this.#buckets.get(primitive)
    if (bucket instanceof WeightTable) return bucket.weight(row)
    if (bucket === undefined && !this.#buckets.has(primitive)) return 0
    return equalDatum(bucket, row) ? 1 : 0
  }

  size(key: Datum): number {
    const primitive = mapKey(key)
    const bucket = this.#buckets.get(primitive)
    if (bucket instanceof WeightTable) return bucket.size
    return bucket !== undefined || this.#buckets.has(primitive) ? 1 : 0
  }

  eachEntry(onEntry: (key: Datum, row: R, weight: number) => void): void {
    for (const [primitive, bucket] of this.#buckets) {
      const key = keyOfMapKey(primitive)
      if (!(bucket instanceof WeightTable)) onEntry(key, bucket, 1)
      else {
        bucket.each((row, weight) => {
          onEntry(key, row, weight)
          return undefined
        })
      }
    }
  }

  #startTable(primitive: MapKey): WeightTable<R> {
    const table = new WeightTable<R>(this.#hash)
    this.#buckets.set(primitive, table)
    return table
  }
}

/** Rows of one key in order, and the weights of those that have another than one. */
interface OrderedBucket<R> {
  readonly rows: SortedList<R>
  readonly weights: WeightTable<R>
}

class MemoryOrderedBag<R> implements OrderedBag<R> {
  readonly #buckets = new Map<MapKey, OrderedBucket<R>>()
  readonly #compare: (a: R, b: R) => number
  readonly #hash: HashDatum | undefined

  constructor(order: readonly OrderTerm<R>[], hash: HashDatum | undefined) {
    this.#compare = comparison(order)
    this.#hash = hash
  }

  each(key: Datum, onRow: (row: R, weight: number) => undefined | boolean): void {
    this.eachFrom(key, 0, onRow)
  }

  eachFrom(key: Datum, from: number, onRow: (row: R, weight: number) => undefined | boolean): void {
    const bucket = this.#buckets.get(mapKey(key))
    if (bucket === undefined) return
    const { rows, weights } = bucket
    rows.eachFrom(from, (row) => onRow(row, weights.size === 0 ? 1 : weights.weight(row) + 1))
  }

  add(key: Datum, row: R, weight: number): number {
    const primitive = mapKey(key)
    let bucket = this.#buckets.get(primitive)
    if (weight === 0) return bucket === undefined ? 0 : this.#weightIn(bucket, row)
    if (bucket === undefined) {
      bucket = { rows: new SortedList(this.#compare), weights: new WeightTable<R>(this.#hash) }
      this.#buckets.set(primitive, bucket)
    }
    // Kept is what a weight is more or less than one, and of most rows that is nothing.
    const isNew = bucket.rows.insert(row)
    const excess = isNew ? weight - 1 : weight
    const sum = excess === 0 ? this.#weightIn(bucket, row) : bucket.weights.add(row, excess) + 1
    if (sum === 0) {
      bucket.weights.add(row, 1)
      bucket.rows.remove(row)
      if (bucket.rows.size === 0) this.#buckets.delete(primitive)
    }
    return sum
  }

  weight(key: Datum, row: R): number {
    const bucket = this.#buckets.get(mapKey(key))
    return bucket === undefined ? 0 : this.#weightIn(bucket, row)
  }

  size(key: Datum): number {
    return this.#buckets.get(mapKey(key))?.rows.size ?? 0
  }

  eachEntry(onEntry: (key: Datum, row: R, weight: number) => void): void {
    for (const [primitive, bucket] of this.#buckets) {
      const key = keyOfMapKey(primitive)
      bucket.rows.eachFrom(0, (row) => {
        onEntry(key, row, bucket.weights.weight(row) + 1)
        return undefined
      })
    }
  }

  #weightIn(bucket: OrderedBucket<R>, row: R): number {
    return bucket.rows.find(row) === undefined ? 0 : bucket.weights.weight(row) + 1
  }
}

/** The order of rows that terms make: by the terms, then by the row itself. */
export function comparison<R>(order: readonly OrderTerm<R>[]): (a: R, b: R) => number {
  return (a, b) => {
    for (const { pick, isDescending } of order) {
      const sign = compareDatum(pick(a), pick(b))
      if (sign !== 0) return isDescending ? -sign : sign
    }
    return compareDatum(a, b)
  }
}

class MemoryCells<V> implements Cells<V> {
  readonly #values = new Map<MapKey, V>()

  get(key: Datum): V | undefined {
    return this.#values.get(mapKey(key))
  }

  set(key: Datum, value: V | undefined): void {
    if (value === undefined) this.#values.delete(mapKey(key))
    else this.#values.set(mapKey(key), value)
  }

  eachEntry(onEntry: (key: Datum, value: V) => void): void {
    for (const [primitive, value] of this.#values) onEntry(keyOfMapKey(primitive), value)
  }
}
