import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { t } from './column.ts'
import type { Delta, RowOperation } from './delta.ts'
import type { Stamp } from './hlc.ts'
import type { StreamId } from './id.ts'
import {
  createMergeState,
  joinRow,
  type MergedRows,
  type MergeState,
  mergeDelta,
  rowOf,
  type TableDefinitions,
} from './merge.ts'
import { addCounter } from './merged-value.ts'
import { visibleRows } from './reference.ts'
import { table } from './table.ts'

const tables: TableDefinitions = {
  a: table({
    key: t.key(),
    text: t.text(),
    int: t.int().optional(),
    sum: t.counter(),
    set: t.set(t.int()),
    keep: t.ref('b').optional(),
    cascade: t.ref('a', { onDelete: 'cascade' }).optional(),
  }).definition,
  b: table({
    key: t.key(),
    text: t.text().default('none'),
    keep: t.ref('a').optional(),
    cascade: t.ref('b', { onDelete: 'cascade' }).optional(),
    null: t.ref('a', { onDelete: 'null' }).optional(),
  }).definition,
}

const streams = ['1', '2', '3'].map((digit) => digit.repeat(32) as StreamId)
const id = fc.constantFrom('x', 'y', 'z')
const stamp: fc.Arbitrary<Stamp> = fc.record({
  hlc: fc.integer({ min: 1, max: 12 }),
  stream: fc.constantFrom(...streams),
})
const element = fc.nat(2).map(String)
const cells = fc.record(
  {
    text: fc.constantFrom('p', 'q', 7, null),
    int: fc.constantFrom(1, 2, null),
    keep: fc.option(id),
    cascade: fc.option(id),
    null: fc.option(id),
    unknown: fc.constant('u'),
  },
  { requiredKeys: [] },
)
const counterBy = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger())
const of = fc.record({ table: fc.constantFrom('a', 'b', 'c'), id })
const operation: fc.Arbitrary<RowOperation> = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), cells }).chain(withRow),
  fc.record({ kind: fc.constant('insert' as const), cells }).chain(withRow),
  fc.record({ kind: fc.constant('update' as const), cells }).chain(withRow),
  fc.record({ kind: fc.constant('delete' as const) }).chain(withRow),
  fc
    .record({ kind: fc.constant('increment' as const), column: fc.constant('sum'), by: counterBy })
    .chain(withRow),
  fc
    .record({
      kind: fc.constant('add' as const),
      column: fc.constant('set'),
      elements: fc.array(element, { maxLength: 2 }),
    })
    .chain(withRow),
  fc
    .record({
      kind: fc.constant('remove' as const),
      column: fc.constant('set'),
      elements: fc.array(fc.record({ element, dots: fc.array(stamp, { maxLength: 2 }) }), {
        maxLength: 2,
      }),
    })
    .chain(withRow),
)

function withRow<T>(part: T): fc.Arbitrary<T & { table: string; id: string }> {
  return of.map((row) => ({ ...part, ...row }))
}

/** Deltas of several streams, each with rising seqs and clocks, ties between streams likely. */
const deltas: fc.Arbitrary<Delta[]> = fc
  .array(
    fc.record({
      stream: fc.constantFrom(...streams),
      step: fc.integer({ min: 1, max: 2 }),
      operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 14 },
  )
  .map((list) => {
    const heads = new Map<StreamId, { seq: number; hlc: number }>()
    return list.map(({ stream, step, operations }) => {
      const head = heads.get(stream) ?? { seq: 0, hlc: 0 }
      const next = { seq: head.seq + 1, hlc: head.hlc + step }
      heads.set(stream, next)
      return { stream, ...next, schemaVersion: 1, reducer: 'r', operations }
    })
  })

function fold(list: readonly Delta[]): MergeState {
  const state = createMergeState()
  for (const delta of list) mergeDelta(state, delta, tables)
  return state
}

/** Everything a state holds, in one order. */
function dump(rows: MergedRows): unknown {
  return [...rows.values()]
    .flatMap((byId) => [...byId.values()])
    .map(({ table: name, id: key, birth, death, cells: scalars, counters, sets }) => ({
      row: `${name} ${key}`,
      life: { birth, death },
      cells: new Map(scalars),
      counters: new Map([...counters].filter(([, sum]) => sum !== 0)),
      sets: new Map(
        [...sets].map(([column, dots]) => [
          column,
          new Map([...dots].filter(([, d]) => d.size > 0)),
        ]),
      ),
    }))
    .sort((a, b) => (a.row < b.row ? -1 : 1))
}

const runs = { numRuns: 400 }

describe('merge laws', () => {
  it('[MR1] any order, any repetition', () => {
    const shuffled = deltas.chain((list) =>
      fc.record({
        list: fc.constant(list),
        order: fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        again: fc.subarray(list),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({ list, order, again }) => {
        const expected = fold(list)
        const actual = fold([...again.slice(0, 1), ...order, ...again])
        expect(dump(actual.rows)).toEqual(dump(expected.rows))
        expect(visibleRows(actual.rows, tables)).toEqual(visibleRows(expected.rows, tables))
      }),
      runs,
    )
  })

  it('[MR1] parts folded apart and joined are the whole', () => {
    fc.assert(
      fc.property(deltas, fc.array(fc.nat(2)), (list, parts) => {
        const folds = [0, 1, 2].map((part) =>
          fold(list.filter((_, index) => (parts[index % (parts.length || 1)] ?? 0) === part)),
        )
        const joined: MergedRows = new Map()
        for (const part of folds) {
          for (const byId of part.rows.values()) {
            for (const row of byId.values()) joinRow(rowOf(joined, row.table, row.id), row)
          }
        }
        expect(dump(joined)).toEqual(dump(fold(list).rows))
      }),
      runs,
    )
  })

  it('[MR5] counter sums are commutative, associative and stay integers of 53 bits', () => {
    const value = fc.maxSafeInteger()
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(addCounter(a, b)).toBe(addCounter(b, a))
        expect(addCounter(addCounter(a, b), c)).toBe(addCounter(a, addCounter(b, c)))
        expect(Number.isSafeInteger(addCounter(a, b))).toBe(true)
      }),
      runs,
    )
  })
})
