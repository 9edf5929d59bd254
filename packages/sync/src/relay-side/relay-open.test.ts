import type { Epoch, Hash, StreamId } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { textHash } from '../hash.ts'
import { createRelayWorld, type Player, type RelayWorld, UNIVERSE } from './testing/relay-world.ts'
import { streamOf } from './testing/stream-writer.ts'

const OTHER_HASH = 'b'.repeat(32) as Hash

test('[RL3] opening creates the universe for who may write, and tells its facts', async () => {
  const world = createRelayWorld()
  const bob = await world.open({ identity: 'bob', rights: { read: true, write: false } })
  expect(bob.last('refused')).toMatchObject({ channel: 1, code: 'unauthorized' })
  expect(await world.store.find(UNIVERSE)).toBeUndefined()
  const ann = await world.open()
  expect(ann.last('opened')).toMatchObject({
    owner: 'ann',
    head: 0,
    isContinued: true,
    streamHead: undefined,
    floor: undefined,
    image: undefined,
    rights: { read: true, write: true },
    minWriter: 0,
    wantsSchema: true,
    aware: [],
  })
  await bob.openUniverse()
  expect(bob.last('opened')).toMatchObject({ owner: 'ann', wantsSchema: false })
})

test('[RL3] who may not read, or names another universe or module, is refused and stays', async () => {
  const world = createRelayWorld()
  await world.open()
  const player = await world.open({ identity: 'eve', rights: { read: false, write: true } })
  expect(player.last('refused').code).toBe('unauthorized')
  const eve = await world.greet({ identity: 'eve' })
  await eve.openUniverse({ universe: 'pond' })
  expect(eve.last('refused').code).toBe('unauthorized')
  await eve.openUniverse({ module: 'another' })
  expect(eve.last('refused').code).toBe('module')
  await eve.openUniverse({ minReader: 2 })
  expect(eve.last('refused').code).toBe('invalid')
  await eve.openUniverse()
  expect([eve.all('opened').length, eve.isClosed]).toEqual([1, false])
})

test('[RL3] above the number of channels a universe is refused', async () => {
  const world = createRelayWorld({ sessionLimits: { channelsMax: 2 } })
  const ann = await world.greet()
  for (const channel of [1, 2, 3]) await ann.openUniverse({ channel, mode: 'fill' })
  expect(ann.last('refused')).toMatchObject({ channel: 3, code: 'limit' })
  ann.send({ type: 'close', channel: 1 })
  await ann.openUniverse({ channel: 3, mode: 'fill' })
  expect(ann.last('opened').channel).toBe(3)
})

test('[RL3] a newer schema is asked for, kept, and shuts out who may no longer read', async () => {
  const world = createRelayWorld()
  const old = await world.open({ identity: 'old' })
  const text = '{"tables":{}}'
  const ann = await world.greet()
  const schema = { schemaVersion: 3, schemaHash: textHash(text), minReader: 2, minWriter: 3 }
  await ann.openUniverse(schema)
  expect(ann.last('opened').wantsSchema).toBe(true)
  ann.send({ type: 'schema', channel: 1, schema: text })
  await world.settle()
  expect(await world.store.schemaText(UNIVERSE)).toBe(text)
  expect(old.last('refused')).toMatchObject({ channel: 1, code: 'schema' })
  await old.openUniverse()
  expect(old.all('refused')).toHaveLength(2)
  // Version 2 reads, and is told that it may not write.
  await old.openUniverse({ schemaVersion: 2 })
  expect(old.last('opened')).toMatchObject({ minWriter: 3, wantsSchema: false })
  await old.openUniverse({ channel: 2, schemaVersion: 3, schemaHash: OTHER_HASH })
  expect(old.last('refused')).toMatchObject({ channel: 2, code: 'schema' })
  const again = await world.greet()
  await again.openUniverse(schema)
  expect(again.last('opened').wantsSchema).toBe(false)
})

test('[RL3] an older version never lowers what a newer one asks for', async () => {
  const world = createRelayWorld()
  for (const [schemaVersion, minReader] of [
    [3, 2],
    [4, 1],
  ] as const) {
    const text = `{"version":${schemaVersion}}`
    const ann = await world.greet()
    await ann.openUniverse({ schemaVersion, schemaHash: textHash(text), minReader })
    ann.send({ type: 'schema', channel: 1, schema: text })
    await world.settle()
  }
  expect(await world.store.find(UNIVERSE)).toMatchObject({ schemaVersion: 4, minReader: 2 })
})

test('[RL3] a schema that is not the one announced ends the connection', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  ann.send({ type: 'schema', channel: 1, schema: '{}' })
  await world.settle()
  expect(ann.last('bye').code).toBe('invalid')
  expect(await world.store.schemaText(UNIVERSE)).toBeUndefined()
})

test('[RL4] a position in the log is continued from there, of an older epoch too', async () => {
  const { world, positions } = await withLog(3)
  for (const at of [1, 3]) {
    const bob = await world.open({
      identity: 'bob',
      open: { position: at === 1 ? positions[0] : positions[2] } as never,
    })
    expect(bob.last('opened')).toMatchObject({ isContinued: true, head: 3 })
    expect(bob.entries().map(({ offset }) => offset)).toEqual(at === 1 ? [2, 3] : [])
  }
  await world.store.startEpoch(UNIVERSE, 'aaaaaaaaaaaaaaaa' as Epoch, world.scheduler.now())
  const restarted = createRelayWorld({ memory: world.store, scheduler: world.scheduler })
  const bob = await restarted.open({ identity: 'bob', open: { position: positions[1] as never } })
  expect(bob.last('opened')).toMatchObject({ isContinued: true, epoch: 'aaaaaaaaaaaaaaaa' })
  expect(bob.entries().map(({ offset }) => offset)).toEqual([3])
})

test('[RL4] a position whose successor is gone, or before the floor it knows, is not continued', async () => {
  const { world, positions } = await withLog(4)
  await world.store.truncate(UNIVERSE, 2, 10)
  const restarted = createRelayWorld({ memory: world.store, scheduler: world.scheduler })
  const continued: boolean[] = []
  const epochs = new Set<Epoch>()
  for (const position of [undefined, ...positions]) {
    const bob = await restarted.open({ open: position === undefined ? {} : { position } })
    continued.push(bob.last('opened').isContinued)
    epochs.add(bob.last('opened').epoch)
    if (!bob.last('opened').isContinued) expect(bob.all('data')).toEqual([])
  }
  expect(continued).toEqual([false, false, true, true, true])
  const ahead = await restarted.open({ open: { position: positions[3] as never, floorOffset: 2 } })
  expect(ahead.last('opened').isContinued).toBe(false)
  expect(epochs.size).toBe(1)
})

test('[RL5] a position beyond the head, or with another hash, begins a new epoch', async () => {
  const { world, positions, epoch } = await withLog(2)
  const backup = world.store.copy()
  const ann = await world.open()
  ann.push(world.writer(950).next())
  await world.settle()
  const lost = ann.position()
  const restored = createRelayWorld({
    memory: backup,
    scheduler: world.scheduler,
    randomHex: other,
  })
  const writing = await restored.open({
    identity: 'cid',
    open: { position: positions[1] as never },
  })
  expect(writing.last('opened')).toMatchObject({ isContinued: true, epoch })
  const bob = await restored.open({ identity: 'bob', open: { position: { ...lost, epoch } } })
  const { epoch: fresh } = bob.last('opened')
  expect([bob.last('opened').isContinued, fresh === epoch]).toEqual([false, false])
  expect(bob.all('data')).toEqual([])
  expect(writing.last('bye')).toMatchObject({ code: 'shutting-down' })
  expect(await backup.find(UNIVERSE)).toMatchObject({
    epoch: fresh,
    pastEpochs: [{ epoch, lastOffset: 2 }],
  })
  // It lasts: the same position is of an epoch that has ended.
  const again = await restored.open({ identity: 'bob', open: { position: { ...lost, epoch } } })
  expect(again.last('opened')).toMatchObject({ isContinued: false, epoch: fresh })
  // Everything may be offered again.
  again.send({ type: 'heads', channel: 1 })
  await restored.settle()
  expect(again.last('heads').heads).toEqual([
    { stream: streamOf(900), seq: 2, hash: expect.anything() },
  ])
  const forged = { epoch: fresh, offset: 1, hash: OTHER_HASH }
  const cid = await restored.open({ identity: 'cid', open: { position: forged } })
  expect(cid.last('opened').epoch).not.toBe(fresh)
})

test('[RL5] only a replica that may write begins an epoch', async () => {
  const { world, epoch } = await withLog(2)
  const position = { epoch, offset: 9, hash: OTHER_HASH }
  const reader = { read: true, write: false }
  const bob = await world.open({ identity: 'bob', rights: reader, open: { position } })
  const filling = await world.open({ open: { position, mode: 'fill' } })
  for (const player of [bob, filling]) {
    expect(player.last('opened')).toMatchObject({ isContinued: false, epoch })
  }
})

test('[RL5] who comes back before it has rebuilt does not begin another epoch', async () => {
  const { world } = await withLog(1)
  const position = { epoch: 'dddddddddddddddd' as Epoch, offset: 7, hash: OTHER_HASH }
  const epochs: Epoch[] = []
  for (let count = 0; count < 3; count++) {
    const bob = await world.open({ identity: 'bob', open: { position } })
    epochs.push(bob.last('opened').epoch)
  }
  expect(new Set(epochs).size).toBe(1)
  expect((await world.store.find(UNIVERSE))?.pastEpochs).toHaveLength(1)
})

test('[RL5] an epoch begins only when everything accepted before is durable', async () => {
  const { world, epoch } = await withLog(1)
  const ann = await world.open()
  const bob = await world.greet({ identity: 'bob' })
  ann.push(world.writer(950).next())
  void bob.openUniverse({ position: { epoch, offset: 9, hash: OTHER_HASH } })
  await world.settle()
  await world.settle()
  expect(ann.all('ack')).toHaveLength(1)
  expect((await world.store.find(UNIVERSE))?.pastEpochs).toEqual([{ epoch, lastOffset: 2 }])
})

test('opened tells the head of the stream, the floor, and the newest image', async () => {
  const { world, epoch } = await withLog(3)
  const appended = world.relay.appendFloor(UNIVERSE, { baseOffset: 2, hlc: 5, forgotten: [] })
  await world.settle()
  await appended
  const image = { manifest: OTHER_HASH, offset: 4, byteCount: 77, createdMs: 1 }
  await world.store.putImage(UNIVERSE, { ...image, text: '{"chunks":[]}' })
  const ann = await world.open({ open: { stream: streamOf(900) } })
  expect(ann.last('opened')).toMatchObject({
    epoch,
    head: 4,
    streamHead: { stream: streamOf(900), seq: 3 },
    floor: { offset: 4, baseOffset: 2 },
    image: { manifest: OTHER_HASH, offset: 4, byteCount: 77 },
  })
})

test('[RL16] a newer connection of the same identity ends the older one', async () => {
  const world = createRelayWorld()
  const stream = 'c'.repeat(32) as StreamId
  const older = await world.open({ open: { stream } })
  const filling = await world.open({ open: { stream, mode: 'fill' } })
  expect(older.isClosed).toBe(false)
  const newer = await world.open({ open: { stream } })
  expect(older.last('bye').code).toBe('displaced')
  expect([newer.isClosed, filling.isClosed]).toEqual([false, false])
  newer.close()
  await world.settle()
  const next = await world.open({ open: { stream } })
  expect(next.isClosed).toBe(false)
})

test('[RL16] another identity displaces nobody', async () => {
  const world = createRelayWorld()
  const writer = world.writer()
  const ann = await world.open({ open: { stream: writer.stream } })
  ann.push(writer.next())
  await world.settle()
  const eve = await world.open({ identity: 'eve', open: { stream: writer.stream } })
  expect([ann.isClosed, eve.isClosed]).toEqual([false, false])
  ann.push(writer.next())
  await world.settle()
  expect(ann.all('ack')).toHaveLength(2)
})

async function withLog(count: number): Promise<{
  world: RelayWorld
  epoch: Epoch
  positions: ReturnType<Player['position']>[]
}> {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer(900)
  const positions: ReturnType<Player['position']>[] = []
  for (let index = 0; index < count; index++) {
    ann.push(writer.next())
    await world.settle()
    positions.push(ann.position())
  }
  ann.close()
  await world.settle()
  return { world, epoch: ann.last('opened').epoch, positions }
}

let random = 0
function other(byteCount: number): string {
  random += 1
  return `f${random.toString(16).padStart(byteCount * 2 - 1, '0')}`
}
