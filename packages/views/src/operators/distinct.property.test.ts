import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Delta } from '../delta.ts'
import { datum, historyOf, testRow } from '../testing/datum-arbitraries.ts'
import { integralsOf, runHistory } from '../testing/recompute.ts'
import { ZSet } from '../zset.ts'

it('[VA13] distinct has every present row once, whatever came and went in whatever step', () => {
  fc.assert(
    fc.property(historyOf(fc.oneof(testRow, datum)), (history) => {
      const outputs = integralsOf(runHistory((source) => source.distinct(), history))
      const inputs = integralsOf(history.map((delta) => ZSet.fromDelta(delta)))
      for (const [at, input] of inputs.entries()) {
        const present = [...input].filter(([, weight]) => weight > 0).map(([row]) => row)
        expect(outputs[at]?.equals(ZSet.from(present))).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

it('[VA13] a row taken out before it came is not present until it comes twice', () => {
  const step = (row: string, weight: number): Delta<string> => {
    const delta = new Delta<string>()
    delta.push(row, weight)
    return delta
  }
  const history = [step('a', -1), step('a', 1), step('a', 1), step('a', 5), step('a', -6)]
  const changes = runHistory((source) => source.distinct(), history)
  expect(changes.map((change) => change.count('a'))).toEqual([0, 0, 1, 0, -1])
})
