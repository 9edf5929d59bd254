import { type Epoch, type Hash, UniverseError } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { IMAGE_CHUNK_BYTES } from '../image-manifest.ts'
import { replicaWorld } from '../testing/replica-world.ts'

/** Texts that no deflate makes small, of a megabyte and a half together. */
function bulk(count: number): string[] {
  let state = 1
  return Array.from({ length: count }, (_, index) => {
    let text = `${index} `
    while (text.length < 700) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      text += state.toString(36)
    }
    return text
  })
}

test('[RS16] a replica joins by an image and what came after it', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(bulk(1000), 100)
  const { chunks, byteCount } = author.offerImage()
  expect(chunks.length).toBeGreaterThan(1)
  author.write(['after'])
  world.relay.truncate(10)
  const { sync, home, statuses, rebuilt } = world.replica()
  sync.start()
  await world.scheduler.advance(2000)
  expect(rebuilt).toEqual([{ reason: 'join', adopted: [] }])
  expect(home.replica.texts()).toHaveLength(1001)
  expect(home.replica.texts().at(-1)).toBe('after')
  expect(sync.status.kind).toBe('live')
  const progress = statuses.flatMap((each) => (each.kind === 'catching-up' ? [each] : []))
  const image = progress.filter(({ phase }) => phase === 'image')
  expect(image.map(({ done }) => done)).toEqual(
    image.map(({ done }) => done).toSorted((a, b) => a - b),
  )
  expect(image.at(0)).toMatchObject({ done: 0, total: byteCount })
  expect(image.at(-1)).toMatchObject({ done: byteCount, total: byteCount })
  expect(progress.at(-1)).toMatchObject({ phase: 'log', done: 11, total: 11 })
})

test('[RS16] after a lost connection it goes on with the chunks it has', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(bulk(1200), 100)
  const { chunks } = author.offerImage()
  const { chunk } = world.source
  const asked: Hash[] = []
  let isStuck = true
  world.source.chunk = (hash) => {
    asked.push(hash)
    return isStuck && hash !== chunks[0]?.hash
      ? Promise.withResolvers<Uint8Array>().promise
      : chunk(hash)
  }
  const { sync, home, rebuilt } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  expect(home.chunkCount).toBe(1)
  expect(sync.status).toMatchObject({ phase: 'image', done: IMAGE_CHUNK_BYTES })
  isStuck = false
  world.network.sever()
  asked.length = 0
  await world.scheduler.advance(2000)
  expect(asked).toEqual(chunks.slice(1).map(({ hash }) => hash))
  expect(rebuilt.map(({ reason }) => reason)).toEqual(['join'])
  expect(home.replica.texts()).toHaveLength(1200)
})

test('[RS16] a chunk that cannot be had, or is not what it should be, is fetched again', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(bulk(100), 100)
  author.offerImage()
  const { chunk } = world.source
  let failures = 3
  world.source.chunk = async (hash) => {
    failures -= 1
    if (failures === 2) throw new TypeError('fetch failed')
    const bytes = await chunk(hash)
    if (failures === 1) return bytes.slice(0, 100)
    return bytes
  }
  const { sync, home } = world.replica()
  sync.start()
  await world.scheduler.advance(10_000)
  expect(failures).toBe(0)
  expect(home.replica.texts()).toHaveLength(100)
  expect(world.relay.heard.filter(({ type }) => type === 'hello')).toHaveLength(1)
})

test('[RS16] an image that stays unfetchable is asked for again, ever more slowly', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(['a'])
  const { chunks } = author.offerImage()
  const [first] = chunks
  if (first === undefined) throw new Error('a chunk')
  const stored = world.images.get(first.hash)
  world.images.delete(first.hash)
  const { sync, home, statuses } = world.replica()
  home.replica.write('mine')
  sync.start()
  await world.scheduler.advance(300_000)
  expect(home.replica.texts()).toEqual(['mine'])
  const attempts = world.relay.heard.filter(({ type }) => type === 'hello').length
  expect(attempts).toBeGreaterThan(2)
  expect(attempts).toBeLessThan(40)
  expect(statuses.map(({ kind }) => kind)).not.toContain('live')
  world.images.set(first.hash, stored ?? new Uint8Array())
  await world.scheduler.advance(120_000)
  expect(home.replica.texts()).toEqual(['a', 'mine'])
})

test('[RS16] a manifest of another universe is not opened', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(['a'])
  author.offerImage({ universe: 'another' })
  const { sync, home } = world.replica()
  sync.start()
  await world.scheduler.advance(10_000)
  expect(home.plans).toEqual([])
  expect(home.chunkCount).toBe(0)
})

test('[RS16] an image of a newer schema is left alone while the log is whole, and needs an update when not', async () => {
  for (const isWhole of [true, false]) {
    const world = replicaWorld()
    const author = world.author()
    author.write(['a', 'b'], 1)
    author.offerImage({ schemaVersion: 2 })
    if (!isWhole) world.relay.truncate(1)
    const { sync, home, write } = world.replica()
    write('mine')
    sync.start()
    await world.scheduler.advance(5000)
    if (isWhole) expect(home.replica.texts()).toEqual(['a', 'b', 'mine'])
    else {
      expect(home.replica.texts()).toEqual(['mine'])
      expect(sync.status).toMatchObject({ kind: 'blocked', code: 'sync/update-required' })
    }
  }
})

test('[RS16] what is written meanwhile is taken over, and a failed taking over changes nothing', async () => {
  const world = replicaWorld()
  world.author().write(['theirs'])
  const { sync, home, write, rebuilt } = world.replica()
  home.failTakeOver(new UniverseError('storage/quota-exceeded', 'the disk is full'))
  sync.start()
  await world.scheduler.advance(1000)
  expect(sync.status).toMatchObject({ kind: 'blocked', code: 'storage/quota-exceeded' })
  expect(home.dropCount).toBe(1)
  write('meanwhile')
  expect(home.replica.texts()).toEqual(['meanwhile'])
  sync.setOnline(true)
  await world.scheduler.advance(2000)
  expect(rebuilt).toMatchObject([{ reason: 'join', adopted: [{ kind: 'reauthored' }] }])
  expect(home.replica.texts()).toEqual(['theirs', 'meanwhile'])
  expect(sync.status).toMatchObject({ kind: 'live', unsyncedCount: 0 })
})

test('[RS13] [RS16] a second rebuild for the same reason waits, and rebuilds never run side by side', async () => {
  const world = replicaWorld({ script: { onPush: () => ({ code: 'fork' }) } })
  const { sync, home, rebuilt } = world.replica()
  home.replica.write('a')
  sync.start()
  await world.scheduler.advance(120_000)
  expect(rebuilt.length).toBeGreaterThan(1)
  expect(rebuilt.length).toBeLessThan(20)
  expect(home.replica.texts()).toEqual(['a'])
  delete world.relay.script.onPush
  await world.scheduler.advance(60_000)
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(world.relay.head()).toBe(1)
})

test('[RS16] a pause while it fills is a pause: the replica in use stays, and it goes on later', async () => {
  const world = replicaWorld({ delayMs: 50 })
  world.author().write(['theirs'])
  const { sync, home, rebuilt } = world.replica()
  sync.start()
  await world.scheduler.advance(310)
  expect(world.relay.heard.some((each) => each.type === 'open' && each.mode === 'fill')).toBe(true)
  sync.pause()
  await world.scheduler.advance(5000)
  expect(rebuilt).toEqual([])
  expect(sync.status.kind).toBe('paused')
  sync.resume()
  await world.scheduler.advance(5000)
  expect(rebuilt.map(({ reason }) => reason)).toEqual(['join'])
  expect(home.replica.texts()).toEqual(['theirs'])
})

test('[RS11] [RS16] a rebuild that a restore broke off begins after what was lost is given back', async () => {
  const world = replicaWorld()
  const { sync, home, rebuilt, write } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  write('mine')
  await world.scheduler.advance(1000)
  expect(home.replica.unsyncedCount()).toBe(0)
  world.relay.script.onPush = ({ batch }) =>
    batch.firstSeq > 1 ? { code: 'denied', message: 'not allowed', seqs: [2] } : undefined
  world.relay.script.onOpen = ({ mode }) => {
    if (mode !== 'fill') return undefined
    world.relay.script.onOpen = undefined
    world.relay.script.onPush = undefined
    world.relay.restore(0, 'e000000000000002' as Epoch)
    world.network.sever()
    return undefined
  }
  write('denied')
  await world.scheduler.advance(60_000)
  expect(rebuilt.map(({ reason }) => reason)).not.toContain('denied')
  expect(home.replica.texts()).toContain('mine')
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(sync.status.kind).toBe('live')
})
