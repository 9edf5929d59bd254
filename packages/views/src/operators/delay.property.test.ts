import fc from 'fast-check'
import { expect, it } from 'vitest'
import { datum, historyOf } from '../testing/datum-arbitraries.ts'
import { integralsOf, runHistory } from '../testing/recompute.ts'
import { ZSet } from '../zset.ts'

const history = historyOf(datum)
const ZERO = ZSet.from<unknown>([])

function expectEqual(left: readonly ZSet[], right: readonly ZSet[]): void {
  expect(left).toHaveLength(right.length)
  for (const [at, zset] of left.entries()) expect(zset.equals(right[at] as ZSet)).toBe(true)
}

it('[VA14] delay says what came in the step before, at first nothing, through steps of nothing too', () => {
  fc.assert(
    fc.property(history, (deltas) => {
      const changes = deltas.map((delta) => ZSet.fromDelta(delta))
      expectEqual(
        runHistory((source) => source.delay(), deltas),
        [ZERO, ...changes].slice(0, deltas.length),
      )
    }),
  )
})

it('[VA15] integrate sums up, differentiate takes the step before away', () => {
  fc.assert(
    fc.property(history, (deltas) => {
      const changes = deltas.map((delta) => ZSet.fromDelta(delta))
      expectEqual(
        runHistory((source) => source.integrate(), deltas),
        integralsOf(changes),
      )
      const before = [ZERO, ...changes]
      expectEqual(
        runHistory((source) => source.differentiate(), deltas),
        changes.map((change, at) => change.minus(before[at] as ZSet)),
      )
    }),
  )
})

it('[VA15] integrate and differentiate undo each other, either way round', () => {
  fc.assert(
    fc.property(history, (deltas) => {
      const changes = deltas.map((delta) => ZSet.fromDelta(delta))
      expectEqual(
        runHistory((source) => source.integrate().differentiate(), deltas),
        changes,
      )
      expectEqual(
        runHistory((source) => source.differentiate().integrate(), deltas),
        changes,
      )
    }),
  )
})

it('[VA15] the integral is what came plus the integral delayed', () => {
  fc.assert(
    fc.property(history, (deltas) => {
      expectEqual(
        runHistory((source) => source.integrate(), deltas),
        runHistory((source) => source.concat(source.integrate().delay()), deltas),
      )
    }),
  )
})
