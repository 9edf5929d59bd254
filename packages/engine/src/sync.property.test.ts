/**
 * Replicas that seal, push to one log and read it, with lost acknowledgements, entries read twice,
 * files opened again, floors and rebuilds in between, end showing the same. STORAGE.md SY rules.
 */
import type { Floor, LogEntry, SealedBatch } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { AdoptOptions, DeadRow, Engine } from './engine.ts'
import { convergenceModule, type Script, type Step } from './testing/convergence-module.ts'
import { headerOf, SyncLog, sealAll } from './testing/sync-log.ts'
import { openTestEngine, TEST_START_MS, type TestEngine } from './testing/test-engine.ts'

const item = fc.constantFrom('a', 'b')
const cells: Record<Step['table'], fc.Arbitrary<Record<string, unknown>>> = {
  item: fc.record(
    {
      title: fc.constantFrom('t', 'u'),
      isDone: fc.boolean(),
      votes: fc.nat(3),
      tags: fc.uniqueArray(fc.constantFrom('p', 'q'), { maxLength: 2 }),
      parent: fc.option(item),
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
  steps: fc.array(step, { minLength: 1, maxLength: 3 }),
  fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})

type Event =
  | { readonly kind: 'call'; readonly peer: number; readonly scripts: readonly Script[] }
  | {
      readonly kind: 'push'
      readonly peer: number
      readonly count: number
      readonly bytesMax: number
      readonly isAnswered: boolean
    }
  | {
      readonly kind: 'read'
      readonly peer: number
      /** How far, and from how far back. */
      readonly count: number
      readonly again: number
      readonly names: boolean
    }
  | { readonly kind: 'reopen'; readonly peer: number; readonly stream: 'continue' | 'new' }
  | { readonly kind: 'rebuild'; readonly peer: number; readonly keepsStream: boolean }
  | { readonly kind: 'mark' }
  | { readonly kind: 'floor' }
  | { readonly kind: 'drop'; readonly peer: number }

const peer = fc.nat(2)
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('call' as const),
      peer,
      scripts: fc.array(script, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      peer,
      count: fc.integer({ min: 1, max: 3 }),
      bytesMax: fc.constantFrom(1, 300, 10_000),
      isAnswered: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      peer,
      count: fc.integer({ min: 1, max: 6 }),
      again: fc.constantFrom(0, 0, 2),
      names: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reopen' as const),
      peer,
      stream: fc.constantFrom('continue' as const, 'new' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rebuild' as const),
      peer,
      keepsStream: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Event>({ kind: 'mark' }) },
  { weight: 1, arbitrary: fc.constant<Event>({ kind: 'floor' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), peer }) },
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

class World {
  readonly log = new SyncLog()
  readonly peers: { test: TestEngine; driver: Driver }[] = []
  readonly #fold: { test: TestEngine; driver: Driver }
  #seed = 0
  #nowMs = TEST_START_MS
  #mark: { offset: number; dead: readonly DeadRow[] } | undefined
  #baseMin = 0

  constructor(peerCount: number) {
    this.#fold = this.#open({ join: { owner: 'o' }, keepsLog: false })
    for (let index = 0; index < peerCount; index++) this.peers.push(this.#open({}))
  }

  play(event: Event): void {
    this.#nowMs += 1
    if (event.kind === 'mark') this.#setMark()
    else if (event.kind === 'floor') this.#pushFloor()
    else {
      const at = event.peer % this.peers.length
      const one = this.peers[at] as World['peers'][number]
      one.test.nowMs = this.#nowMs
      const { engine } = one.test
      if (event.kind === 'call') {
        one.test.commit(...event.scripts.map((each) => ['write', { script: each }] as const))
      } else if (event.kind === 'push') this.push(at, event)
      else if (event.kind === 'read') this.read(engine, event)
      else if (event.kind === 'rebuild') this.rebuild(at, event.keepsStream)
      else if (event.kind === 'drop') engine.dropLog(engine.replica.lastFloor()?.offset ?? 0, 100)
      else {
        one.test = openTestEngine(convergenceModule, {
          driver: kept(one.driver),
          seed: this.#nextSeed(),
          stream: event.stream,
        })
      }
    }
  }

  /** Pushes batches until one is refused, which means a rebuild. */
  push(
    at: number,
    { count, bytesMax, isAnswered }: Omit<Extract<Event, { kind: 'push' }>, 'peer' | 'kind'>,
  ): void {
    const { engine } = (this.peers[at] as World['peers'][number]).test
    sealAll(engine.replica, bytesMax)
    for (const batch of engine.replica.sealedBatches(undefined, 1e9).slice(0, count)) {
      const refusal = this.#refusalOf(batch)
      if (refusal !== undefined) {
        this.rebuild(at, false)
        return
      }
      const offset = this.log.push(batch)
      if (!isAnswered) continue
      const seq = batch.firstSeq + batch.deltaCount - 1
      expect(engine.replica.acknowledge(batch.stream, seq, offset).kind).toBe('received')
    }
  }

  read(
    { replica }: Engine,
    { count, again, names }: Pick<Extract<Event, { kind: 'read' }>, 'count' | 'again' | 'names'>,
  ): void {
    const { offset } = replica.position()
    const through = Math.min(this.log.entries.length, offset + count)
    const own = new Set(replica.sealedBatches(undefined, 1e9).map(({ hash }) => hash))
    const entries = this.log.entries
      .slice(Math.max(0, offset - again), through)
      .map((entry): LogEntry => {
        if (!names || entry.kind !== 'batch' || !own.has(entry.batch.hash)) return entry
        return { ...entry.batch, kind: 'own', offset: entry.offset }
      })
    const result = replica.receive(entries, this.log.positionAt(through))
    expect(result.kind === 'forked' ? result.reason : result.kind).toBe('received')
  }

  /** A fresh file that reads the whole log and takes over what this peer has pending. */
  rebuild(at: number, keepsStream: boolean): void {
    const from = this.peers[at] as World['peers'][number]
    const to = this.#open({ join: { owner: 'o' }, stream: 'new' })
    to.test.nowMs = this.#nowMs
    this.read(to.test.engine, { count: 1e9, again: 0, names: false })
    const options: AdoptOptions = { keepsStream, denied: [], settled: [] }
    const { adopted } = to.test.engine.adopt(structuredClone(from.test.engine.carryOver()), options)
    expect(adopted).toHaveLength(from.test.engine.unsyncedCount())
    expect(to.test.engine.verify()).toEqual([])
    const local = { table: 'log', orderBy: [] }
    expect(to.test.engine.query(local)).toEqual(from.test.engine.query(local))
    from.driver.close()
    this.peers[at] = to
  }

  /** All push and read until nothing is left; gives every digest. */
  settle(): string[] {
    for (let round = 0; this.peers.some(({ test }) => test.engine.unsyncedCount() > 0); round++) {
      expect(round).toBeLessThan(10)
      for (const index of this.peers.keys()) {
        this.push(index, { count: 1e9, bytesMax: 1000, isAnswered: true })
      }
    }
    const engines = [...this.peers, this.#fold].map(({ test }) => test.engine)
    for (const engine of engines) {
      this.read(engine, { count: 1e9, again: 0, names: false })
      expect(engine.verify()).toEqual([])
    }
    const fresh = this.#open({ join: { owner: 'o' } })
    this.read(fresh.test.engine, { count: 1e9, again: 0, names: false })
    const digests = [...engines, fresh.test.engine].map((engine) => engine.digest())
    fresh.driver.close()
    return digests
  }

  close(): void {
    for (const { driver } of [...this.peers, this.#fold]) driver.close()
  }

  #open(options: Parameters<typeof openTestEngine>[1]): { test: TestEngine; driver: Driver } {
    const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
    const seed = this.#nextSeed()
    return {
      test: openTestEngine(convergenceModule, { driver: kept(driver), seed, ...options }),
      driver,
    }
  }

  #nextSeed(): number {
    this.#seed += 1
    return this.#seed
  }

  /** Why a relay would not take a batch that it does not have. */
  #refusalOf(batch: SealedBatch): string | undefined {
    const { base, origins } = headerOf(batch)
    const batches = this.log.entries.flatMap((entry) => (entry.kind === 'batch' ? [entry] : []))
    if (batches.some((entry) => entry.batch.hash === batch.hash)) return undefined
    // An own base from before the log was read is offset 0.
    if (base.offset < this.#baseMin) return 'rebase'
    const isKnown = origins.some(
      (origin) =>
        origin !== null &&
        batches.some(
          ({ batch: { stream, firstSeq, deltaCount }, origins: others }) =>
            (stream === origin.stream &&
              origin.seq >= firstSeq &&
              origin.seq < firstSeq + deltaCount) ||
            others.some((one) => one?.stream === origin.stream && one.seq === origin.seq),
        ),
    )
    expect(isKnown).toBe(false)
    return undefined
  }

  /** Remembers what is dead here. */
  #setMark(): void {
    const { engine } = this.#fold.test
    this.read(engine, { count: 1e9, again: 0, names: false })
    const { offset } = engine.replica.position()
    this.#mark = { offset, dead: engine.deadRows(this.log.hlcAt(offset)) }
  }

  /** A floor at the mark: what was dead then and was not touched since is forgotten. */
  #pushFloor(): void {
    const { engine } = this.#fold.test
    this.read(engine, { count: 1e9, again: 0, names: false })
    if (this.#mark === undefined || this.#mark.offset <= this.#baseMin) return
    const { offset, dead } = this.#mark
    const hlc = this.log.hlcAt(offset)
    const now = new Map(engine.deadRows(hlc).map((row) => [`${row.table} ${row.id}`, row]))
    const gone = dead.filter(
      ({ table, id, fingerprint }) => now.get(`${table} ${id}`)?.fingerprint === fingerprint,
    )
    const forgotten: Floor['forgotten'] = [...new Set(gone.map(({ table }) => table))].map(
      (table) => ({
        table,
        ids: gone.filter((row) => row.table === table).map(({ id }) => id),
      }),
    )
    this.log.pushFloor({ baseOffset: offset, hlc, forgotten })
    this.#baseMin = offset
  }
}

it('[SY5] replicas that read one log show the same', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 3 }),
      fc.array(event, { minLength: 4, maxLength: 24, size: 'max' }),
      (peerCount, events) => {
        const world = new World(peerCount)
        try {
          for (const each of events) world.play(each)
          const digests = world.settle()
          expect(new Set(digests).size).toBe(1)
        } finally {
          world.close()
        }
      },
    ),
    { numRuns: 60 },
  )
})
