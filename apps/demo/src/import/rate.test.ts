import { expect, test } from 'vitest'
import { createRate } from './rate.ts'

test('says nothing until there is half a second to go by, or when nothing moves', () => {
  const rate = createRate()
  expect(rate.estimate(0, 0, 1000)).toBeUndefined()
  expect(rate.estimate(400, 100, 1000)).toBeUndefined()
  const stuck = createRate()
  stuck.estimate(0, 5, 10)
  expect(stuck.estimate(2000, 5, 10)).toBeUndefined()
})

test('gives the pace and the time left', () => {
  const rate = createRate()
  rate.estimate(0, 0, 1000)
  expect(rate.estimate(1000, 200, 1000)).toEqual({ rowsPerSecond: 200, remainingMs: 4000 })
})

test('follows a change of pace: only the last seconds count', () => {
  const rate = createRate()
  for (let second = 0; second <= 10; second++) rate.estimate(second * 1000, second * 1000, 1e6)
  let last = 0
  for (let second = 11; second <= 20; second++) {
    last = rate.estimate(second * 1000, 10_000 + (second - 10) * 100, 1e6)?.rowsPerSecond ?? 0
  }
  expect(last).toBeCloseTo(100)
})
