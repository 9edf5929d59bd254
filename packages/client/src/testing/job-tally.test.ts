import { expect, test } from 'vitest'
import { tallyJob } from './job-tally.ts'

test('whole batches are no fault, whether their acknowledgement was seen or not', () => {
  const tally = tallyJob({ acknowledged: [1, 3], stored: [1, 2, 3], twins: [3, 1, 2] })
  expect(tally).toEqual({ lost: [], half: [] })
})

test('an acknowledged batch that is not there is lost', () => {
  expect(tallyJob({ acknowledged: [1, 2], stored: [1], twins: [1] })).toEqual({
    lost: [2],
    half: [],
  })
})

test('a batch of which half is there is half, and lost if it was acknowledged', () => {
  expect(tallyJob({ acknowledged: [2], stored: [1, 2], twins: [1, 3] })).toEqual({
    lost: [2],
    half: [2, 3],
  })
})
