import type { Epoch, Hash } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { decodeBatchHeader } from '../batch.ts'
import { BEHIND_ENTRIES } from '../limits.ts'
import { type ReplicaWorld, replicaWorld, type WorldReplica } from '../testing/replica-world.ts'

const EPOCH_2 = 'e000000000000002' as Epoch

const pushedSeqs = (world: ReplicaWorld): number[] =>
  world.relay.heard.flatMap((each) =>
    each.type === 'push' ? [decodeBatchHeader(each.batch.header).firstSeq] : [],
  )

/** A connected replica with so many acknowledged batches of one delta, disconnected again. */
async function pausedAfter(world: ReplicaWorld, count: number): Promise<WorldReplica> {
  const replica = world.replica()
  replica.sync.start()
  await world.scheduler.advance(100)
  for (let index = 1; index <= count; index++) {
    replica.write(`own ${index}`)
    await world.scheduler.advance(100)
  }
  replica.sync.pause()
  await world.scheduler.advance(100)
  return replica
}

test('[RS8] a head at a batch sealed here acknowledges all up to it', async () => {
  const world = replicaWorld()
  const { sync, home, confirmed, write } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  // Appended, and the connection breaks before the ack has arrived.
  write('a')
  await world.scheduler.advance(6)
  world.network.sever()
  expect(world.relay.head()).toBe(1)
  expect(home.replica.unsyncedCount()).toBe(1)
  write('b')
  await world.scheduler.advance(1000)
  expect(confirmed).toContainEqual({ stream: home.replica.stream, seq: 1 })
  expect(pushedSeqs(world)).toEqual([1, 2])
  expect(home.replica.unsyncedCount()).toBe(0)
})

test('[RS8] a head below what was acknowledged makes it pending again, and it is pushed again', async () => {
  const world = replicaWorld()
  const { sync, home, rebuilt } = await pausedAfter(world, 3)
  expect(home.replica.unsyncedCount()).toBe(0)
  // The relay lost its tail, and the replica had not read that far.
  home.replica.setPosition({ epoch: world.relay.epoch(), offset: 1, hash: world.relay.hashAt(1) })
  world.relay.restore(1, world.relay.epoch())
  sync.resume()
  await world.scheduler.advance(1000)
  expect(world.relay.head()).toBe(3)
  expect(pushedSeqs(world)).toEqual([1, 2, 3, 2, 3])
  expect(rebuilt).toEqual([])
})

test('[RS8] [RS15] a head beyond what was written here, or another at its place, is a fork', async () => {
  for (const isBeyond of [true, false]) {
    const world = replicaWorld()
    const first = await pausedAfter(world, 1)
    const copied = first.home.copy()
    first.sync.resume()
    await world.scheduler.advance(100)
    first.write('by the first')
    await world.scheduler.advance(100)
    if (!isBeyond) copied.replica.write('by the copy')
    first.sync.pause()
    const copy = world.replica(copied)
    copy.sync.start()
    await world.scheduler.advance(1000)
    expect(copied.plans).toMatchObject([{ reason: 'fork', keepsStream: false }])
    const expected = ['own 1', 'by the first', ...(isBeyond ? [] : ['by the copy'])]
    expect(copied.replica.texts()).toEqual(expected)
    expect(world.relay.head()).toBe(expected.length)
    expect(copied.replica.stream).not.toBe(first.home.replica.stream)
  }
})

test('[RS8] what was acknowledged is not lost to a copy that took its place after a restore', async () => {
  for (const count of [1, 2]) {
    const world = replicaWorld()
    const first = await pausedAfter(world, 1)
    const copied = first.home.copy()
    first.sync.resume()
    for (let index = 1; index <= count; index++) {
      await world.scheduler.advance(100)
      first.write(`by the first ${index}`)
    }
    await world.scheduler.advance(100)
    expect(first.home.replica.unsyncedCount()).toBe(0)
    first.sync.pause()
    await world.scheduler.advance(100)
    world.relay.restore(1, EPOCH_2)
    copied.replica.write('by the copy')
    const copy = world.replica(copied)
    copy.sync.start()
    await world.scheduler.advance(1000)
    copy.sync.pause()
    first.sync.resume()
    await world.scheduler.advance(1000)
    expect(first.home.plans).toMatchObject([{ reason: 'fork' }])
    const lost = ['by the first 1', 'by the first 2'].slice(0, count)
    expect(first.home.replica.texts()).toEqual(['own 1', 'by the copy', ...lost])
    expect(first.home.replica.unsyncedCount()).toBe(0)
  }
})

test('[RS11] nor is what was acknowledged of an own stream that is ended', async () => {
  for (const count of [1, 2]) {
    const world = replicaWorld()
    const first = await pausedAfter(world, 1)
    const copied = first.home.copy()
    first.sync.resume()
    await world.scheduler.advance(100)
    first.write('by the first')
    await world.scheduler.advance(100)
    first.home.replica.startStream()
    first.sync.pause()
    await world.scheduler.advance(100)
    world.relay.restore(1, EPOCH_2)
    for (let index = 1; index <= count; index++) copied.replica.write(`by the copy ${index}`)
    const copy = world.replica(copied)
    copy.sync.start()
    await world.scheduler.advance(1000)
    copy.sync.pause()
    first.sync.resume()
    await world.scheduler.advance(10_000)
    expect(first.home.replica.texts()).toContain('by the first')
    copy.sync.resume()
    await world.scheduler.advance(10_000)
    const all = ['by the copy 1', 'by the copy 2'].slice(0, count)
    for (const { home } of [first, copy]) {
      expect(home.replica.texts().toSorted()).toEqual([...all, 'by the first', 'own 1'])
    }
  }
})

test('[RS9] a replica that has read nothing joins what others wrote, and keeps its own', async () => {
  const world = replicaWorld()
  world.author().write(['theirs'])
  const { sync, home, rebuilt, write } = world.replica()
  const at = write('early')
  sync.start()
  await world.scheduler.advance(1000)
  expect(rebuilt).toMatchObject([{ reason: 'join', adopted: [{ kind: 'reauthored', from: at }] }])
  expect(home.replica.texts()).toEqual(['theirs', 'early'])
  expect(sync.status).toMatchObject({ kind: 'live', unsyncedCount: 0 })
})

test('[RS9] into an empty log it pushes as it is, also when it comes back having read nothing', async () => {
  const world = replicaWorld()
  const { sync, home, rebuilt, write } = world.replica()
  write('early')
  const { stream } = home.replica
  sync.start()
  await world.scheduler.advance(31)
  world.network.sever()
  expect(home.replica.position().offset).toBe(0)
  expect(world.relay.head()).toBe(1)
  await world.scheduler.advance(1000)
  expect(rebuilt).toEqual([])
  expect(home.replica.stream).toBe(stream)
  expect(home.replica.position().offset).toBe(1)
})

test('[RS10] a place that the log no longer goes on from is left by an image, pending as it was', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(['old'])
  const { sync, home, rebuilt } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  sync.pause()
  await world.scheduler.advance(100)
  const at = home.replica.write('pending')
  author.write(['b', 'c'], 1)
  author.offerImage()
  author.write(['d'])
  world.relay.truncate(2)
  sync.resume()
  await world.scheduler.advance(1000)
  expect(rebuilt.map(({ reason }) => reason)).toEqual(['join', 'behind'])
  expect(rebuilt[1]?.adopted).toEqual([{ kind: 'kept', from: at }])
  expect(home.plans[1]?.keepsStream).toBe(true)
  expect(home.replica.texts()).toEqual(['old', 'b', 'c', 'd', 'pending'])
  expect(home.replica.unsyncedCount()).toBe(0)
})

test('[RS10] an image far ahead is quicker than the log', async () => {
  for (const aheadBy of [BEHIND_ENTRIES, BEHIND_ENTRIES + 1]) {
    const world = replicaWorld()
    const { sync, home } = await pausedAfter(world, 1)
    const image = { manifest: 'a'.repeat(32) as Hash, offset: 1 + aheadBy, byteCount: 1 }
    world.relay.script.image = image
    sync.resume()
    await world.scheduler.advance(1000)
    expect([aheadBy, home.replica.position().offset]).toEqual([aheadBy, 1])
    expect(sync.status.kind === 'live').toBe(aheadBy === BEHIND_ENTRIES)
  }
})

test('[RS11] a restored relay gets back all it lacks, its own and others’, and the replica goes on', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(['theirs 1', 'theirs 2'], 1)
  const { sync, home, rebuilt, write } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  write('mine')
  await world.scheduler.advance(1000)
  expect(world.relay.head()).toBe(3)
  const before = home.replica.stream
  world.relay.restore(1, EPOCH_2)
  world.network.sever()
  write('offline')
  await world.scheduler.advance(60_000)
  expect(rebuilt.map(({ reason }) => reason)).toEqual(['join', 'restored'])
  expect(home.plans[1]).toMatchObject({ keepsStream: true })
  const texts = world.relay.entries().length
  expect(texts).toBe(4)
  expect(home.replica.texts().toSorted()).toEqual(['mine', 'offline', 'theirs 1', 'theirs 2'])
  expect(home.replica.position()).toMatchObject({ epoch: EPOCH_2, offset: 4 })
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(home.replica.stream).not.toBe(before)
})

test('[RS11] another epoch that shares the log up to the position is gone over to without a rebuild', async () => {
  const world = replicaWorld()
  const { sync, home, rebuilt } = await pausedAfter(world, 2)
  const before = home.replica.stream
  world.relay.restore(2, EPOCH_2)
  sync.resume()
  await world.scheduler.advance(1000)
  expect(rebuilt).toEqual([])
  expect(home.replica.stream).not.toBe(before)
  expect(home.replica.position()).toEqual({
    epoch: EPOCH_2,
    offset: 2,
    hash: world.relay.hashAt(2),
  })
  const heads = world.relay.heard.filter(({ type }) => type === 'heads').length
  world.network.sever()
  await world.scheduler.advance(1000)
  expect(world.relay.heard.filter(({ type }) => type === 'heads')).toHaveLength(heads)
})

test('[RS11] an offer that the relay refuses ends its stream and nothing else', async () => {
  const world = replicaWorld()
  const [one, two] = [world.author(), world.author()]
  one.write(['one a', 'one b'], 1)
  two.write(['two a'])
  const { sync, home, rebuilt } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  world.relay.restore(0, EPOCH_2)
  world.relay.script.onPush = ({ batch }) =>
    batch.stream === one.replica.stream ? { code: 'denied', message: 'not yours' } : undefined
  world.network.sever()
  await world.scheduler.advance(10_000)
  expect(rebuilt.map(({ reason }) => reason)).toEqual(['join', 'restored'])
  expect(home.replica.texts()).toEqual(['two a'])
  expect(world.relay.head()).toBe(1)
})

test('[RS11] an offer that finds no room is made again, with what followed it', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(['a', 'b', 'c'], 1)
  const { sync, home, statuses } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  world.relay.restore(0, EPOCH_2)
  let isFull = true
  world.relay.script.onPush = ({ batch }) => {
    if (!isFull || batch.firstSeq !== 2) return undefined
    isFull = false
    return { code: 'quota', retryAfterMs: 1000 }
  }
  world.network.sever()
  await world.scheduler.advance(10_000)
  expect(isFull).toBe(false)
  expect(statuses.map((each) => each.kind === 'blocked' && each.code)).toContain('sync/quota')
  expect(world.relay.entries().map(({ head }) => head?.seq)).toEqual([1, 2, 3])
  expect(home.replica.texts()).toEqual(['a', 'b', 'c'])
  expect(sync.status.kind).toBe('live')
})

test('[RS11] a relay that forgot a floor taken in was restored', async () => {
  const world = replicaWorld()
  const { sync, home, rebuilt, write } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  write('a')
  await world.scheduler.advance(100)
  world.relay.appendFloor({ baseOffset: 1, hlc: 1, forgotten: [] })
  await world.scheduler.advance(100)
  expect(home.replica.lastFloor()).toEqual({ offset: 2, baseOffset: 1 })
  world.relay.script.opened = { floor: undefined }
  world.relay.script.onOpen = ({ mode }) => {
    if (mode === 'fill') delete world.relay.script.opened
    return undefined
  }
  world.network.sever()
  await world.scheduler.advance(1000)
  expect(rebuilt.map(({ reason }) => reason)).toEqual(['restored'])
})
