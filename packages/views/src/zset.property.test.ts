import fc from 'fast-check'
import { expect, it } from 'vitest'
import { consolidate } from './consolidate.ts'
import { Delta } from './delta.ts'
import { datum, deltaOf, weight } from './testing/datum-arbitraries.ts'
import { ZSet } from './zset.ts'

const zset = fc.array(fc.tuple(datum, weight), { maxLength: 12 }).map(ZSet.fromEntries)
const factor = fc.integer({ min: -3, max: 3 })
const ZERO = ZSet.from([])

function expectEqual(left: ZSet, right: ZSet): void {
  expect(left.equals(right)).toBe(true)
  expect(right.equals(left)).toBe(true)
}

it('[VA4] Z-sets are a commutative group under addition', () => {
  fc.assert(
    fc.property(zset, zset, zset, (a, b, c) => {
      expectEqual(a.add(b), b.add(a))
      expectEqual(a.add(b).add(c), a.add(b.add(c)))
      expectEqual(a.add(ZERO), a)
      expectEqual(a.add(a.negate()), ZERO)
      expect(a.minus(a).isEmpty).toBe(true)
      expectEqual(a.minus(b), a.add(b.negate()))
      expect(a.equals(b)).toBe(a.minus(b).isEmpty)
    }),
  )
})

it('[VA4] multiples are linear', () => {
  fc.assert(
    fc.property(zset, zset, factor, factor, (a, b, m, n) => {
      expectEqual(a.add(b).times(m), a.times(m).add(b.times(m)))
      expectEqual(a.times(m + n), a.times(m).add(a.times(n)))
      expectEqual(a.times(m).times(n), a.times(m * n))
      expectEqual(a.times(1), a)
      expectEqual(a.times(-1), a.negate())
    }),
  )
})

it('[VA4] a Z-set says how often it has each row, whichever way it was made', () => {
  fc.assert(
    fc.property(deltaOf(datum), (delta) => {
      const made = ZSet.fromDelta(delta)
      expectEqual(ZSet.fromDelta(consolidate(delta)), made)
      expectEqual(ZSet.fromDelta(made.toDelta()), made)
      expectEqual(ZSet.fromEntries(made), made)
      expect([...made]).toHaveLength(made.size)
      for (const [row, by] of made) {
        expect(by).not.toBe(0)
        expect(made.count(row)).toBe(by)
      }
    }),
  )
})

it('[VA4] operations leave what they were done to as it was', () => {
  const a = ZSet.from(['x', 'x', 'y'])
  a.add(ZSet.from(['z']))
  a.minus(a)
  a.times(5)
  expect([...a]).toEqual([
    ['x', 2],
    ['y', 1],
  ])
})

it('[VA8] a consolidated change has every row once, and says the same', () => {
  fc.assert(
    fc.property(deltaOf(datum), (delta) => {
      const before = [[...delta.rows], [...delta.weights]]
      const once = consolidate(delta)
      expect(ZSet.from(once.rows).size).toBe(once.length)
      expect(once.weights.every((by) => by !== 0)).toBe(true)
      const rest = new Delta()
      rest.append(delta)
      rest.append(once, -1)
      expect(consolidate(rest).isEmpty).toBe(true)
      expect([delta.rows, delta.weights]).toEqual(before)
    }),
    { numRuns: 1000 },
  )
})
