import { expect, test } from 'vitest'
import { tallyOf } from './tally.ts'

const sound = { calls: [['a-1-3', 3, 3]] as const, total: 1, faults: [] }

test('a whole acknowledged call is no fault, nor is a whole one nobody saw acknowledged', () => {
  for (const acknowledged of [new Set(['a-1-3']), new Set<string>()]) {
    const { lost, doubled, corrupt } = tallyOf(sound, acknowledged)
    expect([lost.size, doubled.size, corrupt.size]).toEqual([0, 0, 0])
  }
})

test('an acknowledged call without rows is lost', () => {
  expect([...tallyOf(sound, new Set(['a-2-3'])).lost]).toEqual(['a-2-3'])
})

test('rows written twice are doubled, missing parts and a wrong counter are corrupt', () => {
  expect([...tallyOf({ ...sound, calls: [['a-1-3', 6, 3]] }, new Set()).doubled]).toEqual(['a-1-3'])
  expect([...tallyOf({ ...sound, calls: [['a-1-3', 2, 2]] }, new Set()).corrupt]).toEqual(['a-1-3'])
  expect(tallyOf({ ...sound, total: 2 }, new Set()).corrupt.size).toBe(1)
  expect(tallyOf({ ...sound, faults: ['page 3 is bad'] }, new Set()).corrupt.size).toBe(1)
})
