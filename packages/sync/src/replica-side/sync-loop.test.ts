import { UniverseError } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { AWARE_INTERVAL_MS, RETRY_MS_MAX } from '../limits.ts'
import type { ByeCode, RelayMessage } from '../messages.ts'
import { type ReplicaWorld, replicaWorld } from '../testing/replica-world.ts'
import { RENEWAL_MARGIN_MS } from './token-renewal.ts'

const hellos = (world: ReplicaWorld): number =>
  world.relay.heard.filter(({ type }) => type === 'hello').length

const bye = (code: ByeCode, retryAfterMs = 0): RelayMessage => ({
  type: 'bye',
  code,
  message: `bye: ${code}`,
  retryAfterMs,
})

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const jwt = (expiresMs: number): string =>
  `e30.${Buffer.from(JSON.stringify({ exp: expiresMs / 1000 })).toString('base64url')}.s`

test('[RS1] hello comes first and alone, then each universe is opened from where it stands', async () => {
  const world = replicaWorld()
  const { sync, home } = world.replica()
  sync.start()
  await world.scheduler.advance(10)
  expect(world.relay.heard.map(({ type }) => type)).toEqual(['hello'])
  await world.scheduler.advance(100)
  expect(world.relay.heard.find(({ type }) => type === 'open')).toMatchObject({
    universe: 'universe',
    mode: 'replica',
    stream: home.replica.stream,
    position: home.replica.position(),
    floorOffset: 0,
  })
  expect(sync.status.kind).toBe('live')
})

test('what one replica writes is pushed, acknowledged, read by another, and seen', async () => {
  const world = replicaWorld()
  const a = world.replica()
  const b = world.replica()
  a.sync.start()
  b.sync.start()
  await world.scheduler.advance(100)
  const at = a.write('hello')
  expect(a.sync.status.unsyncedCount).toBe(1)
  await world.scheduler.advance(100)
  expect(a.confirmed).toContainEqual(at)
  expect(a.sync.status).toMatchObject({ kind: 'live', unsyncedCount: 0 })
  expect(b.home.replica.texts()).toEqual(['hello'])
  for (const { home } of [a, b]) {
    expect(home.replica.position()).toEqual({
      epoch: world.relay.epoch(),
      offset: 1,
      hash: world.relay.hashAt(1),
    })
  }
  await world.scheduler.advance(5000)
  expect(world.relay.heard.filter(({ type }) => type === 'seen')).toHaveLength(2)
})

test('[RS2] attempts come ever more slowly while they fail, and at once when the network is back', async () => {
  const world = replicaWorld()
  world.network.setUp(false)
  const { sync, statuses } = world.replica()
  sync.start()
  await world.scheduler.advance(5000)
  const early = world.tokens.length
  expect(early).toBeGreaterThan(3)
  await world.scheduler.advance(20 * RETRY_MS_MAX)
  const late = world.tokens.length - early
  expect(late).toBeGreaterThan(20)
  expect(late).toBeLessThan(120)
  expect(new Set(statuses.map(({ kind }) => kind))).toEqual(new Set(['connecting', 'offline']))
  world.network.setUp(true)
  sync.setOnline(true)
  await world.scheduler.advance(100)
  expect(sync.status.kind).toBe('live')
})

test('[RS2] waits begin anew only after a session that lasted, not after every opening', async () => {
  const world = replicaWorld()
  world.relay.script.onOpen = () => {
    world.scheduler.setTimer(20, () => world.relay.say(bye('internal')))
    return undefined
  }
  const { sync } = world.replica()
  sync.start()
  await world.scheduler.advance(600_000)
  expect(hellos(world)).toBeGreaterThan(20)
  expect(hellos(world)).toBeLessThan(80)
  delete world.relay.script.onOpen
  await world.scheduler.advance(100_000)
  expect(sync.status.kind).toBe('live')
  const before = hellos(world)
  for (let count = 0; count < 5; count++) {
    world.network.sever()
    await world.scheduler.advance(500)
    expect(hellos(world)).toBe(before + count + 1)
    await world.scheduler.advance(61_000)
  }
})

test('[RS2] a relay that asks for time is given it', async () => {
  const world = replicaWorld()
  const { sync } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  world.relay.say(bye('rate', 30_000))
  await world.scheduler.advance(30_000)
  expect(hellos(world)).toBe(1)
  expect(sync.status.kind).toBe('offline')
  await world.scheduler.advance(2000)
  expect(hellos(world)).toBe(2)
})

test('[RS14] a displaced replica goes on in a stream of its own, pushing what waits under the old one', async () => {
  const world = replicaWorld({ script: { onPush: () => 'silent' } })
  const { sync, home, write, rebuilt } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  const old = write('before')
  await world.scheduler.advance(100)
  world.relay.say(bye('displaced'))
  await world.scheduler.advance(6)
  const fresh = write('after')
  expect(fresh.stream).not.toBe(old.stream)
  delete world.relay.script.onPush
  await world.scheduler.advance(5000)
  expect(world.relay.entries().map(({ head }) => head?.stream)).toEqual([old.stream, fresh.stream])
  expect(world.relay.heard.findLast(({ type }) => type === 'open')).toMatchObject({
    stream: fresh.stream,
  })
  expect(home.replica.unsyncedCount()).toBe(0)
  expect(rebuilt).toEqual([])
})

test('[RS17] the newest own state is told, not too often, and again after a reconnection', async () => {
  const world = replicaWorld()
  const { sync } = world.replica()
  const told = (): string[] =>
    world.relay.heard.flatMap((each) =>
      each.type === 'aware' ? [new TextDecoder().decode(each.state)] : [],
    )
  sync.setAwareness(bytes('first'))
  sync.start()
  await world.scheduler.advance(1000)
  expect(told()).toEqual(['first'])
  for (let count = 0; count < 100; count++) {
    sync.setAwareness(bytes(`at ${count}`))
    await world.scheduler.advance(10)
  }
  await world.scheduler.advance(100)
  expect(told().at(-1)).toBe('at 99')
  expect(told().length).toBeLessThanOrEqual(2 + 1000 / AWARE_INTERVAL_MS)
  const before = told().length
  world.network.sever()
  await world.scheduler.advance(1000)
  expect(told().slice(before)).toEqual(['at 99'])
  sync.setAwareness(undefined)
  await world.scheduler.advance(100)
  expect(told().at(-1)).toBe('')
  expect(() => sync.setAwareness(new Uint8Array(5000))).toThrow(/5000 bytes/)
})

test('[RS17] others are known while they are there, and forgotten with the connection', async () => {
  const world = replicaWorld()
  const { sync, others } = world.replica()
  world.relay.script.opened = { aware: [{ sessionId: 's1', state: bytes('one') }] }
  sync.start()
  await world.scheduler.advance(100)
  const say = (sessionId: string, text: string): void =>
    world.relay.say({ type: 'aware', channel: 0, sessionId, state: bytes(text) })
  say('s2', 'two')
  say('s3', 'three')
  say('s3', '')
  await world.scheduler.advance(10)
  expect([...others]).toEqual([
    ['s1', 'one'],
    ['s2', 'two'],
  ])
  world.relay.script.opened = {}
  world.network.sever()
  await world.scheduler.advance(5)
  expect([...others]).toEqual([])
})

test('[RS18] an unauthorized replica asks for a fresh token once, then now and again', async () => {
  for (const isBye of [true, false]) {
    const world = replicaWorld()
    if (isBye) world.relay.script.onHello = () => bye('unauthorized')
    else {
      world.relay.script.onOpen = ({ channel }) => {
        return { type: 'refused', channel, code: 'unauthorized', message: 'no such right' }
      }
    }
    const { sync, home, write } = world.replica()
    write('mine')
    sync.start()
    await world.scheduler.advance(60_000)
    expect(world.tokens).toHaveLength(2)
    expect(sync.status.kind).toBe('denied')
    await world.scheduler.advance(400_000)
    expect(world.tokens).toHaveLength(3)
    delete world.relay.script.onHello
    delete world.relay.script.onOpen
    sync.renewToken()
    await world.scheduler.advance(1000)
    expect(sync.status).toMatchObject({ kind: 'live', unsyncedCount: 0 })
    expect(home.replica.texts()).toEqual(['mine'])
  }
})

test('[RS18] an app without a token is denied, and one that fails to get one is offline', async () => {
  const world = replicaWorld()
  const { sync } = world.replica()
  world.getToken = () => Promise.reject(new UniverseError('sync/unauthorized', 'signed out'))
  sync.start()
  await world.scheduler.advance(1000)
  expect(sync.status).toMatchObject({ kind: 'denied', message: 'signed out' })
  world.getToken = () => Promise.reject(new TypeError('fetch failed'))
  sync.renewToken()
  await world.scheduler.advance(100)
  expect(['denied', 'offline']).toContain(sync.status.kind)
  world.getToken = () => 'token'
  await world.scheduler.advance(60_000)
  expect(sync.status.kind).toBe('live')
})

test('[RS18] a refusal for another reason blocks with its code, and loses nothing', async () => {
  const shown = { module: 'sync/refused', schema: 'sync/update-required', invalid: 'sync/refused' }
  for (const [code, status] of Object.entries(shown)) {
    const world = replicaWorld()
    world.relay.script.onOpen = ({ channel }) => {
      return { type: 'refused', channel, code: code as 'module', message: 'no' }
    }
    const { sync, write } = world.replica()
    write('mine')
    sync.start()
    await world.scheduler.advance(1000)
    expect(sync.status).toMatchObject({ kind: 'blocked', code: status, unsyncedCount: 1 })
    delete world.relay.script.onOpen
    await world.scheduler.advance(400_000)
    expect(sync.status).toMatchObject({ kind: 'live', unsyncedCount: 0 })
  }
})

test('[RS18] a token is replaced before it expires, on the connection it belongs to', async () => {
  const world = replicaWorld()
  const { sync } = world.replica()
  world.getToken = () => jwt(world.scheduler.now() + 600_000)
  sync.start()
  await world.scheduler.advance(600_000 - RENEWAL_MARGIN_MS - 1000)
  const renewals = (): string[] =>
    world.relay.heard.flatMap((each) => (each.type === 'renew' ? [each.token] : []))
  expect(renewals()).toEqual([])
  await world.scheduler.advance(2000)
  expect(renewals()).toEqual(world.tokens.slice(1))
  world.getToken = () => Promise.reject(new TypeError('fetch failed'))
  await world.scheduler.advance(600_000 - RENEWAL_MARGIN_MS + 5000)
  expect(renewals()).toHaveLength(1)
  world.getToken = () => jwt(world.scheduler.now() + 600_000)
  await world.scheduler.advance(20_000)
  expect(renewals()).toHaveLength(2)
  sync.renewToken()
  await world.scheduler.advance(100)
  expect(renewals()).toHaveLength(3)
  expect(hellos(world)).toBe(1)
})

test('[RS18] a relay that asks for the schema is given it', async () => {
  const world = replicaWorld({ script: { opened: { wantsSchema: true } } })
  const { sync, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  expect(world.relay.heard.find(({ type }) => type === 'schema')).toMatchObject({
    schema: home.replica.schema,
  })
})

test('a universe that takes only newer writers is read, and nothing is pushed', async () => {
  const world = replicaWorld({ script: { opened: { minWriter: 2 } } })
  const { sync, write, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  write('mine')
  world.author().write(['theirs'])
  await world.scheduler.advance(1000)
  expect(sync.status).toMatchObject({ kind: 'blocked', code: 'sync/update-required' })
  expect(home.replica.texts()).toEqual(['theirs', 'mine'])
  expect(world.relay.heard.filter(({ type }) => type === 'push')).toEqual([])
})

test('a paused replica is not connected, keeps what is written, and says so', async () => {
  const world = replicaWorld()
  const { sync, write, statuses } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  sync.pause()
  write('waits')
  await world.scheduler.advance(600_000)
  expect(world.network.connectionCount()).toBe(0)
  expect(sync.status).toMatchObject({ kind: 'paused', unsyncedCount: 1 })
  expect(sync.status.lastContactMs).toBeDefined()
  sync.resume()
  await world.scheduler.advance(100)
  expect(statuses.at(-1)).toMatchObject({ kind: 'live', unsyncedCount: 0 })
})

test('a stopped replica is gone from the network, leaves no timer, and tells nothing more', async () => {
  const world = replicaWorld()
  const { sync, statuses, home } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  home.replica.write('late')
  const stopped = sync.stop()
  await world.scheduler.advance(1000)
  await stopped
  expect(world.network.connectionCount()).toBe(0)
  expect(world.scheduler.timerCount()).toBe(0)
  expect(statuses.at(-1)).toMatchObject({ kind: 'offline' })
})

test('a status is told when it changes and only then, and catching up tells how far', async () => {
  const world = replicaWorld()
  const author = world.author()
  author.write(['zero'])
  const { sync, statuses } = world.replica()
  sync.start()
  await world.scheduler.advance(1000)
  sync.pause()
  await world.scheduler.advance(10)
  author.write(
    Array.from({ length: 1200 }, (_, index) => `t${index}`),
    100,
  )
  statuses.length = 0
  sync.resume()
  await world.scheduler.advance(60_000)
  const told = statuses.map((each) =>
    each.kind === 'catching-up' ? `${each.phase} ${each.done}/${each.total}` : each.kind,
  )
  expect(told).toEqual(['connecting', 'log 1/13', 'log 6/13', 'log 11/13', 'live'])
  author.write(['more'])
  await world.scheduler.advance(60_000)
  expect(statuses).toHaveLength(told.length)
})
