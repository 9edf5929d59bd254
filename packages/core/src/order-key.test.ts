import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isUniverseError } from './error.ts'
import { ORDER_KEY_CHARS_MAX } from './limits.ts'
import { isOrderKey, orderKeyBetween } from './order-key.ts'
import { createRandom } from './random.ts'

const random = createRandom(new Uint8Array([1]))
const key = fc
  .tuple(
    fc.string({ unit: fc.constantFrom('0', '1', 'A', 'z'), maxLength: 8 }),
    fc.constantFrom('1', 'Z', 'z'),
  )
  .map(([digits, last]) => digits + last)

function codeOf(body: () => unknown): string | undefined {
  try {
    body()
  } catch (error) {
    if (isUniverseError(error)) return error.code
    throw error
  }
  return undefined
}

describe('[MR24] order keys', () => {
  it('lie strictly between any two', () => {
    fc.assert(
      fc.property(fc.option(key), fc.option(key), (one, other) => {
        const isSwapped = one !== null && other !== null && one > other
        const [before, after] = isSwapped ? [other, one] : [one, other]
        if (before !== null && before === after) return
        const between = orderKeyBetween(before, after, random)
        expect(isOrderKey(between)).toBe(true)
        if (before !== null) expect(between > before).toBe(true)
        if (after !== null) expect(between < after).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('stay sorted and short through 10,000 insertions at random places', () => {
    const keys: string[] = []
    for (let count = 0; count < 10_000; count++) {
      const at = random.integer(0, keys.length)
      keys.splice(at, 0, orderKeyBetween(keys[at - 1] ?? null, keys[at] ?? null, random))
    }
    expect([...keys].sort()).toEqual(keys)
    expect(new Set(keys).size).toBe(keys.length)
    expect(Math.max(...keys.map(({ length }) => length))).toBeLessThan(20)
  })

  it('stay nine digits long at the ends of a list', () => {
    let [first, last] = Array<string>(2).fill(orderKeyBetween(null, null, random)) as [
      string,
      string,
    ]
    for (let count = 0; count < 1000; count++) {
      const [lower, higher] = [
        orderKeyBetween(null, first, random),
        orderKeyBetween(last, null, random),
      ]
      expect(lower < first && higher > last).toBe(true)
      first = lower
      last = higher
    }
    expect([first.length, last.length]).toEqual([9, 9])
  })

  it('differ where several insert at one place unaware of each other', () => {
    const made = Array.from({ length: 100 }, () => orderKeyBetween('V1', 'V2', random))
    expect(new Set(made).size).toBe(100)
  })

  it('come right after two that are equal', () => {
    const between = orderKeyBetween('V1', 'V1', random)
    expect(between.startsWith('V1') && between > 'V1').toBe(true)
  })

  it('are refused where there can be none', () => {
    expect(codeOf(() => orderKeyBetween('b', 'a', random))).toBe('table/invalid-value')
    expect(codeOf(() => orderKeyBetween('a0', null, random))).toBe('table/invalid-value')
    expect(codeOf(() => orderKeyBetween('', null, random))).toBe('table/invalid-value')
    expect(codeOf(() => orderKeyBetween('ä', null, random))).toBe('table/invalid-value')
    const long = 'V'.repeat(ORDER_KEY_CHARS_MAX)
    expect(codeOf(() => orderKeyBetween(long, `${long.slice(0, -1)}W`, random))).toBe(
      'table/invalid-value',
    )
  })

  it('grow by a digit for every six insertions at one place', () => {
    let [low, high] = ['V1', 'V2']
    for (let count = 0; count < 600; count++) {
      const between = orderKeyBetween(low, high, random)
      if (count % 2 === 0) low = between
      else high = between
    }
    expect(low.length).toBeLessThan(120)
  })
})
