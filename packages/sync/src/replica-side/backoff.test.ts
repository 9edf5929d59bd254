import { expect, test } from 'vitest'
import { RETRY_MS_MAX, RETRY_MS_MIN } from '../limits.ts'
import { createBackoff } from './backoff.ts'

test('waits double up to a bound, and begin anew after a success', () => {
  const backoff = createBackoff(() => 1)
  const waits = Array.from({ length: 9 }, () => backoff.next())
  expect(waits.slice(0, 3)).toEqual([RETRY_MS_MIN, 2 * RETRY_MS_MIN, 4 * RETRY_MS_MIN])
  expect(waits.at(-1)).toBe(RETRY_MS_MAX)
  expect(Math.max(...waits)).toBe(RETRY_MS_MAX)
  backoff.reset()
  expect(backoff.next()).toBe(RETRY_MS_MIN)
})

test('a wait is any part of its bound, on top of what the relay asked for', () => {
  const floats = [0, 0.5, 0.25]
  const backoff = createBackoff(() => floats.shift() ?? 1)
  expect(backoff.next()).toBe(0)
  expect(backoff.next()).toBe(RETRY_MS_MIN)
  expect(backoff.next(10_000)).toBe(10_000 + RETRY_MS_MIN)
})
