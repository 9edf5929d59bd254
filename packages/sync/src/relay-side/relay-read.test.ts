import { expect, test } from 'vitest'
import { TAIL_BUFFER_BYTES_MAX } from '../limits.ts'
import { createRelayWorld, UNIVERSE } from './testing/relay-world.ts'
import { createFaults } from './testing/store-faults.ts'

const KIB = 1024

test('[RL14] entries come in order, none twice and none left out, in the tail and behind it', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  for (let count = 0; count < 30; count++) ann.push(writer.next({ text: 'x'.repeat(20 * KIB) }))
  await world.settle(1)
  // While it reads from the log, more is appended.
  const bob = await world.greet({ identity: 'bob' })
  void bob.openUniverse()
  for (let count = 0; count < 30; count++) {
    ann.push(writer.next())
    await world.settle(1)
  }
  await world.settle(50)
  const offsets = Array.from({ length: 60 }, (_, index) => index + 1)
  expect(bob.entries().map(({ offset }) => offset)).toEqual(offsets)
  expect(ann.entries().map(({ kind, offset }) => `${kind} ${offset}`)).toEqual(
    offsets.map((offset) => `own ${offset}`),
  )
})

test('[RL14] who comes between an append and its answer gets each entry once', async () => {
  const faults = createFaults()
  const world = createRelayWorld({ wrap: faults.wrap })
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next())
  await world.settle()
  const release = faults.holdAnswers()
  ann.push(writer.next(), writer.next())
  await world.settle()
  const bob = await world.open({ identity: 'bob' })
  // What is durable in the store is told when the store has said so.
  expect(bob.entries().map(({ offset }) => offset)).toEqual([1])
  release()
  await world.settle()
  expect(bob.entries().map(({ offset }) => offset)).toEqual([1, 2, 3])
})

test('[RL14] what an earlier session pushed comes whole: this one may not hold it', async () => {
  const world = createRelayWorld()
  const writer = world.writer()
  const first = await world.open({ open: { stream: writer.stream } })
  first.push(writer.next())
  await world.settle()
  first.close()
  const second = await world.open({ open: { stream: writer.stream } })
  second.push(writer.next())
  await world.settle()
  expect(second.entries().map(({ kind }) => kind)).toEqual(['batch', 'own'])
})

test('[RL15] who does not read gets no more than its buffer and credit, however much is written', async () => {
  const world = createRelayWorld({ limits: { creditBytes: 64 * KIB * KIB } })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const slow = await world.open({ identity: 'slow' })
  const writer = world.writer()
  // Nothing reaches anyone: what is sent piles up at the connections.
  world.network.hold(true)
  for (let count = 0; count < 40; count++) {
    ann.push(writer.next({ text: 'x'.repeat(200 * KIB) }))
    await world.settle(1)
  }
  const sentBytes = world.relay.counters.bytesOut
  // Two readers, each a buffer and the frame that filled it.
  expect(sentBytes).toBeLessThan(2 * (TAIL_BUFFER_BYTES_MAX + 512 * KIB))
  expect(world.relay.counters.deliveries).toBeLessThan(40 + 2 * 8)
  await world.settle(10_000)
  expect(world.relay.counters.bytesOut).toBe(sentBytes)
  world.network.hold(false)
  await world.settle(1000)
  for (const player of [bob, slow]) {
    expect(player.entries().map(({ offset }) => offset)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
  }
})

test('[RL15] data beyond the last seen stays within the credit, and goes on when it is seen', async () => {
  const creditBytes = 100 * KIB
  const world = createRelayWorld({ limits: { creditBytes } })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  const seen = async (): Promise<void> => {
    const offset = bob.position().offset
    bob.send({ type: 'seen', channel: 1, offset })
    await world.settle()
  }
  for (let count = 0; count < 30; count++) ann.push(writer.next({ text: 'x'.repeat(20 * KIB) }))
  await world.settle()
  expect(bob.position().offset).toBe(4)
  await seen()
  expect(bob.position().offset).toBe(8)
  // Credit is counted by frames: one seen in part still counts as a whole.
  bob.send({ type: 'seen', channel: 1, offset: 6 })
  await world.settle()
  expect(bob.position().offset).toBe(8)
  for (let count = 0; count < 10; count++) await seen()
  expect(bob.position().offset).toBe(30)
  // Back at the tail.
  ann.push(writer.next())
  await world.settle()
  expect(bob.position().offset).toBe(31)
})

test('[RL15] one entry is always sent, even above the credit', async () => {
  const world = createRelayWorld({ limits: { creditBytes: 10 * KIB } })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  for (let count = 0; count < 3; count++) ann.push(writer.next({ text: 'x'.repeat(50 * KIB) }))
  await world.settle()
  const offsets: number[] = []
  for (let count = 0; count < 4; count++) {
    const { offset } = bob.position()
    offsets.push(offset)
    bob.send({ type: 'seen', channel: 1, offset })
    await world.settle()
  }
  expect(offsets).toEqual([1, 2, 3, 3])
})

test('[RL15] a reader whose place is truncated away is told to open anew', async () => {
  const world = createRelayWorld({ limits: { creditBytes: 10 * KIB } })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  for (let count = 0; count < 5; count++) ann.push(writer.next({ text: 'x'.repeat(8 * KIB) }))
  await world.settle()
  expect(bob.position().offset).toBe(1)
  const truncated = world.relay.truncate(UNIVERSE, 4, 100)
  await world.settle()
  expect(await truncated).toBe(0)
  bob.send({ type: 'seen', channel: 1, offset: 1 })
  await world.settle()
  expect(bob.last('bye').code).toBe('shutting-down')
})

test('[RL14] readers of any number get the same bytes: an entry is encoded once', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const readers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => world.open({ identity: `reader ${index}` })),
  )
  ann.push(world.writer().next())
  await world.settle()
  for (const reader of readers) expect(reader.last('data')).toEqual(readers[0]?.last('data'))
  expect(world.relay.counters.deliveries).toBe(21)
})

test('[RL18] cursors are what replicas say they have kept, and fillers have none', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next(), writer.next(), writer.next())
  await world.settle()
  const bob = await world.open({ identity: 'bob', open: { stream: 'b'.repeat(32) as never } })
  const filling = await world.open({ open: { mode: 'fill', stream: 'f'.repeat(32) as never } })
  bob.send({ type: 'seen', channel: 1, offset: 2 })
  filling.send({ type: 'seen', channel: 1, offset: 3 })
  await world.settle()
  await world.relay.keepCursors()
  const cursors = await world.store.cursors(UNIVERSE)
  const atOf = (stream: string) => cursors.find((cursor) => cursor.stream === stream)?.offset
  expect([atOf('b'.repeat(32)), atOf('f'.repeat(32))]).toEqual([2, undefined])
  // They reach the store by themselves as well.
  bob.send({ type: 'seen', channel: 1, offset: 3 })
  await world.settle(6000)
  expect((await world.store.cursors(UNIVERSE)).map(({ offset }) => offset)).toContain(3)
})

test('[RL18] a floor is appended in order, sent to everyone, and told to who comes', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next(), writer.next())
  await world.settle()
  const floor = { baseOffset: 2, hlc: 5, forgotten: [{ table: 'item', ids: ['a'] }] }
  const heads: number[] = []
  const unsubscribe = world.relay.onAppended((universe, head) => {
    expect(universe).toBe(UNIVERSE)
    heads.push(head)
  })
  const appended = world.relay.appendFloor(UNIVERSE, floor, 2)
  ann.push(writer.next({ base: { epoch: ann.last('opened').epoch, offset: 2 } }))
  await world.settle()
  expect(await appended).toBe(3)
  const refused = world.relay.appendFloor(UNIVERSE, floor, 3)
  await world.settle()
  expect(await refused).toBeUndefined()
  expect(ann.entries().slice(2)).toMatchObject([
    { kind: 'floor', offset: 3, floor },
    { kind: 'own', offset: 4 },
  ])
  const bob = await world.open({ identity: 'bob' })
  expect(bob.last('opened').floor).toEqual({ offset: 3, baseOffset: 2 })
  expect(bob.entries()[2]).toMatchObject({ kind: 'floor', floor })
  unsubscribe()
  ann.push(writer.next({ base: { epoch: ann.last('opened').epoch, offset: 2 } }))
  await world.settle()
  expect(heads.at(-1)).toBe(4)
})

test('a room nobody uses is forgotten, and read anew when somebody comes', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next())
  await world.settle()
  ann.close()
  await world.settle(120_000)
  expect(world.relay.counters.universes).toBe(0)
  const again = await world.open()
  again.push(writer.next())
  await world.settle()
  expect(again.last('ack').offset).toBe(2)
})
