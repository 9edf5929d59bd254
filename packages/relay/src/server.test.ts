import { statSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { defineModule, type Module, t, table } from '@inner-universe/core'
import { openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { imageManifestHash, parseImageManifest, textHash } from '@inner-universe/sync'
import { afterEach, expect, test, vi } from 'vitest'
import { joinBytes } from './fold/image.ts'
import { systemCompression } from './system.ts'
import { createRawStream, hello, insertNote, join, push, testToken } from './testing/raw-replica.ts'
import {
  createRelayFolder,
  type RelayFolder,
  runCommand,
  TEST_SECRET,
} from './testing/relay-process.ts'

// Processes are started, on machines that do other things as well.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const folders: RelayFolder[] = []

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => folder.remove()))
})

const folder = (): RelayFolder => {
  const created = createRelayFolder()
  folders.push(created)
  return created
}

test('what one replica pushes is acknowledged and reaches another', async () => {
  const { url } = await folder().start()
  const ada = createRawStream('ada')
  const bob = createRawStream('bob')
  const first = await join(url, await testToken('ada'), ada.id)
  expect(first.opened).toMatchObject({ head: 0, isContinued: true, owner: 'ada' })
  const second = await join(url, await testToken('bob'), bob.id)

  const batch = ada.batch([insertNote('n1', 'hello')])
  first.connection.send(push(batch))
  expect(await first.connection.next('ack')).toMatchObject({ seq: 1, hash: batch.hash, offset: 1 })
  const { entries } = await second.connection.next('data')
  expect(entries).toMatchObject([{ kind: 'batch', offset: 1 }])
  const [entry] = entries
  expect(entry?.kind === 'batch' && entry.batch.header).toEqual(batch.header)
  expect(entry?.kind === 'batch' && entry.batch.body).toEqual(batch.content)

  second.connection.send(push(bob.batch([insertNote('n2', 'hello back')])))
  const [own] = (await first.connection.next('data')).entries
  expect(own).toMatchObject({ kind: 'own', offset: 1 })
})

test('a relay that is told to stop says bye, ends well, and keeps everything', async () => {
  const home = folder()
  const before = await home.start()
  const ada = createRawStream('ada')
  const { connection, opened } = await join(before.url, await testToken('ada'), ada.id)
  connection.send(push(ada.batch([insertNote('n1', 'kept')])))
  const { offset, hash } = await connection.next('ack')
  const stopped = before.stop('SIGTERM')
  expect(await connection.next('bye')).toMatchObject({ code: 'shutting-down' })
  expect(await connection.closed).toBe(1000)
  expect(await stopped).toBe(0)

  const after = await home.start()
  const again = await join(after.url, await testToken('ada'), ada.id)
  expect(again.opened).toMatchObject({
    head: offset,
    epoch: opened.epoch,
    owner: 'ada',
    streamHead: { seq: 1, hash },
  })
  expect((await again.connection.next('data')).entries).toMatchObject([{ offset: 1 }])
  again.connection.send(push(ada.batch([insertNote('n2', 'and more')])))
  expect(await again.connection.next('ack')).toMatchObject({ seq: 2, offset: 2 })
})

test('what was acknowledged outlives a relay that is killed', async () => {
  const home = folder()
  const ada = createRawStream('ada')
  const token = await testToken('ada')
  let acknowledged = 0
  for (let round = 1; round <= 3; round++) {
    const { url, stop } = await home.start()
    const { connection, opened } = await join(url, token, ada.id)
    // What was pushed last may be there or not; what was acknowledged is.
    expect(opened.head).toBeGreaterThanOrEqual(acknowledged)
    expect(opened.streamHead?.seq ?? 0).toBe(opened.head)
    for (let count = 0; count < 20; count++) {
      connection.send(push(ada.batch([insertNote(`n${round}-${count}`, 'x'.repeat(1000))])))
    }
    for (let count = 0; count < 20; count++) {
      acknowledged = (await connection.next('ack')).offset
    }
    expect(acknowledged).toBe(20 * round)
    await stop('SIGKILL')
  }
  const { url } = await home.start()
  const { opened } = await join(url, token, ada.id)
  expect(opened).toMatchObject({ head: 60, streamHead: { hash: ada.last?.hash } })
})

test('a token made by the command opens the universe it names', async () => {
  const home = folder()
  const { url, httpUrl } = await home.start()
  const config = joinPath(home.path, 'relay.json')
  const made = await runCommand([
    ...['token', '--config', config, '--universe', 'home', '--identity', 'ada', '--expires', '1h'],
  ])
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const { opened } = await join(url, made.stdout.trim(), createRawStream('ada').id)
  expect(opened.owner).toBe('ada')
  const status = await runCommand(['status', '--config', config, '--url', httpUrl])
  expect(status.code).toBe(0)
  expect(JSON.parse(status.stdout)).toMatchObject({
    counters: { sessions: 1 },
    universes: [{ universe: 'home', owner: 'ada', head: 0 }],
  })
})

test('a read-only token of the command does not write', async () => {
  const home = folder()
  const { url } = await home.start()
  const ada = createRawStream('ada')
  await join(url, await testToken('ada'), ada.id)
  const config = joinPath(home.path, 'relay.json')
  const { stdout } = await runCommand([
    ...['token', '--config', config, '--universe', 'home', '--identity', 'bob', '--read-only'],
  ])
  const bob = createRawStream('bob')
  const { connection, opened } = await join(url, stdout.trim(), bob.id)
  expect(opened.rights).toMatchObject({ read: true, write: false })
  connection.send(push(bob.batch([insertNote('n1', 'x')])))
  expect(await connection.next('nack')).toMatchObject({ code: 'denied' })
})

test('commands say what is wrong with them', async () => {
  const home = folder()
  const none = await runCommand(['status', '--data', home.path, '--url', 'http://127.0.0.1:1'])
  expect(none.code).toBe(1)
  expect(none.stderr).toContain('no relay answers at http://127.0.0.1:1')
  const port = await runCommand(['run', '--data', home.path, '--port', 'eighty'])
  expect(port.code).toBe(1)
  expect(port.stderr).toContain('give a port')
  const config = await runCommand(['run', '--config', joinPath(home.path, 'none.json')])
  expect(config.code).toBe(1)
  expect(config.stderr).toContain('there is no file')
  const { httpUrl } = await home.start()
  const { port: taken } = new URL(httpUrl)
  const second = await runCommand(['run', '--data', joinPath(home.path, 'b'), '--port', taken])
  expect(second.code).toBe(1)
  expect(second.stderr).toContain('another program listens there')
})

test('without a configuration a relay makes its secret and keeps it to itself', async () => {
  const home = folder()
  await runCommand(['token', '--data', home.path, '--universe', 'home', '--identity', 'ada'])
  expect(statSync(joinPath(home.path, 'secret')).mode & 0o777).toBe(0o600)
})

test('one relay at a time has a data directory', async () => {
  const home = folder()
  await home.start()
  const second = await runCommand(['run', '--data', joinPath(home.path, 'data'), '--port', '0'])
  expect(second.code).toBe(1)
  expect(second.stderr).not.toBe('')
})

test('a relay keeps its secret and its tokens out of its log', async () => {
  const home = folder()
  const relay = await home.start({ logLevel: 'trace' })
  const token = await testToken('ada')
  const { connection } = await join(relay.url, token, createRawStream('ada').id)
  connection.send(hello(token))
  await connection.closed
  await fetch(`${relay.httpUrl}/v1/status?token=${token}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  await relay.stop('SIGTERM')
  expect(relay.log()).toContain('listening')
  expect(relay.log()).toContain('hello')
  expect(relay.log()).not.toContain(token.split('.')[1])
  expect(relay.log()).not.toContain(TEST_SECRET)
})

const notes: Module = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table({ id: t.key(), text: t.text() }) },
  reducers: () => ({}),
})

function openNotes(contents?: Uint8Array) {
  return openEngine({
    driver: openNodeDatabase({
      path: ':memory:',
      durability: 'process',
      ...(contents !== undefined && { contents }),
    }),
    module: notes,
    now: () => Date.now(),
    randomBytes: (count) => new Uint8Array(count).fill(3),
    identity: 'bob',
    stream: 'new',
    replication,
    join: { owner: 'ada' },
  })
}

test('a relay makes images by itself and serves them to who may read', async () => {
  const { url, httpUrl, logged } = await folder().start({
    retention: { imageEveryEntries: 20, everyMs: 50, floorLagMs: 0 },
  })
  const { schema } = openNotes().replica
  const ada = createRawStream('ada')
  const facts = { schemaHash: textHash(schema) }
  const { connection, opened } = await join(url, await testToken('ada'), ada.id, facts)
  expect(opened).toMatchObject({ wantsSchema: true, image: undefined })
  connection.send({ type: 'schema', channel: 1, schema })
  for (let count = 0; count < 30; count++) {
    connection.send(push(ada.batch([insertNote(`n${count}`, `note ${count}`)])))
  }
  for (let count = 0; count < 30; count++) await connection.next('ack')
  await logged('image')
  const bob = await join(url, await testToken('bob'), createRawStream('bob').id, facts)
  const { image } = bob.opened
  expect(image?.offset).toBeGreaterThanOrEqual(20)

  const get = async (path: string, identity: string, universe = 'home') =>
    fetch(`${httpUrl}${path}`, {
      headers: {
        authorization: `Bearer ${await testToken(identity, { [universe]: 'read' })}`,
      },
    })
  const manifestPath = `/v1/universes/home/images/${image?.manifest}`
  const response = await get(manifestPath, 'bob')
  expect(response.headers.get('cache-control')).toContain('immutable')
  const text = await response.text()
  expect(imageManifestHash(text)).toBe(image?.manifest)
  expect((await get(manifestPath, 'eve', 'elsewhere')).status).toBe(404)

  const manifest = parseImageManifest(text)
  const parts: Uint8Array[] = []
  for (const { hash } of manifest.chunks) {
    const chunk = await get(`/v1/chunks/${hash}`, 'bob')
    expect(chunk.headers.get('content-type')).toBe('application/octet-stream')
    parts.push(systemCompression.inflate(await chunk.bytes(), 1024 * 1024))
    expect((await get(`/v1/chunks/${hash}`, 'eve', 'elsewhere')).status).toBe(404)
    expect((await get(`/v1/chunks/${hash}`, 'operator', '*')).status).toBe(200)
  }
  const engine = openNotes(joinBytes(parts))
  expect(engine.digest()).toBe(manifest.digest)
  expect(engine.replica.position()).toMatchObject({ offset: manifest.offset, hash: manifest.hash })
  expect(engine.get('note', 'n7')).toMatchObject({ text: 'note 7' })
})
