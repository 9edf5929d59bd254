/**
 * A relay under random pushes, repeats, breaks, slow readers, failing disks and restarts: what it
 * acknowledged is in its log, and whoever reads gets exactly that log.
 */
import {
  type Hash,
  type LogPosition,
  type SealedBatch,
  UniverseError,
  ZERO_HASH,
} from '@inner-universe/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extendLogHash } from '../hash.ts'
import { createMemoryLogStore } from './memory-log-store.ts'
import { createRelayWorld, type Player, type RelayWorld, UNIVERSE } from './testing/relay-world.ts'
import { createFaults } from './testing/store-faults.ts'
import type { StreamWriter } from './testing/stream-writer.ts'

const REPLICAS = 3

type Step =
  | { readonly act: 'push'; readonly who: number; readonly count: number; readonly bytes: number }
  | { readonly act: 'repeat' | 'break' | 'see'; readonly who: number }
  | { readonly act: 'fail'; readonly isDone: boolean }
  | { readonly act: 'hold' | 'release' | 'restart' }
  | { readonly act: 'wait'; readonly ms: number }

const who = fc.nat({ max: REPLICAS - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      act: fc.constant('push' as const),
      who,
      count: fc.integer({ min: 1, max: 4 }),
      bytes: fc.constantFrom(1, 3000, 30_000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constantFrom('repeat' as const, 'break' as const, 'see' as const),
      who,
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('fail' as const), isDone: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constantFrom('hold' as const, 'release' as const, 'restart' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('wait' as const),
      ms: fc.integer({ min: 0, max: 120 }),
    }),
  },
)

/** A replica over its connections: what it wrote, read and was told. */
interface Replica {
  readonly writer: StreamWriter
  readonly sealed: SealedBatch[]
  readonly acked: Map<number, { readonly hash: Hash; readonly offset: number }>
  readonly offsets: number[]
  position: LogPosition
  player: Player | undefined
}

test('[RL13] [RL14] [RL15] what was acknowledged is in the log, and everyone reads that log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const memory = createMemoryLogStore()
      const faults = createFaults()
      const limits = { creditBytes: 60_000, windowBatches: 1000 }
      let world = createRelayWorld({ memory, wrap: faults.wrap, limits })
      const { scheduler } = world
      const replicas = Array.from(
        { length: REPLICAS },
        (_, index): Replica => ({
          writer: world.writer(900 + index),
          sealed: [],
          acked: new Map(),
          offsets: [],
          position: { epoch: '' as LogPosition['epoch'], offset: 0, hash: ZERO_HASH },
          player: undefined,
        }),
      )
      for (const one of steps) {
        if (one.act === 'restart') {
          // What was under way is lost with the old relay.
          for (const replica of replicas) leave(replica)
          world.network.sever()
          world = createRelayWorld({ memory, wrap: faults.wrap, limits, scheduler })
        } else await play(world, replicas, faults, one)
      }

      world.network.hold(false)
      faults.heal()
      for (let round = 0; round < 3; round++) {
        for (const replica of replicas) {
          await come(world, replica)
          replica.player?.push(...unacknowledged(replica))
        }
        for (let count = 0; count < 60; count++) {
          await world.settle(60)
          for (const replica of replicas) see(replica)
        }
      }

      const log = await memory.read(UNIVERSE, 0, 1e9)
      let hash = ZERO_HASH
      for (const [index, entry] of log.entries()) {
        expect(entry.offset).toBe(index + 1)
        hash = extendLogHash(hash, entry.kind === 'batch' ? entry.hash : ZERO_HASH)
        expect(entry.logHash).toBe(hash)
      }
      for (const replica of replicas) {
        leave(replica)
        expect(replica.acked.size).toBe(replica.sealed.length)
        for (const { hash: sealed, firstSeq } of replica.sealed) {
          const acked = replica.acked.get(firstSeq)
          expect(acked?.hash).toBe(sealed)
          expect(log[(acked?.offset ?? 0) - 1]).toMatchObject({ hash: sealed, firstSeq })
        }
        expect(replica.offsets).toEqual(log.map(({ offset }) => offset))
        expect(replica.position).toMatchObject({ offset: log.length, hash })
      }
      expect(log).toHaveLength(replicas.reduce((sum, { sealed }) => sum + sealed.length, 0))
    }),
    { numRuns: 60 },
  )
}, 60_000)

async function play(
  world: RelayWorld,
  replicas: readonly Replica[],
  faults: ReturnType<typeof createFaults>,
  one: Exclude<Step, { act: 'restart' }>,
): Promise<void> {
  const error = new UniverseError('storage/io', 'the disk failed')
  const replica = 'who' in one ? (replicas[one.who] as Replica) : undefined
  switch (one.act) {
    case 'push': {
      if (replica === undefined) return
      await come(world, replica)
      const fresh = Array.from({ length: one.count }, () =>
        replica.writer.next({ text: 'x'.repeat(one.bytes) }),
      )
      // A replica pushes its stream in order: after a break, from the first not acknowledged on.
      replica.sealed.push(...fresh)
      replica.player?.push(...unacknowledged(replica))
      return
    }
    case 'repeat':
      replica?.player?.push(...replica.sealed)
      return
    case 'break':
      if (replica !== undefined) leave(replica)
      return
    case 'see':
      if (replica !== undefined) see(replica)
      return
    case 'fail':
      if (one.isDone) faults.failAfter(error)
      else faults.failWith(error)
      return
    case 'hold':
    case 'release':
      world.network.hold(one.act === 'hold')
      return
    case 'wait':
      await world.settle(one.ms)
  }
}

async function come(world: RelayWorld, replica: Replica): Promise<void> {
  if (replica.player?.isClosed === false) return
  leave(replica)
  world.network.hold(false)
  replica.player = await world.open({
    identity: replica.writer.stream,
    open: { stream: replica.writer.stream, position: replica.position },
  })
}

/** Takes over what a connection has brought, and drops it. */
function leave(replica: Replica): void {
  const { player } = replica
  if (player === undefined) return
  takeIn(replica, player)
  player.close()
  replica.player = undefined
}

function see(replica: Replica): void {
  const { player } = replica
  if (player === undefined) return
  takeIn(replica, player)
  if (!player.isClosed && replica.position.offset > 0) {
    player.send({ type: 'seen', channel: 1, offset: replica.position.offset })
  }
}

function takeIn(replica: Replica, player: Player): void {
  for (const message of player.received.splice(0)) {
    if (message.type === 'ack') {
      const { hash, offset, seq } = message
      const before = replica.acked.get(seq)
      if (before !== undefined) expect(before).toEqual({ hash, offset })
      replica.acked.set(seq, { hash, offset })
    } else if (message.type === 'opened') {
      expect(message.isContinued).toBe(true)
      replica.position = { ...replica.position, epoch: message.epoch }
    } else if (message.type === 'data') {
      for (const { offset } of message.entries) {
        expect(offset).toBe(replica.position.offset + 1)
        replica.offsets.push(offset)
        replica.position = { ...replica.position, offset, hash: message.hash }
      }
    } else if (message.type === 'nack') {
      throw new Error(`nack ${message.code} ${message.seq}: ${message.message}`)
    }
  }
}

function unacknowledged(replica: Replica): readonly SealedBatch[] {
  if (replica.player !== undefined) takeIn(replica, replica.player)
  return replica.sealed.filter(({ firstSeq }) => !replica.acked.has(firstSeq))
}
