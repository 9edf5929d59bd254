/** The protocols of ordinary Yjs clients, spoken by those clients themselves. */
import { UniverseError } from '@inner-universe/core'
import {
  createEncoder,
  toUint8Array,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding'
import { afterEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { claims } from '../testing/memory-documents.ts'
import {
  type MemoryServer,
  type MemoryServerLimits,
  startMemoryServer,
} from '../testing/memory-server.ts'
import {
  connectHocuspocus,
  connectHocuspocusSocket,
  connectSocket,
  connectYWebsocket,
} from '../testing/yjs-clients.ts'

vi.setConfig({ testTimeout: 20_000 })

const NAME = 'home/note/1/body'
const ADDRESS = { table: 'note', row: '1', document: 'body' }
const ends: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  vi.restoreAllMocks()
})

async function start(limits: MemoryServerLimits = {}): Promise<MemoryServer> {
  const server = await startMemoryServer(limits)
  server.desk.tokens.set('ada', claims('ada')).set('bob', claims('bob'))
  server.desk.tokens.set('reader', claims('reader', 'read'))
  ends.push(() => server.close())
  return server
}

function use<T extends { destroy(): void }>(client: T): T {
  ends.push(() => client.destroy())
  return client
}

const until = (check: () => unknown): Promise<unknown> =>
  vi.waitUntil(check, { timeout: 10_000, interval: 5 })

const textOf = (doc: Y.Doc): string => doc.getText('content').toString()
const write = (doc: Y.Doc, text: string): void => doc.getText('content').insert(0, text)

/** Clients of both protocols, which are to behave alike. */
const PROTOCOLS = [
  {
    protocol: 'y-websocket',
    connect: (url: string, token: string, doc?: Y.Doc) =>
      use(connectYWebsocket(url, NAME, token, doc)),
  },
  {
    protocol: 'hocuspocus',
    connect: (url: string, token: string, doc?: Y.Doc) =>
      use(connectHocuspocus(url, NAME, token, doc === undefined ? {} : { doc })),
  },
] as const

for (const { protocol, connect } of PROTOCOLS) {
  test(`[YC6] ${protocol}: what one client writes reaches the other, and who comes later`, async () => {
    const { url, desk } = await start()
    const [ada, bob] = [connect(url, 'ada'), connect(url, 'bob')]
    await until(() => ada.provider.synced && bob.provider.synced)
    write(ada.doc, 'one ')
    write(bob.doc, 'two ')
    await until(() => textOf(ada.doc).length === 8 && textOf(ada.doc) === textOf(bob.doc))
    const late = connect(url, 'ada')
    await until(() => textOf(late.doc) === textOf(ada.doc))
    const document = desk.document(ADDRESS)
    expect(document?.appends.map(({ identity }) => identity).sort()).toEqual(['ada', 'bob'])
  })

  test(`[YC6] ${protocol}: what is written before the connection is kept once`, async () => {
    const { url, desk } = await start()
    const doc = new Y.Doc()
    write(doc, 'written offline')
    const first = connect(url, 'ada', doc)
    await until(() => desk.document(ADDRESS)?.appends.length === 1)
    expect(textOf(desk.document(ADDRESS)?.doc as Y.Doc)).toBe('written offline')
    first.destroy()
    // Coming back it tells all it has, of which nothing is new.
    const again = connect(url, 'ada', doc)
    await until(() => again.provider.synced)
    write(again.doc, 'new ')
    await until(() => desk.document(ADDRESS)?.appends.length === 2)
    expect(textOf(desk.document(ADDRESS)?.doc as Y.Doc)).toBe('new written offline')
  })

  test(`[YC5] [YC8] ${protocol}: nobody is told before it is kept`, async () => {
    const { url, desk } = await start()
    const [ada, bob] = [connect(url, 'ada'), connect(url, 'bob')]
    await until(() => ada.provider.synced && bob.provider.synced)
    const document = desk.document(ADDRESS)
    if (document === undefined) throw new Error('it is open')
    const gate = Promise.withResolvers<void>()
    document.gate = gate.promise
    write(ada.doc, 'a')
    write(ada.doc, 'b')
    write(ada.doc, 'c')
    // Another document of the same client goes on: the silence of this one is its own.
    const other = use(connectYWebsocket(url, 'home/note/2/body', 'bob'))
    await until(() => other.provider.synced)
    expect(textOf(bob.doc)).toBe('')
    expect(document.appends).toEqual([])
    document.gate = undefined
    gate.resolve()
    await until(() => textOf(bob.doc) === 'cba')
    // What came while the first was being kept is one update.
    expect(document.appends.length).toBe(2)
  })

  test(`[YC12] ${protocol}: states of clients are told, and end with their connection`, async () => {
    const { url } = await start()
    const [ada, bob] = [connect(url, 'ada'), connect(url, 'bob')]
    await until(() => ada.provider.synced && bob.provider.synced)
    ada.provider.awareness?.setLocalStateField('user', { name: 'Ada' })
    const { clientID } = ada.doc
    await until(() => bob.provider.awareness?.getStates().get(clientID)?.user?.name === 'Ada')
    const late = connect(url, 'bob')
    await until(() => late.provider.awareness?.getStates().has(clientID))
    ada.destroy()
    await until(() => bob.provider.awareness?.getStates().has(clientID) === false)
  })

  test(`[YC3] ${protocol}: a token that only reads is told everything and writes nothing`, async () => {
    const { url, desk } = await start()
    const [ada, reader] = [connect(url, 'ada'), connect(url, 'reader')]
    await until(() => ada.provider.synced && reader.provider.synced)
    write(reader.doc, 'mine')
    write(ada.doc, 'ours')
    await until(() => textOf(reader.doc).includes('ours'))
    expect(textOf(ada.doc)).toBe('ours')
    expect(desk.document(ADDRESS)?.appends.length).toBe(1)
  })

  test(`[YC10] ${protocol}: when the connection ends, what it sent is kept and the document given back`, async () => {
    const { url, desk } = await start({ gatherMs: 50 })
    const ada = connect(url, 'ada')
    await until(() => ada.provider.synced)
    for (const text of ['1', '2', '3']) write(ada.doc, text)
    ada.destroy()
    await until(() => desk.document(ADDRESS)?.leaseCount === 0)
    expect(textOf(desk.document(ADDRESS)?.doc as Y.Doc)).toBe('321')
  })
}

test('[YC2] y-websocket: a token that is not accepted ends the client for good', async () => {
  const { url } = await start()
  const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  const client = use(connectYWebsocket(url, NAME, 'nobody'))
  client.provider.on('closed', (closing) => closed.resolve(closing))
  expect(await closed.promise).toEqual({ code: 4401, reason: 'the token is not known' })
  expect(client.provider.shouldConnect).toBe(false)
  expect(warned.mock.calls[0]?.[0]).toContain('the token is not known')
})

test('[YC1] y-websocket: a document that is not there is told so', async () => {
  const { url } = await start()
  for (const name of ['home/other/1/body', 'elsewhere/note/1/body', 'home/note', '%zz/a/b/c']) {
    const { closed } = await connectSocket(`${url}/v1/y/${name}?token=ada`)
    expect((await closed).code).toBe(4404)
  }
})

test('[YC3] y-websocket: a refused update is told, and reading goes on', async () => {
  const { url } = await start()
  const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const reader = use(connectYWebsocket(url, NAME, 'reader'))
  await until(() => reader.provider.synced)
  write(reader.doc, 'x')
  await until(() => warned.mock.calls.length > 0)
  expect(warned.mock.calls[0]?.[0]).toContain('the token may not write')
  expect(reader.provider.wsconnected).toBe(true)
})

test('[YC3] rights by table are those of the table of updates', async () => {
  const { url, desk } = await start()
  desk.tokens.set('tables', claims('tables', ['note_document']))
  desk.tokens.set('others', claims('others', ['note']))
  const tables = use(connectYWebsocket(url, NAME, 'tables'))
  await until(() => tables.provider.synced)
  write(tables.doc, 'yes')
  await until(() => desk.document(ADDRESS)?.appends.length === 1)
  const others = use(connectHocuspocus(url, NAME, 'others'))
  await until(() => others.provider.authorizedScope === 'readonly')
})

test('[YC5] an update that cannot be kept ends the session, and is not told', async () => {
  const { url, desk } = await start()
  const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const [ada, bob] = [
    use(connectYWebsocket(url, NAME, 'ada')),
    use(connectYWebsocket(url, NAME, 'bob')),
  ]
  await until(() => ada.provider.synced && bob.provider.synced)
  const document = desk.document(ADDRESS)
  if (document === undefined) throw new Error('it is open')
  document.fault = new UniverseError('table/row-not-found', 'the note is gone')
  const closed = Promise.withResolvers<{ code: number }>()
  ada.provider.on('closed', (closing) => closed.resolve(closing))
  write(ada.doc, 'x')
  expect((await closed.promise).code).toBe(4404)
  expect(textOf(bob.doc)).toBe('')
  expect(warned).toHaveBeenCalled()
})

test('[YC7] hocuspocus: what was kept is settled, what was not is not', async () => {
  const { url, desk } = await start()
  const ada = use(connectHocuspocus(url, NAME, 'ada'))
  await until(() => ada.provider.synced && !ada.provider.hasUnsyncedChanges)
  const document = desk.document(ADDRESS)
  if (document === undefined) throw new Error('it is open')
  const gate = Promise.withResolvers<void>()
  document.gate = gate.promise
  write(ada.doc, 'a')
  write(ada.doc, 'b')
  expect(ada.provider.unsyncedChanges).toBe(2)
  gate.resolve()
  await until(() => !ada.provider.hasUnsyncedChanges)
  const reader = use(connectHocuspocus(url, NAME, 'reader'))
  await until(() => reader.provider.synced && !reader.provider.hasUnsyncedChanges)
  expect(reader.provider.authorizedScope).toBe('readonly')
  write(reader.doc, 'c')
  write(ada.doc, 'd')
  await until(() => textOf(reader.doc).includes('d'))
  expect(reader.provider.hasUnsyncedChanges).toBe(true)
})

test('[YC2] hocuspocus: one connection has several documents, and is refused one alone', async () => {
  const { url, desk } = await start()
  const socket = use(connectHocuspocusSocket(url))
  const first = use(connectHocuspocus(url, NAME, 'ada', { socket }))
  const second = use(connectHocuspocus(url, 'home/note/2/body', 'ada', { socket }))
  const failed = vi.fn()
  use(
    connectHocuspocus(url, 'home/other/1/body', 'ada', { socket, onAuthenticationFailed: failed }),
  )
  use(
    connectHocuspocus(url, 'home/note/3/body', 'nobody', {
      socket,
      onAuthenticationFailed: failed,
    }),
  )
  await until(
    () => first.provider.synced && second.provider.synced && failed.mock.calls.length === 2,
  )
  expect(failed.mock.calls.map(([{ reason }]) => reason).sort()).toEqual([
    'the token is not known',
    'there is no other here',
  ])
  write(first.doc, 'first')
  write(second.doc, 'second')
  await until(() => desk.document({ ...ADDRESS, row: '2' })?.appends.length === 1)
  first.provider.detach()
  await until(() => desk.document(ADDRESS)?.leaseCount === 0)
  write(second.doc, 'again ')
  await until(() => desk.document({ ...ADDRESS, row: '2' })?.appends.length === 2)
})

test('[YC1] hocuspocus: two providers of one document share a connection by their sessions', async () => {
  const { url } = await start()
  const socket = use(connectHocuspocusSocket(url))
  const name = `${NAME}\0a`
  const [one, two] = [
    use(connectHocuspocus(url, name, 'ada', { socket })),
    use(connectHocuspocus(url, `${NAME}\0b`, 'bob', { socket })),
  ]
  await until(() => one.provider.synced && two.provider.synced)
  write(one.doc, 'x')
  await until(() => textOf(two.doc) === 'x')
})

test('[YC4] hocuspocus: another token is asked for before the first ends', async () => {
  const { url, desk } = await start()
  desk.tokens.set('short', claims('ada', 'write', Date.now() + 30_100))
  const tokens = ['short', 'ada']
  const asked: string[] = []
  const client = use(
    connectHocuspocus(url, NAME, () => {
      asked.push(tokens.shift() ?? 'ada')
      return asked.at(-1) as string
    }),
  )
  await until(() => client.provider.synced)
  await until(() => asked.length === 2)
  expect(asked).toEqual(['short', 'ada'])
  write(client.doc, 'x')
  await until(() => desk.document(ADDRESS)?.appends.length === 1)
})

test('[YC4] a token that ends, or is revoked, ends its clients', async () => {
  const { url, desk, endpoint } = await start()
  desk.tokens.set('short', claims('short', 'write', Date.now() + 150))
  const short = await connectSocket(`${url}/v1/y/${NAME}?token=short`)
  expect(await short.closed).toEqual({ code: 4401, reason: 'the token has expired' })
  const ada = await connectSocket(`${url}/v1/y/${NAME}?token=ada`)
  const bob = use(connectHocuspocus(url, NAME, 'bob'))
  const failed = vi.fn()
  bob.provider.on('authenticationFailed', failed)
  await until(() => bob.provider.synced && ada.messages.length > 0)
  endpoint.revoke(({ identity }) => identity === 'ada' || identity === 'bob')
  expect(await ada.closed).toEqual({ code: 4401, reason: 'the token was revoked' })
  await until(() => failed.mock.calls.length === 1)
  await until(() => desk.document(ADDRESS)?.leaseCount === 0)
})

/** A message by hand: numbers, texts and bytes. */
function message(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  const encoder = createEncoder()
  for (const part of parts) {
    if (typeof part === 'number') writeVarUint(encoder, part)
    else if (typeof part === 'string') writeVarString(encoder, part)
    else writeVarUint8Array(encoder, part)
  }
  return toUint8Array(encoder)
}

const HUGE = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])

/** What no client sends: it ends the connection with a code, and nothing of it is kept. */
const HOSTILE: readonly (readonly [string, Uint8Array, number])[] = [
  ['nothing', new Uint8Array(), 4400],
  ['an unknown type', message(77), 4400],
  ['a type that is cut off', new Uint8Array([0x80]), 4400],
  ['an unknown step', message(0, 9, new Uint8Array()), 4400],
  ['bytes that are not there', new Uint8Array([0, 2, 200, 1]), 4400],
  ['a length beyond any memory', new Uint8Array([0, 2, ...HUGE]), 4400],
  ['an update that is none', message(0, 2, new Uint8Array([1, 2, 3, 4, 5])), 4400],
  ['an update of more structs than bytes', message(0, 2, new Uint8Array([1, ...HUGE, 1, 0])), 4400],
  ['a state vector that is none', message(0, 0, new Uint8Array([9])), 4400],
  ['an update that is too large', message(0, 2, new Uint8Array(150_000)), 4413],
  ['awareness that is none', message(1, new Uint8Array([3, 1])), 4400],
  ['awareness that is no JSON', message(1, message(1, 7, 1, '{"a":')), 4400],
  ['awareness that is too large', message(1, message(1, 7, 1, `"${'x'.repeat(5000)}"`)), 4413],
  ['awareness with more behind it', message(1, message(0, 1)), 4400],
  ['a frame that is too large', new Uint8Array(300_000), 1009],
]

for (const [what, bytes, code] of HOSTILE) {
  test(`[YC14] hostile bytes: ${what}`, async () => {
    const { url, desk, faults } = await start()
    const bystander = use(connectYWebsocket(url, NAME, 'bob'))
    await until(() => bystander.provider.synced)
    const plain = await connectSocket(`${url}/v1/y/${NAME}?token=ada`)
    plain.socket.send(bytes)
    expect((await plain.closed).code).toBe(code)
    if (bytes.length > 0) {
      const named = await connectSocket(`${url}/v1/hocuspocus`)
      named.socket.send(message(NAME, 2, 0, 'ada'))
      named.socket.send(Buffer.concat([message(NAME), bytes]))
      expect((await named.closed).code).toBe(code)
    }
    expect(desk.document(ADDRESS)?.appends).toEqual([])
    expect(faults).toEqual([])
    await until(() => desk.document(ADDRESS)?.leaseCount === 1)
    write(bystander.doc, 'still here')
    await until(() => desk.document(ADDRESS)?.appends.length === 1)
  })
}

test('[YC15] a stranger is not listened to for long', async () => {
  const { url, endpoint } = await start({ frameBytesMax: 10_000_000 })
  const stranger = await connectSocket(`${url}/v1/hocuspocus`)
  stranger.socket.send(new Uint8Array(1_000_000))
  expect((await stranger.closed).code).toBe(1006)
  await until(() => endpoint.connectionCount === 0)
})

test('[YC14] [YC15] a text frame, and a stranger who says nothing, are ended', async () => {
  const { url } = await start({ helloTimeoutMs: 100 })
  const texting = await connectSocket(`${url}/v1/y/${NAME}?token=ada`)
  texting.socket.send('hello')
  expect((await texting.closed).code).toBe(1003)
  const stranger = await connectSocket(`${url}/v1/hocuspocus`)
  expect((await stranger.closed).code).toBe(4508)
})

test('[YC16] a client that does not read is ended, the others go on', async () => {
  const { url, desk } = await start({ bufferedBytesMax: 50_000, updateBytesMax: 150_000 })
  const slow = await connectSocket(`${url}/v1/y/${NAME}?token=bob`)
  await until(() => slow.messages.length > 0)
  slow.socket.pause()
  const ada = use(connectYWebsocket(url, NAME, 'ada'))
  const reader = use(connectYWebsocket(url, NAME, 'reader'))
  await until(() => ada.provider.synced && reader.provider.synced)
  let written = 0
  // As much as the system's own buffers hold, and then some.
  for (; written < 300 && desk.document(ADDRESS)?.leaseCount === 3; written++) {
    write(ada.doc, 'x'.repeat(100_000))
    await until(() => (desk.document(ADDRESS)?.appends.length ?? 0) > written)
  }
  expect(desk.document(ADDRESS)?.leaseCount).toBe(2)
  await until(() => textOf(reader.doc).length === written * 100_000)
  slow.socket.resume()
  expect((await slow.closed).code).toBe(4508)
})

test('[YC15] silence is broken by the server, and a client that died is ended', async () => {
  const { url, desk } = await start({ silenceMs: 300 })
  const client = await connectSocket(`${url}/v1/y/${NAME}?token=ada`)
  await until(() => client.messages.length > 3)
  // It answers no ping any more.
  client.socket.pause()
  await until(() => desk.document(ADDRESS)?.leaseCount === 0)
})

test('[YC10] a server that stops keeps what was sent and says that it goes', async () => {
  const server = await start({ gatherMs: 50 })
  const ada = use(connectYWebsocket(server.url, NAME, 'ada'))
  await until(() => ada.provider.synced)
  for (const text of ['1', '2', '3']) write(ada.doc, text)
  await until(() => (server.desk.document(ADDRESS)?.appends.length ?? 0) > 0)
  const codes: number[] = []
  ada.provider.on('connection-close', (event) => codes.push(event?.code ?? 0))
  await server.endpoint.close()
  expect(textOf(server.desk.document(ADDRESS)?.doc as Y.Doc)).toBe('321')
  await until(() => codes.includes(1001))
})
