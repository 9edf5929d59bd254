/**
 * Rows and their weights, found by value: what Z-sets, bags and consolidation are made of.
 *
 * Up to {@link LINEAR_MAX} rows are compared one by one. More have a hash table of their own: open
 * addressing over row numbers, at most half full, and each row's hash. A hash only finds
 * candidates; rows are compared in full. Rows are without gaps: the last one takes a removed one's place.
 */
import { UniverseError } from '@inner-universe/core'
import { equalDatum, type HashDatum, hashDatum } from './datum.ts'

/** Up to this many rows, comparing each is quicker than hashing one. */
const LINEAR_MAX = 8

/** Rows with weights other than zero. */
export class WeightTable<R = unknown> {
  readonly #hash: HashDatum
  #rows: R[] = []
  /** Undefined while all weights are one, as they nearly always are. */
  #weights: number[] | undefined
  /** By row number. Undefined up to {@link LINEAR_MAX} rows, like the index. */
  #hashes: Int32Array | undefined
  /**
   * By slot: the row's number plus one in the low bits, and above them those bits of its hash that do
   * not choose the slot, so that rows of other hashes are rarely looked at. Zero: free. As long as a power
   * of two.
   */
  #index: Int32Array | undefined
  /** Where in the index the row is that was found last. */
  #slot = 0

  constructor(hash: HashDatum = hashDatum) {
    this.#hash = hash
  }

  /** Distinct rows. */
  get size(): number {
    return this.#rows.length
  }

  weight(row: R): number {
    const at = this.#find(row)
    return at < 0 ? 0 : this.#weightAt(at)
  }

  /**
   * Adds to a row's weight; gives the weight it has then. At zero the row is gone.
   *
   * @throws UniverseError `views/weight-limit` when a weight leaves ±(2^53 − 1).
   */
  add(row: R, weight: number): number {
    const hash = this.#index === undefined ? 0 : this.#hash(row) | 0
    const at = this.#index === undefined ? this.#scan(row) : this.#probe(row, hash)
    if (at < 0) {
      if (weight !== 0) this.#append(row, checkWeight(weight), hash)
      return weight
    }
    const sum = checkWeight(this.#weightAt(at) + checkWeight(weight))
    if (sum === 0) this.#removeAt(at)
    else if (weight !== 0) this.#ownWeights()[at] = sum
    return sum
  }

  /** Calls back with every row until it returns false. The table must not be changed meanwhile. */
  each(onRow: (row: R, weight: number) => undefined | boolean): void {
    const rows = this.#rows
    const weights = this.#weights
    for (let at = 0; at < rows.length; at += 1) {
      const weight = weights === undefined ? 1 : (weights[at] as number)
      if (onRow(rows[at] as R, weight) === false) return
    }
  }

  /** The `at`-th row, in no particular order. */
  rowAt(at: number): R {
    return this.#rows[at] as R
  }

  /** The weight of the `at`-th row. */
  weightAt(at: number): number {
    return this.#weightAt(at)
  }

  #weightAt(at: number): number {
    return this.#weights === undefined ? 1 : (this.#weights[at] as number)
  }

  #ownWeights(): number[] {
    this.#weights ??= this.#rows.map(() => 1)
    return this.#weights
  }

  #find(row: R): number {
    return this.#index === undefined ? this.#scan(row) : this.#probe(row, this.#hash(row) | 0)
  }

  #scan(row: R): number {
    const rows = this.#rows
    for (let at = 0; at < rows.length; at += 1) {
      if (equalDatum(rows[at], row)) return at
    }
    return -1
  }

  #probe(row: R, hash: number): number {
    const index = this.#index as Int32Array
    const mask = index.length - 1
    const tag = hash & ~mask
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = index[slot] as number
      if (entry === 0) return -1
      if ((entry & ~mask) !== tag) continue
      const at = (entry & mask) - 1
      if (equalDatum(this.#rows[at], row)) {
        this.#slot = slot
        return at
      }
    }
  }

  #append(row: R, weight: number, hash: number): void {
    const at = this.#rows.length
    if (weight !== 1) this.#ownWeights()
    if (this.#index === undefined && at < LINEAR_MAX) {
      // Order matters for memory: `push` would make room for 17 rows at once.
      this.#rows = [...this.#rows, row]
      this.#weights?.push(weight)
      return
    }
    this.#rows.push(row)
    this.#weights?.push(weight)
    if (this.#index === undefined) {
      this.#buildIndex()
      return
    }
    let hashes = this.#hashes as Int32Array
    if (at === hashes.length) {
      const larger = new Int32Array(at + (at >> 1))
      larger.set(hashes)
      this.#hashes = larger
      hashes = larger
    }
    hashes[at] = hash
    if ((at + 1) * 2 > this.#index.length) this.#place(this.#index.length * 2)
    else this.#occupy(hash, at)
  }

  #buildIndex(): void {
    const hashes = new Int32Array(2 * LINEAR_MAX)
    for (const [at, row] of this.#rows.entries()) hashes[at] = this.#hash(row)
    this.#hashes = hashes
    this.#place(4 * LINEAR_MAX)
  }

  /** A new index of so many slots. */
  #place(slotCount: number): void {
    this.#index = new Int32Array(slotCount)
    const hashes = this.#hashes as Int32Array
    for (let at = 0; at < this.#rows.length; at += 1) this.#occupy(hashes[at] as number, at)
  }

  #occupy(hash: number, at: number): void {
    const index = this.#index as Int32Array
    const mask = index.length - 1
    let slot = hash & mask
    while (index[slot] !== 0) slot = (slot + 1) & mask
    index[slot] = (hash & ~mask) | (at + 1)
  }

  #slotOf(at: number): number {
    const index = this.#index as Int32Array
    const mask = index.length - 1
    const hash = (this.#hashes as Int32Array)[at] as number
    const entry = (hash & ~mask) | (at + 1)
    let slot = hash & mask
    while (index[slot] !== entry) slot = (slot + 1) & mask
    return slot
  }

  /** Removes the row that was found last. */
  #removeAt(at: number): void {
    const last = this.#rows.length - 1
    if (this.#index !== undefined) {
      this.#free(this.#slot)
      if (at !== last) {
        const slot = this.#slotOf(last)
        this.#index[slot] = (this.#index[slot] as number) - last + at
        const hashes = this.#hashes as Int32Array
        hashes[at] = hashes[last] as number
      }
    }
    const row = this.#rows.pop() as R
    const weight = this.#weights?.pop()
    if (at !== last) {
      this.#rows[at] = row
      if (this.#weights !== undefined) this.#weights[at] = weight as number
    }
    if (this.#index !== undefined) this.#shrink()
  }

  /** Frees a slot and closes the gap: what was pushed past it by collisions moves back. */
  #free(from: number): void {
    const index = this.#index as Int32Array
    const hashes = this.#hashes as Int32Array
    const mask = index.length - 1
    let gap = from
    for (let slot = (gap + 1) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const at = ((index[slot] as number) & mask) - 1
      const home = (hashes[at] as number) & mask
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      index[gap] = index[slot] as number
      gap = slot
    }
    index[gap] = 0
  }

  /** Gives memory back when nearly all rows are gone. */
  #shrink(): void {
    const rowCount = this.#rows.length
    if (rowCount <= LINEAR_MAX >> 1) {
      this.#rows = [...this.#rows]
      this.#index = undefined
      this.#hashes = undefined
    } else if (rowCount * 16 < (this.#index as Int32Array).length) {
      this.#hashes = (this.#hashes as Int32Array).slice(0, rowCount * 2)
      this.#place((this.#index as Int32Array).length >> 2)
    }
  }
}

/**
 * A weight that can be counted exactly.
 *
 * @throws UniverseError `views/weight-limit`.
 */
export function checkWeight(weight: number): number {
  if (Number.isSafeInteger(weight)) return weight
  throw new UniverseError(
    'views/weight-limit',
    `a row would have the weight ${weight}, and only whole numbers between ±(2^53 − 1) are exact; make the rows distinct before they are multiplied`,
    { details: { weight } },
  )
}
