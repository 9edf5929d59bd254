/**
 * What strangers, broken programs and bad members send to a relay that runs as it is deployed. After
 * every attack the answer is the one of the protocol, nothing of it is in the log, and somebody else
 * goes on writing and reading as if nothing had been.
 */
import { connect, type Socket } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import {
  createRandom,
  createSegmentWriter,
  type Hash,
  hlcFromMs,
  NO_EPOCH,
  type StreamId,
  ZERO_HASH,
} from '@inner-universe/core'
import { encodeReplicaMessage, sealBatch, type WireBatch } from '@inner-universe/sync'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import {
  connectRaw,
  createRawStream,
  hello,
  insertNote,
  join,
  open,
  push,
  type RawConnection,
  type RawStream,
  testToken,
  wire,
} from './testing/raw-replica.ts'
import {
  createRelayFolder,
  type RelayFolder,
  type RelayProcess,
  runCommand,
} from './testing/relay-process.ts'

// Processes are started, on machines that do other things as well.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const FRAME_BYTES_MAX = 256 * 1024
const CONTENT_BYTES_MAX = 128 * 1024

let folder: RelayFolder
let relay: RelayProcess
let bystander: { readonly connection: RawConnection; readonly stream: RawStream; head: number }
let testCount = 0
/** Of the test under way: nobody else has written to it. */
let universe: string
const connections: RawConnection[] = []

beforeAll(async () => {
  folder = createRelayFolder()
  relay = await folder.start({
    limits: {
      helloTimeoutMs: 500,
      requestTimeoutMs: 500,
      frameBytesMax: FRAME_BYTES_MAX,
      contentBytesMax: CONTENT_BYTES_MAX,
    },
  })
  const stream = createRawStream('bystander')
  const token = await testToken('bystander', { quiet: 'write' })
  const { connection } = await join(relay.url, token, stream.id, { universe: 'quiet' })
  bystander = { connection, stream, head: 0 }
})

afterAll(() => folder.remove())

beforeEach(() => {
  testCount += 1
  universe = `universe ${testCount}`
})

/** Nothing was kept, nobody else noticed. */
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.socket.terminate()
  await expectServing()
})

/** The bystander writes and is acknowledged, at the next offset of its universe. */
async function expectServing(): Promise<void> {
  const { connection, stream } = bystander
  bystander.head += 1
  connection.send(push(stream.batch([insertNote(`n${bystander.head}`, 'still here')])))
  expect(await connection.next('ack')).toMatchObject({ offset: bystander.head })
}

async function expectHead(head: number): Promise<void> {
  const { connection, opened } = await enter('auditor', createRawStream(`auditor ${universe}`).id)
  expect(opened.head).toBe(head)
  connection.socket.terminate()
}

/** A member of the universe of the test, with the universe open. */
async function enter(identity: string, stream: StreamId) {
  const token = await testToken(identity, { [universe]: 'write' })
  const entered = await join(relay.url, token, stream, { universe })
  connections.push(entered.connection)
  return entered
}

async function stranger(): Promise<RawConnection> {
  const connection = await connectRaw(relay.url)
  connections.push(connection)
  return connection
}

async function expectBye(connection: RawConnection, code: string): Promise<void> {
  expect(await connection.next('bye')).toMatchObject({ code })
  expect(await connection.closed).toBe(1000)
}

async function greeted(token: string): Promise<RawConnection> {
  const connection = await stranger()
  connection.send(hello(token))
  await connection.next('welcome')
  return connection
}

test('a batch in the stream of another identity is refused', async () => {
  const ada = createRawStream('ada of forgery')
  const { connection } = await enter('ada', ada.id)
  connection.send(push(ada.batch([insertNote('n1', 'mine')])))
  await connection.next('ack')
  const eve = await enter('eve', createRawStream('eve').id)
  const forged = ada.batch([insertNote('n2', 'hers')], { isKept: false })
  eve.connection.send(push(forged))
  expect(await eve.connection.next('nack')).toMatchObject({ code: 'fork', stream: ada.id, seq: 2 })
  await expectHead(1)
  // And the stream goes on where it was.
  connection.send(push(ada.batch([insertNote('n3', 'mine again')])))
  expect(await connection.next('ack')).toMatchObject({ seq: 2, offset: 2 })
})

test('a batch that is sent again is acknowledged again and kept once', async () => {
  const ada = createRawStream('ada of repetition')
  const { connection } = await enter('ada', ada.id)
  const batch = ada.batch([insertNote('n1', 'once')])
  for (let times = 0; times < 3; times++) connection.send(push(batch))
  for (let times = 0; times < 3; times++) {
    expect(await connection.next('ack')).toMatchObject({ offset: 1, hash: batch.hash })
  }
  await expectHead(1)
})

test('a stream that is continued in two ways is a fork', async () => {
  const ada = createRawStream('ada of forks')
  const { connection } = await enter('ada', ada.id)
  connection.send(push(ada.batch([insertNote('n1', 'one')])))
  await connection.next('ack')
  const other = ada.batch([insertNote('n1', 'other')], {
    firstSeq: 1,
    previous: ZERO_HASH,
    isKept: false,
  })
  connection.send(push(other))
  expect(await connection.next('nack')).toMatchObject({ code: 'fork', seq: 1 })
  const unchained = ada.batch([insertNote('n2', 'x')], { previous: other.hash, isKept: false })
  connection.send(push(unchained))
  expect(await connection.next('nack')).toMatchObject({ code: 'fork', seq: 2 })
  const ahead = ada.batch([insertNote('n9', 'x')], { firstSeq: 9, isKept: false })
  connection.send(push(ahead))
  expect(await connection.next('nack')).toMatchObject({ code: 'gap', seq: 2 })
  await expectHead(1)
})

test('a clock from the future is refused with the time it is', async () => {
  const ada = createRawStream('ada of tomorrow')
  const { connection } = await enter('ada', ada.id)
  const startMs = Date.now()
  connection.send(push(ada.batch([insertNote('n1', 'x')], { nowMs: startMs + 3_600_000 })))
  const nack = await connection.next('nack')
  expect(nack.code).toBe('clock')
  expect(nack.timeMs).toBeGreaterThanOrEqual(startMs)
  expect(nack.timeMs).toBeLessThan(startMs + 60_000)
  await expectHead(0)
})

test('a base beyond the log is refused', async () => {
  const ada = createRawStream('ada of bases')
  const { connection, opened } = await enter('ada', ada.id)
  const base = { epoch: opened.epoch, offset: 7 }
  connection.send(push(ada.batch([insertNote('n1', 'x')], { base, isKept: false })))
  expect(await connection.next('nack')).toMatchObject({ code: 'invalid' })
  await expectHead(0)
})

test('a clock that does not rise within a stream is refused', async () => {
  const ada = createRawStream('ada of yesterday')
  const { connection } = await enter('ada', ada.id)
  const first = ada.batch([insertNote('n1', 'x')])
  connection.send(push(first))
  await connection.next('ack')
  const writer = createSegmentWriter({ stream: ada.id, schemaVersion: 1, firstSeq: 2 })
  const hlc = hlcFromMs(Date.now() - 60_000)
  writer.append({ hlc, reducer: 'write', operations: [insertNote('n2', 'x')] })
  const late = sealBatch({
    stream: ada.id,
    firstSeq: 2,
    deltaCount: 1,
    previous: first.hash,
    base: { epoch: NO_EPOCH, offset: 0 },
    schemaVersion: 1,
    firstHlc: hlc,
    lastHlc: hlc,
    origins: [],
    content: writer.finish(),
  })
  connection.send(push(late))
  expect(await connection.next('nack')).toMatchObject({ code: 'invalid', seq: 2 })
  await expectHead(1)
})

test('a batch whose content is not what its header says is refused', async () => {
  const ada = createRawStream('ada of lies')
  const { connection } = await enter('ada', ada.id)
  const one = ada.batch([insertNote('n1', 'x')], { isKept: false })
  const two = ada.batch([insertNote('n1', 'x'), insertNote('n2', 'y')], { isKept: false })
  const squeezed = deflateRawSync(new Uint8Array(one.content.length))
  const deflate = { header: one.header, encoding: 'deflate', body: squeezed } as const
  const lies: readonly WireBatch[] = [
    { ...wire(one), body: two.content, contentBytes: two.content.length },
    { ...wire(one), body: one.content.subarray(0, -1), contentBytes: one.content.length - 1 },
    { ...wire(one), body: new Uint8Array(one.content.length) },
    { ...wire(one), header: one.header.subarray(0, 5) },
    { ...deflate, contentBytes: one.content.length },
    { ...deflate, contentBytes: one.content.length + 1 },
    { ...deflate, contentBytes: one.content.length, body: Uint8Array.of(0xff, 0xff) },
  ]
  for (const batch of lies) {
    const each = await enter('ada', ada.id)
    each.connection.send({ type: 'push', channel: 1, batch })
    expect(await each.connection.next('nack')).toMatchObject({ code: 'invalid' })
    each.connection.socket.terminate()
  }
  connection.socket.terminate()
  await expectHead(0)
})

test('a body that inflates beyond its size or the limit is not inflated', async () => {
  const ada = createRawStream('ada of bombs')
  const { connection } = await enter('ada', ada.id)
  const { header } = ada.batch([insertNote('n1', 'x')], { isKept: false })
  const body = deflateRawSync(new Uint8Array(100 * 1024 * 1024))
  expect(body.length).toBeLessThan(CONTENT_BYTES_MAX)
  const bomb = (contentBytes: number) =>
    connection.send({
      type: 'push',
      channel: 1,
      batch: { header, contentBytes, encoding: 'deflate', body },
    })
  bomb(body.length + 1)
  expect(await connection.next('nack')).toMatchObject({ code: 'invalid' })
  bomb(CONTENT_BYTES_MAX)
  expect(await connection.next('nack')).toMatchObject({ code: 'invalid' })
  bomb(CONTENT_BYTES_MAX + 1)
  expect(await connection.next('nack')).toMatchObject({ code: 'too-large' })
  await expectHead(0)
})

test('a frame above the limit ends its connection', async () => {
  const { connection } = await enter('ada', createRawStream('ada of frames').id)
  connection.sendBytes(new Uint8Array(FRAME_BYTES_MAX + 1))
  expect(await connection.closed).toBe(1009)
  await expectHead(0)
})

test('a stranger may send little before it has said who it is', async () => {
  const whole = await stranger()
  whole.sendBytes(new Uint8Array(17 * 1024))
  await expectBye(whole, 'too-large')
  // As one message that never ends, in a frame that claims to be allowed.
  const endless = await stranger()
  const raw = (endless.socket as unknown as { _socket: Socket })._socket
  raw.on('error', () => undefined)
  raw.write(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0))
  const close = endless.closed
  for (let part = 0; part < 12; part++) raw.write(new Uint8Array(4096))
  expect(await close).toBe(1006)
})

test('a token that is wrong, expired or of another relay opens nothing', async () => {
  const [header, payload, signature] = (await testToken('eve', { '*': 'write' })).split('.')
  const tokens = [
    '',
    'not a token',
    await testToken('eve', { '*': 'write' }, { expiresMs: Date.now() - 60_000 }),
    await testToken(
      'eve',
      { '*': 'write' },
      { secret: 'the secret of another relay, just as long' },
    ),
    `${header}.${payload}.`,
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    `${header}.${Buffer.from('{"sub":"ada"}').toString('base64url')}.${signature}`,
  ]
  for (const token of tokens) {
    const connection = await stranger()
    connection.send(hello(token))
    await expectBye(connection, 'unauthorized')
  }
  expect(relay.log()).not.toContain(payload)
})

test('a token of one universe opens no other, and one that reads does not write', async () => {
  const mine = await greeted(await testToken('eve', { 'of eve': 'write' }))
  const { id } = createRawStream('eve elsewhere')
  mine.send(open(id, { universe }))
  expect(await mine.next('refused')).toMatchObject({ code: 'unauthorized' })

  const owner = await enter('ada', createRawStream('ada of rights').id)
  const readOnly = await greeted(await testToken('eve', { [universe]: 'read' }))
  const eve = createRawStream('eve who reads')
  readOnly.send(open(eve.id, { universe }))
  expect((await readOnly.next('opened')).rights).toMatchObject({ read: true, write: false })
  readOnly.send(push(eve.batch([insertNote('n1', 'x')])))
  expect(await readOnly.next('nack')).toMatchObject({ code: 'denied' })
  owner.connection.socket.terminate()
  await expectHead(0)
})

test('a universe that is not there is not made by who may only read', async () => {
  const reader = await greeted(await testToken('eve', { [universe]: 'read' }))
  reader.send(open(createRawStream('eve of nowhere').id, { universe }))
  expect(await reader.next('refused')).toMatchObject({ code: 'unauthorized' })
})

test('a member who is revoked is out at once, and does not come back', async () => {
  const mallory = createRawStream('mallory')
  const { connection } = await enter('mallory', mallory.id)
  connection.send(push(mallory.batch([insertNote('n1', 'before')])))
  await connection.next('ack')
  const revoked = await runCommand([
    'revoke',
    '--config',
    `${folder.path}/relay.json`,
    '--identity',
    'mallory',
  ])
  expect(revoked).toMatchObject({ code: 0 })
  // In flight: sent before the relay has read the list, or after. Never later than the bye.
  const bye = connection.next('bye')
  expect(await bye).toMatchObject({ code: 'unauthorized' })
  connection.socket.terminate()
  const again = await stranger()
  again.send(hello(await testToken('mallory', { [universe]: 'write' })))
  await expectBye(again, 'unauthorized')
  await expectHead(1)
})

test('what is no message ends its connection, and what later versions may send does not', async () => {
  const token = await testToken('ada', { [universe]: 'write' })
  const unknown = await greeted(token)
  unknown.sendBytes(Uint8Array.of(0x7e, 0))
  await expectBye(unknown, 'invalid')
  const later = await greeted(token)
  later.sendBytes(Uint8Array.of(0xfe, 0, 1, 2, 3))
  later.send({ type: 'ping', timeMs: 5 })
  expect(await later.next('pong')).toMatchObject({ timeMs: 5 })
  const text = await greeted(token)
  text.socket.send('hello')
  expect(await text.closed).toBe(1003)
})

test('messages out of turn end their connection', async () => {
  const token = await testToken('ada', { [universe]: 'write' })
  const { id } = createRawStream('ada out of turn')
  const early = await stranger()
  early.send(open(id))
  await expectBye(early, 'invalid')
  const twice = await greeted(token)
  twice.send(hello(token))
  await expectBye(twice, 'invalid')
  const nowhere = await greeted(token)
  nowhere.send({ type: 'seen', channel: 3, offset: 1 })
  await expectBye(nowhere, 'invalid')
})

test('another version of the protocol, or another protocol, is told so', async () => {
  const connection = await stranger()
  connection.send({ type: 'hello', versions: [99], token: '', timeMs: 0, agent: 'future' })
  await expectBye(connection, 'version')
  await expect(connectRaw(relay.url, { protocol: 'graphql-ws' })).rejects.toThrow('status 400')
})

test('a page of an origin that is not allowed cannot connect', async () => {
  await expect(connectRaw(relay.url, { origin: 'https://evil.example' })).rejects.toThrow(
    'status 403',
  )
  const local = await connectRaw(relay.url, { origin: 'http://localhost:5173' })
  local.socket.terminate()
})

test('who connects and says nothing is not waited for', async () => {
  const silent = await stranger()
  await expectBye(silent, 'timeout')
  expect(await answerTo('GET / HTTP/1.1\r\nhost: x\r\nx-slow: ')).toContain('408')
  expect(await answerTo('GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n1')).not.toBe('')
})

test('a wrong HTTP request is refused as one', async () => {
  expect(await answerTo('\x16\x03\x01\x02\x00\x01\x00')).toContain('400')
  expect(await answerTo(`GET /${'a'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`)).toContain('431')
})

test('random bytes are refused and harm nobody', async () => {
  const token = await testToken('noise', { [universe]: 'write' })
  const { id } = createRawStream('noise')
  const seeds = [...encodeReplicaMessage(open(id, { universe }))]
  for (let seed = 0; seed < 60; seed++) {
    const random = createRandom(Uint8Array.of(seed))
    const connection = await greeted(token)
    // Noise alone, and a message with a few bytes of it changed.
    const bytes =
      seed % 2 === 0
        ? random.bytes(random.integer(1, 300))
        : Uint8Array.from(seeds, (byte) => (random.next() < 0.05 ? random.integer(0, 255) : byte))
    connection.sendBytes(bytes)
    connection.send({ type: 'ping', timeMs: seed })
    const answer = await Promise.race([connection.next('pong'), connection.closed])
    expect(answer).toBeDefined()
    connection.socket.terminate()
    await connection.closed
  }
  expect(relay.process.exitCode).toBeNull()
})

test('images and chunks are for those who may read', async () => {
  const chunk = '0'.repeat(32) as Hash
  const get = (path: string, token?: string) =>
    fetch(`${relay.httpUrl}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  const paths = [`/v1/chunks/${chunk}`, `/v1/universes/home/images/${chunk}`, '/v1/status']
  for (const path of paths) {
    expect((await get(path)).status).toBe(401)
    expect((await get(path, 'nonsense')).status).toBe(401)
    expect((await get(path, await testToken('eve', { elsewhere: 'write' }))).status).toBe(404)
  }
  expect((await get('/v1/universes/../../etc/passwd')).status).toBe(404)
  expect((await get('/v1/universes/%ff/images/00000000000000000000000000000000')).status).toBe(404)
  expect((await get('/v1/dev/token')).status).toBe(404)
})

/** Everything a raw TCP connection is answered, once the relay has ended it. */
function answerTo(request: string): Promise<string> {
  const { hostname, port } = new URL(relay.httpUrl)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(request, 'latin1'))
    socket.on('data', (part) => {
      text += part.toString('latin1')
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}
