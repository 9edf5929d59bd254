/**
 * What calls of one replica did is undone and done again, whatever others did meanwhile: nobody's writes are
 * lost, and replicas stay equal. UNDO.md.
 */
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Changes } from '../changes.ts'
import type { CallUndo, UndoResult, UndoSkipped } from '../engine.ts'
import { RowStore } from '../row-store.ts'
import { compileSchema } from '../schema.ts'
import { Streams } from '../streams.ts'
import { convergenceModule, type Script, type Step } from '../testing/convergence-module.ts'
import { SyncLog } from '../testing/sync-log.ts'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'
import { isCell, type RowState, readRowState, versionOf } from './row-state.ts'

const schema = compileSchema(convergenceModule)
const item = fc.constantFrom('a', 'b', 'c')
const personId = '018f0000-0000-7000-8000-000000000001'
const cells: Record<Step['table'], fc.Arbitrary<Record<string, unknown>>> = {
  item: fc.record(
    {
      title: fc.constantFrom('t', 'u', 'v'),
      note: fc.constantFrom('m', null),
      size: fc.nat(3),
      price: fc.constantFrom(1.5, null),
      isDone: fc.boolean(),
      due: fc.constantFrom(7, null),
      meta: fc.constantFrom({ a: 1 }, null, [2]),
      list: fc.constantFrom([], [1, 2]),
      place: fc.constantFrom({ x: 1 }, { x: 2, y: 3 }, null),
      color: fc.constantFrom('red', 'green'),
      votes: fc.nat(3),
      tags: fc.uniqueArray(fc.constantFrom('p', 'q'), { maxLength: 2 }),
      ranks: fc.uniqueArray(fc.nat(1), { maxLength: 2 }),
      owner: fc.constantFrom(personId, null),
      parent: fc.option(item),
      friend: fc.option(item),
      code: fc.constantFrom('c', 'd', null),
      rank: fc.constantFrom(1, 2, null),
    },
    { requiredKeys: ['title'] },
  ),
  box: fc.record({ count: fc.nat(3), holds: fc.option(item) }, { requiredKeys: [] }),
  event: fc.record({ count: fc.nat(3), item: fc.option(item) }, { requiredKeys: [] }),
  person: fc.record({ name: fc.constantFrom('N', 'M'), best: fc.option(item) }),
}
type Cells = typeof cells

/**
 * Of a replica alone: without references that keep what is not there, as a row that is inserted then stays
 * when it is deleted; and rows that hide with what they hang on have no unique values: who shows one of two
 * equal ones when they show again depends on the stamps.
 */
const aloneCells = (without: readonly string[]): Cells => ({
  ...cells,
  item: cells.item.map((given) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => !without.includes(name))),
  ),
  event: fc.record({ count: fc.nat(3) }, { requiredKeys: [] }),
  person: fc.record({ name: fc.constantFrom('N', 'M') }),
})
const stepOf = (cells: Cells): fc.Arbitrary<Step> =>
  fc.constantFrom<Step['table']>('item', 'item', 'item', 'box', 'event', 'person').chain((table) =>
    fc.record({
      act: fc.constantFrom<Step['act']>(
        ...(['put', 'put', 'insert', 'update', 'update', 'delete', 'delete'] as const),
        ...(['increment', 'add', 'remove', 'create', 'append', 'compact'] as const),
      ),
      table: fc.constant(table),
      id: table === 'person' ? fc.constant(personId) : item,
      cells: cells[table],
      by: fc.integer({ min: -2, max: 3 }),
      element: fc.constantFrom('p', 'q'),
    }),
  )
const plainOf = (step: fc.Arbitrary<Step>): fc.Arbitrary<Script> =>
  fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 4 }),
    fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
const scriptOf = (step: fc.Arbitrary<Step>): fc.Arbitrary<Script> =>
  fc.oneof(
    { weight: 4, arbitrary: plainOf(step) },
    {
      weight: 1,
      arbitrary: fc.record({
        steps: fc.array(step, { minLength: 1, maxLength: 2 }),
        nested: plainOf(step),
        fails: fc.constant(false),
      }),
    },
  )

const script = scriptOf(stepOf(cells))

const SCOPE = 'editor'

interface Peer {
  test: TestEngine
  driver: Driver
  seed: number
}

function kept(driver: Driver): Driver {
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'close') return () => undefined
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function openPeer(seed: number, options: Parameters<typeof openTestEngine>[1] = {}): Peer {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  const test = openTestEngine(convergenceModule, { driver: kept(driver), seed, ...options })
  return { test, driver, seed }
}

function reopen(peer: Peer): void {
  const { nowMs } = peer.test
  peer.test.engine.close()
  // Another client: calls of the one before are known.
  peer.seed += 2
  peer.test = openTestEngine(convergenceModule, { driver: kept(peer.driver), seed: peer.seed })
  peer.test.nowMs = nowMs
}

/** Another file takes the place of a peer's. */
function rebuild(peer: Peer, log: SyncLog, keepsStream: boolean): void {
  const { nowMs } = peer.test
  const carryOver = structuredClone(peer.test.engine.carryOver())
  const seed = peer.seed + 2
  const next = openPeer(seed, { stream: 'new', join: { owner: 'owner' } })
  log.giveTo(next.test.engine)
  next.test.nowMs = nowMs
  next.test.engine.adopt(carryOver, { keepsStream, denied: [], settled: [] })
  Object.assign(peer, next)
}

function call({ test }: Peer, given: Script, undo?: CallUndo): boolean {
  test.nowMs += 1000
  const next = test.nextCall('write', { script: given }, undo && { undo })
  const [outcome] = test.engine.commit([next]).outcomes
  if (outcome?.ok === false && !/As told|as told/.test(outcome.error.message)) throw outcome.error
  return outcome?.ok === true
}

function turn({ test }: Peer, kind: 'undo' | 'redo'): UndoResult {
  test.nowMs += 1000
  const [outcome] = test.engine.commit([
    test.nextCall('undo', {}, { undo: { kind, scope: SCOPE } }),
  ]).outcomes
  if (outcome?.ok !== true) throw outcome?.error ?? new Error('no outcome')
  return outcome.value as UndoResult
}

function turnAll(peer: Peer, kind: 'undo' | 'redo', middle?: () => void): UndoSkipped[] {
  const skipped: UndoSkipped[] = []
  for (let count = 0; ; count++) {
    const result = turn(peer, kind)
    if (!result.isDone) return skipped
    expect(result.skippedCount).toBe(result.skipped.length)
    // A row that hangs on nothing was hidden before too.
    skipped.push(...result.skipped.filter(({ why }) => why !== 'hidden'))
    if (count === 1) middle?.()
  }
}

/** What queries answer, local tables too. */
function answers({ test: { engine } }: Peer): unknown {
  return [...schema.keys()].map((table) => engine.query({ table, orderBy: [] }))
}

/** All that is known of all rows. */
function states({ driver }: Peer): Map<string, RowState> {
  const scope = {
    driver,
    schema,
    rows: new RowStore(driver),
    streams: new Streams(driver),
    changes: new Changes(),
  }
  const known = new Map<string, RowState>()
  for (const table of schema.values()) {
    if (!table.isSynced) continue
    const key = `"${table.primaryKey.name}"`
    const ids = driver
      .prepare(
        `SELECT ${key} FROM ${table.rowsSql} UNION SELECT id FROM _hidden WHERE tbl = ?1
          UNION SELECT id FROM _tombstone WHERE tbl = ?1`,
      )
      .all([table.name])
    for (const [id] of ids) {
      known.set(`${table.name} ${id}`, readRowState(scope, table, id as string))
    }
  }
  return known
}

const grouping = fc.record({
  group: fc.option(fc.constantFrom('g', 'h'), { nil: undefined }),
  groupMs: fc.constantFrom(0, 1500),
})
const recorded = (group: { group: string | undefined; groupMs: number }): CallUndo => ({
  kind: 'record',
  scope: SCOPE,
  ...group,
})

it.each([
  ['rows that hide', ['owner', 'code', 'rank']],
  ['unique values', ['owner', 'parent']],
])(
  '[UN8] undoing all steps of a replica alone gives what was before, redoing them what was after: %s',
  (_, without) => {
    const given = scriptOf(stepOf(aloneCells(without)))
    fc.assert(
      fc.property(
        fc.array(given, { maxLength: 4 }),
        fc.array(fc.record({ script: given, grouping }), { minLength: 1, maxLength: 7 }),
        (first, calls) => {
          const peer = openPeer(1)
          for (const script of first) call(peer, script)
          const before = answers(peer)
          for (const { script, grouping: group } of calls) call(peer, script, recorded(group))
          const after = answers(peer)
          for (const kind of ['undo', 'redo', 'undo', 'redo'] as const) {
            expect(turnAll(peer, kind, () => reopen(peer))).toEqual([])
            expect(answers(peer)).toEqual(kind === 'undo' ? before : after)
          }
          expect(peer.test.engine.verify()).toEqual([])
        },
      ),
      { numRuns: 30 },
    )
  },
  60_000,
)

type Event =
  | {
      readonly kind: 'call'
      readonly who: number
      readonly script: Script
      readonly isRecorded: boolean
    }
  | { readonly kind: 'sync'; readonly who: number }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'rebuild'; readonly keepsStream: boolean }
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      who: fc.nat(1),
      script,
      isRecorded: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('sync' as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rebuild' as const), keepsStream: fc.boolean() }),
  },
)

/** Rows that only recorded calls write: `c` of a script becomes `z`. */
function withOwnRows({ steps, nested, fails }: Script): Script {
  const own = steps.map((each) => (each.id === 'c' ? { ...each, id: 'z' } : each))
  return { steps: own, fails, ...(nested && { nested: withOwnRows(nested) }) }
}

/** Their cells but references: one to what was never there is lost when it is authored anew. */
function ownValues(key: string, known: ReadonlyMap<string, RowState | undefined>): unknown {
  const columns = schema.get(key.split(' ')[0] ?? '')?.columns ?? []
  const values = known.get(key)?.values ?? []
  return columns.filter(({ kind }) => kind !== 'ref').map(({ index }) => values[index])
}

const ownRows = ['item', 'box', 'event'].map((table) => `${table} z`)

it('[UN10] undoing all steps of one of two replicas loses nothing that anybody else wrote', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 2, maxLength: 14 }), (events) => {
      const log = new SyncLog()
      const a = openPeer(1)
      log.takeFrom(a.test.engine)
      const b = openPeer(2, { stream: 'new', join: { owner: 'owner' } })
      const peers = [a, b] as const
      for (const one of events) {
        if (one.kind === 'call') {
          const isRecorded = one.isRecorded && one.who === 0
          call(
            peers[one.who] as Peer,
            isRecorded ? withOwnRows(one.script) : one.script,
            isRecorded ? recorded({ group: undefined, groupMs: 0 }) : undefined,
          )
        } else if (one.kind === 'sync') {
          log.takeFrom((peers[one.who] as Peer).test.engine)
          log.giveTo((peers[one.who] as Peer).test.engine)
        } else if (one.kind === 'rebuild') rebuild(a, log, one.keepsStream)
        else reopen(a)
      }
      const skipped = new Set<string>()
      const recordedStates = new Map<string, RowState | undefined>()
      for (const kind of ['undo', 'redo'] as const) {
        const own = ownVersions(a)
        const before = states(a)
        for (const { id } of turnAll(a, kind, () => reopen(a))) skipped.add(id)
        const after = states(a)
        // Nobody else wrote these: they are as before, which is not there, and as they were again.
        for (const key of skipped.has('z') ? [] : ownRows) {
          if (kind === 'undo') recordedStates.set(key, before.get(key))
          expect(after.get(key)?.isAlive ?? false).toBe(
            kind === 'redo' && recordedStates.get(key)?.isAlive === true,
          )
          if (kind === 'undo' || after.get(key)?.isAlive !== true) continue
          expect(ownValues(key, after)).toEqual(ownValues(key, recordedStates))
        }
        for (const [key, state] of before) {
          const now = after.get(key)
          const table = schema.get(key.split(' ')[0] ?? '')
          if (table === undefined || now === undefined) throw new Error(`nothing known of ${key}`)
          for (const column of table.columns) {
            if (!isCell(table, column)) continue
            const version = versionOf(state, column.name)
            if (version === '' || own.has(version)) continue
            // Somebody else's: a row that came back may have it under a new stamp.
            expect(now.values[column.index]).toEqual(state.values[column.index])
          }
          for (const [column, elements] of state.elements) {
            for (const [element, versions] of elements) {
              if (versions.every((version) => own.has(version))) continue
              expect(now.elements.get(column)?.has(element)).toBe(true)
            }
          }
        }
        for (const peer of [a, b, a]) {
          log.takeFrom(peer.test.engine)
          log.giveTo(peer.test.engine)
        }
        expect(b.test.engine.digest()).toBe(a.test.engine.digest())
        expect(a.test.engine.verify()).toEqual([])
      }
    }),
    { numRuns: 30 },
  )
}, 60_000)

/** Stamps of what was recorded, undone and done again: all that may be taken back. */
function ownVersions({ driver }: Peer): Set<string> {
  const hasSteps =
    driver.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_undo'").get() !== undefined
  const versions = new Set<string>()
  for (const [text] of hasSteps ? driver.prepare('SELECT change FROM _undo_row').all() : []) {
    for (const version of (JSON.parse(text as string) as { v: string[] }).v) versions.add(version)
  }
  return versions
}
