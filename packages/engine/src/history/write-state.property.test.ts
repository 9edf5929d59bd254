/**
 * Whatever the rows of a replica have come to by merging, they become those of another one that has merged other
 * deltas, and come to the same wherever the delta arrives. HISTORY.md HI30, HI31.
 */
import {
  createHlcClock,
  createSegmentWriter,
  type Delta,
  defineModule,
  type RowOperation,
  type Stamp,
  type StreamId,
  t,
  table,
} from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CallScope } from '../call-scope.ts'
import { Changes, isSameRow, type StoredRow } from '../changes.ts'
import type { TableSchema } from '../schema.ts'
import { dumpFile } from '../testing/canonical-dump.ts'
import { type MergeReplica, openMergeReplica } from '../testing/merge-replica.ts'
import { type StateRows, type WrittenState, writeTargets } from './write-state.ts'

const module = defineModule({
  name: 'states',
  version: 1,
  tables: {
    a: table({
      key: t.key(),
      text: t.text(),
      int: t.int().optional(),
      photo: t.bytes().optional(),
      json: t.json().default({}),
      isDone: t.bool().default(false),
      sum: t.counter(),
      set: t.set(t.int()),
      code: t.text().unique().optional(),
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
    d: table({
      key: t.key(),
      text: t.text(),
      sum: t.counter(),
      set: t.set(t.int()),
      code: t.text().unique().optional(),
      keep: t.ref('a').optional(),
    }).appendOnly(),
  },
  reducers: () => ({}),
})
const streams = ['1', '2', '3'].map((digit) => digit.repeat(32) as StreamId)
const own = 'f'.repeat(32) as StreamId
const reading = 'e'.repeat(32) as StreamId
const id = fc.constantFrom('x', 'y', 'z')
const stamp: fc.Arbitrary<Stamp> = fc.record({
  hlc: fc.integer({ min: 1, max: 12 }),
  stream: fc.constantFrom(...streams),
})
const element = fc.nat(2).map(String)
const cells = fc.record(
  {
    text: fc.constantFrom('p', 'q'),
    int: fc.constantFrom(1, 2, null),
    photo: fc.constantFrom(new Uint8Array([1]), new Uint8Array([2]), null),
    json: fc.constantFrom('{"a":1}', '[]'),
    isDone: fc.nat(1),
    code: fc.constantFrom('m', 'n', null),
    keep: fc.option(id),
    cascade: fc.option(id),
    null: fc.option(id),
    hangs: id,
    keeps: id,
  },
  { requiredKeys: ['text', 'hangs', 'keeps'] },
)
const place = { table: fc.constantFrom('a', 'a', 'b', 'c', 'd'), id }
const operation: fc.Arbitrary<RowOperation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('insert' as const), ...place, cells }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      ...place,
      cells: cells.chain((all) =>
        fc
          .subarray(Object.keys(all))
          .map((names) => Object.fromEntries(names.map((name) => [name, (all as never)[name]]))),
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), ...place }) },
  fc.record({
    kind: fc.constant('increment' as const),
    ...place,
    column: fc.constant('sum'),
    by: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger()),
  }),
  fc.record({
    kind: fc.constant('add' as const),
    ...place,
    column: fc.constant('set'),
    elements: fc.array(element, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('remove' as const),
    ...place,
    column: fc.constant('set'),
    elements: fc.array(fc.record({ element, dots: fc.array(stamp, { maxLength: 2 }) }), {
      maxLength: 2,
    }),
  }),
)

const deltas: fc.Arbitrary<Delta[]> = fc
  .array(
    fc.record({
      stream: fc.constantFrom(...streams),
      step: fc.integer({ min: 1, max: 2 }),
      operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 20, size: 'max' },
  )
  .map((list) => {
    const heads = new Map<StreamId, { seq: number; hlc: number }>()
    return list.map(({ stream, step, operations }) => {
      const head = heads.get(stream) ?? { seq: 0, hlc: 0 }
      const next = { seq: head.seq + 1, hlc: head.hlc + step }
      heads.set(stream, next)
      return { stream, ...next, schemaVersion: 1, reducer: 'write', operations } as Delta
    })
  })

function replicaOf(given: readonly Delta[], stream: StreamId): MergeReplica {
  const replica = openMergeReplica(module, stream)
  replica.apply(given.map(segmentOf))
  return replica
}

function segmentOf({ stream, seq, schemaVersion, ...entry }: Delta): Uint8Array {
  const writer = createSegmentWriter({ stream, firstSeq: seq, schemaVersion })
  writer.append(entry)
  return writer.finish()
}

type State = ReadonlyMap<TableSchema, ReadonlyMap<string, StoredRow>>

/** Rows that are seen, by the replica's own tables. */
function stateOf({ driver, schema: tables }: MergeReplica): State {
  return new Map(
    [...tables.values()].map((table) => [
      table,
      new Map(
        driver
          .prepare(`SELECT ${table.columnsSql} FROM ${table.rowsSql}`)
          .all()
          .map((row) => [row[table.primaryKey.index] as string, row as StoredRow]),
      ),
    ]),
  )
}

/** What a replica shows of rows by name. */
const shown = (state: State) =>
  Object.fromEntries(
    [...state].flatMap(([{ name }, rows]) =>
      [...rows].map(([key, row]) => [`${name} ${key}`, row] as const).sort(),
    ),
  )

/** The rows of one state that are other in another; tables by name, as each replica has its own. */
function targetsOf(
  replica: MergeReplica,
  to: State,
): Map<TableSchema, Map<string, StoredRow | undefined>> {
  const wanted = new Map([...to].map(([{ name }, rows]) => [name, rows]))
  return new Map(
    [...stateOf(replica)].map(([table, rows]) => {
      const then = wanted.get(table.name) ?? new Map<string, StoredRow>()
      const ids = [...new Set([...rows.keys(), ...then.keys()])]
      const differing = ids.filter((key) => !isSameRow(rows.get(key), then.get(key)))
      return [table, new Map(differing.map((key) => [key, then.get(key)]))]
    }),
  )
}

/** Writes rows as a call would; gives what came of it, and the delta. */
function write(replica: MergeReplica, targets: StateRows): { written: WrittenState; delta: Delta } {
  const { driver, rows, streams: known, schema: tables } = replica
  known.write(own)
  const changes = new Changes()
  const scope = { driver, schema: tables, rows, streams: known, changes }
  const clock = createHlcClock({ now: () => 0, last: 1000 })
  const call = new CallScope(scope, {} as never, {
    nextHlc: () => clock.send(),
    streamIndex: known.writing.index,
    now: () => 0,
    limitMs: 1000,
  })
  driver.exec('BEGIN')
  const before = shown(stateOf(replica))
  const written = writeTargets(call, targets)
  driver.exec('COMMIT')
  const noted = [...tables.values()].flatMap((one) => [...changes.of(one)])
  expect(written.rowCount).toBe(noted.length)
  for (const {
    table: { name },
    id: key,
    before: was,
  } of noted) {
    expect(before[`${name} ${key}`]).toEqual(was)
  }
  const { hlc } = call.stamp
  const operations = call.merged
  return {
    written,
    delta: { stream: own, seq: 1, hlc, schemaVersion: 1, reducer: 'history:revert', operations },
  }
}

/** Places where two states differ, by name. */
function differences(one: State, other: State): string[] {
  const [a, b] = [shown(one), shown(other)]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .sort()
}

const placesOf = ({ skipped }: WrittenState) =>
  [...new Set(skipped.map((each) => `${each.table} ${each.id}`))].sort()

function withReplicas(
  now: readonly Delta[],
  then: readonly Delta[],
  body: (replica: MergeReplica, other: MergeReplica, reader: MergeReplica) => void,
): void {
  const replicas = [replicaOf(now, own), replicaOf(then, own), replicaOf(now, reading)] as const
  try {
    body(...replicas)
  } finally {
    for (const { driver } of replicas) driver.close()
  }
}

it('[HI30] rows become all that they are in another state, here and wherever the delta arrives', () => {
  fc.assert(
    fc.property(deltas, deltas, (now, then) => {
      withReplicas(now, then, (replica, other, reader) => {
        const wanted = stateOf(other)
        const { written, delta } = write(replica, targetsOf(replica, wanted))
        expect(written.skipped).toEqual([])
        expect(differences(stateOf(replica), wanted)).toEqual([])
        if (delta.operations.length > 0) reader.apply([segmentOf(delta)])
        expect(dumpFile(reader)).toEqual(dumpFile(replica))
      })
    }),
    { numRuns: 80 },
  )
}, 60_000)

it('[HI31] rows that are not asked for stay as they are; what is other all the same is told, and nothing else', () => {
  fc.assert(
    fc.property(deltas, deltas, fc.infiniteStream(fc.boolean()), (now, then, picks) => {
      withReplicas(now, then, (replica, other, reader) => {
        const before = stateOf(replica)
        const targets = targetsOf(replica, stateOf(other))
        for (const rows of targets.values()) {
          for (const key of [...rows.keys()]) if (picks.next().value) rows.delete(key)
        }
        const { written, delta } = write(replica, targets)
        const asked = new Map(
          [...before].map(([one, rows]) => {
            const all = new Map<string, StoredRow>(rows)
            for (const [key, row] of targets.get(one) ?? []) {
              if (row === undefined) all.delete(key)
              else all.set(key, row)
            }
            return [one, all]
          }),
        )
        expect(placesOf(written)).toEqual(differences(stateOf(replica), asked))
        if (delta.operations.length > 0) reader.apply([segmentOf(delta)])
        expect(dumpFile(reader)).toEqual(dumpFile(replica))
      })
    }),
    { numRuns: 80 },
  )
}, 60_000)
