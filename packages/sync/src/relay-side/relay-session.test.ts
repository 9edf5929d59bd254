import type { Epoch } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { encodeReplicaMessage } from '../frame-codec.ts'
import { HELLO_BYTES_MAX, HELLO_TIMEOUT_MS, RELAY_SILENCE_MS } from '../limits.ts'
import { createRelayWorld, type Player, UNIVERSE } from './testing/relay-world.ts'

const HELLO = { type: 'hello', versions: [1], timeMs: 0, agent: 'test' } as const

test('[RL1] welcome tells version, time, limits, session and identity', async () => {
  const world = createRelayWorld({ limits: { windowBatches: 7 } })
  const ann = await world.greet()
  const welcome = ann.last('welcome')
  expect(welcome).toMatchObject({ version: 1, identity: 'ann', limits: { windowBatches: 7 } })
  expect(Math.abs(welcome.timeMs - world.scheduler.now())).toBeLessThan(100)
  const bob = await world.greet({ identity: 'bob' })
  expect(bob.last('welcome').sessionId).not.toBe(welcome.sessionId)
  expect(world.relay.counters).toMatchObject({ connections: 2, sessions: 2 })
})

test('[RL1] who does not say hello in time is ended', async () => {
  const world = createRelayWorld()
  const silent = await world.connect()
  await world.settle(HELLO_TIMEOUT_MS - 100)
  expect(silent.isClosed).toBe(false)
  await world.settle(200)
  expect([silent.last('bye').code, silent.isClosed]).toEqual(['timeout', true])
  expect(world.relay.counters.connections).toBe(0)
})

test('[RL1] a token that takes too long to check is ended too', async () => {
  const world = createRelayWorld({ verifyToken: () => new Promise(() => undefined) })
  const slow = await world.greet()
  await world.settle(HELLO_TIMEOUT_MS)
  expect(slow.last('bye').code).toBe('timeout')
})

test('[RL1] anything else instead of hello, or hello of another version, is ended', async () => {
  const world = createRelayWorld()
  const codes: string[] = []
  const attempts: ((player: Player) => void)[] = [
    (player) => player.send({ type: 'ping', timeMs: 1 }),
    (player) => player.sendBytes(Uint8Array.of(0x7f, 0)),
    (player) => player.sendBytes(new Uint8Array(0)),
    (player) => player.send({ ...HELLO, versions: [2, 99], token: world.token() }),
    (player) => player.send({ ...HELLO, token: 'not a token' }),
    (player) => player.send({ ...HELLO, token: world.token({ expiresMs: 5 }) }),
    (player) => player.sendBytes(new Uint8Array(HELLO_BYTES_MAX + 1).fill(1)),
  ]
  for (const attempt of attempts) {
    const player = await world.connect()
    attempt(player)
    await world.settle()
    codes.push(`${player.last('bye').code} ${player.isClosed}`)
  }
  expect(codes).toEqual([
    'invalid true',
    'invalid true',
    'invalid true',
    'version true',
    'unauthorized true',
    'unauthorized true',
    'too-large true',
  ])
})

test('[RL1] above the number of connections without hello, new ones are ended at once', async () => {
  const world = createRelayWorld({ sessionLimits: { unauthenticatedMax: 2 } })
  await world.greet()
  await world.connect()
  await world.connect()
  const third = await world.connect()
  expect(third.last('bye').code).toBe('rate')
  expect(world.relay.counters.connections).toBe(3)
})

test('[RL2] a message out of turn ends its connection, and no other', async () => {
  const world = createRelayWorld()
  const neighbour = await world.open()
  const attempts: ((player: Player) => void)[] = [
    (player) => player.send({ ...HELLO, token: world.token() }),
    (player) => player.send({ type: 'seen', channel: 2, offset: 0 }),
    (player) => player.send({ type: 'seen', channel: 1, offset: 5 }),
    (player) => void player.openUniverse(),
    (player) => player.sendBytes(Uint8Array.of(0x09, 0)),
    (player) => player.sendBytes(Uint8Array.of(0x0a, 0, 1, 1)),
  ]
  for (const attempt of attempts) {
    const player = await world.open({ identity: 'eve' })
    attempt(player)
    await world.settle()
    expect([player.last('bye').code, player.isClosed]).toEqual(['invalid', true])
  }
  neighbour.push(world.writer().next())
  await world.settle()
  expect(neighbour.all('ack')).toHaveLength(1)
  expect(world.relay.counters).toMatchObject({ connections: 1, sessions: 1, channels: 1 })
})

test('[RL2] in mode fill nothing is written', async () => {
  const world = createRelayWorld()
  await world.open()
  const batch = world.writer().next()
  const attempts: ((player: Player) => void)[] = [
    (player) => player.push(batch),
    (player) => player.send({ type: 'aware', channel: 1, state: Uint8Array.of(1) }),
    (player) => player.send({ type: 'schema', channel: 1, schema: '{}' }),
  ]
  for (const attempt of attempts) {
    const player = await world.open({ open: { mode: 'fill' } })
    player.send({ type: 'heads', channel: 1 })
    await world.settle()
    expect(player.last('heads').heads).toEqual([])
    attempt(player)
    await world.settle()
    expect(player.last('bye').code).toBe('invalid')
  }
})

test('[RL2] claims that no message can carry end the connection that told them, and nothing else', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.greet({ identity: 'b'.repeat(257) })
  expect(bob.last('bye').code).toBe('internal')
  const tables = ['t'.repeat(257)]
  const cid = await world.open({ identity: 'cid', rights: { read: true, write: true, tables } })
  expect(cid.last('bye').code).toBe('internal')
  expect([bob.isClosed, cid.isClosed, ann.isClosed]).toEqual([true, true, false])
  expect(world.relay.counters.sessions).toBe(1)
})

test('[RL2] messages of a later kind are ignored', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  ann.sendBytes(Uint8Array.of(0x99, 1, 2, 3))
  ann.send({ type: 'ping', timeMs: 42 })
  await world.settle()
  expect(ann.last('pong')).toMatchObject({ timeMs: 42 })
})

test('[RL2] a message above its limit is too large', async () => {
  const world = createRelayWorld({ limits: { frameBytesMax: 1000 } })
  const ann = await world.open()
  ann.sendBytes(new Uint8Array(1001))
  await world.settle()
  expect(ann.last('bye').code).toBe('too-large')
})

test('[RL2] silence ends a connection, any message keeps it', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  for (let count = 0; count < 4; count++) {
    await world.settle(RELAY_SILENCE_MS - 100)
    ann.send({ type: 'ping', timeMs: 0 })
    await world.settle()
  }
  expect(ann.isClosed).toBe(false)
  await world.settle(RELAY_SILENCE_MS + 100)
  expect(ann.last('bye').code).toBe('timeout')
})

test('[RL2] an expired token ends the connection, unless it was renewed', async () => {
  const world = createRelayWorld()
  const expiresMs = world.scheduler.now() + 10_000
  const ann = await world.open({ expiresMs })
  const bob = await world.open({ identity: 'bob', expiresMs })
  bob.send({ type: 'renew', token: world.token({ identity: 'bob' }) })
  await world.settle(10_000)
  expect(ann.last('bye').code).toBe('unauthorized')
  expect(bob.isClosed).toBe(false)
  bob.push(world.writer().next())
  await world.settle()
  expect(bob.all('ack')).toHaveLength(1)
})

test('[RL2] a renewal that is bad, or of another identity, ends the connection', async () => {
  const world = createRelayWorld()
  for (const token of ['nonsense', world.token({ identity: 'bob' })]) {
    const ann = await world.open()
    ann.send({ type: 'renew', token })
    await world.settle()
    expect(ann.last('bye').code).toBe('unauthorized')
  }
})

test('[RL3] [RL2] a renewal with fewer rights holds from then on', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  ann.send({ type: 'renew', token: world.token({ rights: { read: true, write: false } }) })
  await world.settle()
  ann.push(writer.next())
  await world.settle()
  expect(ann.last('nack').code).toBe('denied')
  ann.send({ type: 'renew', token: world.token({ rights: { read: false, write: true } }) })
  await world.settle()
  expect(ann.last('refused')).toMatchObject({ channel: 1, code: 'unauthorized' })
  // What crossed the refusal is ignored; the connection stays.
  ann.push(writer.next())
  ann.send({ type: 'ping', timeMs: 1 })
  await world.settle()
  expect([ann.all('pong').length, ann.isClosed]).toEqual([1, false])
})

test('[RL2] a revoked token ends its connections, and what comes after it is not taken', async () => {
  const world = createRelayWorld()
  const ann = await world.open({ tokenId: 'stolen' })
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  ann.push(writer.next())
  await world.settle()
  ann.push(writer.next())
  world.relay.revoke(({ tokenId }) => tokenId === 'stolen')
  await world.settle()
  expect([ann.last('bye').code, ann.isClosed]).toEqual(['unauthorized', true])
  expect([bob.isClosed, bob.entries().length]).toEqual([false, 1])
  expect((await world.store.find(UNIVERSE))?.head).toBe(1)
})

test('[RL2] too many messages end the connection', async () => {
  const world = createRelayWorld({ sessionLimits: { messagesPerSecond: 10 } })
  const ann = await world.open()
  const ping = encodeReplicaMessage({ type: 'ping', timeMs: 0 })
  for (let count = 0; count < 120; count++) ann.sendBytes(ping)
  await world.settle()
  expect(ann.all('pong').length).toBeLessThan(101)
  expect(ann.last('bye')).toMatchObject({ code: 'rate' })
  expect(ann.last('bye').retryAfterMs).toBeGreaterThan(0)
  const steady = await world.open()
  for (let count = 0; count < 120; count++) {
    steady.sendBytes(ping)
    await world.settle(110)
  }
  expect(steady.isClosed).toBe(false)
})

test('a channel closed while it is opened leaves nothing behind', async () => {
  const world = createRelayWorld()
  await world.open()
  const ann = await world.greet()
  void ann.openUniverse()
  ann.send({ type: 'close', channel: 1 })
  await world.settle()
  expect(ann.all('opened')).toEqual([])
  expect(world.relay.counters.channels).toBe(1)
  await ann.openUniverse()
  expect(ann.all('opened')).toHaveLength(1)
})

test('a relay that goes down acknowledges what it took, then says when to come back', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  ann.push(world.writer().next())
  await world.settle(0)
  const down = world.relay.shutdown()
  await world.settle()
  await down
  expect(ann.all('ack')).toHaveLength(1)
  expect(ann.last('bye')).toMatchObject({ code: 'shutting-down' })
  expect(ann.isClosed).toBe(true)
  const late = await world.connect()
  expect(late.last('bye').code).toBe('shutting-down')
  expect(world.relay.counters.sessions).toBe(0)
})

test('events tell what happened, without tokens', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  ann.push(world.writer().next({ base: { epoch: 'ffffffffffffffff' as Epoch, offset: 1 } }))
  ann.push(world.writer(901).next({ hlc: Number.MAX_SAFE_INTEGER - 1 }))
  await world.settle()
  expect(world.events.map(({ kind }) => kind)).toEqual(['hello', 'opened', 'nack'])
  expect(JSON.stringify(world.events)).not.toContain('expiresMs')
})
