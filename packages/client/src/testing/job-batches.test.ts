import { encodeKey, type KvRow } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { BATCH_PARTS, batchOf, tallyBatches } from './job-batches.ts'

/** The entries of whole batches. */
const rowsOf = (...numbers: number[]): KvRow[] =>
  numbers.flatMap((number) =>
    batchOf(number).map(({ key }) => ({ key: encodeKey(key), payload: new Uint8Array() })),
  )

test('whole batches are no fault, whether their acknowledgement was seen or not', () => {
  expect(tallyBatches(rowsOf(1, 2, 3), [1, 3])).toEqual({ lost: [], half: [] })
})

test('an acknowledged batch that is not there is lost', () => {
  expect(tallyBatches(rowsOf(1), [1, 2])).toEqual({ lost: [2], half: [] })
})

test('a batch that lacks an entry is half, and lost if it was acknowledged', () => {
  const rows = rowsOf(1, 2, 3).filter((_, index) => index !== 2 * BATCH_PARTS && index !== 7)
  expect(tallyBatches(rows, [2, 3])).toEqual({ lost: [3], half: [1, 3] })
})
