/** Columns that follow from others: a replica that upgrades comes to what a newer one has. MERGE.md MR23. */
import {
  createMergeState,
  createSegmentWriter,
  type Delta,
  defineModule,
  mergeDelta,
  type RowOperation,
  type StreamId,
  t,
  table,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RowStore } from './row-store.ts'
import { compileSchema, definitionsOf } from './schema.ts'
import { Streams } from './streams.ts'
import { type Dump, dumpFile, dumpModel } from './testing/canonical-dump.ts'
import { openMergeReplica } from './testing/merge-replica.ts'
import { openTestEngine } from './testing/test-engine.ts'

const oldColumns = {
  key: t.key(),
  done: t.bool().default(false),
  price: t.text().optional(),
  parent: t.ref('todo', { onDelete: 'cascade' }).optional(),
}

const before = defineModule({
  name: 'todos',
  version: 1,
  tables: { todo: table(oldColumns) },
  reducers: () => ({}),
})

const after = defineModule({
  name: 'todos',
  version: 2,
  tables: {
    todo: table({
      ...oldColumns,
      state: t
        .enum(['open', 'closed'])
        .default('open')
        .from<boolean>('done', {
          forward: (done) => (done ? 'closed' : 'open'),
          backward: (state) => state === 'closed',
        }),
      level: t
        .int()
        .optional()
        .from<string>('state', { forward: (state) => (state === 'closed' ? 9 : 1) }),
      cents: t
        .int()
        .optional()
        .from<string>('price', { forward: (price) => Number(price) * 100 }),
      note: t.text().optional(),
    }),
  },
  reducers: (reducer) => ({
    put: reducer({ row: t.json() }, (ctx, { row }) => {
      ctx.db.todo.upsert(row as never)
    }),
  }),
})
const schema = compileSchema(after)
const tables = definitionsOf(schema)

const streams = ['1', '2', '3'].map((digit) => digit.repeat(32) as StreamId)
const own = 'f'.repeat(32) as StreamId

const id = fc.constantFrom('x', 'y')
const cellsOf = (isNew: boolean) =>
  fc.record(
    {
      done: fc.constantFrom(0, 1, 'no'),
      price: fc.constantFrom('1', '2.5', 'free', null),
      parent: fc.option(id),
      ...(isNew
        ? {
            state: fc.constantFrom('open', 'closed', 7),
            level: fc.constantFrom(1, 2, null),
            note: fc.constant('n'),
          }
        : {}),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Record<string, string | number | null>>
const operation: fc.Arbitrary<RowOperation> = fc.boolean().chain((isNew) =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('insert' as const),
        table: fc.constant('todo'),
        id,
        cells: cellsOf(isNew),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('update' as const),
        table: fc.constant('todo'),
        id,
        cells: cellsOf(isNew),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('delete' as const),
        table: fc.constant('todo'),
        id,
      }),
    },
  ),
)

const history: fc.Arbitrary<Delta[]> = fc
  .array(
    fc.record({
      stream: fc.constantFrom(...streams),
      step: fc.integer({ min: 1, max: 3 }),
      operations: fc.array(operation, { minLength: 1, maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 12 },
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

function segmentOf(delta: Delta): Uint8Array {
  const { stream, seq, schemaVersion } = delta
  const writer = createSegmentWriter({ stream, firstSeq: seq, schemaVersion })
  writer.append(delta)
  return writer.finish()
}

/** The driver without its `close`: the engine owns what it is given, the test owns the file. */
function kept(driver: Driver): Driver {
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'close') return () => undefined
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function dump(driver: Driver): Dump {
  return dumpFile({ driver, schema, rows: new RowStore(driver), streams: new Streams(driver) })
}

function modelOf(deltas: readonly Delta[]): Dump {
  const state = createMergeState()
  for (const delta of deltas) mergeDelta(state, delta, tables)
  return dumpModel(state.rows, tables)
}

describe('[MR23] columns that follow from others', () => {
  it('are the same in the model and in a file', () => {
    fc.assert(
      fc.property(history, (deltas) => {
        const replica = openMergeReplica(after, own)
        try {
          replica.apply(deltas.map(segmentOf))
          expect(dumpFile(replica)).toEqual(modelOf(deltas))
        } finally {
          replica.driver.close()
        }
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  it('are the same where the schema came later', () => {
    fc.assert(
      fc.property(history, fc.nat(12), (deltas, upgradeAt) => {
        const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
        try {
          const one = openTestEngine(before, { driver: kept(driver) })
          one.engine.apply(deltas.slice(0, upgradeAt).map(segmentOf))
          one.engine.close()
          const two = openTestEngine(after, { driver: kept(driver) })
          two.engine.apply(deltas.slice(upgradeAt).map(segmentOf))
          expect(dump(driver)).toEqual(modelOf(deltas))
          expect(two.engine.verify()).toEqual([])
        } finally {
          driver.close()
        }
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  it('are written together by a call, and seen by an older schema', () => {
    const author = openTestEngine(after)
    const reader = openTestEngine(before, { seed: 2 })
    author.call('put', { row: { key: 'x', state: 'closed' } })
    author.call('put', { row: { key: 'y', done: true, price: '2' } })
    expect(author.engine.get('todo', 'x')).toMatchObject({ done: true, state: 'closed', level: 9 })
    expect(author.engine.get('todo', 'y')).toMatchObject({ state: 'closed', cents: 200 })
    author.call('put', { row: { key: 'y', done: false } })
    expect(author.engine.get('todo', 'y')).toMatchObject({ state: 'open', level: 1, cents: 200 })
    const { stream } = author.engine.info
    reader.engine.apply(author.engine.readLog(stream, 1, 1e9).map(({ bytes }) => bytes))
    expect(reader.engine.get('todo', 'x')).toMatchObject({ done: true })
    expect(reader.engine.get('todo', 'y')).toMatchObject({ done: false, price: '2' })
  })
})
