import { deflateRawSync } from 'node:zlib'
import {
  type Base,
  createSegmentWriter,
  type Epoch,
  type Hash,
  hashOf,
  hlcFromMs,
  type SealedBatch,
  type StreamId,
  UniverseError,
  ZERO_HASH,
} from '@inner-universe/core'
import { expect, test } from 'vitest'
import {
  createRelayWorld,
  type Player,
  type RelayWorld,
  SCHEMA_HASH,
  UNIVERSE,
} from './testing/relay-world.ts'
import { createFaults } from './testing/store-faults.ts'
import { methodsOf } from './testing/store-methods.ts'
import { insertOf, rawWire, streamOf } from './testing/stream-writer.ts'

test('[RL13] [RL14] a batch is acknowledged once durable, named to its author and sent to others', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const batch = world.writer().next()
  ann.push(batch)
  await world.settle()
  const { stream, hash } = batch
  expect(ann.all('ack')).toEqual([{ type: 'ack', channel: 1, stream, seq: 1, hash, offset: 1 }])
  expect(ann.entries()).toEqual([
    { kind: 'own', offset: 1, stream, firstSeq: 1, deltaCount: 1, hash },
  ])
  const [entry] = bob.entries()
  expect(entry?.kind === 'batch' && entry.batch.body).toEqual(batch.content)
  expect(bob.last('data').hash).toBe((await world.store.find(UNIVERSE))?.hash)
  // The acknowledgement comes first.
  expect(ann.received.map(({ type }) => type)).toEqual(['welcome', 'opened', 'ack', 'data'])
})

test('[RL13] pushes of one turn, of several replicas, are one append without gaps', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ wrap: faults.wrap })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const one = world.writer()
  const two = world.writer()
  ann.push(one.next(), one.next(), one.next())
  bob.push(two.next(), two.next())
  await world.settle()
  expect(faults.appendCount).toBe(1)
  expect(ann.all('ack').map(({ offset }) => offset)).toEqual([1, 2, 3])
  expect(bob.all('ack').map(({ offset }) => offset)).toEqual([4, 5])
  expect(ann.entries().map(({ kind, offset }) => [kind, offset])).toEqual([
    ['own', 1],
    ['own', 2],
    ['own', 3],
    ['batch', 4],
    ['batch', 5],
  ])
})

test('[RL13] nothing is acknowledged or sent before the append is durable', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ wrap: faults.wrap })
  const ann = await world.open()
  const bob = await world.open()
  const writer = world.writer()
  const release = faults.hold()
  ann.push(writer.next())
  await world.settle(50)
  // It gathers behind the append in flight, and is checked against it.
  ann.push(writer.next())
  await world.settle(50)
  expect([ann.all('ack'), bob.all('data')]).toEqual([[], []])
  release()
  await world.settle()
  expect(ann.all('ack').map(({ offset }) => offset)).toEqual([1, 2])
  expect(bob.entries().map(({ offset }) => offset)).toEqual([1, 2])
  expect(faults.appendCount).toBe(2)
})

test('[RL13] each entry extends the log hash', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  const batches = [writer.next(), writer.next()]
  ann.push(...batches)
  await world.settle()
  let hash = ZERO_HASH
  for (const batch of batches) hash = hashOf(bytesOf(hash), bytesOf(batch.hash))
  expect(ann.position()).toMatchObject({ offset: 2, hash })
})

test('[RL7] a batch that is in the log, or on its way there, is acknowledged again', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ wrap: faults.wrap })
  const ann = await world.open()
  const writer = world.writer()
  const [first, second] = [writer.next(), writer.next()]
  const release = faults.hold()
  ann.push(first, second, first)
  await world.settle()
  ann.push(second)
  await world.settle()
  release()
  await world.settle()
  ann.push(first)
  await world.settle()
  expect(ann.all('ack').map(({ seq, offset }) => [seq, offset])).toEqual([
    [1, 1],
    [1, 1],
    [2, 2],
    [2, 2],
    [1, 1],
  ])
  expect((await world.store.find(UNIVERSE))?.head).toBe(2)
  expect(world.relay.counters.batchesAgain).toBe(3)
})

test('[RL7] a batch whose place is no longer kept is to be rebased', async () => {
  const { world, ann, epoch } = await openWithEntries(4)
  await world.store.truncate(UNIVERSE, 2, 100)
  const again = world.writer(900)
  ann.push(again.next({ base: { epoch, offset: 0 } }))
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'rebase', seq: 1 })
})

test('[RL8] a batch further on is told where to push from, and accepted once that is there', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  const [one, two, three] = [writer.next(), writer.next(), writer.next()]
  ann.push(one, three)
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'gap', stream: writer.stream, seq: 2 })
  ann.push(two, three)
  await world.settle()
  expect(ann.all('ack').map(({ seq }) => seq)).toEqual([1, 2, 3])
})

test('[RL8] another batch at a seq, or after another one, is a fork', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next())
  const copy = writer.fork()
  ann.push(writer.next(), writer.next())
  await world.settle()
  const [two, three, four] = [copy.next({ text: 'other' }), copy.next(), copy.next()]
  ann.push(two, three, four)
  await world.settle()
  expect(ann.all('nack').map(({ code, seq }) => [code, seq])).toEqual([
    ['fork', 2],
    ['fork', 3],
    ['fork', 4],
  ])
  expect((await world.store.find(UNIVERSE))?.head).toBe(3)
})

test('[RL9] a base below the floor is to be rebased; one beyond the head is invalid', async () => {
  const { world, ann, epoch } = await openWithEntries(4)
  const hlc = hlcFromMs(world.scheduler.now())
  await world.settle(10)
  const appended = world.relay.appendFloor(UNIVERSE, { baseOffset: 3, hlc, forgotten: [] })
  await world.settle()
  expect(await appended).toBe(5)
  const push = async (number: number, base: Base): Promise<string> => {
    ann.push(world.writer(number).next({ base }))
    await world.settle()
    return ann.received.filter(({ type }) => type === 'ack' || type === 'nack').at(-1)?.type ===
      'ack'
      ? 'ack'
      : ann.last('nack').code
  }
  expect(await push(901, { epoch, offset: 2 })).toBe('rebase')
  expect(await push(902, { epoch, offset: 3 })).toBe('ack')
  expect(await push(903, { epoch, offset: 99 })).toBe('invalid')
  expect(await push(904, { epoch: '' as Epoch, offset: 0 })).toBe('rebase')
  expect(await push(905, { epoch: 'ffffffffffffffff' as Epoch, offset: 4 })).toBe('rebase')
})

test('[RL9] a base of an older epoch counts up to where that ended', async () => {
  const { world, ann, epoch } = await openWithEntries(3)
  ann.close()
  await world.settle()
  await world.store.startEpoch(UNIVERSE, 'aaaaaaaaaaaaaaaa' as Epoch, world.scheduler.now())
  const restarted = createRelayWorld({ memory: world.store, scheduler: world.scheduler })
  const bob = await restarted.open({ identity: 'bob' })
  const writer = restarted.writer(777)
  const present = bob.last('opened').epoch
  for (let count = 0; count < 4; count++)
    bob.push(writer.next({ base: { epoch: present, offset: 3 } }))
  await restarted.settle()
  const hlc = hlcFromMs(world.scheduler.now() - 1)
  const floor = restarted.relay.appendFloor(UNIVERSE, { baseOffset: 4, hlc, forgotten: [] })
  await restarted.settle()
  expect(await floor).toBe(8)
  bob.push(restarted.writer(901).next({ base: { epoch, offset: 6 } }))
  await restarted.settle()
  expect(bob.last('nack')).toMatchObject({ code: 'rebase' })
})

test('[RL10] a clock ahead of the relay’s by more than a minute is refused with the time', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const nowMs = world.scheduler.now()
  ann.push(world.writer(901).next({ hlc: hlcFromMs(nowMs + 59_000) }))
  ann.push(world.writer(902).next({ hlc: hlcFromMs(nowMs + 61_000) }))
  await world.settle()
  expect(ann.all('ack')).toHaveLength(1)
  const nack = ann.last('nack')
  expect([nack.code, nack.timeMs - nowMs < 100]).toEqual(['clock', true])
})

test('[RL10] clocks rise from batch to batch and above the floor', async () => {
  const { world, ann, epoch } = await openWithEntries(2)
  const writer = world.writer(901)
  ann.push(writer.next())
  const hlc = hlcFromMs(world.scheduler.now() - 1000)
  ann.push(writer.next({ hlc }))
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'invalid', seq: 2 })
  const floor = { baseOffset: 1, hlc: hlcFromMs(world.scheduler.now()), forgotten: [] }
  const appended = world.relay.appendFloor(UNIVERSE, floor)
  await world.settle()
  await appended
  ann.push(world.writer(902).next({ base: { epoch, offset: 2 }, hlc: floor.hlc }))
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'invalid', seq: 1 })
  // What the last batch of a stream said is known to a relay that has just started.
  const restarted = createRelayWorld({ memory: world.store, scheduler: world.scheduler })
  const bob = await restarted.open()
  const late = writer.fork()
  bob.push(late.next({ hlc }))
  await restarted.settle()
  expect(bob.all('ack')).toEqual([])
})

test('[RL11] a delta is refused whose origin is in the log, authored anew or as itself', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const original = world.writer(901)
  const first = original.next({
    operations: [[insertOf('a', '1', 'x')], [insertOf('a', '2', 'y')]],
  })
  ann.push(first)
  await world.settle()
  const ofFirst = (seq: number, hash = aloneHash(original.stream, seq, first)) => ({
    stream: original.stream,
    seq,
    hash,
  })
  const unknown = { stream: streamOf(555), seq: 1, hash: hashOf(Uint8Array.of(1)) }
  const operations = [[insertOf('a', '1', 'x')], [insertOf('a', '2', 'y')], [], []]
  // Seq 2 stands for a delta of the log; seq 1 for another one that had its place on a copied disk.
  const anew = world.writer(902)
  const another = { ...ofFirst(1), hash: hashOf(Uint8Array.of(2)) }
  ann.push(anew.fork().next({ operations, origins: [another, ofFirst(2), undefined, unknown] }))
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'duplicate-origin', seq: 1, seqs: [2] })
  ann.push(
    anew.next({
      operations: operations.slice(0, 3),
      origins: [another, undefined, unknown],
    }),
  )
  await world.settle()
  expect(ann.all('ack')).toHaveLength(2)
  // Once durable and once more within one batch.
  const twice = { stream: streamOf(556), seq: 9, hash: hashOf(Uint8Array.of(3)) }
  ann.push(world.writer(903).next({ operations, origins: [unknown, undefined, twice, twice] }))
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'duplicate-origin', seqs: [1, 4] })
})

test('[RL11] an origin that is on its way into the log counts as well', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const origin = { stream: streamOf(555), seq: 1, hash: hashOf(Uint8Array.of(1)) }
  const next = { operations: [[insertOf('a', '1', 'x')]], origins: [origin] }
  ann.push(world.writer(901).next(next), world.writer(902).next(next))
  await world.settle()
  expect(ann.all('ack')).toHaveLength(1)
  expect(ann.last('nack').code).toBe('duplicate-origin')
})

test('[RL19] an original is refused once a delta of the log stands for it', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const original = world.writer(901)
  const operations = [[insertOf('a', '1', 'x')], [insertOf('a', '2', 'y')]]
  const first = original.fork().next({ operations })
  const { stream } = original
  const origin = { stream, seq: 2, hash: aloneHash(stream, 2, first) }
  // Of one commit: nothing of the copy is durable yet.
  ann.push(world.writer(902).next({ origins: [origin] }), first)
  await world.settle()
  expect(ann.all('ack')).toHaveLength(1)
  expect(ann.last('nack')).toMatchObject({ code: 'duplicate-origin', stream, seq: 1, seqs: [2] })
  // Of a log that was there before.
  const restarted = createRelayWorld({ memory: world.store, scheduler: world.scheduler })
  const bob = await restarted.open()
  bob.push(first)
  await restarted.settle()
  expect(bob.last('nack')).toMatchObject({ code: 'duplicate-origin', stream, seq: 1, seqs: [2] })
  // What nothing stands for is taken, and so are other deltas of the place; what follows is checked on.
  bob.push(original.next({ operations: operations.slice(0, 1) }))
  bob.push(original.fork().next({ operations: [[insertOf('a', '2', 'z')]] }))
  await restarted.settle()
  expect(bob.all('ack').map(({ seq }) => seq)).toEqual([1, 2])
})

test('[RL19] a stream none of whose deltas was authored anew costs one question', async () => {
  let questionCount = 0
  const world = createRelayWorld({
    wrap: (store) => ({
      ...methodsOf(store),
      hasOrigin: () => Promise.reject(new Error('asked of an origin')),
      hasOriginsOf: (...of) => {
        questionCount += 1
        return store.hasOriginsOf(...of)
      },
    }),
  })
  const ann = await world.open()
  const writer = world.writer()
  for (let count = 0; count < 20; count++) {
    ann.push(writer.next())
    await world.settle()
  }
  expect(ann.all('ack')).toHaveLength(20)
  // Of the batch that begins the stream, and of the one after it.
  expect(questionCount).toBe(2)
})

test('[RL12] deltas are denied one by one: by the table, by the policy, or all', async () => {
  const world = createRelayWorld({
    policy: (operation, { identity }) =>
      operation.id === 'secret' && identity === 'ann' ? 'secrets stay' : true,
  })
  const operations = [
    [insertOf('item', '1', '')],
    [insertOf('item', '2', ''), insertOf('note', '3', '')],
    [insertOf('item', 'secret', '')],
  ]
  const ann = await world.open({ rights: { read: true, write: true, tables: ['item'] } })
  ann.push(world.writer(901).next({ operations }))
  await world.settle()
  const nack = ann.last('nack')
  expect([nack.code, nack.seqs]).toEqual(['denied', [2, 3]])
  expect(nack.message).toContain('note')
  const bob = await world.open({ identity: 'bob', rights: { read: true, write: false } })
  bob.push(world.writer(902).next({ operations }))
  await world.settle()
  expect(bob.last('nack')).toMatchObject({ code: 'denied', seqs: [] })
  const cid = await world.open({ identity: 'cid' })
  cid.push(world.writer(903).next({ operations }))
  await world.settle()
  expect(cid.all('ack')).toHaveLength(1)
})

test('[RL12] a stream belongs to whoever wrote it first; after a restore others offer it', async () => {
  const world = createRelayWorld({ repairMs: 1000 })
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next())
  await world.settle()
  const bob = await world.open({ identity: 'bob' })
  const second = writer.next()
  bob.push(second)
  await world.settle()
  expect(bob.last('nack')).toMatchObject({ code: 'fork', seq: 2 })
  await world.store.startEpoch(UNIVERSE, 'aaaaaaaaaaaaaaaa' as Epoch, world.scheduler.now())
  const { store: memory, scheduler } = world
  const restarted = createRelayWorld({ repairMs: 1000, memory, scheduler })
  const cid = await restarted.open({ identity: 'cid' })
  cid.push(second)
  await restarted.settle(1000)
  expect(cid.all('ack')).toHaveLength(1)
  expect((await memory.stream(UNIVERSE, writer.stream))?.identity).toBe('ann')
  cid.push(writer.next())
  await restarted.settle()
  expect(cid.last('nack').code).toBe('fork')
})

test('[RL12] a writer older than minWriter is refused', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  await world.store.setSchema(UNIVERSE, {
    version: 3,
    hash: SCHEMA_HASH,
    text: '{}',
    minReader: 0,
    minWriter: 2,
  })
  const restarted = createRelayWorld({ memory: world.store, scheduler: world.scheduler })
  const bob = await restarted.open()
  expect(bob.last('opened').minWriter).toBe(2)
  bob.push(world.writer(901).next(), world.writer(902).next({ schemaVersion: 2 }))
  await restarted.settle()
  expect(bob.last('nack')).toMatchObject({ code: 'schema', stream: streamOf(901) })
  expect(bob.last('ack').stream).toBe(streamOf(902))
  expect(ann.isClosed).toBe(false)
})

test('[RL12] a full universe and too many bytes a second are refused with a time to wait', async () => {
  const world = createRelayWorld({
    limits: { universeBytesMax: 700 },
    sessionLimits: { pushBytesPerSecond: 100 },
  })
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next({ text: 'x'.repeat(400) }), writer.next({ text: 'x'.repeat(400) }))
  await world.settle()
  const full = ann.last('nack')
  expect([full.code, full.seq, full.retryAfterMs > 0]).toEqual(['quota', 2, true])
  ann.push(writer.fork().next(), writer.fork().next())
  await world.settle()
  const fast = ann.last('nack')
  expect(fast.code).toBe('quota')
  expect(fast.message).toContain('bytes a second')
  await world.settle(fast.retryAfterMs)
  ann.push(world.writer(901).next())
  await world.settle()
  expect(ann.all('ack')).toHaveLength(2)
})

test('[RL6] bytes that are not what they say are refused, and nothing of them is kept', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  const good = rawWire(writer.fork().next())
  const broken = good.body.slice(0, -1)
  ann.send({
    type: 'push',
    channel: 1,
    batch: { ...good, body: broken, contentBytes: broken.length },
  })
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'invalid', stream: writer.stream, seq: 1 })
  ann.send({ type: 'push', channel: 1, batch: { ...good, header: Uint8Array.of(9, 9) } })
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'invalid', seq: 0 })
  // A bomb, and one that inflates to less than it says.
  for (const contentBytes of [5000, 200_000]) {
    const body = new Uint8Array(deflateRawSync(new Uint8Array(100_000)))
    ann.send({
      type: 'push',
      channel: 1,
      batch: { header: good.header, contentBytes, encoding: 'deflate', body },
    })
  }
  await world.settle()
  expect(ann.all('nack').map(({ code }) => code)).toEqual(Array(4).fill('invalid'))
  expect((await world.store.find(UNIVERSE))?.head).toBe(0)
  ann.push(writer.next())
  await world.settle()
  expect(ann.all('ack')).toHaveLength(1)
})

test('[RL6] a deflated batch is kept and passed on as it came', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const { header, content } = world.writer().next({ text: 'x'.repeat(5000) })
  const body = new Uint8Array(deflateRawSync(content))
  const batch = { header, contentBytes: content.length, encoding: 'deflate', body } as const
  ann.send({ type: 'push', channel: 1, batch })
  await world.settle()
  const [entry] = bob.entries()
  expect(entry?.kind === 'batch' && entry.batch).toEqual(batch)
})

test('[RL6] a content above the relay’s own limit is too large', async () => {
  const world = createRelayWorld({ limits: { contentBytesMax: 1000 } })
  const ann = await world.open()
  ann.push(world.writer().next({ text: 'x'.repeat(2000) }))
  await world.settle()
  expect(ann.last('nack')).toMatchObject({ code: 'too-large', seq: 1 })
})

test('[RL6] more than the window holds ends the connection', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ limits: { windowBatches: 3 }, wrap: faults.wrap })
  const ann = await world.open()
  const writer = world.writer()
  faults.hold()
  ann.push(writer.next(), writer.next(), writer.next())
  await world.settle()
  expect(ann.isClosed).toBe(false)
  ann.push(writer.next())
  await world.settle()
  expect(ann.last('bye').code).toBe('invalid')
})

test('[RL13] after a failed append authors connect anew, and push the same again', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ wrap: faults.wrap })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  const batches = [writer.next(), writer.next()] as const
  faults.failWith(new UniverseError('storage/io', 'no'))
  ann.push(batches[0])
  await world.settle(0)
  ann.push(batches[1])
  await world.settle()
  expect(ann.last('bye')).toMatchObject({ code: 'internal' })
  expect(ann.last('bye').retryAfterMs).toBeGreaterThan(0)
  expect(bob.isClosed).toBe(false)
  expect(world.relay.counters.commitsFailed).toBe(1)
  const again = await world.open()
  expect(again.last('opened').head).toBe(0)
  again.push(...batches)
  await world.settle()
  expect(again.all('ack').map(({ offset }) => offset)).toEqual([1, 2])
  expect(bob.entries().map(({ offset }) => offset)).toEqual([1, 2])
})

test('[RL13] a full disk is told as a quota, and the push tried again is taken', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ wrap: faults.wrap })
  const ann = await world.open()
  const batch = world.writer().next()
  faults.failWith(new UniverseError('storage/quota-exceeded', 'no'))
  ann.push(batch)
  await world.settle()
  const { code, retryAfterMs } = ann.last('nack')
  expect([code, retryAfterMs > 0]).toEqual(['quota', true])
  ann.push(batch)
  await world.settle()
  expect(ann.all('ack')).toHaveLength(1)
})

test('[RL13] an append that failed in the answering only is found in the log', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ wrap: faults.wrap })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  const batch = writer.next()
  faults.failAfter(new UniverseError('storage/io', 'no answer'))
  ann.push(batch)
  await world.settle()
  const again = await world.open()
  again.push(batch, writer.next())
  await world.settle()
  expect(again.all('ack').map(({ seq, offset }) => [seq, offset])).toEqual([
    [1, 1],
    [2, 2],
  ])
  expect(bob.entries().map(({ offset }) => offset)).toEqual([1, 2])
})

async function openWithEntries(
  count: number,
): Promise<{ world: RelayWorld; ann: Player; epoch: Epoch }> {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer(900)
  for (let index = 0; index < count; index++) ann.push(writer.next())
  await world.settle()
  const { epoch } = ann.last('opened')
  return { world, ann, epoch }
}

/** Hash of one delta of a batch, encoded alone. */
function aloneHash(stream: StreamId, seq: number, batch: SealedBatch): Hash {
  const texts = ['x', 'y']
  const at = seq - batch.firstSeq
  const alone = createSegmentWriter({ stream, schemaVersion: 1, firstSeq: seq })
  const hlc = hlcFromMs(Date.UTC(2026, 0, 1) + 15) + 1 + at
  alone.append({
    hlc,
    reducer: 'write',
    operations: [insertOf('a', `${seq}`, texts[at] as string)],
  })
  return hashOf(alone.finish())
}

function bytesOf(hash: Hash): Uint8Array {
  return Uint8Array.from(hash.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
}
