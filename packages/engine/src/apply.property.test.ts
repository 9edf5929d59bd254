import {
  createMergeState,
  createSegmentWriter,
  type Delta,
  defineModule,
  mergeDelta,
  type RowOperation,
  type Stamp,
  type StreamId,
  t,
  table,
} from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileSchema, definitionsOf } from './schema.ts'
import { dumpFile, dumpModel } from './testing/canonical-dump.ts'
import { openMergeReplica } from './testing/merge-replica.ts'

const module = defineModule({
  name: 'merging',
  version: 1,
  tables: {
    a: table({
      key: t.key(),
      text: t.text(),
      int: t.int().optional(),
      json: t.json().default({}),
      sum: t.counter(),
      set: t.set(t.int()),
      keep: t.ref('b').optional(),
      cascade: t.ref('a', { onDelete: 'cascade' }).optional(),
    }),
    b: table({
      key: t.key(),
      text: t.text().default('none'),
      keep: t.ref('a').optional(),
      cascade: t.ref('b', { onDelete: 'cascade' }).optional(),
      null: t.ref('a', { onDelete: 'null' }).optional(),
    }),
    c: table({ key: t.key(), hangs: t.ref('a', { onDelete: 'cascade' }), keeps: t.ref('b') }),
  },
  reducers: () => ({}),
})
const tables = definitionsOf(compileSchema(module))

const streams = ['1', '2', '3'].map((digit) => digit.repeat(32) as StreamId)
const own = 'f'.repeat(32) as StreamId
const id = fc.constantFrom('x', 'y', 'z')
const stamp: fc.Arbitrary<Stamp> = fc.record({
  hlc: fc.integer({ min: 1, max: 12 }),
  stream: fc.constantFrom(...streams),
})
const element = fc.nat(2).map(String)
const cells = fc.record(
  {
    text: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('p', 'q') }, fc.constantFrom(7, null)),
    int: fc.constantFrom(1, 2, null),
    json: fc.constantFrom('{"a":1}', '[]', '{'),
    keep: fc.option(id),
    cascade: fc.option(id),
    null: fc.option(id),
    hangs: id,
    keeps: id,
    unknown: fc.constant('u'),
  },
  { requiredKeys: ['text', 'hangs', 'keeps'] },
)
const row = { table: fc.constantFrom('a', 'a', 'b', 'c', 'd'), id }
const operation: fc.Arbitrary<RowOperation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('insert' as const), ...row, cells }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      ...row,
      cells: cells.chain((all) =>
        fc.subarray(Object.keys(all)).map((names) => {
          const some: Record<string, string | number | null> = {}
          for (const name of names) some[name] = (all as never)[name]
          return some
        }),
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), ...row }) },
  fc.record({
    kind: fc.constant('increment' as const),
    ...row,
    column: fc.constant('sum'),
    by: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger()),
  }),
  fc.record({
    kind: fc.constant('add' as const),
    ...row,
    column: fc.constant('set'),
    elements: fc.array(element, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('remove' as const),
    ...row,
    column: fc.constant('set'),
    elements: fc.array(fc.record({ element, dots: fc.array(stamp, { maxLength: 2 }) }), {
      maxLength: 2,
    }),
  }),
)

const history: fc.Arbitrary<Delta[]> = fc
  .array(
    fc.record({
      stream: fc.constantFrom(...streams),
      step: fc.integer({ min: 1, max: 2 }),
      operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 24, size: 'max' },
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

function segmentOf(deltas: readonly Delta[]): Uint8Array {
  const [{ stream, seq, schemaVersion }] = deltas as [Delta]
  const writer = createSegmentWriter({ stream, firstSeq: seq, schemaVersion })
  for (const delta of deltas) writer.append(delta)
  return writer.finish()
}

/** A way to deliver: pieces of streams in any order, overlapping and again, some in one transaction. */
interface Delivery {
  readonly picks: readonly {
    readonly stream: number
    readonly back: number
    readonly count: number
  }[]
  readonly groups: readonly number[]
}

const delivery: fc.Arbitrary<Delivery> = fc.record({
  picks: fc.array(
    fc.record({ stream: fc.nat(2), back: fc.nat(2), count: fc.integer({ min: 1, max: 5 }) }),
    { maxLength: 20, size: 'max' },
  ),
  groups: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
})

/** Delivers everything: the picks as far as they go, then what they left out. */
function deliver(
  deltas: readonly Delta[],
  { picks, groups }: Delivery,
  apply: (segments: readonly Uint8Array[]) => void,
): void {
  const byStream = streams.map((stream) => deltas.filter((delta) => delta.stream === stream))
  const heads = [0, 0, 0]
  const segments: Uint8Array[] = []
  for (const { stream, back, count } of [
    ...picks,
    ...streams.map((_, index) => ({ stream: index, back: 1, count: 100 })),
  ]) {
    const from = Math.max(0, (heads[stream] as number) - back)
    const part = byStream[stream]?.slice(from, from + count) ?? []
    if (part.length === 0) continue
    segments.push(segmentOf(part))
    heads[stream] = Math.max(heads[stream] as number, from + part.length)
  }
  for (let at = 0, group = 0; at < segments.length; group++) {
    const size = groups[group % groups.length] as number
    // Within one transaction the order is none of the sender's business.
    apply(segments.slice(at, at + size).reverse())
    at += size
  }
}

describe('apply', () => {
  it('[MR1] ends as the model does, however the deltas arrive', () => {
    fc.assert(
      fc.property(history, delivery, (deltas, way) => {
        const model = createMergeState()
        for (const delta of deltas) mergeDelta(model, delta, tables)
        const replica = openMergeReplica(module, own)
        try {
          deliver(deltas, way, (segments) => replica.apply(segments))
          expect(dumpFile(replica)).toEqual(dumpModel(model.rows, tables))
        } finally {
          replica.driver.close()
        }
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  it('[MR9] [MR10] after every transaction what is visible is what the model shows', () => {
    fc.assert(
      fc.property(history, delivery, (deltas, way) => {
        const model = createMergeState()
        const replica = openMergeReplica(module, own)
        const seqs = new Map<StreamId, number>()
        try {
          deliver(deltas, way, (segments) => {
            replica.apply(segments)
            for (const { id: stream, headSeq } of replica.streams.all()) {
              for (const delta of deltas) {
                const isNew = delta.stream === stream && delta.seq <= headSeq
                if (isNew && delta.seq > (seqs.get(stream) ?? 0)) mergeDelta(model, delta, tables)
              }
              seqs.set(stream, headSeq)
            }
            expect(dumpFile(replica)).toEqual(dumpModel(model.rows, tables))
          })
        } finally {
          replica.driver.close()
        }
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})
