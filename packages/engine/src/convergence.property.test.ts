/**
 * Replicas that exchange their logs end equal: rows, hidden rows, dots and tombstones, and equal to
 * what the pure model makes of the same deltas. MERGE.md.
 */
import {
  createMergeState,
  createSegmentWriter,
  type Delta,
  decodeSegment,
  idFromKey,
  mergeDelta,
  type StreamId,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RowStore } from './row-store.ts'
import { compileSchema, definitionsOf } from './schema.ts'
import { Streams } from './streams.ts'
import { type Dump, dumpFile, dumpModel } from './testing/canonical-dump.ts'
import { convergenceModule, type Script, type Step } from './testing/convergence-module.ts'
import { openTestEngine, TEST_START_MS, type TestEngine } from './testing/test-engine.ts'

const schema = compileSchema(convergenceModule)
const tables = definitionsOf(schema)

/** A replica whose engine can be closed and opened again on the same file. */
interface Peer {
  test: TestEngine
  readonly driver: Driver
  readonly seed: number
  readonly skewMs: number
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

function openPeer(seed: number, skewMs: number): Peer {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  const test = openTestEngine(convergenceModule, { driver: kept(driver), seed })
  return { test, driver, seed, skewMs }
}

function reopen(peer: Peer, stream: 'continue' | 'new', count: number): void {
  peer.test.engine.close()
  const seed = (peer.seed + 16 * count) % 256
  peer.test = openTestEngine(convergenceModule, { driver: kept(peer.driver), seed, stream })
}

function dump({ driver }: Peer): Dump {
  return dumpFile({ driver, schema, rows: new RowStore(driver), streams: new Streams(driver) })
}

/** What queries answer, table by table. */
function answers({ test: { engine } }: Peer): unknown {
  return Object.keys(tables)
    .filter((table) => table !== 'log')
    .map((table) => engine.query({ table, orderBy: [] }))
}

/** All deltas a peer holds, by stream. */
function deltasOf({ test: { engine } }: Peer): Map<StreamId, Delta[]> {
  const streams = new Map<StreamId, Delta[]>()
  for (const { stream } of engine.streamHeads()) {
    const segments = engine.readLog(stream, 1, 1e9)
    streams.set(
      stream,
      segments.flatMap(({ bytes }) => decodeSegment(bytes).deltas),
    )
  }
  return streams
}

function segmentOf(deltas: readonly Delta[]): Uint8Array {
  const [{ stream, seq, schemaVersion }] = deltas as [Delta]
  const writer = createSegmentWriter({ stream, firstSeq: seq, schemaVersion })
  for (const delta of deltas) writer.append(delta)
  return writer.finish()
}

/** How a log is handed over: cut, shuffled, some of it twice, so many segments a transaction. */
interface Handing {
  readonly cuts: readonly number[]
  readonly order: readonly number[]
  readonly repeats: readonly number[]
  readonly groups: readonly number[]
}

function hand(streams: ReadonlyMap<StreamId, readonly Delta[]>, to: Peer, way: Handing): void {
  const pieces: Uint8Array[] = []
  let cut = 0
  for (const deltas of streams.values()) {
    for (let at = 0; at < deltas.length; cut++) {
      const size = way.cuts[cut % way.cuts.length] as number
      pieces.push(segmentOf(deltas.slice(at, at + size)))
      at += size
    }
  }
  for (const repeat of way.repeats) {
    const piece = pieces[repeat % (pieces.length || 1)]
    if (piece !== undefined) pieces.push(piece)
  }
  const rank = (index: number) => way.order[index % way.order.length] as number
  let waiting = pieces.map((bytes, index) => ({ bytes, rank: rank(index) + index / 1e6 }))
  waiting.sort((a, b) => a.rank - b.rank)
  // What comes before its time is given again: the network's part, played badly.
  for (let round = 0; waiting.length > 0; round++) {
    const gaps: typeof waiting = []
    for (let at = 0, group = round; at < waiting.length; group++) {
      const size = way.groups[group % way.groups.length] as number
      const given = waiting.slice(at, at + size)
      const { outcomes } = to.test.engine.apply(given.map(({ bytes }) => bytes))
      for (const [index, { kind }] of outcomes.entries()) {
        if (kind === 'gap') gaps.push(given[index] as (typeof given)[number])
      }
      at += size
    }
    expect(gaps.length).toBeLessThan(waiting.length)
    waiting = gaps
  }
}

const itemIds = ['a', 'b', 'c']
const personIds = ['x', 'y'].map((key) => idFromKey('person', key) as string)
const boxIds = ['k', 'l']
const item = fc.constantFrom(...itemIds)
const person = fc.constantFrom(...personIds)
const box = fc.constantFrom(...boxIds)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3 })
const codes = fc.constantFrom('c', 'd')
const tags = fc.constantFrom('p', 'q', 'r')

const cellsOf: Record<Step['table'], fc.Arbitrary<Step['cells']>> = {
  item: fc.record(
    {
      title: fc.constantFrom('t', 'u', 'v'),
      note: maybe(fc.constant('n')),
      size: fc.nat(3),
      price: maybe(fc.constantFrom(0.5, -1, 0)),
      isDone: fc.boolean(),
      due: maybe(fc.constant(TEST_START_MS)),
      meta: fc.constantFrom({ deep: [1, { a: null }] }, [], 'text'),
      list: fc.array(fc.nat(2), { maxLength: 2 }),
      place: maybe(fc.constant({ x: 1 })),
      color: fc.constantFrom('red', 'green'),
      votes: fc.oneof(fc.nat(5), fc.maxSafeInteger()),
      tags: fc.uniqueArray(tags, { maxLength: 2 }),
      ranks: fc.uniqueArray(fc.constantFrom(1, 2, 10), { maxLength: 3 }),
      owner: maybe(person),
      parent: maybe(item),
      friend: maybe(item),
      code: maybe(codes),
      rank: maybe(fc.nat(1)),
    },
    { requiredKeys: ['title'] },
  ),
  person: fc.record(
    {
      name: fc.constantFrom('N', 'M'),
      best: maybe(item),
      boss: maybe(person),
      spouse: maybe(person),
      badge: maybe(fc.constantFrom('gold', 'tin')),
    },
    { requiredKeys: ['name'] },
  ),
  box: fc.record(
    { count: fc.nat(5), within: maybe(box), holds: maybe(item) },
    { requiredKeys: [] },
  ),
  event: fc.record(
    { code: maybe(codes), count: fc.nat(3), item: maybe(item) },
    { requiredKeys: [] },
  ),
}
const idOf: Record<Step['table'], fc.Arbitrary<string>> = { item, person, box, event: box }

const step: fc.Arbitrary<Step> = fc
  .constantFrom<Step['table']>('item', 'item', 'person', 'box', 'event')
  .chain((table) =>
    fc.record({
      act: fc.constantFrom<Step['act']>(
        ...(['put', 'put', 'insert', 'update', 'delete', 'delete', 'increment'] as const),
        ...(['add', 'add', 'remove', 'create', 'append', 'append', 'compact'] as const),
      ),
      table: fc.constant(table),
      id: idOf[table],
      cells: fc
        .tuple(cellsOf[table], fc.array(fc.nat(20), { maxLength: 12 }))
        .map(([cells, drops]) => {
          const names = Object.keys(cells)
          const kept = names.filter(
            (name, at) => !drops.includes(at) || name === 'title' || name === 'name',
          )
          return Object.fromEntries(kept.map((name) => [name, cells[name]]))
        }),
      by: fc.integer({ min: -2, max: 3 }),
      element: tags,
    }),
  )

const script: fc.Arbitrary<Script> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  nested: fc.option(
    fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 3 }), fails: fc.boolean() }),
    { nil: undefined, freq: 4 },
  ),
  fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})

const handing: fc.Arbitrary<Handing> = fc.record({
  cuts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
  order: fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }),
  repeats: fc.array(fc.nat(50), { maxLength: 4 }),
  groups: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
})

const act = (kind: Step['act'], table: Step['table'], id: string, cells: Step['cells']): Step => ({
  act: kind,
  table,
  id,
  cells,
  by: 1,
  element: 'p',
})
const call = (...steps: readonly Step[]): Script => ({ steps, fails: false })

/** A row deleted and inserted again within one call, after an earlier deletion. */
const twoLives: Script[] = [
  call(act('insert', 'item', 'a', { title: 't', votes: 3, tags: ['p'] })),
  call(act('delete', 'item', 'a', {})),
  call(act('insert', 'item', 'a', { title: 'u' })),
  call(act('delete', 'item', 'a', {}), act('insert', 'item', 'a', { title: 'v', votes: 1 })),
]

/** Item b is moved under item a, which is dead and visible only because of a row that b keeps. */
const movedUnderKept: Script[] = [
  call(
    act('insert', 'item', 'a', { title: 't' }),
    act('insert', 'person', personIds[0] as string, { name: 'N', best: 'a' }),
    act('insert', 'item', 'b', { title: 't', owner: personIds[0] }),
  ),
  call(act('delete', 'item', 'a', {}), act('delete', 'person', personIds[0] as string, {})),
  call(act('update', 'item', 'b', { parent: 'a' })),
]

type Event =
  | {
      readonly kind: 'calls'
      readonly peer: number
      readonly scripts: Script[]
      readonly ms: number
    }
  | {
      readonly kind: 'exchange'
      readonly from: number
      readonly to: number
      readonly way: Handing
      readonly share: number
    }
  | { readonly kind: 'reopen'; readonly peer: number; readonly stream: 'continue' | 'new' }

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('calls' as const),
      peer: fc.nat(3),
      scripts: fc.array(script, { minLength: 1, maxLength: 3 }),
      ms: fc.constantFrom(0, 0, 0, 1, 3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('exchange' as const),
      from: fc.nat(3),
      to: fc.nat(3),
      way: handing,
      share: fc.nat(6),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reopen' as const),
      peer: fc.nat(3),
      stream: fc.constantFrom('continue' as const, 'new' as const),
    }),
  },
)

const story = fc.record({
  // Often none: only clocks that agree give stamps that must be told apart by their streams.
  skews: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -2000, max: 2000 })), {
    minLength: 2,
    maxLength: 4,
  }),
  events: fc.array(event, { minLength: 3, maxLength: 14, size: 'max' }),
  ways: fc.array(handing, { minLength: 5, maxLength: 5 }),
})

/** Plays a story and gives its peers; the caller closes them. */
function play(peers: readonly Peer[], events: readonly Event[]): void {
  const peerAt = (index: number) => peers[index % peers.length] as Peer
  let nowMs = TEST_START_MS
  for (const [index, each] of events.entries()) {
    if (each.kind === 'calls') {
      const { test, skewMs } = peerAt(each.peer)
      nowMs += each.ms
      test.nowMs = nowMs + skewMs
      test.commit(...each.scripts.map((one) => ['write', { script: one }] as const))
    } else if (each.kind === 'exchange') {
      const [from, to] = [peerAt(each.from), peerAt(each.to)]
      if (from === to) continue
      const streams = deltasOf(from)
      // Only the beginning of some streams: the rest is on its way.
      for (const [at, stream] of [...streams.keys()].entries()) {
        const deltas = streams.get(stream) ?? []
        if ((at + each.share) % 3 === 0) streams.set(stream, deltas.slice(0, each.share))
        if (stream === to.test.engine.info.stream) streams.delete(stream)
      }
      hand(streams, to, each.way)
    } else {
      reopen(peerAt(each.peer), each.stream, index + 1)
    }
  }
}

describe('replicas', () => {
  it('[MR1] end equal, and equal to the model, when all deltas have reached all of them', () => {
    fc.assert(
      fc.property(story, ({ skews, events, ways }) => {
        const peers = skews.map((skewMs, index) => openPeer(index + 1, skewMs))
        const observer = openPeer(15, 0)
        try {
          play(peers, events)
          const all = new Map<StreamId, Delta[]>()
          for (const peer of peers) {
            for (const [stream, deltas] of deltasOf(peer)) {
              if (deltas.length > (all.get(stream)?.length ?? 0)) all.set(stream, deltas)
            }
          }
          const model = createMergeState()
          for (const deltas of all.values()) {
            for (const delta of deltas) mergeDelta(model, delta, tables)
          }
          const expected = dumpModel(model.rows, tables)
          for (const [index, peer] of [...peers, observer].entries()) {
            hand(all, peer, ways[index % ways.length] as Handing)
            expect(dump(peer)).toEqual(expected)
            expect(peer.test.engine.verify()).toEqual([])
            expect(answers(peer)).toEqual(answers(peers[0] as Peer))
          }
        } finally {
          for (const { driver } of [...peers, observer]) driver.close()
        }
      }),
      { numRuns: 200 },
    )
  }, 120_000)

  it('[MR15] a replica that wrote and one that only applies are equal after every call', () => {
    fc.assert(
      fc.property(fc.array(script, { minLength: 1, maxLength: 12 }), (scripts) => {
        const author = openPeer(1, 0)
        const reader = openPeer(2, 0)
        const { engine } = author.test
        const { stream } = engine.info
        try {
          for (const one of scripts) {
            author.test.nowMs += 1
            const before = engine.streamHeads().find((head) => head.stream === stream)?.seq ?? 0
            author.test.commit(['write', { script: one }])
            const segments = engine.readLog(stream, before + 1, 1e9)
            reader.test.engine.apply(segments.map(({ bytes }) => bytes))
            expect(dump(reader)).toEqual(dump(author))
          }
        } finally {
          author.driver.close()
          reader.driver.close()
        }
      }),
      { numRuns: 200, examples: [[twoLives], [movedUnderKept]] },
    )
  }, 120_000)
})
