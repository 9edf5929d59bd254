import { type Changeset, decodeSegment, type Row } from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { convergenceModule, type Script, type Step } from './testing/convergence-module.ts'
import { openTestEngine, type TestEngine } from './testing/test-engine.ts'

const key = fc.constantFrom('a', 'b', 'c')
const element = fc.constantFrom('x', 'y')
const item: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('put', 'insert', 'update', 'delete', 'increment', 'add', 'remove'),
  table: fc.constant('item'),
  id: key,
  cells: fc.record(
    {
      title: element,
      size: fc.nat(2),
      votes: fc.nat(3),
      tags: fc.uniqueArray(element),
      parent: fc.option(key),
      friend: fc.option(key),
    },
    { requiredKeys: ['title'] },
  ),
  by: fc.integer({ min: -2, max: 2 }),
  element,
})
const box: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom('put', 'insert', 'update', 'delete'),
  table: fc.constant('box'),
  id: key,
  cells: fc.record({ within: fc.option(key), holds: fc.option(key) }, { requiredKeys: [] }),
  by: fc.constant(0),
  element,
})
const steps = fc.array(fc.oneof(item, box), { maxLength: 4 })
const script: fc.Arbitrary<Script> = fc.record({
  steps,
  fails: fc.boolean(),
  nested: fc.option(fc.record({ steps, fails: fc.boolean() }), { nil: undefined }),
})
const groups = fc.array(fc.array(script, { minLength: 1, maxLength: 4 }), { maxLength: 6 })

function rowsOf({ engine }: TestEngine): readonly (readonly Row[])[] {
  return ['item', 'person', 'box', 'log'].map((table) => engine.query({ table, orderBy: [] }))
}

/** What was logged, but for the clocks: calls that fail in a group may use up readings. */
function operationsOf({ engine }: TestEngine) {
  return engine
    .readLog(engine.info.stream, 1, Number.MAX_SAFE_INTEGER)
    .flatMap(({ bytes }) => decodeSegment(bytes).deltas)
    .map(({ seq, operations }) => [seq, operations.map((operation) => withoutDots(operation))])
}

function withoutDots(operation: object) {
  const { elements } = operation as { elements?: readonly (string | { element: string })[] }
  if (elements === undefined) return operation
  return {
    ...operation,
    elements: elements.map((one) => (typeof one === 'string' ? one : one.element)),
  }
}

/** Rows by table and id after a changeset, from the rows before. */
function play(rows: Map<string, Row>, changeset: Changeset | undefined): void {
  for (const { table, id, before, after } of changeset?.changes ?? []) {
    const at = `${table} ${id}`
    expect(rows.get(at)).toEqual(before)
    if (after === undefined) rows.delete(at)
    else rows.set(at, after)
  }
}

const seed = Number(process.env.IU_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe(`seed ${seed}`, () => {
  test('[TX3] [TX9] [TX13] a group comes to what its calls come to one by one', () => {
    fc.assert(
      fc.property(groups, (all) => {
        const grouped = openTestEngine(convergenceModule)
        const single = openTestEngine(convergenceModule)
        const played = new Map<string, Row>()
        for (const scripts of all) {
          const calls = scripts.map((one) => grouped.nextCall('write', { script: one as never }))
          const together = grouped.engine.commit(calls)
          const alone = calls.map((call) => single.engine.commit([call]).outcomes[0])
          const plain = (outcome: (typeof alone)[number]) =>
            outcome?.ok ? [outcome.value] : [outcome?.error.code, outcome?.error.message]
          expect(together.outcomes.map(plain)).toEqual(alone.map(plain))
          play(played, together.changeset)
        }
        expect(rowsOf(grouped)).toEqual(rowsOf(single))
        expect(operationsOf(grouped)).toEqual(operationsOf(single))
        expect([...played.keys()].sort()).toEqual(
          ['item', 'person', 'box', 'log']
            .flatMap((table) =>
              grouped.engine
                .query({ table, orderBy: [] })
                .map((row) => `${table} ${row.key ?? row.id}`),
            )
            .sort(),
        )
        expect(grouped.engine.verify()).toEqual([])
        expect(single.engine.verify()).toEqual([])
        grouped.engine.close()
        single.engine.close()
      }),
      { seed, numRuns: 150 },
    )
  }, 60_000)
})
