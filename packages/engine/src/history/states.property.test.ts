/**
 * Random histories with branches on two replicas: versions are states, wherever they come from and wherever they
 * go; what is written from them is what they are. HISTORY.md.
 */
import { type DraftCall, defineModule, type Module, type Row, t } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Engine } from '../engine.ts'
import type { Past } from '../history-contract.ts'
import { convergenceModule, type Script, type Step } from '../testing/convergence-module.ts'
import { SyncLog } from '../testing/sync-log.ts'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'
import { history } from './engine-history.ts'

const { tables, reducers } = convergenceModule
const module = defineModule({
  name: 'states',
  version: 1,
  versions: true,
  tables,
  reducers: (reducer) => ({ ...reducers, fail: reducer({ n: t.int() }, () => null) }),
}) as unknown as Module

/** Whose rows a revert writes. */
const ROWS = ['box', 'event', 'item', 'person']
const HELD = [...ROWS, 'item_document']

const item = fc.constantFrom('a', 'b', 'c')
const person = '018f0000-0000-7000-8000-000000000001'
const cells: Record<Step['table'], fc.Arbitrary<Record<string, unknown>>> = {
  item: fc.record(
    {
      title: fc.constantFrom('t', 'u', 'v'),
      note: fc.option(fc.constantFrom('n', '')),
      price: fc.option(fc.constantFrom(0.5, 3)),
      isDone: fc.boolean(),
      meta: fc.constantFrom({}, null, { a: [1] }),
      votes: fc.nat(3),
      tags: fc.uniqueArray(fc.constantFrom('p', 'q'), { maxLength: 2 }),
      owner: fc.constantFrom(person, null),
      parent: fc.option(item),
      friend: fc.option(item),
      code: fc.constantFrom('c', 'd', null),
      rank: fc.constantFrom(1, 2, null),
    },
    { requiredKeys: ['title'] },
  ),
  box: fc.record({ count: fc.nat(3), holds: fc.option(item) }, { requiredKeys: [] }),
  event: fc.record(
    { count: fc.nat(3), item: fc.option(item), code: fc.constantFrom('c', null) },
    { requiredKeys: [] },
  ),
  person: fc.record({ name: fc.constantFrom('N', 'M'), best: fc.option(item) }),
}
const step: fc.Arbitrary<Step> = fc
  .constantFrom<Step['table']>('item', 'item', 'item', 'box', 'event', 'person')
  .chain((table) =>
    fc.record({
      act: fc.constantFrom<Step['act']>(
        ...(['put', 'put', 'insert', 'update', 'delete', 'delete'] as const),
        ...(['increment', 'add', 'remove', 'create', 'append', 'compact'] as const),
      ),
      table: fc.constant(table),
      id: table === 'person' ? fc.constant(person) : item,
      cells: cells[table],
      by: fc.integer({ min: -2, max: 3 }),
      element: fc.constantFrom('p', 'q'),
    }),
  )
const script: fc.Arbitrary<Script> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  fails: fc.constant(false),
})

interface Event {
  readonly kind: 'call' | 'name' | 'branch' | 'revert' | 'merge' | 'both' | 'sync' | 'fill'
  readonly peer: number
  readonly scripts: readonly Script[]
  /** Which of the versions that can be read there. */
  readonly one: number
  readonly other: number
}
const event: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom<Event['kind']>(
    ...(['call', 'call', 'call', 'name', 'name', 'branch', 'branch'] as const),
    ...(['revert', 'merge', 'both', 'sync', 'sync', 'fill'] as const),
  ),
  peer: fc.nat(1),
  scripts: fc.array(script, { minLength: 1, maxLength: 2 }),
  one: fc.nat(7),
  other: fc.nat(7),
})
const events = fc.array(event, { minLength: 3, maxLength: 18, size: 'max' })

type State = Readonly<Record<string, readonly Row[]>>
const stateOf = (source: Pick<Engine | Past, 'query'>, names: readonly string[] = HELD): State =>
  Object.fromEntries(names.map((table) => [table, source.query({ table, orderBy: [] })]))

function fill({ engine }: TestEngine): void {
  while (engine.history.fill());
}

/** Two replicas with a log between them, and what each version was when it was made. */
class World {
  readonly log = new SyncLog()
  readonly peers: readonly [TestEngine, TestEngine]
  readonly seen = new Map<string, State>()
  #seed = 0

  constructor() {
    const a = openTestEngine(module, { history })
    this.log.takeFrom(a.engine)
    const b = this.join()
    this.peers = [a, b]
  }

  /** One more replica, which has read all there is. */
  join(): TestEngine {
    this.#seed += 1
    const test = openTestEngine(module, {
      history,
      seed: this.#seed + 1,
      stream: 'new',
      join: { owner: 'owner' },
    })
    this.log.giveTo(test.engine)
    return test
  }

  play(given: readonly Event[]): void {
    for (const one of given) this.#play(one)
    this.settle()
  }

  /** Until both have all. */
  settle(): void {
    for (let round = 0; round < 3; round++) {
      for (const test of this.peers) {
        fill(test)
        this.sync(test)
      }
    }
    for (const test of this.peers) fill(test)
  }

  sync({ engine }: TestEngine): void {
    this.log.giveTo(engine)
    this.log.takeFrom(engine)
    this.log.giveTo(engine)
  }

  #play({ kind, peer, scripts, one, other }: Event): void {
    const test = this.peers[peer] as TestEngine
    test.nowMs += 1000
    const { engine } = test
    const ready = engine.history.versions().filter(({ state }) => state === 'ready')
    const [v, w] = [ready[one % ready.length]?.id, ready[other % ready.length]?.id]
    if (kind === 'call') {
      for (const each of scripts) test.call('write', { script: each })
    } else if (kind === 'sync') {
      this.sync(test)
    } else if (kind === 'fill') {
      fill(test)
    } else if (kind === 'name') {
      this.#note(test, test.call('history:commit', { description: 'd' }), stateOf(engine))
    } else if (v !== undefined && w !== undefined) {
      this.#write(test, kind, v, w, scripts)
    }
  }

  #write(test: TestEngine, kind: Event['kind'], v: string, w: string, scripts: readonly Script[]) {
    const { engine } = test
    const before = stateOf(engine)
    if (kind === 'revert') {
      test.call('history:revert', { version: v })
    } else if (kind === 'merge') {
      const value = test.call('history:merge', { from: v, description: 'm' })
      this.#note(test, value, stateOf(engine))
    } else if (kind === 'both') {
      const value = test.call('history:merge-versions', { a: v, b: w, description: 'm' })
      expect(stateOf(engine)).toEqual(before)
      this.#note(test, value, undefined)
    } else {
      const calls = callsOf(scripts, `${test.nowMs}`)
      const { result } = engine.history.evaluate(v, calls, stateOf, 'alice')
      const branch = `${test.nowMs}`
      const value = test.call('history:branch', { branch, from: v, calls, description: 'b' })
      expect(stateOf(engine)).toEqual(before)
      this.#note(test, value, result)
    }
  }

  /** Remembers what a version is: what its author saw, or what it is once it can be read. */
  #note(test: TestEngine, value: unknown, state: State | undefined): void {
    const { version } = value as { readonly version: string | null }
    if (version === null) return
    if (state === undefined) fill(test)
    this.seen.set(version, state ?? stateOf(test.engine.history.past(version)))
  }
}

const callsOf = (scripts: readonly Script[], seed: string): DraftCall[] =>
  scripts.map((given, index) => ({
    reducer: 'write',
    args: { script: given },
    seed: `${seed} ${index}`,
    timestampMs: 1000 + index,
  }))

/** Every version that is left is on every replica what it was when it was made. */
function expectStates(world: World, tests: readonly TestEngine[] = world.peers): void {
  const [first, ...others] = tests.map(({ engine: { history: kept } }) =>
    kept.versions().map(({ id, state }) => [id, state, kept.digest(id), stateOf(kept.past(id))]),
  )
  for (const [id, state, , held] of first ?? []) {
    expect([state, held]).toEqual(['ready', world.seen.get(id as string)])
  }
  for (const other of others) expect(other).toEqual(first)
}

const options = { numRuns: 25 }
const idsOf = ({ engine }: TestEngine) => engine.history.versions().map(({ id }) => id)

it('[HI48] versions are on all replicas what they were when they were made, whoever made them of what', () => {
  fc.assert(
    fc.property(events, (given) => {
      const world = new World()
      world.play(given)
      expect(idsOf(world.peers[0]).sort()).toEqual([...world.seen.keys()].sort())
      expectStates(world)
      expect(stateOf(world.peers[0].engine)).toEqual(stateOf(world.peers[1].engine))
      for (const { engine } of world.peers) expect(engine.verify()).toEqual([])
    }),
    options,
  )
}, 120_000)

it('[HI32] [HI10] reverting gives the digest of the version; what differs makes one state of the other', () => {
  fc.assert(
    fc.property(events, (given) => {
      const world = new World()
      world.play(given)
      const [test] = world.peers
      const { history: kept } = test.engine
      const ids = idsOf(test)
      for (const [index, id] of ids.entries()) {
        const next = ids[(index + 1) % ids.length] ?? id
        const applied = applyDiff(stateOf(kept.past(id), ROWS), kept.diff(id, next, { limit: 1e6 }))
        expect(applied).toEqual(stateOf(kept.past(next), ROWS))
      }
      for (const id of ids) {
        const documents = stateOf(test.engine, ['item_document'])
        expect(test.call('history:revert', { version: id })).toMatchObject({ skipped: [] })
        expect(kept.digest(null)).toBe(kept.digest(id))
        expect(stateOf(test.engine, ROWS)).toEqual(stateOf(kept.past(id), ROWS))
        // Those of rows that are there in both.
        const { item: there = [] } = stateOf(test.engine, ROWS)
        const left = stateOf(test.engine, ['item_document']).item_document ?? []
        for (const update of documents.item_document ?? []) {
          if (there.some(({ key }) => key === update.row)) expect(left).toContainEqual(update)
        }
      }
      world.settle()
      expect(stateOf(world.peers[1].engine)).toEqual(stateOf(test.engine))
    }),
    options,
  )
}, 120_000)

function applyDiff(state: State, differences: ReturnType<Engine['history']['diff']>): State {
  const rows = new Map(
    Object.entries(state).map(([table, list]) => [
      table,
      new Map(list.map((row) => [(row.key ?? row.id) as string, row])),
    ]),
  )
  for (const { table, id, before, after } of differences) {
    const byId = rows.get(table)
    expect(byId?.get(id)).toEqual(before)
    if (after === undefined) byId?.delete(id)
    else byId?.set(id, after)
  }
  return Object.fromEntries(
    [...rows].map(([table, byId]) => [
      table,
      [...byId].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
    ]),
  )
}

it('[HI43] merging two versions gives one state from both sides, and with itself or what it comes from itself', () => {
  fc.assert(
    fc.property(events, fc.nat(), fc.nat(), (given, n, m) => {
      const world = new World()
      world.play(given)
      const [test] = world.peers
      const ids = idsOf(test)
      const [one, other] = [ids[n % ids.length], ids[m % ids.length]]
      if (one === undefined || other === undefined) return
      const digestOf = (a: string, b: string) => {
        const value = test.call('history:merge-versions', { a, b, description: 'm' })
        fill(test)
        return test.engine.history.digest((value as { version: string }).version)
      }
      expect(digestOf(one, other)).toBe(digestOf(other, one))
      expect(digestOf(one, one)).toBe(test.engine.history.digest(one))
      const info = test.engine.history.versions().find(({ id }) => id === one)
      for (const parent of info?.parents ?? []) {
        expect(digestOf(one, parent)).toBe(test.engine.history.digest(one))
      }
    }),
    options,
  )
}, 120_000)

it('[HI45] drafts leave no trace in the file, whether they fail or not', () => {
  fc.assert(
    fc.property(
      events,
      fc.array(script, { maxLength: 2 }),
      fc.boolean(),
      (given, scripts, fails) => {
        const world = new World()
        world.play(given)
        const [test] = world.peers
        const dump = () =>
          test.driver
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .all()
            .map(([table]) => [table, test.driver.prepare(`SELECT * FROM "${table}"`).all()])
        const before = dump()
        const calls = callsOf(scripts, 'draft')
        if (fails) calls.push({ reducer: 'fail', args: {}, seed: 'f', timestampMs: 1 })
        for (const id of idsOf(test)) {
          const evaluate = () => test.engine.history.evaluate(id, calls, stateOf)
          if (fails) {
            expect(evaluate).toThrow(expect.objectContaining({ code: 'reducer/invalid-arguments' }))
          } else {
            const { result, differences } = evaluate()
            expect(evaluate().result).toEqual(result)
            const from = stateOf(test.engine.history.past(id), ROWS)
            const { item_document: _, ...rows } = result
            expect(applyDiff(from, differences)).toEqual(rows)
          }
        }
        expect(dump()).toEqual(before)
      },
    ),
    options,
  )
}, 120_000)

it('[HI58] [HI62] states are the same when others were let go, and in another file after an export', () => {
  fc.assert(
    fc.property(events, fc.integer({ min: 0, max: 3 }), fc.nat(1), (given, keepLast, who) => {
      const world = new World()
      world.play(given)
      const bytes = world.peers[0].engine.history.export()
      const all = idsOf(world.peers[0])
      const test = world.peers[who] as TestEngine
      for (const { kind, name } of test.engine.history.refs()) {
        test.call('history:unname', { kind, name })
      }
      test.call('history:retain', { keepLast })
      world.settle()
      const left = idsOf(test)
      expect(left.length).toBeLessThanOrEqual(Math.max(keepLast, all.length))
      expect(all.slice(all.length - keepLast).every((id) => left.includes(id))).toBe(true)
      expectStates(world)
      test.call('history:drop', { versions: left })
      world.settle()
      const fresh = world.join()
      expect(idsOf(fresh)).toEqual([])
      if (all.length === 0) return
      expect(fresh.call('history:import', { bytes })).toMatchObject({
        versions: expect.arrayContaining(all),
      })
      fill(fresh)
      expectStates(world, [fresh])
      world.sync(fresh)
      world.settle()
      expectStates(world, [...world.peers, fresh])
    }),
    options,
  )
}, 120_000)

it('[HI61] bytes that are other than an export are refused with nothing written; what is salvaged of them is sound', () => {
  const change = fc.constantFrom<'flip' | 'cut'>('flip', 'cut')
  fc.assert(
    fc.property(events, change, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, how, n, by) => {
      const world = new World()
      world.play([{ kind: 'name', peer: 0, scripts: [], one: 0, other: 0 }, ...given])
      const [test] = world.peers
      const bytes = test.engine.history.export()
      const all = idsOf(test)
      for (const { kind, name } of test.engine.history.refs()) {
        test.call('history:unname', { kind, name })
      }
      test.call('history:drop', { versions: all })
      world.settle()
      const at = n % bytes.length
      bytes[at] = (bytes[at] ?? 0) ^ by
      const damaged = how === 'flip' ? bytes : bytes.subarray(0, at)
      const refusal = { code: expect.stringMatching(/^history\/(damaged|invalid-export)$/) }
      const take = (salvage: boolean) => test.call('history:import', { bytes: damaged, salvage })
      expect(() => take(false)).toThrow(expect.objectContaining(refusal))
      expect(idsOf(test)).toEqual([])
      try {
        take(true)
      } catch (error) {
        expect(error).toMatchObject({ code: 'history/invalid-export' })
      }
      world.settle()
      expectStates(world)
    }),
    options,
  )
}, 120_000)
