/**
 * Replicas that append to documents, compact them and delete their owners end with the same updates,
 * and none ever loses an update of a document whose owner it shows. core DOCUMENTS.md DC8–DC11.
 */
import { APPEND_REDUCER, COMPACT_REDUCER, defineModule, t, table } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { headerOf, SyncLog, sealAll } from './testing/sync-log.ts'
import { openTestEngine, TEST_START_MS, type TestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table({ key: t.key(), body: t.richText(), steps: t.list() }) },
  reducers: (reducer) => ({
    put: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.upsert({ key })
    }),
    drop: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.delete(key)
    }),
  }),
})

/** An update holds one number, a checkpoint those of all that its author had: sets, as documents are. */
const contentOf = (numbers: Iterable<number>) => new TextEncoder().encode([...numbers].join())
const numbersIn = (content: Uint8Array) => new TextDecoder().decode(content).split(',').map(Number)

interface UpdateRow {
  readonly id: string
  readonly row: string
  readonly document: string
  readonly update: Uint8Array
}

interface Place {
  readonly row: string
  readonly document: string
}

const place = { row: fc.constantFrom('a', 'b'), document: fc.constantFrom('body', 'steps') }
const peer = fc.nat(2)
const eventWithoutLoss = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), peer, ...place }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      peer,
      ...place,
      /** Which rows are named as covered, in turn; rows of other documents are among them. */
      mask: fc.array(fc.constantFrom(true, true, false), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), peer, row: place.row }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), peer }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('read' as const), peer, count: fc.nat(4) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rebuild' as const),
      peer,
      keepsStream: fc.boolean(),
    }),
  },
)
/** An owner that is deleted, and inserted anew before a floor has forgotten what hangs on it. */
const event = fc.oneof(
  { weight: 9, arbitrary: eventWithoutLoss },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('put' as const), peer, row: place.row }) },
)
const eventWithFloors = fc.oneof(
  { weight: 6, arbitrary: eventWithoutLoss },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('push' as const), peer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('floor' as const), peer }) },
)
type Event =
  | (typeof event extends fc.Arbitrary<infer E> ? E : never)
  | (typeof eventWithFloors extends fc.Arbitrary<infer E> ? E : never)

class World {
  readonly log = new SyncLog()
  readonly peers: TestEngine[] = []
  /** What a peer has ever seen of each document. */
  readonly #seen: Map<string, Set<number>>[] = [new Map(), new Map(), new Map()]
  readonly #fold: TestEngine
  /** Smallest base of a batch that is still taken. */
  #baseMin = 0
  #seed = 0
  #count = 0
  #nowMs = TEST_START_MS

  constructor() {
    this.#fold = this.#openBeside({ keepsLog: false })
    this.peers.push(this.#open({}))
    for (const key of ['a', 'b']) this.peers[0]?.call('put', { key })
    this.log.takeFrom((this.peers[0] as TestEngine).engine)
    for (let at = 1; at < 3; at++) {
      this.peers.push(this.#openBeside())
      this.log.giveTo((this.peers[at] as TestEngine).engine)
    }
  }

  play(event: Event): void {
    this.#nowMs += 1
    const one = this.peers[event.peer] as TestEngine
    one.nowMs = this.#nowMs
    if (event.kind === 'push') this.#push(event.peer)
    else if (event.kind === 'floor') this.#pushFloor()
    else if (event.kind === 'read') this.#read(one, event.count)
    else if (event.kind === 'rebuild') this.#rebuild(event.peer, event.keepsStream)
    else if (event.kind === 'put' || event.kind === 'drop') one.call(event.kind, { key: event.row })
    else if (one.engine.get('note', event.row) !== undefined) this.#write(one, event)
    this.#look(event.peer)
  }

  /** Everything everywhere. */
  settle(): void {
    for (let round = 0; this.peers.some(({ engine }) => engine.unsyncedCount() > 0); round++) {
      expect(round).toBeLessThan(5)
      for (const at of this.peers.keys()) this.#push(at)
    }
    for (const [at, one] of this.peers.entries()) {
      this.#read(one, Number.POSITIVE_INFINITY)
      this.#look(at)
      expect(one.engine.verify()).toEqual([])
    }
    expect(new Set(this.peers.map(({ engine }) => engine.digest())).size).toBe(1)
    for (const [key, seen] of this.#seen.flatMap((map) => [...map])) {
      const [row = '', document = ''] = key.split(' ')
      if (this.peers[0]?.engine.get('note', row) === undefined) continue
      const held = this.#held(this.peers[0], { row, document })
      expect([...seen].filter((number) => !held.has(number))).toEqual([])
    }
  }

  close(): void {
    for (const { engine } of [...this.peers, this.#fold]) engine.close()
  }

  #write(one: TestEngine, event: Extract<Event, { kind: 'append' | 'compact' }>): void {
    const { row, document } = event
    const at = { table: 'note', row, document }
    if (event.kind === 'append') {
      this.#count += 1
      one.call(APPEND_REDUCER, { ...at, update: contentOf([this.#count]) })
      return
    }
    const held = this.#held(one, event)
    if (held.size === 0) return
    const covers = updatesOf(one)
      .filter((_, index) => event.mask[index % event.mask.length])
      .map(({ id }) => id)
    one.call(COMPACT_REDUCER, { ...at, checkpoint: contentOf(held), covers })
  }

  /** Pushes batches until one is refused for what it was written on, which means a rebuild. */
  #push(at: number): void {
    const { replica } = (this.peers[at] as TestEngine).engine
    sealAll(replica)
    for (const batch of replica.sealedBatches(undefined, Number.POSITIVE_INFINITY)) {
      if (headerOf(batch).base.offset < this.#baseMin) {
        this.#rebuild(at, false)
        return
      }
      const seq = batch.firstSeq + batch.deltaCount - 1
      expect(replica.acknowledge(batch.stream, seq, this.log.push(batch)).kind).toBe('received')
    }
  }

  /** A floor at the end of the log: whatever is dead there is forgotten. */
  #pushFloor(): void {
    const { engine } = this.#fold
    this.log.giveTo(engine)
    const baseOffset = this.log.entries.length
    const hlc = this.log.hlcAt(baseOffset)
    const dead = engine.deadRows(hlc)
    const forgotten = ['note', 'note_document'].map((name) => ({
      table: name,
      ids: dead.filter((row) => row.table === name).map(({ id }) => id),
    }))
    this.log.pushFloor({ baseOffset, hlc, forgotten: forgotten.filter(({ ids }) => ids.length) })
    this.#baseMin = baseOffset
  }

  #read({ engine }: TestEngine, count: number): void {
    const { offset } = engine.replica.position()
    this.log.giveTo(engine, Math.min(this.log.entries.length, offset + count))
  }

  #rebuild(at: number, keepsStream: boolean): void {
    const from = this.peers[at] as TestEngine
    const to = this.#openBeside()
    to.nowMs = this.#nowMs
    this.log.giveTo(to.engine)
    to.engine.adopt(structuredClone(from.engine.carryOver()), {
      ...{ keepsStream, denied: [], settled: [] },
    })
    from.engine.close()
    this.peers[at] = to
  }

  /** [DC9] What was seen of a document is there as long as its owner is. */
  #look(at: number): void {
    const one = this.peers[at] as TestEngine
    for (const row of ['a', 'b']) {
      if (one.engine.get('note', row) === undefined) {
        expect(updatesOf(one).filter((update) => update.row === row)).toEqual([])
        continue
      }
      for (const document of ['body', 'steps']) {
        const key = `${row} ${document}`
        const seen = this.#seen[at]?.get(key) ?? new Set()
        const held = this.#held(one, { row, document })
        expect([...seen].filter((number) => !held.has(number))).toEqual([])
        this.#seen[at]?.set(key, held)
      }
    }
  }

  #held(one: TestEngine, { row, document }: Place): Set<number> {
    const own = updatesOf(one).filter((each) => each.row === row && each.document === document)
    return new Set(own.flatMap(({ update }) => numbersIn(update)))
  }

  #openBeside(options: Parameters<typeof openTestEngine>[1] = {}): TestEngine {
    return this.#open({ join: { owner: 'owner' }, stream: 'new', ...options })
  }

  #open(options: Parameters<typeof openTestEngine>[1]): TestEngine {
    this.#seed += 1
    return openTestEngine(module, { seed: this.#seed, ...options })
  }
}

function updatesOf({ engine }: TestEngine): readonly UpdateRow[] {
  return engine.query({ table: 'note_document', orderBy: [] }) as never
}

function check(events: readonly Event[]): void {
  const world = new World()
  try {
    for (const each of events) world.play(each)
    world.settle()
  } finally {
    world.close()
  }
}

const story = <E extends Event>(of: fc.Arbitrary<E>) =>
  fc.array(of, { minLength: 10, maxLength: 50, size: 'max' })

it('[DC8] [DC9] three replicas keep every update while its owner is there, and end equal', () => {
  fc.assert(fc.property(story(event), check), { numRuns: 60 })
}, 60_000)

it('[DC9] [DC11] so they do where floors forget, and replicas that were away begin anew', () => {
  fc.assert(fc.property(story(eventWithFloors), check), { numRuns: 60 })
}, 60_000)
