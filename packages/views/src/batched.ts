/** Cuts inputs into batches, one per step. */
import { UniverseError } from '@inner-universe/core'

/**
 * Rows in arrays of `size`, the last one shorter. Reads no further than it has to.
 *
 * @throws UniverseError `views/invalid-graph` for a size that is not a whole number from 1 on.
 */
export function* batched<R>(rows: Iterable<R>, size: number): Generator<readonly R[]> {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new UniverseError(
      'views/invalid-graph',
      `a batch cannot have ${size} rows; give a whole number from 1 on`,
      { details: { size } },
    )
  }
  let batch: R[] = []
  for (const row of rows) {
    batch.push(row)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
