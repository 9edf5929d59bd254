import { expect, test } from 'vitest'
import { createBackoff } from './backoff.ts'

test('waits double from half a second to a minute, and begin anew after a success', () => {
  const backoff = createBackoff(() => 1)
  const waits = Array.from({ length: 9 }, () => backoff.next())
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000])
  backoff.reset()
  expect(backoff.next()).toBe(500)
})

test('waits are any part of the ceiling, on top of what the relay asked for', () => {
  const floats = [0, 0.5, 0.25]
  const backoff = createBackoff(() => floats.shift() ?? 1)
  expect(backoff.next()).toBe(0)
  expect(backoff.next()).toBe(500)
  expect(backoff.next(10_000)).toBe(10_500)
})
