// Both halves of the protocol against each other, with everything that goes wrong in the world but
// a database: replicas whose rows are texts, a relay that keeps its log in memory.
import { createRandom, hashOf } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryLogStore } from '../relay-side/memory-log-store.ts'
import type { RelaySide } from '../relay-side/relay-options.ts'
import { createRelaySide } from '../relay-side/relay-side.ts'
import { type FakeHome, fakeHome } from '../testing/fake-home.ts'
import { pipe } from '../testing/pipe.ts'
import { nodeCompression } from '../testing/replica-world.ts'
import { virtualScheduler } from '../testing/virtual-scheduler.ts'
import { ReplicaSync } from './sync-loop.ts'

type Step =
  | { readonly kind: 'write'; readonly replica: number; readonly count: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'sever' }
  | { readonly kind: 'network'; readonly isUp: boolean }
  | {
      readonly kind: 'pause' | 'resume' | 'crash' | 'clone' | 'roll-back'
      readonly replica: number
    }
  | { readonly kind: 'keep'; readonly replica: number }
  | { readonly kind: 'skew'; readonly replica: number; readonly ms: number }
  | { readonly kind: 'relay-crash' | 'relay-backup' | 'relay-restore' | 'floor' }

interface Peer {
  home: FakeHome
  sync: ReplicaSync
  skewMs: number
  correctionMs: number
  /** What was written here and must not be lost. */
  written: Set<string>
  kept: { readonly home: FakeHome; readonly written: ReadonlySet<string> } | undefined
}

function createSystem(seed: number) {
  const random = createRandom(new TextEncoder().encode(`seed ${seed}`))
  const scheduler = virtualScheduler()
  let store = createMemoryLogStore()
  let backup = store.copy()
  const createRelay = (): RelaySide =>
    createRelaySide({
      store,
      scheduler,
      inflate: (bytes, bytesMax) => nodeCompression.inflate(bytes, bytesMax) as Uint8Array,
      verifyToken: async () => ({
        identity: 'someone',
        tokenId: undefined,
        expiresMs: Number.MAX_SAFE_INTEGER,
        universes: new Map([['*', { read: true, write: true }]]),
      }),
      randomHex: (count) => Buffer.from(random.bytes(count)).toString('hex'),
    })
  let relay = createRelay()
  const network = pipe({
    scheduler,
    delayMs: () => random.integer(0, 40),
    accept: (connection) => relay.accept(connection),
  })
  const peers: Peer[] = []
  let textCount = 0

  const start = (peer: Peer): void => {
    peer.sync = new ReplicaSync({
      universe: 'universe',
      home: peer.home,
      connect: network.connect,
      images: {
        manifest: () => Promise.reject(new Error('no images')),
        chunk: () => Promise.reject(new Error('no images')),
      },
      scheduler: {
        now: () => scheduler.now() + peer.skewMs,
        setTimer: (delayMs, run) => scheduler.setTimer(delayMs, run),
      },
      randomFloat: () => random.next(),
      compression: nodeCompression,
      hash: hashOf,
      getToken: () => 'token',
      agent: 'test',
      onClockOffset: (offsetMs) => {
        peer.correctionMs = offsetMs
      },
    })
    peer.sync.start()
  }
  /** One that is new, or a copy of another with a clock of its own. */
  const add = (original?: Peer): void => {
    const peer: Partial<Peer> = { skewMs: 0, correctionMs: 0, kept: undefined }
    const now = (): number => scheduler.now() + (peer.skewMs ?? 0) + (peer.correctionMs ?? 0)
    const randomBytes = (count: number): Uint8Array => random.bytes(count)
    peer.home = original?.home.copy(now) ?? fakeHome({ now, randomBytes })
    peer.written = new Set(original?.written)
    start(peer as Peer)
    peers.push(peer as Peer)
  }
  const restartRelay = (): void => {
    network.sever()
    // The one that crashed goes on writing where nobody looks.
    store = store.copy()
    relay = createRelay()
  }

  /** A floor at the end of the log, as one who has read all of it would say it. */
  const appendFloor = async (): Promise<void> => {
    const record = await store.find('universe')
    const reader = peers.find(({ home }) => {
      const { epoch, offset } = home.replica.position()
      return offset > 0 && offset === record?.head && epoch === record.epoch
    })
    if (record === undefined || reader === undefined) return
    const read = reader.home.replica.rows.filter(({ offset }) => offset !== undefined)
    const hlc = Math.max(0, ...read.map(({ deltas }) => deltas.at(-1)?.hlc ?? 0))
    const floor = { baseOffset: record.head, hlc, forgotten: [] }
    // Time stands still here: it is durable some steps later, or never if the relay crashes first.
    void relay.appendFloor('universe', floor, record.head)
  }

  const run = async (step: Step): Promise<void> => {
    const peer = 'replica' in step ? peers[step.replica % peers.length] : undefined
    switch (step.kind) {
      case 'wait':
        return scheduler.advance(step.ms)
      case 'sever':
        return network.sever()
      case 'network':
        return network.setUp(step.isUp)
      case 'relay-crash':
        return restartRelay()
      case 'relay-backup':
        backup = store.copy()
        return
      case 'relay-restore':
        store = backup.copy()
        return restartRelay()
      case 'floor':
        return appendFloor()
    }
    if (peer === undefined) return
    switch (step.kind) {
      case 'write':
        for (let count = step.count; count > 0; count--) {
          textCount += 1
          const text = `text ${textCount}`
          peer.home.replica.write(text)
          peer.written.add(text)
        }
        return peer.sync.poke()
      case 'pause':
        return peer.sync.pause()
      case 'resume':
        return peer.sync.resume()
      case 'skew':
        peer.skewMs = step.ms
        return
      case 'keep':
        peer.kept = { home: peer.home.copy(), written: new Set(peer.written) }
        return
      case 'crash':
        void peer.sync.stop()
        peer.home = peer.home.copy()
        return start(peer)
      case 'roll-back':
        if (peer.kept === undefined) return
        void peer.sync.stop()
        peer.home = peer.kept.home.copy()
        peer.written = new Set(peer.kept.written)
        return start(peer)
      case 'clone':
        if (peers.length < 5) add(peer)
    }
  }

  const settle = async (): Promise<void> => {
    network.setUp(true)
    for (const peer of peers) {
      peer.sync.resume()
      peer.sync.setOnline(true)
    }
    for (let round = 0; round < 40; round++) {
      await scheduler.advance(30_000)
      if (
        peers.every(({ sync }) => sync.status.kind === 'live' && sync.status.unsyncedCount === 0)
      ) {
        await scheduler.advance(10_000)
        return
      }
    }
  }
  return { peers, add, run, settle }
}

const replica = fc.nat({ max: 4 })

const steps = (kinds: readonly Step['kind'][]): fc.Arbitrary<Step[]> => {
  const all: fc.Arbitrary<Step>[] = [
    fc.record({
      kind: fc.constant('write' as const),
      replica,
      count: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ kind: fc.constant('write' as const), replica, count: fc.constant(1) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(2000, 70_000) }),
    fc.record({ kind: fc.constant('sever' as const) }),
    fc.record({ kind: fc.constant('network' as const), isUp: fc.boolean() }),
    fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const), replica }),
    fc.record({ kind: fc.constant('crash' as const), replica }),
    fc.record({ kind: fc.constant('clone' as const), replica }),
    fc.record({ kind: fc.constant('keep' as const), replica }),
    fc.record({ kind: fc.constant('roll-back' as const), replica }),
    fc.record({
      kind: fc.constant('skew' as const),
      replica,
      // By 90 s too much is too much for a while only.
      ms: fc.constantFrom(0, -7_200_000, 7_200_000, 30_000, 90_000),
    }),
    fc.record({ kind: fc.constant('floor' as const) }),
    fc.record({ kind: fc.constant('relay-crash' as const) }),
    fc.record({ kind: fc.constant('relay-backup' as const) }),
    fc.record({ kind: fc.constant('relay-restore' as const) }),
  ]
  const isOf = (step: Step): boolean => kinds.includes(step.kind)
  return fc.array(fc.oneof(...all).filter(isOf), { minLength: 5, maxLength: 40 })
}

async function converges(seed: number, script: readonly Step[]): Promise<void> {
  const system = createSystem(seed)
  for (let count = 0; count < 3; count++) system.add()
  for (const step of script) await system.run(step)
  await system.settle()
  const { peers } = system
  const states = peers.map(({ home, sync }) => ({
    status: sync.status.kind,
    unsynced: home.replica.unsyncedCount(),
    position: home.replica.position(),
    texts: home.replica.texts().toSorted(),
  }))
  for (const state of states) expect(state).toEqual({ ...states[0], status: 'live', unsynced: 0 })
  const [first] = peers
  const inLog = first?.home.replica.rows.flatMap(({ deltas }) =>
    deltas.flatMap(({ operations }) => operations.map(({ id }) => id)),
  )
  expect(inLog?.toSorted()).toEqual([...new Set(inLog)].toSorted())
  for (const { written } of peers) {
    expect([...written].filter((text) => !inLog?.includes(text))).toEqual([])
  }
  for (const { sync } of peers) void sync.stop()
}

/** Worlds per property; more where there is time. */
const RUNS = Number(process.env.RUNS ?? 30)

const ORDINARY = ['write', 'wait', 'sever', 'network', 'pause', 'resume', 'crash'] as const

test('replicas come to the same log over any network, and nothing is lost or doubled', async () => {
  const property = fc.asyncProperty(
    fc.nat(),
    steps([...ORDINARY, 'relay-crash', 'skew']),
    converges,
  )
  await fc.assert(property, { numRuns: RUNS })
})

test('a floor makes those left behind author anew what they have not pushed', async () => {
  const property = fc.asyncProperty(
    fc.nat(),
    steps([...ORDINARY, 'floor', 'relay-crash']),
    converges,
  )
  await fc.assert(property, { numRuns: RUNS })
})

test('copied profiles and storage rolled back do not fork the log', async () => {
  const kinds = [...ORDINARY, 'clone', 'keep', 'roll-back'] as const
  await fc.assert(fc.asyncProperty(fc.nat(), steps(kinds), converges), {
    numRuns: RUNS,
  })
})

test('[RL19] what a copy authored anew is settled for the original, and not doubled', async () => {
  await converges(1, [
    { kind: 'write', replica: 0, count: 1 },
    { kind: 'wait', ms: 2000 },
    { kind: 'pause', replica: 0 },
    { kind: 'skew', replica: 0, ms: 90_000 },
    { kind: 'write', replica: 0, count: 3 },
    { kind: 'clone', replica: 0 },
    // The copy is told that its clock is ahead; a while later the same stamps are not.
    { kind: 'wait', ms: 70_000 },
    { kind: 'resume', replica: 0 },
  ])
})

test('replicas come to the same log though everything goes wrong', async () => {
  const kinds = [...ORDINARY, 'clone', 'keep', 'roll-back', 'skew', 'floor'] as const
  const relays = ['relay-crash', 'relay-backup', 'relay-restore'] as const
  await fc.assert(fc.asyncProperty(fc.nat(), steps([...kinds, ...relays]), converges), {
    numRuns: RUNS,
  })
})

test('a relay restored from a backup gets back what its replicas have', async () => {
  const kinds = [...ORDINARY, 'relay-crash', 'relay-backup', 'relay-restore'] as const
  await fc.assert(fc.asyncProperty(fc.nat(), steps(kinds), converges), {
    numRuns: RUNS,
  })
})
