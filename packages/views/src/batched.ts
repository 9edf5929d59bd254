/** Cuts inputs into batches, one per step. */
import { checkBound } from './bound.ts'

/**
 * Rows in arrays of `size`, the last one shorter. Reads no further than it has to.
 *
 * @throws UniverseError `views/invalid-graph` for a size that is not a whole number from 1 on.
 */
export function* batched<R>(rows: Iterable<R>, size: number): Generator<readonly R[]> {
  checkBound('size', size)
  let batch: R[] = []
  for (const row of rows) {
    batch.push(row)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
