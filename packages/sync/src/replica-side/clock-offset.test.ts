import { expect, test } from 'vitest'
import { createClockOffset } from './clock-offset.ts'

test('the offset is the median of the last three answers', () => {
  const offset = createClockOffset()
  expect(offset.current()).toBe(0)
  expect(offset.sample({ sentMs: 1000, receivedMs: 1100, relayMs: 6050 })).toBe(5000)
  // An answer that took ten seconds on its way back says little, and moves little.
  offset.sample({ sentMs: 2000, receivedMs: 12_000, relayMs: 7000 })
  expect(offset.sample({ sentMs: 3000, receivedMs: 3020, relayMs: 8020 })).toBe(5000)
  offset.sample({ sentMs: 4000, receivedMs: 4000, relayMs: 4100 })
  expect(offset.sample({ sentMs: 5000, receivedMs: 5000, relayMs: 5100 })).toBe(100)
  expect(offset.current()).toBe(100)
})

test('after our clock was set, what the relay says counts at once', () => {
  const offset = createClockOffset()
  for (let count = 0; count < 3; count++) {
    offset.sample({ sentMs: 1000, receivedMs: 1000, relayMs: 1000 })
  }
  expect(offset.restart({ nowMs: 3_601_000, relayMs: 1000 })).toBe(-3_600_000)
})
