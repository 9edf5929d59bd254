import type { Hash } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { decodeBatchHeader } from '../batch.ts'
import { SEAL_BYTES } from '../limits.ts'
import type { NackCode } from '../messages.ts'
import { type ReplicaWorld, replicaWorld } from '../testing/replica-world.ts'
import { GATHER_MS } from './pusher.ts'

const long = (index: number): string => `${index} `.padEnd(900, 'x')

const pushed = (world: ReplicaWorld) =>
  world.relay.heard.flatMap((each) =>
    each.type === 'push' ? [{ ...each.batch, ...decodeBatchHeader(each.batch.header) }] : [],
  )

test('[RS6] deltas are sealed up to a size, older first, and only while the window has room', async () => {
  const world = replicaWorld({ script: { limits: { windowBatches: 3 }, onPush: () => 'silent' } })
  const { home, sync } = world.replica()
  for (let index = 0; index < 2000; index++) home.replica.write(long(index))
  sync.start()
  await world.scheduler.advance(1000)
  const batches = pushed(world)
  expect(batches).toHaveLength(3)
  expect(batches.map(({ firstSeq }) => firstSeq)).toEqual(
    batches.map(({ firstSeq }) => firstSeq).sort((a, b) => a - b),
  )
  for (const { contentBytes, encoding } of batches) {
    expect(contentBytes).toBeLessThan(SEAL_BYTES * 1.1)
    expect(encoding).toBe('deflate')
  }
  expect(home.replica.rows.filter(({ hash }) => hash !== undefined)).toHaveLength(3)
})

test('[RS6] the bytes of the window bound what is on its way, but for one batch', async () => {
  const script = { limits: { windowBytes: 1000 }, onPush: () => 'silent' as const }
  const world = replicaWorld({ script })
  const { sync, write } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  for (let index = 0; index < 3; index++) {
    write(long(index))
    await world.scheduler.advance(100)
  }
  expect(pushed(world)).toHaveLength(1)
})

test('[RS6] a batch that was not acknowledged is pushed again just as it was', async () => {
  const world = replicaWorld({ script: { onPush: () => 'silent' } })
  const { sync, home, write } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  write('a')
  await world.scheduler.advance(100)
  world.network.sever()
  write('b')
  delete world.relay.script.onPush
  await world.scheduler.advance(10_000)
  const [first, again, ...others] = pushed(world)
  expect(again?.header).toEqual(first?.header)
  expect(again?.body).toEqual(first?.body)
  expect(others.map(({ firstSeq }) => firstSeq)).toEqual([2])
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(world.relay.head()).toBe(2)
})

test('[RS6] an idle replica pushes at once, a busy one gathers', async () => {
  const world = replicaWorld({ delayMs: GATHER_MS })
  const { sync, write } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  write('at once')
  expect(pushed(world)).toHaveLength(0)
  await world.scheduler.advance(GATHER_MS)
  expect(pushed(world).map(({ deltaCount }) => deltaCount)).toEqual([1])
  for (const text of ['b', 'c', 'd']) write(text)
  await world.scheduler.advance(1000)
  expect(pushed(world).map(({ deltaCount }) => deltaCount)).toEqual([1, 3])
})

test('[RS7] an own entry acknowledges what its ack did not', async () => {
  const world = replicaWorld()
  const { sync, home, write, confirmed } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  world.relay.script.onPush = (decoded) => {
    const { stream, firstSeq, deltaCount, hash, header, content } = decoded.batch
    world.relay.append({ header, contentBytes: content.length, encoding: 'raw', body: content })
    expect({ stream, hash }).toMatchObject({ stream: home.replica.stream })
    expect(firstSeq + deltaCount).toBe(2)
    return 'silent'
  }
  const at = write('a')
  await world.scheduler.advance(100)
  expect(confirmed).toContainEqual(at)
  expect(home.replica.unsyncedCount()).toBe(0)
  await world.scheduler.advance(100_000)
  expect(world.relay.heard.filter(({ type }) => type === 'hello')).toHaveLength(1)
})

test('[RS7] [RS15] an ack of another hash means that a copy wrote it: the replica is rebuilt', async () => {
  const world = replicaWorld()
  const { sync, write, rebuilt, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  world.relay.script.onPush = ({ batch }) => {
    const { stream } = batch
    const hash = 'f'.repeat(32) as Hash
    world.relay.say({ type: 'ack', channel: 0, stream, seq: 1, hash, offset: 1 })
    delete world.relay.script.onPush
    return 'silent'
  }
  write('a')
  await world.scheduler.advance(1000)
  expect(rebuilt.map(({ reason }) => reason)).toEqual(['fork'])
  expect(rebuilt[0]?.adopted).toMatchObject([{ kind: 'reauthored' }])
  expect(home.replica.texts()).toEqual(['a'])
  expect(world.relay.head()).toBe(1)
})

test('[RS12] a gap is filled from where the relay says, without a rebuild', async () => {
  const world = replicaWorld()
  const { sync, write, rebuilt, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  write('a')
  await world.scheduler.advance(100)
  write('b')
  await world.scheduler.advance(100)
  // The relay lost what it had acknowledged, and says so only when it is pushed to.
  world.relay.restore(0, world.relay.epoch())
  write('c')
  await world.scheduler.advance(1000)
  expect(pushed(world).map(({ firstSeq }) => firstSeq)).toEqual([1, 2, 3, 1, 2, 3])
  expect(world.relay.head()).toBe(3)
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(rebuilt).toEqual([])
})

test('[RS12] batches behind a refused one fall into its gap and are pushed again after it', async () => {
  const world = replicaWorld()
  const { sync, write, home, statuses } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  let refusals = 0
  world.relay.script.onPush = ({ batch }) => {
    if (batch.firstSeq > 1 || refusals > 0) return undefined
    refusals += 1
    return { code: 'quota', message: 'full', retryAfterMs: 5000 }
  }
  write('a')
  world.scheduler.setTimer(1, () => write('b'))
  await world.scheduler.advance(1000)
  expect(statuses.at(-1)).toMatchObject({ kind: 'blocked', code: 'sync/quota', message: 'full' })
  expect(home.replica.unsyncedCount()).toBe(2)
  const before = pushed(world).length
  await world.scheduler.advance(3000)
  expect(pushed(world)).toHaveLength(before)
  await world.scheduler.advance(3000)
  expect(world.relay.head()).toBe(2)
  expect(statuses.at(-1)).toMatchObject({ kind: 'live', unsyncedCount: 0 })
})

test('[RS12] nothing is pushed between a refusal and the last answer to what was on its way', async () => {
  const world = replicaWorld()
  const { sync, write, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  world.relay.script.onPush = ({ batch }) =>
    batch.firstSeq === 1 ? 'silent' : { code: 'quota', retryAfterMs: 1000 }
  write('a')
  write('b')
  await world.scheduler.advance(100)
  expect(pushed(world).map(({ firstSeq }) => firstSeq)).toEqual([1, 2])
  write('c')
  await world.scheduler.advance(20_000)
  expect(pushed(world)).toHaveLength(2)
  delete world.relay.script.onPush
  const [first] = home.replica.sealedBatches(undefined, 1)
  if (first === undefined) throw new Error('a sealed batch')
  const { header, content, stream, hash } = first
  world.relay.append({ header, contentBytes: content.length, encoding: 'raw', body: content })
  world.relay.say({ type: 'ack', channel: 0, stream, seq: 1, hash, offset: 1 })
  await world.scheduler.advance(900)
  expect(pushed(world)).toHaveLength(2)
  await world.scheduler.advance(1000)
  expect(pushed(world).map(({ firstSeq }) => firstSeq)).toEqual([1, 2, 2, 3])
  expect(home.replica.unsyncedCount()).toBe(0)
})

test.each<[NackCode, string]>([
  ['schema', 'sync/update-required'],
  ['invalid', 'sync/refused'],
  ['too-large', 'sync/refused'],
])(
  '[RS12] after nack %s nothing is pushed, nothing is lost, and reading goes on',
  async (code, shown) => {
    const world = replicaWorld({ script: { onPush: () => ({ code }) } })
    const { sync, write, home } = world.replica()
    sync.start()
    await world.scheduler.advance(100)
    write('mine')
    await world.scheduler.advance(1000)
    write('another')
    world.author().write(['theirs'])
    await world.scheduler.advance(20_000)
    expect(sync.status).toMatchObject({ kind: 'blocked', code: shown, unsyncedCount: 2 })
    expect(pushed(world)).toHaveLength(1)
    expect(home.replica.texts()).toEqual(['theirs', 'mine', 'another'])
  },
)

test('[RS12] what is denied is dropped by a rebuild, and the rest is authored anew', async () => {
  const world = replicaWorld()
  const { sync, home, rebuilt } = world.replica()
  const [bad, good] = [home.replica.write('bad'), home.replica.write('good')]
  world.relay.script.onPush = ({ batch }) => {
    if (batch.stream !== bad.stream) return undefined
    return { code: 'denied', message: 'read only', seqs: [bad.seq] }
  }
  sync.start()
  await world.scheduler.advance(2000)
  expect(home.plans).toMatchObject([{ reason: 'denied', keepsStream: false, settled: [] }])
  expect(rebuilt[0]?.adopted).toMatchObject([
    { kind: 'dropped', from: bad, code: 'sync/denied', reason: 'read only' },
    { kind: 'reauthored', from: good },
  ])
  expect(home.replica.texts()).toEqual(['good'])
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(world.relay.head()).toBe(1)
})

test('[RS12] a denial that names no delta is of the whole batch', async () => {
  const world = replicaWorld()
  const { sync, home } = world.replica()
  const { stream } = home.replica
  for (const text of ['a', 'b']) home.replica.write(text)
  world.relay.script.onPush = ({ batch }) =>
    batch.stream === stream ? { code: 'denied' } : undefined
  sync.start()
  await world.scheduler.advance(2000)
  expect(home.plans[0]?.denied.map(({ seq }) => seq)).toEqual([1, 2])
  expect(home.replica.texts()).toEqual([])
})

test('[RS12] what the log holds under another name is settled by a rebuild', async () => {
  const world = replicaWorld()
  const { sync, home, rebuilt } = world.replica()
  const [there, here] = [home.replica.write('there'), home.replica.write('here')]
  world.relay.script.onPush = ({ batch }) =>
    batch.stream === there.stream ? { code: 'duplicate-origin', seqs: [there.seq] } : undefined
  sync.start()
  await world.scheduler.advance(2000)
  expect(home.plans).toMatchObject([{ reason: 'rebase', settled: [there], denied: [] }])
  expect(rebuilt[0]?.adopted).toMatchObject([
    { kind: 'settled', from: there },
    { kind: 'reauthored', from: here },
  ])
})

test.each<[NackCode, string]>([
  ['fork', 'fork'],
  ['rebase', 'rebase'],
  ['clock', 'clock'],
])('[RS12] after nack %s everything pending is authored anew', async (code, reason) => {
  const world = replicaWorld()
  const { sync, home, rebuilt, clockOffsets } = world.replica()
  const at = home.replica.write('a')
  world.relay.script.onPush = ({ batch }) =>
    batch.stream === at.stream ? { code, timeMs: world.scheduler.now() - 7_200_000 } : undefined
  sync.start()
  await world.scheduler.advance(2000)
  expect(home.plans).toMatchObject([{ reason, keepsStream: false }])
  expect(rebuilt[0]?.adopted).toMatchObject([{ kind: 'reauthored', from: at }])
  expect(home.replica.unsyncedCount()).toBe(0)
  if (code === 'clock') {
    expect(Math.round((home.plans[0]?.clockOffsetMs ?? 0) / 1000)).toBe(-7200)
    expect(Math.min(...clockOffsets)).toBe(home.plans[0]?.clockOffsetMs)
  }
})

test('[RS13] a gap at the same seq again and again is waited for longer and longer', async () => {
  const world = replicaWorld()
  const { sync, write, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  world.relay.script.onPush = ({ batch }) => ({ code: 'gap', seq: batch.firstSeq })
  write('a')
  await world.scheduler.advance(60_000)
  const count = pushed(world).length
  expect(count).toBeGreaterThan(3)
  expect(count).toBeLessThan(15)
  delete world.relay.script.onPush
  await world.scheduler.advance(60_000)
  expect(home.replica.unsyncedCount()).toBe(0)
})

test('a push that is never answered ends the connection, and is pushed on the next', async () => {
  const world = replicaWorld({ script: { onPush: () => 'silent' } })
  const { sync, write, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  write('a')
  await world.scheduler.advance(50_000)
  expect(pushed(world)).toHaveLength(1)
  delete world.relay.script.onPush
  await world.scheduler.advance(20_000)
  expect(pushed(world)).toHaveLength(2)
  expect(home.replica.unsyncedCount()).toBe(0)
})

test('compressing may take its time: order stays, and a verdict meanwhile stops what has not left', async () => {
  const scheduled: (() => void)[] = []
  const { nodeCompression } = await import('../testing/replica-world.ts')
  const world = replicaWorld({
    compression: {
      deflate: (bytes) =>
        new Promise((resolve) => scheduled.push(() => resolve(nodeCompression.deflate(bytes)))),
      inflate: async (bytes, bytesMax) => nodeCompression.inflate(bytes, bytesMax),
    },
  })
  const { sync, home, write } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  let isFull = true
  world.relay.script.onPush = ({ batch }) => {
    if (!isFull || batch.firstSeq > 1) return undefined
    isFull = false
    return { code: 'quota', retryAfterMs: 10 }
  }
  write('short')
  await world.scheduler.advance(1)
  write(long(1))
  await world.scheduler.advance(100)
  for (let round = 0; round < 10; round++) {
    for (const run of scheduled.splice(0)) run()
    await world.scheduler.advance(500)
  }
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(world.relay.entries().map(({ head }) => head?.seq)).toEqual([1, 2])
})
