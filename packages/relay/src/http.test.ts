import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { parseConfig, type RelayConfigInput } from './config.ts'
import { type RunningRelay, startRelay } from './server.ts'
import {
  createRawStream,
  join as enter,
  insertNote,
  push,
  testToken,
} from './testing/raw-replica.ts'
import { TEST_SECRET } from './testing/relay-process.ts'

const running: RunningRelay[] = []
const folders: string[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((relay) => relay.close()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'relay-http-'))
  folders.push(folder)
  return folder
}

/** A relay in this process that keeps nothing. */
async function start(config: RelayConfigInput = {}) {
  const relay = await startRelay(
    parseConfig(
      { storage: 'memory', port: 0, secret: TEST_SECRET, logLevel: 'silent', ...config },
      '/',
    ),
  )
  running.push(relay)
  return { ...relay, httpUrl: relay.url.replace('ws', 'http') }
}

test('health and readiness are told to everyone', async () => {
  const { httpUrl } = await start()
  const health = await fetch(`${httpUrl}/v1/health`)
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }])
  expect((await fetch(`${httpUrl}/v1/ready`)).status).toBe(200)
  expect((await fetch(`${httpUrl}/v1/health`, { method: 'HEAD' })).status).toBe(200)
  expect((await fetch(`${httpUrl}/v1/health`, { method: 'DELETE' })).status).toBe(405)
  expect((await fetch(`${httpUrl}/`)).status).toBe(404)
})

test('pages of allowed origins may ask, and are told so in advance', async () => {
  const { httpUrl } = await start({ allowedOrigins: ['https://app.example'] })
  const preflight = (origin: string) =>
    fetch(`${httpUrl}/v1/chunks/${'0'.repeat(32)}`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-headers': 'authorization' },
    })
  const allowed = await preflight('https://app.example')
  expect(allowed.status).toBe(204)
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example')
  expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization')
  expect(allowed.headers.get('vary')).toBe('origin')
  const refused = await preflight('https://evil.example')
  expect(refused.status).toBe(403)
  expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  const denied = await fetch(`${httpUrl}/v1/chunks/${'0'.repeat(32)}`, {
    headers: { origin: 'https://app.example' },
  })
  expect(denied.status).toBe(401)
  expect(denied.headers.get('access-control-allow-origin')).toBe('https://app.example')
})

test('development tokens are given only where they are switched on', async () => {
  const ask = (httpUrl: string, body: string) =>
    fetch(`${httpUrl}/v1/dev/token`, { method: 'POST', body })
  const off = await start()
  expect((await ask(off.httpUrl, '{}')).status).toBe(404)
  const on = await start({ devTokens: true })
  const given = await ask(on.httpUrl, '{"universe":"home","identity":"ada","expires":"5m"}')
  expect(given.status).toBe(200)
  const { token } = (await given.json()) as { token: string }
  const { opened } = await enter(on.url, token, createRawStream('ada').id)
  expect(opened.owner).toBe('ada')
  expect((await ask(on.httpUrl, '{"universe":"home"}')).status).toBe(400)
  expect((await ask(on.httpUrl, 'not json')).status).toBe(400)
  expect((await ask(on.httpUrl, 'x'.repeat(5000))).status).toBe(413)
})

test('a policy of the operator refuses single operations', async () => {
  const path = join(createFolder(), 'policy.mjs')
  writeFileSync(
    path,
    `export const policy = (operation, { identity }) =>
      operation.id !== 'sealed' || identity === 'ada' || 'only ada writes it'`,
  )
  const { url } = await start({ modules: [path] })
  const ada = createRawStream('ada')
  const bob = createRawStream('bob')
  const first = await enter(url, await testToken('ada'), ada.id)
  first.connection.send(push(ada.batch([insertNote('sealed', 'x')])))
  await first.connection.next('ack')
  const second = await enter(url, await testToken('bob'), bob.id)
  second.connection.send(push(bob.batch([insertNote('n1', 'x'), insertNote('sealed', 'y')])))
  expect(await second.connection.next('nack')).toMatchObject({
    code: 'denied',
    seqs: [2],
    message: 'only ada writes it',
  })
})

test('who is revoked in a running relay is out at once', async () => {
  const relay = await start()
  const ada = await enter(relay.url, await testToken('ada'), createRawStream('ada').id)
  const bob = await enter(relay.url, await testToken('bob'), createRawStream('bob').id)
  relay.revoke({ identities: ['ada'] })
  expect(await ada.connection.next('bye')).toMatchObject({ code: 'unauthorized' })
  const stream = createRawStream('bob')
  bob.connection.send(push(stream.batch([insertNote('n1', 'x')])))
  await bob.connection.next('ack')
  await Promise.all([relay.close(), relay.close()])
  expect(await bob.connection.closed).toBe(1000)
})

test('a relay that cannot listen gives back what it had opened', async () => {
  const taken = await start()
  const dataDir = createFolder()
  const config = parseConfig({ port: taken.port, dataDir, secret: TEST_SECRET }, '/')
  await expect(startRelay(config)).rejects.toMatchObject({ code: 'relay/unavailable' })
  // The data directory is free for another.
  await start({ storage: 'sqlite', dataDir })
})
