import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeClockOverrides,
  encodeClockOverrides,
  type LocalStamp,
  overrideClocks,
} from './clock-overrides.ts'
import { isUniverseError } from './error.ts'

const base: LocalStamp = { hlc: 1_000_000, streamIndex: 1 }
const clock = fc.record({
  hlc: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  streamIndex: fc.nat(100_000),
})

describe('clock overrides', () => {
  it('[CO1] no overrides are NULL', () => {
    expect(encodeClockOverrides(base, new Map())).toBeNull()
    expect(decodeClockOverrides(base, null).size).toBe(0)
  })

  it('[CO2] what is encoded is decoded, whatever the order it was given in', () => {
    const names = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/)
    fc.assert(
      fc.property(clock, fc.array(fc.tuple(names, clock), { maxLength: 6 }), (own, list) => {
        const overrides = new Map(list)
        const blob = encodeClockOverrides(own, overrides)
        expect(decodeClockOverrides(own, blob)).toEqual(overrides)
        expect(encodeClockOverrides(own, new Map([...overrides].reverse()))).toEqual(blob)
      }),
    )
  })

  it('[CO3] one column updated a second later costs ten bytes', () => {
    const blob = overrideClocks(base, null, ['title'], {
      hlc: base.hlc + 4_096_000,
      streamIndex: 2,
    })
    expect(blob?.length).toBeLessThanOrEqual(11)
  })

  it('[CO4] a blob that is not one is refused', () => {
    const blob = overrideClocks(base, null, ['b', 'a'], { hlc: 5, streamIndex: 2 }) as Uint8Array
    for (let length = 1; length < blob.length; length++) {
      try {
        decodeClockOverrides(base, blob.subarray(0, length))
      } catch (error) {
        expect(isUniverseError(error, 'storage/corrupt')).toBe(true)
      }
    }
    const unsorted = Uint8Array.of(1, 0x62, 0, 0, 1, 0x61, 0, 0)
    expect(() => decodeClockOverrides(base, unsorted)).toThrow('do not rise')
  })

  it('a written column has its own clock, others keep theirs', () => {
    const written = { hlc: base.hlc + 3, streamIndex: 4 }
    const before = { hlc: base.hlc + 2, streamIndex: 3 }
    const first = overrideClocks(base, null, ['body', 'title'], before)
    const second = decodeClockOverrides(base, overrideClocks(base, first, ['title'], written))
    expect(second).toEqual(new Map(Object.entries({ body: before, title: written })))
  })

  it('a column written with the row’s own clock needs no entry', () => {
    const first = overrideClocks(base, null, ['title'], { hlc: 5, streamIndex: 4 })
    expect(overrideClocks(base, first, ['title'], base)).toBeNull()
  })
})
