import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Delta } from '../delta.ts'
import type { AnyStream, Stream } from '../stream.ts'
import { historyOf, type TestRow, testRow } from '../testing/datum-arbitraries.ts'
import { integralsOf, runHistory } from '../testing/recompute.ts'
import { ZSet } from '../zset.ts'

type Row = TestRow

const addOne = (row: Row): unknown => ({ key: row.key, next: row.value + 1 })
const isPositive = (row: Row): boolean => row.value > 0
const copies = (row: Row): readonly unknown[] => Array(row.id).fill([row.key, row.value])

/** Every linear operator, and what it makes of a whole Z-set by definition. */
const LINEAR: readonly (readonly [
  string,
  (source: Stream<Row>) => AnyStream,
  (input: ZSet<Row>) => ZSet<unknown>,
])[] = [
  [
    'map',
    (source) => source.map(addOne),
    (input) => ZSet.fromEntries([...input].map(([row, weight]) => [addOne(row), weight])),
  ],
  [
    'flatMap',
    (source) => source.flatMap(copies),
    (input) =>
      ZSet.fromEntries(
        [...input].flatMap(([row, weight]) => copies(row).map((copy) => [copy, weight] as const)),
      ),
  ],
  [
    'filter',
    (source) => source.filter(isPositive),
    (input) => ZSet.fromEntries([...input].filter(([row]) => isPositive(row))),
  ],
  ['negate', (source) => source.negate(), (input) => input.negate()],
  [
    'concat',
    (source) => source.concat(source.filter(isPositive), source),
    (input) => input.times(2).add(ZSet.fromEntries([...input].filter(([row]) => isPositive(row)))),
  ],
  [
    'minus',
    (source) => source.minus(source.filter(isPositive)),
    (input) => ZSet.fromEntries([...input].filter(([row]) => !isPositive(row))),
  ],
]

it.each(LINEAR)('[VA12] %s says in every step what recomputing it would', (_, build, recompute) => {
  fc.assert(
    fc.property(historyOf(testRow), (history) => {
      const changes = runHistory(build, history)
      const inputs = integralsOf(history.map((delta) => ZSet.fromDelta(delta)))
      for (const [at, output] of integralsOf(changes).entries()) {
        expect(output.equals(recompute(inputs[at] as ZSet<Row>))).toBe(true)
      }
      // Linear: the change of the output is the operator of the change.
      for (const [at, change] of changes.entries()) {
        expect(change.equals(recompute(ZSet.fromDelta(history[at] as Delta<Row>)))).toBe(true)
      }
    }),
  )
})
