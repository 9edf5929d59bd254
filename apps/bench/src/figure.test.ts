import { expect, test } from 'vitest'
import { isWithinBudget, percentiles } from './figure.ts'

test('percentiles are of nearest rank', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(percentiles(samples)).toEqual({ p50: 50, p95: 95, p99: 99, sampleCount: 100 })
  expect(percentiles([7])).toEqual({ p50: 7, p95: 7, p99: 7, sampleCount: 1 })
})

test('a figure without the value its budget speaks of misses it', () => {
  const figure = { name: 'x', unit: 'ms', p50: 1, budget: { on: 'p95', atMost: 2 } } as const
  expect(isWithinBudget(figure)).toBe(false)
  expect(isWithinBudget({ ...figure, p95: 2 })).toBe(true)
})
