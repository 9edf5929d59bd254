/** Adds up what a delta says of each row. */
import { equalDatum, type HashDatum } from './datum.ts'
import { Delta } from './delta.ts'
import { checkWeight, WeightTable } from './weight-table.ts'

/**
 * The same change with every row once, by value, in no particular order. Gives the delta itself where
 * nothing is to be done.
 *
 * Cost: O(entries).
 *
 * @throws UniverseError `views/weight-limit`.
 */
export function consolidate<R>(delta: Delta<R>, hash?: HashDatum): Delta<R> {
  const { rows, weights } = delta
  if (rows.length === 0) return delta
  if (rows.length === 1) {
    checkWeight(weights[0] as number)
    return delta
  }
  if (rows.length === 2) return consolidatePair(delta)
  const table = new WeightTable<R>(hash)
  for (let index = 0; index < rows.length; index += 1) {
    table.add(rows[index] as R, weights[index] as number)
  }
  const consolidated = new Delta<R>()
  for (let at = 0; at < table.size; at += 1) consolidated.push(table.rowAt(at), table.weightAt(at))
  return consolidated
}

/** What one changed row comes to, so nearly always. */
function consolidatePair<R>(delta: Delta<R>): Delta<R> {
  const [left, right] = delta.rows as [R, R]
  const [leftWeight, rightWeight] = delta.weights as [number, number]
  checkWeight(leftWeight)
  checkWeight(rightWeight)
  if (!equalDatum(left, right)) return delta
  const consolidated = new Delta<R>()
  consolidated.push(left, checkWeight(leftWeight + rightWeight))
  return consolidated
}
