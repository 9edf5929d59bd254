/** Live queries from the engine to the page's callbacks, over any history and any delay. */
import {
  type Condition,
  createClientId,
  defineModule,
  formatCallId,
  type Module,
  queriesOf,
  type Row,
  type TableQuery,
  t,
  table,
} from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { compileRelation } from '@inner-universe/engine/relations'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LiveFeeds } from '../main/live-feeds.ts'
import type { LiveRead, PageItem, WorkerItem } from '../rpc/contract.ts'
import { equalValue } from '../rpc/equal-value.ts'
import { createLive, liveSourceOf } from '../worker/live/worker-live.ts'
import type { Subscriber } from '../worker/live-part.ts'

const definition = defineModule({
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
    other: table({ id: t.key(), n: t.int().optional() }),
  },
  reducers: (reducer) => ({
    put: reducer(
      { id: t.text(), text: t.text().optional(), n: t.int().optional(), isOn: t.bool() },
      (ctx, { id, text = null, n = null, isOn }) => {
        ctx.db.cell.upsert({ id, text, n, isOn, data: { n } })
        ctx.db.other.upsert({ id: `${id}${n}`, n })
      },
    ),
    drop: reducer({ id: t.text() }, (ctx, { id }) => ctx.db.cell.delete(id)),
  }),
})
const module = definition as unknown as Module

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

const q = queriesOf(definition.tables)
/** Over one table, two, a group, and what is run again. */
const READS: readonly LiveRead[] = [
  { kind: 'query', query: q.cell.plan },
  { kind: 'query', query: q.cell.where({ isOn: true }).orderBy('n').limit(2).plan },
  { kind: 'relation', relation: q.cell.where({ isOn: true }).groupBy().count().relation },
  { kind: 'relation', relation: q.cell.groupBy('n').count().relation },
  { kind: 'relation', relation: q.cell.join(q.other, { on: { n: 'n' } }).relation },
  { kind: 'sql', text: 'select text, n from cell where n = ?1 order by text', params: [1] },
]

/** What a page must show of a read now. */
function answer(read: LiveRead, engine: Engine): readonly Row[] {
  if (read.kind === 'query') return engine.query(read.query)
  if (read.kind === 'relation') return engine.queryRelation(read.relation, compileRelation)
  const source = liveSourceOf(read, hostOf(engine))
  const filling = source.fill()
  while (filling.next().done !== true);
  return source.rows()
}

const hostOf = (engine: Engine) => ({
  module,
  engine,
  now: () => 0,
  withDeadline: <Value>(body: () => Value) => body(),
})

/** Transactions, and when the page takes what is on its way and tells that it has. */
const histories = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.array(writes, { minLength: 1, maxLength: 3 }) },
    { weight: 2, arbitrary: fc.constantFrom('turn', 'take', 'late' as const) },
  ),
  { maxLength: 14 },
)

/** A page and the live part of a worker, with what is on its way between them in the test's hands. */
function connect(engine: Engine) {
  const live = createLive(hostOf(engine))
  const toPage: WorkerItem[] = []
  const toWorker: PageItem[] = []
  const subscriber: Subscriber = { post: (item) => void toPage.push(structuredClone(item)) }
  const feeds = new LiveFeeds({
    send: (item) => void toWorker.push(item),
    setTimer: () => () => undefined,
    primaryKeyOf: () => 'id',
  })
  const turn = (): void => {
    for (const item of toWorker.splice(0)) {
      if (item.kind === 'subscribe') live.subscribe(subscriber, item.id, item.read)
      else if (item.kind === 'acknowledge') live.acknowledge(subscriber)
    }
    live.run()
    live.deliver()
  }
  const take = (): void => {
    for (const item of toPage.splice(0)) {
      if (item.kind === 'live-part') feeds.receivePart(item.id, item)
      else if (item.kind === 'live-cut') feeds.receive(item.news)
    }
  }
  const settle = (): void => {
    do {
      turn()
      take()
    } while (toPage.length > 0 || toWorker.length > 0 || live.isBusy)
  }
  return { live, feeds, turn, take, settle }
}

test('a page shows all its queries as of one transaction, and in the end as of the last', () => {
  fc.assert(
    fc.property(queries, histories, (query, history) => {
      const engine = open()
      const client = createClientId((byteCount) => new Uint8Array(byteCount))
      try {
        const reads: readonly LiveRead[] = [{ kind: 'query', query }, ...READS]
        const { live, feeds, turn, take, settle } = connect(engine)
        const shown = (): (readonly Row[] | undefined)[] =>
          liveQueries.map(({ state }) => {
            expect(state.error).toBeUndefined()
            return state.isReady ? state.rows : undefined
          })
        const moments = [reads.map((read) => answer(read, engine))]
        let momentIndex = 0
        const checkShown = (): void => {
          const rows = shown()
          const fits = (moment: readonly (readonly Row[])[]): boolean =>
            rows.every((own, index) => own === undefined || equalValue(own, moment[index]))
          // Of one moment, and never one before what was seen already.
          const found = moments.findIndex((moment, index) => index >= momentIndex && fits(moment))
          if (found === -1) expect(rows).toEqual(moments.at(-1))
          momentIndex = found
        }
        const liveQueries = reads.map((read) => feeds.query<Row>(read))
        for (const liveQuery of liveQueries.slice(0, -1)) liveQuery.subscribe(checkShown)
        let callNumber = 0
        for (const step of history) {
          if (step === 'turn') turn()
          else if (step === 'take') take()
          else if (step === 'late') liveQueries.at(-1)?.subscribe(checkShown)
          else {
            const commit = engine.commit(
              step.map((write) => ({
                callId: formatCallId(client, ++callNumber),
                ...write,
                timestampMs: 1,
                sender: 'x',
                connectionId: null,
                oldestPendingNumber: callNumber,
              })),
            )
            for (const outcome of commit.outcomes) expect(outcome).toMatchObject({ ok: true })
            moments.push(reads.map((read) => answer(read, engine)))
            if (commit.changeset) live.onChanges(commit.changeset.changes)
          }
        }
        liveQueries.at(-1)?.subscribe(checkShown)
        settle()
        expect(shown()).toEqual(moments.at(-1))
        expect(shown()[0]).toEqual(engine.query(query))
      } finally {
        engine.close()
      }
    }),
    { numRuns: 200 },
  )
}, 30_000)
