/**
 * Replicas that take in one relay log end equal, and equal to the model, with unique columns,
 * append-only tables and floors in it: whatever groups they take it in by, and whatever own writes
 * they merged before these came back. MERGE.md MR17–MR21.
 */
import {
  createMergeState,
  type Delta,
  deadRowsOf,
  defineModule,
  type Floor,
  type MergedRows,
  mergeDelta,
  mergeFloor,
  mergeOperations,
  type RowOperation,
  type Stamp,
  type StreamId,
  t,
  table,
} from '@inner-universe/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Changes } from './changes.ts'
import { noteOffsets } from './claim-offsets.ts'
import { deadRows } from './dead-rows.ts'
import { applyFloor, dropOverrides, type OverrideCursor } from './floor.ts'
import { writeFold } from './merge-fold.ts'
import { compileSchema, definitionsOf } from './schema.ts'
import { type Dump, dumpFile, dumpModel } from './testing/canonical-dump.ts'
import { type MergeReplica, openMergeReplica } from './testing/merge-replica.ts'
import type { WriteScope } from './write-scope.ts'

const module = defineModule({
  name: 'logged',
  version: 1,
  tables: {
    a: table({
      key: t.key(),
      code: t.text().unique(),
      rank: t.int().unique().optional(),
      text: t.text().default('none'),
      keep: t.ref('b').optional(),
      cascade: t.ref('a', { onDelete: 'cascade' }).optional(),
    }),
    b: table({
      key: t.key(),
      code: t.enum(['p', 'q']).unique().optional(),
      keep: t.ref('a').optional(),
      cascade: t.ref('b', { onDelete: 'cascade' }).optional(),
      null: t.ref('a', { onDelete: 'null' }).optional(),
    }),
    counted: table({ key: t.key(), sum: t.counter(), set: t.set(t.int()), text: t.text() }),
    log: table({
      key: t.key(),
      code: t.text().unique().optional(),
      sum: t.counter(),
      set: t.set(t.int()),
      keep: t.ref('a').optional(),
    }).appendOnly(),
  },
  reducers: () => ({}),
})
const tables = definitionsOf(compileSchema(module))
const streams = ['1', '2', '3'].map((digit) => digit.repeat(32) as StreamId)
const observer = 'f'.repeat(32) as StreamId

const id = fc.constantFrom('x', 'y', 'z')
const stamp: fc.Arbitrary<Stamp> = fc.record({
  hlc: fc.integer({ min: 1, max: 20 }),
  stream: fc.constantFrom(...streams),
})
const element = fc.nat(2).map(String)
const cells = fc.record(
  {
    code: fc.constantFrom('p', 'q', null),
    rank: fc.constantFrom(1, 2, null),
    text: fc.constantFrom('s', 't'),
    keep: fc.option(id),
    cascade: fc.option(id),
    null: fc.option(id),
  },
  { requiredKeys: ['code', 'text'] },
)
const row = { table: fc.constantFrom('a', 'a', 'b', 'counted', 'log'), id }
const operation: fc.Arbitrary<RowOperation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('insert' as const), ...row, cells }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      ...row,
      cells: cells.chain((all) =>
        fc
          .subarray(Object.keys(all))
          .map((names) => Object.fromEntries(names.map((name) => [name, (all as never)[name]]))),
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('delete' as const), ...row }) },
  fc.record({
    kind: fc.constant('increment' as const),
    ...row,
    column: fc.constant('sum'),
    by: fc.integer({ min: -3, max: 3 }),
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

type Entry =
  | { readonly kind: 'delta'; readonly delta: Delta }
  | { readonly kind: 'floor'; readonly keeps: number; floor: Floor | undefined }

/** A log: hlcs rise within streams, and above that of a floor after it. */
const log: fc.Arbitrary<Entry[]> = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('delta' as const),
          stream: fc.constantFrom(...streams),
          step: fc.integer({ min: 1, max: 3 }),
          operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('floor' as const), keeps: fc.nat(5) }),
      },
    ),
    { minLength: 1, maxLength: 24, size: 'max' },
  )
  .map((list) => {
    const heads = new Map<StreamId, { seq: number; hlc: number }>()
    let floorHlc = 0
    return list.map((one): Entry => {
      if (one.kind === 'floor') {
        floorHlc = Math.max(floorHlc, ...[...heads.values()].map(({ hlc }) => hlc))
        return { ...one, floor: undefined }
      }
      const { stream, step, operations } = one
      const head = heads.get(stream) ?? { seq: 0, hlc: 0 }
      const next = { seq: head.seq + 1, hlc: Math.max(head.hlc, floorHlc) + step }
      heads.set(stream, next)
      const delta = { stream, ...next, schemaVersion: 1, reducer: 'r', operations }
      return { kind: 'delta', delta }
    })
  })

const stampName = (one: Stamp) => `${one.hlc} ${one.stream}`

/** What the model makes of a log; fixes the floors on the way. */
function runModel(entries: readonly Entry[]): { rows: MergedRows; offsets: Map<string, number> } {
  const state = createMergeState()
  const offsets = new Map<string, number>()
  let hlc = 0
  for (const [index, entry] of entries.entries()) {
    if (entry.kind === 'delta') {
      mergeDelta(state, entry.delta, tables)
      offsets.set(stampName(entry.delta), index + 1)
      hlc = Math.max(hlc, entry.delta.hlc)
    } else {
      const forgotten = [...deadRowsOf(state.rows, tables, hlc)]
        .filter((_, at) => at % 6 !== entry.keeps)
        .map((key) => key.split('\0') as [string, string])
        .map(([name, rowId]) => ({ table: name, ids: [rowId] }))
      entry.floor = { baseOffset: index, hlc, forgotten }
      mergeFloor(state.rows, entry.floor)
    }
  }
  return { rows: state.rows, offsets }
}

/** How a replica reads a log: so many entries a time, its own deltas this many entries early. */
interface Reading {
  readonly groups: readonly number[]
  readonly lead: number
}

const reading: fc.Arbitrary<Reading> = fc.record({
  groups: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
  lead: fc.nat(6),
})

function write(replica: MergeReplica, body: (scope: WriteScope) => void): void {
  const { driver, schema, rows, streams: known } = replica
  driver.exec('BEGIN')
  body({ driver, schema, rows, streams: known, changes: new Changes() })
  driver.exec('COMMIT')
}

function read(
  replica: MergeReplica,
  entries: readonly Entry[],
  { groups, lead }: Reading,
  author: StreamId | undefined,
  afterFloor: (scope: WriteScope, floor: Floor) => void = () => undefined,
): void {
  const merged = new Set<Entry>()
  for (let at = 0, group = 0; at < entries.length; group++) {
    const end = Math.min(entries.length, at + (groups[group % groups.length] as number))
    write(replica, (scope) => {
      const fold = (chosen: readonly Entry[]) => {
        const rows: MergedRows = new Map()
        for (const entry of chosen) {
          if (entry.kind !== 'delta' || merged.has(entry)) continue
          merged.add(entry)
          mergeOperations(rows, entry.delta, tables)
        }
        writeFold(scope, rows)
      }
      fold(
        entries
          .slice(at, end + lead)
          .filter((entry) => entry.kind === 'delta' && entry.delta.stream === author),
      )
      for (; at < end; ) {
        const next = entries.findIndex(({ kind }, index) => index >= at && kind === 'floor')
        const stop = next === -1 || next >= end ? end : next
        const part = entries.slice(at, stop)
        fold(part)
        for (const [index, entry] of part.entries()) {
          if (entry.kind !== 'delta') continue
          const { stream, hlc } = entry.delta
          const streamIndex = scope.streams.intern(stream, false).index
          noteOffsets(scope, streamIndex, hlc, hlc, at + index + 1)
        }
        at = stop
        const entry = entries[at]
        if (entry?.kind !== 'floor' || at >= end) continue
        const floor = entry.floor as Floor
        applyFloor(scope, floor)
        afterFloor(scope, floor)
        at += 1
      }
    })
  }
}

const visibleIn = (dump: Dump) =>
  Object.fromEntries(
    Object.entries(dump)
      .filter(([, { visible }]) => visible !== undefined)
      .map(([key, { visible }]) => [key, visible]),
  )

describe('replicas of one log', () => {
  it('[MR17] [MR18] [MR19] [MR21] end as the model does, by whatever groups they read it', () => {
    fc.assert(
      fc.property(log, reading, (entries, way) => {
        const model = runModel(entries)
        const offsetOf = (one: Stamp) => model.offsets.get(stampName(one))
        const replica = openMergeReplica(module, observer)
        try {
          read(replica, entries, way, undefined)
          expect(dumpFile(replica)).toEqual(dumpModel(model.rows, tables, offsetOf))
        } finally {
          replica.driver.close()
        }
      }),
      { numRuns: 300 },
    )
  }, 60_000)

  it('[MR17] [MR21] show the same when they had merged writes of their own before', () => {
    fc.assert(
      fc.property(log, fc.array(reading, { minLength: 3, maxLength: 3 }), (entries, ways) => {
        const model = runModel(entries)
        const offsetOf = (one: Stamp) => model.offsets.get(stampName(one))
        const expected = visibleIn(dumpModel(model.rows, tables, offsetOf))
        for (const [index, way] of ways.entries()) {
          const replica = openMergeReplica(module, observer)
          try {
            read(replica, entries, way, streams[index])
            expect(visibleIn(dumpFile(replica))).toEqual(expected)
          } finally {
            replica.driver.close()
          }
        }
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  const few = fc.integer({ min: 1, max: 3 })

  it('[MR22] show the same when clocks of cells were dropped below floors', () => {
    fc.assert(
      fc.property(log, reading, few, few, (entries, way, rowsMax, writesMax) => {
        const model = runModel(entries)
        const offsetOf = (one: Stamp) => model.offsets.get(stampName(one))
        const replica = openMergeReplica(module, observer)
        try {
          read(replica, entries, way, undefined, (scope, { hlc }) => {
            let from: OverrideCursor | undefined
            do from = dropOverrides(scope, hlc, { rowsMax, writesMax, from })
            while (from !== undefined)
          })
          const dump = dumpModel(model.rows, tables, offsetOf)
          expect(visibleOf(replica)).toEqual(visibleIn(dump))
        } finally {
          replica.driver.close()
        }
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  it('[MR20] name the dead rows that the model names', () => {
    fc.assert(
      fc.property(log, reading, fc.nat(30), (entries, way, hlc) => {
        const model = runModel(entries)
        const replica = openMergeReplica(module, observer)
        try {
          read(replica, entries, way, undefined)
          const known = dumpModel(model.rows, tables)
          const isKnown = (key: string) => Object.hasOwn(known, key.replace('\0', ' '))
          const named = deadRows(replica, hlc).map((dead) => `${dead.table}\0${dead.id}`)
          const expected = [...deadRowsOf(model.rows, tables, hlc)]
          expect(named.filter(isKnown).sort()).toEqual(expected.filter(isKnown).sort())
        } finally {
          replica.driver.close()
        }
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})

function visibleOf({ driver, schema, rows }: MergeReplica): Record<string, unknown> {
  const visible: Record<string, unknown> = {}
  for (const [name, { rowsSql, columns }] of schema) {
    for (const [key] of driver.prepare(`SELECT key FROM ${rowsSql} ORDER BY key`).all()) {
      const values = rows.get(schema.get(name) as never, key as string)?.values ?? []
      visible[`${name} ${key}`] = Object.fromEntries(
        columns.map((column) => [column.name, values[column.index]]),
      )
    }
  }
  return visible
}
