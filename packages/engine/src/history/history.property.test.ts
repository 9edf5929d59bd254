/**
 * Random histories on replicas that exchange deltas in any order, with floors, dropped logs, files opened
 * again and rebuilt: a version is everywhere what its author saw. HISTORY.md.
 */
import {
  defineModule,
  type Floor,
  HISTORY_TABLES,
  type LogEntry,
  type Module,
  type Row,
  t,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DeadRow, Engine } from '../engine.ts'
import { convergenceModule, type Script, type Step } from '../testing/convergence-module.ts'
import { headerOf, SyncLog, sealAll } from '../testing/sync-log.ts'
import { openTestEngine, TEST_START_MS, type TestEngine } from '../testing/test-engine.ts'
import { history } from './engine-history.ts'

const { tables, reducers } = convergenceModule
const module = defineModule({
  name: 'histories',
  version: 1,
  versions: true,
  tables,
  reducers: (reducer) => ({
    ...reducers,
    forget: reducer({ id: t.text() }, ({ db }, { id }) => {
      const versions = db[HISTORY_TABLES.version as never] as unknown as {
        delete(id: string): void
      }
      versions.delete(id)
    }),
  }),
}) as unknown as Module

const HELD = ['box', 'event', 'item', 'item_document', 'person']

const item = fc.constantFrom('a', 'b', 'c', '\u{1f600}', '\uffff')
const cells: Record<Step['table'], fc.Arbitrary<Record<string, unknown>>> = {
  item: fc.record(
    {
      title: fc.constantFrom('t', 'u'),
      note: fc.option(fc.constantFrom('n', '')),
      size: fc.nat(2),
      price: fc.option(fc.constantFrom(0.5, -1, 3)),
      isDone: fc.boolean(),
      due: fc.option(fc.nat(3)),
      photo: fc.option(fc.uint8Array({ maxLength: 3 })),
      meta: fc.constantFrom({}, null, { a: [1] }),
      list: fc.constantFrom([], [1, 2]),
      place: fc.option(fc.constantFrom({ x: 1 }, { x: 2, y: 3 })),
      color: fc.constantFrom('red', 'green'),
      votes: fc.nat(3),
      tags: fc.uniqueArray(fc.constantFrom('p', 'q'), { maxLength: 2 }),
      parent: fc.option(item),
      friend: fc.option(item),
      code: fc.constantFrom('c', 'd', null),
    },
    { requiredKeys: ['title'] },
  ),
  box: fc.record({ count: fc.nat(3), holds: fc.option(item) }, { requiredKeys: [] }),
  event: fc.record({ count: fc.nat(3), item: fc.option(item) }, { requiredKeys: [] }),
  person: fc.record({ name: fc.constantFrom('N', 'M'), best: fc.option(item) }),
}
const step: fc.Arbitrary<Step> = fc
  .constantFrom<Step['table']>('item', 'item', 'box', 'event', 'person')
  .chain((table) =>
    fc.record({
      act: fc.constantFrom<Step['act']>(
        ...(['put', 'put', 'insert', 'update', 'delete', 'delete'] as const),
        ...(['increment', 'add', 'remove', 'create', 'append', 'append', 'compact'] as const),
      ),
      table: fc.constant(table),
      id: table === 'person' ? fc.constant('018f0000-0000-7000-8000-000000000001') : item,
      cells: cells[table],
      by: fc.integer({ min: -2, max: 3 }),
      element: fc.constantFrom('p', 'q'),
    }),
  )
const script: fc.Arbitrary<Script> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})

type Event =
  | {
      readonly kind: 'call'
      readonly peer: number
      readonly scripts: readonly Script[]
      /** Versions that are named in the same group, after the calls. */
      readonly names: number
    }
  | { readonly kind: 'push' | 'read' | 'fill'; readonly peer: number; readonly count: number }
  | { readonly kind: 'reopen' | 'rebuild'; readonly peer: number; readonly isKept: boolean }
  | { readonly kind: 'drop'; readonly peer: number; readonly count: number }
  | { readonly kind: 'floor' }

const peer = fc.nat(2)
const some = (kind: 'push' | 'read' | 'fill', max: number) =>
  fc.record({ kind: fc.constant(kind), peer, count: fc.integer({ min: 1, max }) })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      peer,
      scripts: fc.array(script, { maxLength: 3 }),
      names: fc.constantFrom(0, 0, 1, 1, 2),
    }),
  },
  { weight: 3, arbitrary: some('push', 3) },
  { weight: 3, arbitrary: some('read', 6) },
  { weight: 3, arbitrary: some('fill', 4) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('reopen' as const, 'rebuild' as const),
      peer,
      isKept: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Event>({ kind: 'floor' }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('drop' as const), peer, count: fc.nat(3) }),
  },
)

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

type State = Readonly<Record<string, readonly Row[]>>

const stateOf = (engine: Pick<Engine, 'query'>): State =>
  Object.fromEntries(HELD.map((table) => [table, engine.query({ table, orderBy: [] })]))

/** What the author of a version saw. */
interface Seen {
  readonly state: State
  readonly digest: string
}

interface Peer {
  test: TestEngine
  driver: Driver
}

class World {
  readonly log = new SyncLog()
  readonly peers: Peer[] = []
  readonly seen = new Map<string, Seen>()
  readonly #fold: Peer
  #seed = 0
  #nowMs = TEST_START_MS
  #baseMin = 0

  constructor(peerCount: number) {
    this.#fold = this.#open({ join: { owner: 'o' }, keepsLog: false }, false)
    for (let index = 0; index < peerCount; index++) this.peers.push(this.#open({}))
  }

  play(event: Event): void {
    this.#nowMs += 1
    if (event.kind === 'floor') {
      this.#pushFloor()
      return
    }
    const at = event.peer % this.peers.length
    const one = this.peers[at] as Peer
    one.test.nowMs = this.#nowMs
    const { engine } = one.test
    switch (event.kind) {
      case 'call':
        this.#call(one.test, event.scripts, event.names)
        break
      case 'push':
        this.push(at, event.count)
        break
      case 'read':
        this.read(engine, event.count)
        break
      case 'fill':
        for (let left = event.count; left > 0 && engine.history.fill(); left--);
        break
      case 'drop':
        engine.dropLog(engine.replica.lastFloor()?.offset ?? 0, 100)
        this.#forget(one.test, event.count)
        break
      case 'reopen':
        one.test = openTestEngine(module, {
          history,
          driver: kept(one.driver),
          seed: this.#nextSeed(),
          stream: event.isKept ? 'continue' : 'new',
        })
        break
      case 'rebuild':
        this.rebuild(at, event.isKept)
    }
    this.check((this.peers[at] as Peer).test.engine)
  }

  /** Every version that can be read is what its author saw. */
  check({ history: versions }: Engine): number {
    let readable = 0
    for (const { id, state } of versions.versions()) {
      expect(state).not.toBe('damaged')
      if (state === 'arriving') continue
      readable += 1
      const seen = this.seen.get(id)
      expect(stateOf(versions.past(id) as unknown as Engine)).toEqual(seen?.state)
      expect(versions.digest(id)).toBe(seen?.digest)
      for (const [table, rows] of Object.entries(seen?.state ?? {})) {
        expect(versions.past(id).count({ table, orderBy: [] })).toBe(rows.length)
      }
    }
    return readable
  }

  push(at: number, count: number): void {
    const { engine } = (this.peers[at] as Peer).test
    sealAll(engine.replica, 1000)
    for (const batch of engine.replica.sealedBatches(undefined, 1e9).slice(0, count)) {
      const isKnown = this.log.entries.some(
        (entry) => entry.kind === 'batch' && entry.batch.hash === batch.hash,
      )
      if (!isKnown && headerOf(batch).base.offset < this.#baseMin) {
        this.rebuild(at, false)
        return
      }
      const offset = this.log.push(batch)
      const seq = batch.firstSeq + batch.deltaCount - 1
      expect(engine.replica.acknowledge(batch.stream, seq, offset).kind).toBe('received')
    }
  }

  read({ replica }: Engine, count: number): void {
    const { offset } = replica.position()
    const through = Math.min(this.log.entries.length, offset + count)
    const own = new Set(replica.sealedBatches(undefined, 1e9).map(({ hash }) => hash))
    const entries = this.log.entries.slice(offset, through).map((entry): LogEntry => {
      if (entry.kind !== 'batch' || !own.has(entry.batch.hash)) return entry
      return { ...entry.batch, kind: 'own', offset: entry.offset }
    })
    const result = replica.receive(entries, this.log.positionAt(through))
    expect(result.kind === 'forked' ? result.reason : result.kind).toBe('received')
  }

  rebuild(at: number, keepsStream: boolean): void {
    const from = this.peers[at] as Peer
    const to = this.#open({ join: { owner: 'o' }, stream: 'new' })
    to.test.nowMs = this.#nowMs
    this.read(to.test.engine, 1e9)
    const carried = structuredClone(from.test.engine.carryOver())
    to.test.engine.adopt(carried, { keepsStream, denied: [], settled: [] })
    from.driver.close()
    this.peers[at] = to
  }

  /** All write, push, read and take in until nothing is left, a new replica too. */
  settle(): void {
    this.peers.push(this.#open({ join: { owner: 'o' } }))
    for (let isBusy = true, round = 0; isBusy; round++) {
      expect(round).toBeLessThan(30)
      isBusy = false
      for (const [index] of this.peers.entries()) {
        const { test } = this.peers[index] as Peer
        while (test.engine.history.fill()) isBusy = true
        isBusy ||= test.engine.unsyncedCount() > 0
        this.push(index, 1e9)
      }
      for (const { test } of this.peers) {
        isBusy ||= test.engine.replica.position().offset < this.log.entries.length
        this.read(test.engine, 1e9)
      }
    }
    for (const { test } of this.peers) {
      const { engine } = test
      this.check(engine)
      this.#checkStates(test)
      this.#checkDifferences(engine)
      expect(engine.verify()).toEqual([])
    }
    expect(new Set(this.peers.map(({ test }) => test.engine.digest())).size).toBe(1)
  }

  close(): void {
    for (const { driver } of [...this.peers, this.#fold]) driver.close()
  }

  #call(test: TestEngine, scripts: readonly Script[], names: number): void {
    const calls = scripts.map((each) => ['write', { script: each }] as const)
    const named = Array.from(
      { length: names },
      () => ['history:commit', { description: 'v' }] as const,
    )
    const outcomes = test.commit(...calls, ...named).slice(calls.length)
    const seen = { state: stateOf(test.engine), digest: test.engine.history.digest(null) }
    for (const outcome of outcomes) {
      if (!outcome.ok) throw outcome.error
      this.seen.set((outcome.value as { version: string }).version, seen)
    }
  }

  /** Forgets one of the versions, also one that contents are differences to. */
  #forget({ engine, call }: TestEngine, at: number): void {
    const version = engine.history.versions()[at]
    if (version !== undefined) call('forget', { id: version.id })
  }

  /** Whatever has a content, of nothing or to such a version, can be read. */
  #checkStates({ engine, driver }: TestEngine): void {
    const contents = driver.prepare('SELECT version, basis FROM history_content').all()
    const sound = new Set<unknown>([null])
    for (const _ of contents) {
      for (const [version, basis] of contents) if (sound.has(basis as never)) sound.add(version)
    }
    for (const { id, state } of engine.history.versions()) {
      if (sound.has(id)) expect(state).toBe('ready')
    }
  }

  /** What differs between two versions makes one of the other. */
  #checkDifferences({ history: versions }: Engine): void {
    const ready = versions.versions().filter(({ state }) => state === 'ready')
    const ids = [...ready.map(({ id }) => id).slice(-3), null]
    for (const from of ids) {
      for (const to of ids) {
        const rows = new Map<string, Row>()
        const [before, after] = [from, to].map((id) => this.#state(versions, id))
        for (const [table, list] of Object.entries(before ?? {})) {
          for (const row of list) rows.set(`${table} ${row.key ?? row.id}`, row)
        }
        for (const { table, id, before: was, after: is } of versions.diff(from, to, {
          limit: 1e9,
        })) {
          expect(rows.get(`${table} ${id}`)).toEqual(was)
          if (is === undefined) rows.delete(`${table} ${id}`)
          else rows.set(`${table} ${id}`, is)
        }
        const wanted = Object.entries(after ?? {}).flatMap(([table, list]) =>
          list.map((row) => [`${table} ${row.key ?? row.id}`, row] as const),
        )
        expect(rows).toEqual(new Map(wanted))
      }
    }
  }

  #state(versions: Engine['history'], id: string | null): State {
    const { engine } = (this.peers.find(({ test }) => test.engine.history === versions) as Peer)
      .test
    const { item_document: _, ...state } =
      id === null ? stateOf(engine) : (this.seen.get(id) as Seen).state
    return state
  }

  #open(options: Parameters<typeof openTestEngine>[1], hasHistory = true): Peer {
    const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
    const seed = this.#nextSeed()
    const part = hasHistory ? { history } : {}
    const test = openTestEngine(module, { driver: kept(driver), seed, ...part, ...options })
    return { test, driver }
  }

  #nextSeed(): number {
    this.#seed += 1
    return this.#seed
  }

  /** A floor over everything that the log has. */
  #pushFloor(): void {
    const { engine } = this.#fold.test
    this.read(engine, 1e9)
    const { offset } = engine.replica.position()
    if (offset <= this.#baseMin) return
    const hlc = this.log.hlcAt(offset)
    const dead: readonly DeadRow[] = engine.deadRows(hlc)
    const forgotten: Floor['forgotten'] = [...new Set(dead.map(({ table }) => table))].map(
      (table) => ({
        table,
        ids: dead.filter((row) => row.table === table).map(({ id }) => id),
      }),
    )
    this.log.pushFloor({ baseOffset: offset, hlc, forgotten })
    this.#baseMin = offset
  }
}

it('[HI1] a version is everywhere what its author saw', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 3 }),
      fc.array(event, { minLength: 4, maxLength: 24, size: 'max' }),
      (peerCount, events) => {
        const world = new World(peerCount)
        try {
          for (const each of events) world.play(each)
          world.settle()
        } finally {
          world.close()
        }
      },
    ),
    { numRuns: 20 },
  )
})
