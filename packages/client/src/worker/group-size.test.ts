import { expect, test } from 'vitest'
import { GROUP_CALLS_MAX, GROUP_MS, SLOW_GROUP_CALLS, SLOW_GROUP_MS } from '../rpc/limits.ts'
import { GroupSize } from './group-size.ts'

/** The size after many full groups at these costs. */
function settled(flushMs: number, msPerCall: number): number {
  const size = new GroupSize()
  for (let round = 0; round < 100; round++) {
    size.learn(size.callsMax, flushMs + size.callsMax * msPerCall)
  }
  return size.callsMax
}

test('cheap calls fill the largest group', () => {
  expect(settled(1, 0.01)).toBe(GROUP_CALLS_MAX)
})

test('dearer calls get groups that take their share of time', () => {
  const callsMax = settled(1, 0.1)
  expect(1 + callsMax * 0.1).toBeLessThan(GROUP_MS * 1.5)
  expect(callsMax).toBeGreaterThan(SLOW_GROUP_CALLS)
})

test('a slow flush does not make groups small', () => {
  expect(settled(60, 0.1)).toBe(SLOW_GROUP_CALLS)
})

test('slow calls run few together, at last one by one', () => {
  expect(settled(1, 50)).toBe(SLOW_GROUP_MS / 50)
  expect(settled(1, 1_000)).toBe(1)
})
