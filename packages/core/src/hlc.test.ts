import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Stamp } from './hlc.ts'
import { compareStamp, createHlcClock, HLC_EPOCH_MS, HLC_MAX, hlcFromMs, hlcToMs } from './hlc.ts'
import { type StreamId, streamIdToBytes } from './id.ts'

const NOON_MS = Date.UTC(2026, 5, 1, 12)

test('[HL1] the first reading of a millisecond is that millisecond', () => {
  const clock = createHlcClock({ now: () => NOON_MS, last: 0 })
  const first = clock.send()
  expect(first).toBe((NOON_MS - HLC_EPOCH_MS) * 4096)
  expect(hlcToMs(first)).toBe(NOON_MS)
  expect(hlcFromMs(NOON_MS)).toBe(first)
  expect(clock.send()).toBe(first + 1)
})

test('[HL1] a full counter borrows one millisecond', () => {
  const clock = createHlcClock({ now: () => NOON_MS, last: 0 })
  let reading = 0
  for (let count = 0; count <= 4096; count++) reading = clock.send()
  expect(hlcToMs(reading)).toBe(NOON_MS + 1)
  expect(reading % 4096).toBe(0)
})

test('[HL1] a clock that is opened again goes on after its last reading', () => {
  const before = createHlcClock({ now: () => NOON_MS, last: 0 })
  const last = before.send()
  const after = createHlcClock({ now: () => NOON_MS - 3_600_000, last })
  expect(after.last).toBe(last)
  expect(after.send()).toBe(last + 1)
})

const times = fc.oneof(
  fc.integer({ min: NOON_MS - 5, max: NOON_MS + 5 }),
  fc.integer({ min: 0, max: HLC_EPOCH_MS * 2 }),
  fc.double(),
)

const steps = fc.oneof(
  fc.record({ kind: fc.constant('send' as const), nowMs: times }),
  fc.record({
    kind: fc.constant('receive' as const),
    hlc: fc.oneof(
      fc.integer({ min: 0, max: 2 ** 51 }),
      fc.integer({ min: 0, max: 10 }).map((more) => (NOON_MS - HLC_EPOCH_MS) * 4096 + more),
    ),
  }),
)

test('[HL1] [HL2] [HL4] readings rise strictly and pass everything received', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (run) => {
      let nowMs = 0
      const clock = createHlcClock({ now: () => nowMs, last: 0 })
      let floor = 0
      for (const step of run) {
        if (step.kind === 'receive') {
          clock.receive(step.hlc)
          floor = Math.max(floor, step.hlc)
        } else {
          nowMs = step.nowMs
          const reading = clock.send()
          expect(reading).toBeGreaterThan(floor)
          expect(Number.isSafeInteger(reading)).toBe(true)
          floor = reading
        }
        expect(clock.last).toBe(floor)
      }
    }),
  )
})

test.each([2 ** 53, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
  '[HL3] %d is refused and changes nothing',
  (remote) => {
    const clock = createHlcClock({ now: () => NOON_MS, last: 7 })
    const refusal = expect.objectContaining({ code: 'engine/delta-invalid' })
    expect(() => clock.receive(remote)).toThrow(refusal)
    expect(clock.last).toBe(7)
    expect(() => createHlcClock({ now: () => 0, last: remote })).toThrow(refusal)
  },
)

test('[HL3] after the last reading there is none', () => {
  const clock = createHlcClock({ now: () => NOON_MS, last: 0 })
  clock.receive(HLC_MAX)
  expect(() => clock.send()).toThrow('53 bits')
  expect(clock.last).toBe(HLC_MAX)
})

test.each([0, Date.UTC(2023, 0), Date.UTC(2094, 0), Number.NaN])(
  '[HL4] the time %d is not believed',
  (nowMs) => {
    const clock = createHlcClock({ now: () => nowMs, last: 100 })
    expect(clock.send()).toBe(101)
    expect(() => hlcFromMs(nowMs)).toThrow('53 bits')
  },
)

const stamps: fc.Arbitrary<Stamp> = fc.record({
  hlc: fc.integer({ min: 0, max: 3 }),
  stream: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => Buffer.from(bytes).toString('hex') as StreamId),
})

test('[HL5] stamps are ordered by hlc, then by the bytes of the stream', () => {
  fc.assert(
    fc.property(stamps, stamps, (a, b) => {
      const bytes = Buffer.compare(streamIdToBytes(a.stream), streamIdToBytes(b.stream))
      expect(compareStamp(a, b)).toBe(Math.sign(a.hlc - b.hlc) || bytes)
    }),
  )
})

test('[HL5] the order is total', () => {
  fc.assert(
    fc.property(stamps, stamps, stamps, (a, b, c) => {
      expect(compareStamp(a, a)).toBe(0)
      expect(compareStamp(a, b) + compareStamp(b, a)).toBe(0)
      if (compareStamp(a, b) <= 0 && compareStamp(b, c) <= 0) {
        expect(compareStamp(a, c)).toBeLessThanOrEqual(0)
      }
    }),
  )
})
