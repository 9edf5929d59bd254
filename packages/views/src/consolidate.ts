/** Adds up what a delta says of each row. */
import { equalDatum, type HashDatum, hashDatum } from './datum.ts'
import { Delta } from './delta.ts'
import { checkWeight } from './weight-table.ts'

/** Up to this many entries, comparing each with each is quicker than hashing them. */
const LINEAR_MAX = 6

/**
 * The same change with every row once, by value, in the order of their first entries. Gives the delta
 * itself where nothing is to be done.
 *
 * Cost: O(entries).
 *
 * @throws UniverseError `views/weight-limit`.
 */
export function consolidate<R>(delta: Delta<R>, hash: HashDatum = hashDatum): Delta<R> {
  const { rows, weights } = delta
  for (let at = 0; at < weights.length; at += 1) checkWeight(weights[at] as number)
  if (rows.length < 2) return delta
  const firsts = rows.length <= LINEAR_MAX ? scan(rows) : probe(rows, hash)
  return firsts === undefined ? delta : addUp(delta, firsts)
}

/** For each entry the number of the first entry of its row; undefined if every row has one entry. */
function scan(rows: readonly unknown[]): number[] | undefined {
  let isRepeated = false
  const firsts: number[] = []
  for (let at = 0; at < rows.length; at += 1) {
    let first = 0
    while (first < at && !equalDatum(rows[first], rows[at])) first += 1
    if (first < at) isRepeated = true
    firsts.push(first)
  }
  return isRepeated ? firsts : undefined
}

/** The same by a hash table of entry numbers plus one, at most half full; zero: free. */
function probe(rows: readonly unknown[], hash: HashDatum): Int32Array | undefined {
  const firsts = new Int32Array(rows.length)
  const hashes = new Int32Array(rows.length)
  const index = new Int32Array(2 << (32 - Math.clz32(rows.length - 1)))
  const mask = index.length - 1
  let isRepeated = false
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at]
    const rowHash = hash(row) | 0
    hashes[at] = rowHash
    firsts[at] = at
    for (let slot = rowHash & mask; ; slot = (slot + 1) & mask) {
      const first = (index[slot] as number) - 1
      if (first < 0) {
        index[slot] = at + 1
        break
      }
      if (hashes[first] === rowHash && equalDatum(rows[first], row)) {
        firsts[at] = first
        isRepeated = true
        break
      }
    }
  }
  return isRepeated ? firsts : undefined
}

function addUp<R>({ rows, weights }: Delta<R>, firsts: ArrayLike<number>): Delta<R> {
  const sums = weights.slice()
  for (let at = 0; at < rows.length; at += 1) {
    const first = firsts[at] as number
    if (first === at) continue
    sums[first] = checkWeight((sums[first] as number) + (sums[at] as number))
    sums[at] = 0
  }
  const consolidated = new Delta<R>()
  for (let at = 0; at < rows.length; at += 1) consolidated.push(rows[at] as R, sums[at] as number)
  return consolidated
}
