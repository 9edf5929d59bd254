/** Ordinary Yjs clients and replicas with editors, on documents of a relay that runs as it is deployed. */
import { cpSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import type * as Y from 'yjs'
import type { RelayConfigInput } from '../config.ts'
import { type NativeReplica, newerNotes, startNativeReplica } from '../testing/native-replica.ts'
import { testToken } from '../testing/raw-replica.ts'
import {
  createRelayFolder,
  type RelayFolder,
  type RelayProcess,
  runCommand,
  TEST_SECRET,
} from '../testing/relay-process.ts'
import { connectHocuspocus, connectSocket, connectYWebsocket } from '../testing/yjs-clients.ts'
import { createToken } from '../tokens.ts'

// Processes are started, on machines that do other things as well.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const BODY = 'home/note/first/body'
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
  vi.restoreAllMocks()
})

interface World {
  readonly folder: RelayFolder
  readonly relay: RelayProcess
  readonly owner: NativeReplica
  readonly token: string
}

/** A relay with the universe `home`, in which there is the note `first`. */
async function start(
  config: RelayConfigInput = {},
  files: Readonly<Record<string, string>> = {},
): Promise<World> {
  const folder = createRelayFolder()
  ends.push(() => folder.remove())
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text)
  const relay = await folder.start(config)
  const token = await testToken('owner')
  const owner = startNativeReplica({ url: relay.url, token })
  ends.push(() => owner.close())
  owner.call('add', { key: 'first' })
  await until(() => owner.isSettled())
  return { folder, relay, owner, token }
}

function use<T extends { destroy(): void }>(client: T): T {
  ends.push(() => client.destroy())
  return client
}

const until = (check: () => unknown): Promise<unknown> =>
  vi.waitUntil(check, { timeout: 30_000, interval: 10 })

const textOf = (doc: Y.Doc): string => doc.getText('content').toString()
const write = (doc: Y.Doc, text: string, at = 0): void => doc.getText('content').insert(at, text)

/** Words one by one, each with a space, which are counted by. */
async function type(doc: Y.Doc, word: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    write(doc, `${word}${index} `)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

const wordsOf = (doc: Y.Doc): number => textOf(doc).split(' ').length - 1

test('[YC6] [YC19] clients of every kind write one document at once, one of them offline for a while', async () => {
  const { relay, owner, token } = await start()
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  const bob = use(connectYWebsocket(relay.url, BODY, await testToken('bob')))
  const eve = use(connectHocuspocus(relay.url, BODY, await testToken('eve')))
  const editor = await owner.open('first')
  const docs = [ada.doc, bob.doc, eve.doc, editor.doc]
  await until(() => ada.provider.synced && bob.provider.synced && eve.provider.synced)
  bob.provider.disconnect()
  owner.setOnline(false)
  await Promise.all(docs.map((doc, index) => type(doc, `abcd`[index] as string, 20)))
  bob.provider.connect()
  owner.setOnline(true)
  await Promise.all(docs.map((doc, index) => type(doc, `ABCD`[index] as string, 10)))
  await until(() =>
    docs.every((doc) => textOf(doc) === textOf(docs[0] as Y.Doc) && textOf(doc) !== ''),
  )
  await until(() => docs.every((doc) => wordsOf(doc) === 120))
  expect(new Set(docs.map(textOf)).size).toBe(1)
  await until(() => !eve.provider.hasUnsyncedChanges)
  // Whoever joins later finds the same, without any of them.
  await until(() => owner.isSettled())
  const late = startNativeReplica({
    url: relay.url,
    token: await testToken('late'),
    identity: 'late',
  })
  ends.push(() => late.close())
  await until(() => late.isSettled() && late.engine.get('note', 'first') !== undefined)
  expect(textOf((await late.open('first')).doc)).toBe(textOf(ada.doc))
  expect(token).not.toBe('')
})

test('[YC13] cursors are seen by clients of every kind', async () => {
  const { relay, owner } = await start()
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  const eve = use(connectHocuspocus(relay.url, BODY, await testToken('eve')))
  await until(() => ada.provider.synced && eve.provider.synced)
  const key = JSON.stringify(['note', 'first', 'body'])
  owner.say({ 'documents/tab': { [key]: [4711, 1, { user: 'Owner' }] } })
  for (const { provider } of [ada, eve]) {
    await until(() => provider.awareness?.getStates().get(4711)?.user === 'Owner')
  }
  ada.provider.awareness.setLocalStateField('user', 'Ada')
  const entry = `documents/${ada.doc.clientID}`
  const heard = (): unknown =>
    [...owner.heard.values()]
      .map((state) => (state as Record<string, unknown>)[entry])
      .find(Boolean)
  await until(() => heard())
  expect(heard()).toEqual({ [key]: [ada.doc.clientID, expect.any(Number), { user: 'Ada' }] })
  ada.destroy()
  await until(() => heard() === undefined)
  owner.setOnline(false)
  await until(() => eve.provider.awareness?.getStates().has(4711) === false)
})

test('[YC5] what was told to others outlives a relay that is killed', async () => {
  const { folder, relay, owner } = await start()
  const { port } = new URL(relay.httpUrl)
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  const bob = use(connectYWebsocket(relay.url, BODY, await testToken('bob')))
  await until(() => ada.provider.synced && bob.provider.synced)
  let running = relay
  for (let round = 0; round < 3; round++) {
    const typing = type(ada.doc, `r${round}-`, 60)
    await until(() => textOf(bob.doc).includes(`r${round}-2 `))
    await running.stop('SIGKILL')
    // What reached this one, which never comes back with it, was in the log.
    const told = textOf(bob.doc)
    bob.provider.disconnect()
    ada.provider.disconnect()
    await typing
    const again = await folder.start({ port: Number(port) })
    const witness = use(connectYWebsocket(again.url, BODY, await testToken('witness')))
    await until(() => witness.provider.synced)
    for (const word of told.split(' ')) expect(textOf(witness.doc)).toContain(word)
    ada.provider.connect()
    bob.provider.connect()
    await until(() => wordsOf(bob.doc) === 60 * (round + 1))
    await until(() => textOf(witness.doc) === textOf(ada.doc))
    witness.destroy()
    running = again
  }
  const editor = await owner.open('first')
  await until(() => textOf(editor.doc) === textOf(ada.doc))
})

test('[YC10] a relay that stops keeps what its clients sent, and goes on with them', async () => {
  const { folder, relay } = await start({ yjs: { gatherMs: 1000 } })
  const { port } = new URL(relay.httpUrl)
  const raw = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  await until(() => raw.provider.synced)
  for (const text of ['1', '2', '3']) write(raw.doc, text)
  // The last two wait for their turn when the relay is told to stop.
  const witness = use(connectYWebsocket(relay.url, BODY, await testToken('bob')))
  await until(() => textOf(witness.doc) === '1')
  expect(await relay.stop('SIGTERM')).toBe(0)
  raw.destroy()
  witness.destroy()
  const again = await folder.start({ port: Number(port) })
  const late = use(connectYWebsocket(again.url, BODY, await testToken('late')))
  await until(() => textOf(late.doc) === '321')
})

test('[YC1] [YC2] [YC3] [YC4] tokens hold: reading alone, tables, no universe, revocation', async () => {
  vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const { folder, relay } = await start()
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  const reader = use(
    connectYWebsocket(relay.url, BODY, await testToken('reader', { home: 'read' })),
  )
  const eve = use(
    connectHocuspocus(
      relay.url,
      BODY,
      await createToken({
        secret: TEST_SECRET,
        identity: 'eve',
        universes: { home: { read: true, write: true, tables: ['note'] } },
        issuedMs: Date.now(),
        expiresMs: Date.now() + 60_000,
      }),
    ),
  )
  await until(() => ada.provider.synced && reader.provider.synced && eve.provider.synced)
  expect(eve.provider.authorizedScope).toBe('readonly')
  write(reader.doc, 'reader')
  write(eve.doc, 'eve')
  write(ada.doc, 'ada')
  await until(() => textOf(reader.doc).includes('ada') && textOf(eve.doc).includes('ada'))
  expect(textOf(ada.doc)).toBe('ada')

  const codeOf = async (path: string, token: string): Promise<number> => {
    const { closed } = await connectSocket(`${relay.url}/v1/y/${path}?token=${token}`)
    return (await closed).code
  }
  const good = await testToken('ada')
  expect(await codeOf(BODY, 'nonsense')).toBe(4401)
  expect(await codeOf(BODY, await testToken('ada', { elsewhere: 'write' }))).toBe(4404)
  expect(await codeOf('elsewhere/note/first/body', await testToken('ada', { '*': 'write' }))).toBe(
    4404,
  )
  expect(await codeOf('home/note/first/title', good)).toBe(4404)
  expect(await codeOf('home/note/none/body', good)).toBe(4404)
  expect(await codeOf('home/nothing/first/body', good)).toBe(4404)
  expect(await codeOf('home/note_document/first/body', good)).toBe(4404)
  expect(await codeOf('home/__proto__/first/body', good)).toBe(4404)

  const closed = Promise.withResolvers<{ code: number }>()
  ada.provider.on('closed', (closing) => closed.resolve(closing))
  const config = join(folder.path, 'relay.json')
  expect((await runCommand(['revoke', '--config', config, '--identity', 'ada'])).code).toBe(0)
  expect((await closed.promise).code).toBe(4401)
})

test('[YC3] the policy is asked for the client, by its name, and the quota holds', async () => {
  vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const policy = `export const policy = ({ table, cells }, { universe, identity, reducer }) =>
    table !== 'note_document' || identity !== 'eve' ||
    [universe, identity, reducer, cells.row, cells.document, cells.update.length > 2].join(' ')`
  const { relay, owner } = await start(
    { modules: ['policy.mjs'], limits: { universeBytesMax: 100_000 } },
    { 'policy.mjs': policy },
  )
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  const eve = use(connectYWebsocket(relay.url, BODY, await testToken('eve')))
  await until(() => ada.provider.synced && eve.provider.synced)
  const closed = Promise.withResolvers<{ code: number; reason: string }>()
  eve.provider.on('closed', (closing) => closed.resolve(closing))
  write(eve.doc, 'eve')
  expect(await closed.promise).toEqual({
    code: 4403,
    reason: 'home eve document:append first body true',
  })
  write(ada.doc, 'ada')
  const editor = await owner.open('first')
  await until(() => textOf(editor.doc) === 'ada')
  const codes: number[] = []
  ada.provider.on('connection-close', (event) => codes.push(event?.code ?? 0))
  const random = Array.from({ length: 40_000 }, (_, at) =>
    String.fromCharCode(33 + ((at * 7919) % 90)),
  )
  write(ada.doc, random.join('').repeat(3))
  await until(() => codes.includes(4507))
  expect(textOf(editor.doc)).toBe('ada')
})

test('[YC17] where the log is gone, documents are opened from an image', async () => {
  const { folder, relay, owner } = await start({
    retention: { imageEveryEntries: 1, everyMs: 50, floorLagMs: 0, sessionMemoryMs: 0 },
    yjs: { gatherMs: 0, idleMs: 50 },
  })
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  await until(() => ada.provider.synced)
  const config = join(folder.path, 'relay.json')
  const truncatedThrough = async (): Promise<number> => {
    const args = ['status', '--config', config, '--url', relay.httpUrl]
    return JSON.parse((await runCommand(args)).stdout).universes[0].truncatedThrough
  }
  let count = 0
  while ((await truncatedThrough()) < 3) await type(ada.doc, `w${count++}-`, 3)
  await until(() => owner.isSettled())
  const text = textOf(ada.doc)
  ada.provider.disconnect()
  rmSync(join(folder.path, 'data', 'documents'), { recursive: true })
  const witness = async (): Promise<boolean> => {
    // The first of these may still be served by the replica whose file is gone.
    const client = connectYWebsocket(relay.url, BODY, await testToken('bob'))
    await until(() => client.provider.synced)
    expect(textOf(client.doc)).toBe(text)
    client.destroy()
    await new Promise((resolve) => setTimeout(resolve, 200))
    return existsSync(join(folder.path, 'data', 'documents'))
  }
  await vi.waitUntil(witness, { timeout: 30_000 })
})

test('other pages, and relays that do not serve such clients, let none in', async () => {
  const statusOf = (url: string, origin: string): Promise<unknown> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${url}/v1/hocuspocus`, { origin })
      socket.on('error', () => undefined)
      socket.on('open', () => resolve(socket.close()))
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode))
    })
  const { relay, folder } = await start()
  expect(await statusOf(relay.url, 'http://localhost:3000')).toBeUndefined()
  expect(await statusOf(relay.url, 'https://evil.example')).toBe(403)
  await relay.stop('SIGTERM')
  const without = await folder.start({ yjs: { enabled: false } })
  expect(await statusOf(without.url, 'http://localhost:3000')).toBe(400)
})

test('[YC14] hostile bytes end their own connection, and nothing of them is kept', async () => {
  const { relay, owner } = await start({ yjs: { updateBytesMax: 100_000 } })
  const bystander = use(connectYWebsocket(relay.url, BODY, await testToken('bob')))
  await until(() => bystander.provider.synced)
  const token = await testToken('eve')
  const attack = async (bytes: Uint8Array): Promise<number> => {
    const { socket, closed } = await connectSocket(`${relay.url}/v1/y/${BODY}?token=${token}`)
    socket.send(bytes)
    return (await closed).code
  }
  expect(await attack(Uint8Array.of(0, 2, 5, 1, 2, 3, 4, 5))).toBe(4400)
  expect(await attack(Uint8Array.of(0, 2, 0))).toBe(4400)
  expect(await attack(new Uint8Array(200_000))).toBe(1009)
  expect(await attack(Uint8Array.of(99))).toBe(4400)
  write(bystander.doc, 'still here')
  const editor = await owner.open('first')
  await until(() => textOf(editor.doc) === 'still here')
  expect(owner.engine.count({ table: 'note_document', orderBy: [] })).toBe(1)
})

test('[YC20] a row that is deleted ends the clients of its documents', async () => {
  vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const { relay, owner } = await start()
  owner.call('add', { key: 'second' })
  await until(() => owner.isSettled())
  const second = use(connectYWebsocket(relay.url, 'home/note/second/steps', await testToken('ada')))
  const first = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  await until(() => second.provider.synced && first.provider.synced)
  const closed = Promise.withResolvers<{ code: number }>()
  second.provider.on('closed', (closing) => closed.resolve(closing))
  owner.call('remove', { key: 'second' })
  expect((await closed.promise).code).toBe(4404)
  write(first.doc, 'goes on')
  const editor = await owner.open('first')
  await until(() => textOf(editor.doc) === 'goes on')
})

test('[YC20] a row that comes again is opened as replicas have it then', async () => {
  vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const { relay, owner } = await start()
  const before = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  await until(() => before.provider.synced)
  write(before.doc, 'before')
  await until(() => owner.engine.count({ table: 'note_document', orderBy: [] }) === 1)
  owner.call('remove', { key: 'first' })
  owner.call('add', { key: 'first' })
  await until(() => !before.provider.shouldConnect && owner.isSettled())
  const after = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  await until(() => after.provider.synced)
  const editor = await owner.open('first')
  expect(textOf(after.doc)).toBe(textOf(editor.doc))
  write(after.doc, 'after ')
  await until(() => textOf(editor.doc) === textOf(after.doc))
  expect(textOf(editor.doc)).toContain('after ')
})

test('[YC11] many small updates become one checkpoint, and a large one is kept whole', async () => {
  const { relay, owner } = await start({ yjs: { gatherMs: 0 } })
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  const bob = use(connectYWebsocket(relay.url, BODY, await testToken('bob')))
  await until(() => ada.provider.synced && bob.provider.synced)
  for (let index = 0; index < 100; index++) {
    write(ada.doc, 'x')
    await until(() => textOf(bob.doc).length > index)
  }
  const rowCount = (): number => owner.engine.count({ table: 'note_document', orderBy: [] })
  await until(() => owner.isSettled() && rowCount() < 64 && rowCount() > 0)
  write(ada.doc, 'y'.repeat(2 * 1024 * 1024))
  await until(() => textOf(bob.doc).length > 2 * 1024 * 1024)
  const editor = await owner.open('first')
  await until(() => textOf(editor.doc) === textOf(ada.doc))
  expect(editor.faults).toEqual([])
})

test('[YC17] documents are closed a while after the last client, and opened again where they were', async () => {
  const { folder, relay, owner } = await start({ yjs: { idleMs: 50 } })
  const status = async (): Promise<{ sessions: number }> => {
    const config = join(folder.path, 'relay.json')
    const { stdout } = await runCommand(['status', '--config', config, '--url', relay.httpUrl])
    return JSON.parse(stdout).counters
  }
  for (let round = 1; round <= 3; round++) {
    const ada = connectYWebsocket(relay.url, BODY, await testToken('ada'))
    await until(() => ada.provider.synced)
    expect(textOf(ada.doc).length).toBe(round - 1)
    write(ada.doc, 'x')
    await until(() => owner.engine.count({ table: 'note_document', orderBy: [] }) === round)
    ada.destroy()
    await vi.waitUntil(async () => (await status()).sessions === 1, { timeout: 30_000 })
  }
  // One file, and one stream of its own all the time.
  const files = readdirSync(join(folder.path, 'data', 'documents'))
  expect(files.filter((name) => name.endsWith('.db')).length).toBe(1)
  expect(owner.engine.streamHeads().length).toBe(2)
})

test('[YC18] a universe that gets another schema opens its documents anew', async () => {
  const { relay, owner } = await start()
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  await until(() => ada.provider.synced)
  const newer = startNativeReplica({
    ...{ url: relay.url, identity: 'newer', module: newerNotes },
    token: await testToken('newer'),
  })
  ends.push(() => newer.close())
  await until(() => newer.isSettled())
  newer.call('add', { key: 'third' })
  await until(() => newer.isSettled())
  const third = use(connectYWebsocket(relay.url, 'home/note/third/body', await testToken('ada')))
  await until(() => third.provider.synced)
  write(third.doc, 'third')
  write(ada.doc, 'first')
  const editor = await newer.open('first')
  await until(() => textOf(editor.doc) === 'first')
  expect(owner.isSettled()).toBe(true)
})

test('[YC17] a file of documents that is damaged or gone is made anew of the log', async () => {
  const { folder, relay } = await start({
    retention: { imageEveryEntries: 2, everyMs: 50 },
    yjs: { gatherMs: 0 },
  })
  const { port } = new URL(relay.httpUrl)
  const ada = use(connectYWebsocket(relay.url, BODY, await testToken('ada')))
  await until(() => ada.provider.synced)
  await type(ada.doc, 'w', 30)
  await relay.logged('image')
  const text = textOf(ada.doc)
  // It would bring back by itself what the relay had lost.
  ada.provider.disconnect()
  await relay.stop('SIGTERM')
  const documents = join(folder.path, 'data', 'documents')
  for (const name of readdirSync(documents)) {
    if (name.endsWith('.db')) writeFileSync(join(documents, name), 'this is no database at all')
    else rmSync(join(documents, name))
  }
  const again = await folder.start({ port: Number(port) })
  const witness = use(connectYWebsocket(again.url, BODY, await testToken('bob')))
  await until(() => witness.provider.synced)
  expect(textOf(witness.doc)).toBe(text)
})

test('[YC18] a replica that lost what it had written is replaced by another', async () => {
  const { folder, relay } = await start()
  const { port } = new URL(relay.httpUrl)
  const documents = join(folder.path, 'data', 'documents')
  const copy = join(folder.path, 'copy')
  const session = async (running: RelayProcess, text: string): Promise<string> => {
    const client = connectYWebsocket(running.url, BODY, await testToken('ada'))
    await until(() => client.provider.synced)
    write(client.doc, text)
    const witness = connectYWebsocket(running.url, BODY, await testToken('bob'))
    await until(() => textOf(witness.doc) === textOf(client.doc))
    client.destroy()
    witness.destroy()
    await running.stop('SIGTERM')
    return textOf(witness.doc)
  }
  await session(relay, 'one ')
  cpSync(documents, copy, { recursive: true })
  await session(await folder.start({ port: Number(port) }), 'two ')
  // As a power cut would have it: the log has what the replica does not remember writing.
  rmSync(documents, { recursive: true })
  cpSync(copy, documents, { recursive: true })
  expect(await session(await folder.start({ port: Number(port) }), 'three ')).toBe('three two one ')
})
