import {
  type Condition,
  createClientId,
  defineModule,
  formatCallId,
  type Module,
  type TableQuery,
  t,
  table,
} from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LiveRead } from '../rpc/contract.ts'
import { applyPatch, type KeyedRows } from '../rpc/row-patch.ts'
import { liveSourceOf } from './live-source.ts'

const module = defineModule({
  name: 'cells',
  version: 1,
  tables: {
    cell: table({
      id: t.key(),
      text: t.text().optional(),
      n: t.int().optional(),
      isOn: t.bool().default(false),
      data: t.json().optional(),
    }).index('byN', ['n']),
    other: table({ id: t.key() }),
  },
  reducers: (reducer) => ({
    put: reducer(
      { id: t.text(), text: t.text().optional(), n: t.int().optional(), isOn: t.bool() },
      (ctx, { id, text = null, n = null, isOn }) => {
        ctx.db.cell.upsert({ id, text, n, isOn, data: { n } })
        ctx.db.other.upsert({ id })
      },
    ),
    drop: reducer({ id: t.text() }, (ctx, { id }) => ctx.db.cell.delete(id)),
  }),
}) as unknown as Module

function open(): Engine {
  let tick = 0
  return openEngine({
    driver: openNodeDatabase({ path: ':memory:', durability: 'process' }),
    module,
    now: () => 1_800_000_000_000 + tick++,
    randomBytes: (byteCount) => new Uint8Array(byteCount).map(() => tick++ & 255),
    identity: 'owner',
    stream: 'continue',
  })
}

const texts = fc.constantFrom('', 'a', 'ab', 'B', 'é', '\u{1f600}', '\uffff')
const numbers = fc.constantFrom(-1, 0, 1, 2, 1.5)
const ids = fc.constantFrom('p', 'q', 'r', 's', 't')
const nullable = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: null })

const writes = fc.oneof(
  fc.record({
    reducer: fc.constant('put'),
    args: fc.record({
      id: ids,
      text: nullable(texts),
      n: nullable(fc.constantFrom(-1, 0, 1, 2)),
      isOn: fc.boolean(),
    }),
  }),
  fc.record({ reducer: fc.constant('drop'), args: fc.record({ id: ids }) }),
)

const comparisons: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant('text'),
    operator: fc.constantFrom(
      'eq',
      'ne',
      'gt',
      'gte',
      'lt',
      'lte',
      'contains',
      'startsWith',
      'endsWith',
    ),
    value: texts,
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant('n'),
    operator: fc.constantFrom('eq', 'ne', 'gt', 'gte', 'lt', 'lte'),
    value: numbers,
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constantFrom('n', 'text'),
    operator: fc.constantFrom('eq', 'ne'),
    value: fc.constant(null),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant('n'),
    operator: fc.constantFrom('in', 'notIn'),
    value: fc.array(nullable(numbers), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant('isOn'),
    operator: fc.constantFrom('eq', 'ne'),
    value: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    column: fc.constant('data'),
    path: fc.constant(['n']),
    operator: fc.constantFrom('eq', 'gt'),
    value: numbers,
  }),
)

const conditions: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparisons,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('condition'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('condition') }),
  ),
})).condition

const queries: fc.Arbitrary<TableQuery> = fc.record(
  {
    table: fc.constant('cell'),
    where: conditions,
    orderBy: fc.array(
      fc.record({
        column: fc.constantFrom('n', 'text', 'isOn'),
        direction: fc.constantFrom('asc' as const, 'desc' as const),
      }),
      { maxLength: 2 },
    ),
    limit: fc.integer({ min: 1, max: 3 }),
    offset: fc.integer({ min: 0, max: 2 }),
  },
  { requiredKeys: ['table', 'orderBy'] },
)

test('a live query kept up to date holds what the query run anew gives', () => {
  fc.assert(
    fc.property(
      queries,
      fc.array(fc.array(writes, { minLength: 1, maxLength: 3 }), { maxLength: 8 }),
      (query, groups) => {
        const engine = open()
        const client = createClientId((byteCount) => new Uint8Array(byteCount))
        try {
          const sql: LiveRead = {
            kind: 'sql',
            text: 'select text, n from cell order by n',
            params: [],
          }
          const sources = [
            liveSourceOf({ kind: 'query', query }, engine, module),
            liveSourceOf(sql, engine, module),
          ]
          const states: KeyedRows[] = sources.map((source) => source.hydrate())
          let callNumber = 0
          for (const group of groups) {
            const commit = engine.commit(
              group.map((write) => ({
                callId: formatCallId(client, ++callNumber),
                ...write,
                timestampMs: 1,
                sender: 'x',
                connectionId: null,
                oldestPendingNumber: callNumber,
              })),
            )
            for (const outcome of commit.outcomes) expect(outcome).toMatchObject({ ok: true })
            const changes = commit.changeset?.changes ?? []
            for (const [index, source] of sources.entries()) {
              const before = states[index] as KeyedRows<never>
              if (!source.isTouchedBy(changes)) continue
              const { rows, patch } = source.step(before, changes)
              expect(
                patch === undefined ? before.rows : applyPatch(before.rows, patch as never),
              ).toEqual(rows.rows)
              states[index] = rows
            }
            for (const [index, source] of sources.entries()) {
              expect(states[index]).toEqual(source.hydrate())
            }
          }
        } finally {
          engine.close()
        }
      },
    ),
    { numRuns: 300 },
  )
})
