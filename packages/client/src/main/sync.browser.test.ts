/** Sync in a real browser: its WebSocket, its deflate, its fetch, and databases staged in OPFS. */
import { afterEach, expect, inject, test } from 'vitest'
import { type FrameTab, openFrameTab } from '../testing/frame-tab.ts'
import { type SharedNotes as Notes, openShared } from '../testing/open-shared.ts'
import { deleteUniverse } from './open.ts'
import type { SyncOptions, SyncStatus } from './universe.ts'

const open: Notes[] = []
const names = new Set<string>()
const frames: FrameTab[] = []
let universeCount = 0
/** A new name at the relay for every test. */
let shared = ''

afterEach(async () => {
  for (const universe of open.splice(0)) await universe.close()
  for (const frame of frames.splice(0)) frame.kill()
  for (const name of names) {
    // The lock of a tab that was killed comes free a moment later.
    await navigator.locks.request(`inner-universe:${name}`, () => undefined)
    await deleteUniverse(name)
  }
  names.clear()
})

function newShared(): void {
  shared = `shared-${Date.now()}-${++universeCount}`
}

async function fetchToken(): Promise<string> {
  const response = await fetch(`${inject('relayUrl').replace('ws', 'http')}/v1/dev/token`, {
    method: 'POST',
    body: JSON.stringify({ universe: shared, identity: 'ada' }),
  })
  return ((await response.json()) as { readonly token: string }).token
}

const deviceName = (name: string): string => `sync test ${name}`

const syncOf = (sync: Partial<SyncOptions>): SyncOptions => ({
  url: inject('relayUrl'),
  universe: shared,
  token: fetchToken,
  ...sync,
})

/** A tab of a device: those of one name share a database. */
async function tabOf(name: string, sync: Partial<SyncOptions> = {}): Promise<Notes> {
  names.add(deviceName(name))
  const universe = await openShared(deviceName(name), syncOf(sync))
  open.push(universe)
  return universe
}

async function leave(universe: Notes): Promise<void> {
  open.splice(open.indexOf(universe), 1)
  await universe.close()
}

function statusOf(universe: Notes, holds: (status: SyncStatus) => boolean): Promise<SyncStatus> {
  return new Promise((resolve) => {
    const look = (status: SyncStatus): void => {
      if (!holds(status)) return
      resolve(status)
      stop()
    }
    const stop = universe.sync.onStatus(look)
    look(universe.sync.status)
  })
}

const isSynced = ({ kind, unsyncedCount }: SyncStatus): boolean =>
  kind === 'live' && unsyncedCount === 0

async function converge(universes: readonly Notes[], expected: readonly string[]): Promise<void> {
  for (const universe of universes) {
    const texts = async () => (await universe.query((q) => q.note)).map(({ text }) => text).sort()
    await expect.poll(texts, { timeout: 10_000 }).toEqual([...expected].sort())
    await statusOf(universe, isSynced)
  }
  const digests = await Promise.all(universes.map((universe) => universe.digest()))
  expect(new Set(digests).size).toBe(1)
}

test('two devices converge; one joins with what it wrote early, in place of its own file', async () => {
  newShared()
  const one = await tabOf('one')
  await one.reducers.addNotes({ count: 300 })
  await one.reducers.addNote({ text: 'first' }).confirmed
  const two = await tabOf('two', { paused: true })
  await two.reducers.addDraft({ text: 'only here' })
  const early = two.reducers.addNote({ text: 'early' })
  await early
  const live = two.live((q) => q.note.where({ rank: 299 }))
  const stop = live.subscribe(() => undefined)
  let gapCount = 0
  two.onChanges(['note'], () => undefined, { onGap: () => gapCount++ })
  two.sync.resume()
  expect(await early.confirmed).toBe(await early)
  const all = [...Array.from({ length: 300 }, (_, rank) => `note ${rank}`), 'first', 'early']
  await converge([one, two], all)
  expect(gapCount).toBe(1)
  await expect.poll(() => live.state.rows.length).toBe(1)
  stop()
  expect(await two.count((q) => q.draft)).toBe(1)
  expect(await two.verify()).toEqual([])
  await leave(two)
  const again = await tabOf('two')
  await again.reducers.addNote({ text: 'later' }).confirmed
  await converge([one, again], [...all, 'later'])
  expect(await again.count((q) => q.draft)).toBe(1)
})

test('a device that joins a long log is built from an image', async () => {
  newShared()
  const one = await tabOf('one')
  const expected: string[] = []
  for (let index = 0; index < 25; index++) {
    await one.reducers.addNote({ text: `${index}` }).confirmed
    expected.push(`${index}`)
  }
  await expect
    .poll(
      async () => {
        const phases = new Set<string>()
        const two = await tabOf(`two ${++universeCount}`, { paused: true })
        two.sync.onStatus((status) => {
          if (status.kind === 'catching-up') phases.add(status.phase)
        })
        two.sync.resume()
        await converge([one, two], expected)
        expect(await two.verify()).toEqual([])
        await leave(two)
        return [...phases]
      },
      { timeout: 20_000, interval: 300 },
    )
    .toContain('image')
}, 30_000)

test('all tabs of a device see status and presence; the next leader goes on, with a token of its own', async () => {
  newShared()
  const leader = await tabOf('one')
  const follower = await tabOf('one')
  const other = await tabOf('two')
  await statusOf(follower, isSynced)
  leader.sync.presence.set('leader')
  follower.sync.presence.set({ name: 'follower' })
  const seen = (universe: Notes) => universe.sync.presence.others.map(({ state }) => state)
  await expect.poll(() => seen(other).length).toBe(2)
  await expect.poll(() => seen(follower)).toEqual(['leader'])
  await expect.poll(() => seen(leader)).toEqual([{ name: 'follower' }])
  follower.sync.pause()
  await statusOf(leader, ({ kind }) => kind === 'paused')
  await expect.poll(() => seen(other)).toEqual([])
  const call = follower.reducers.addNote({ text: 'while paused' })
  await call
  const { confirmed } = call
  await leave(leader)
  expect(await statusOf(follower, ({ unsyncedCount }) => unsyncedCount === 1)).toMatchObject({
    kind: 'paused',
  })
  follower.sync.resume()
  await confirmed
  await converge([follower, other], ['while paused'])
  await expect
    .poll(() => other.sync.presence.others)
    .toEqual([{ sessionId: follower.connectionId, state: { name: 'follower' } }])
})

test('without a relay everything works and waits', async () => {
  newShared()
  const one = await tabOf('one', { url: 'ws://127.0.0.1:9' })
  await one.reducers.addNote({ text: 'x' })
  expect(await statusOf(one, ({ kind }) => kind === 'offline')).toMatchObject({ unsyncedCount: 1 })
  const call = one.reducers.addNote({ text: 'y' })
  await call
  const failed = expect(call.confirmed).rejects.toMatchObject({ code: 'client/closed' })
  await leave(one)
  await failed
})

test('killed at any moment of a rebuild, a device has its old database or its new one', async () => {
  newShared()
  const one = await tabOf('one')
  await one.reducers.addNotes({ count: 2_000 })
  await one.reducers.addNote({ text: 'first' }).confirmed
  const expected = [...Array.from({ length: 2_000 }, (_, rank) => `note ${rank}`), 'first']
  for (const delayMs of [0, 40, 80, 120, 160, 240, 320]) {
    const name = `killed after ${delayMs}`
    names.add(deviceName(name))
    const frame = await openFrameTab()
    frames.push(frame)
    const killed = await frame.openShared(deviceName(name), syncOf({ paused: true }))
    await killed.reducers.addDraft({ text: 'only here' })
    await killed.reducers.addNote({ text: name })
    killed.sync.resume()
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    frame.kill()
    const again = await tabOf(name, { paused: true })
    const texts = (await again.query((q) => q.note)).map(({ text }) => text)
    expect(texts).toContain(name)
    // All of the relay's or nothing: never a part.
    expect([1, expected.length + 1]).toContain(texts.length)
    expect(await again.count((q) => q.draft)).toBe(1)
    expect(await again.verify()).toEqual([])
    again.sync.resume()
    expected.push(name)
    await converge([one, again], expected)
    await leave(again)
  }
}, 120_000)

test('opened without sync, a device that was in sync works alone; its writes follow later', async () => {
  newShared()
  const one = await tabOf('one')
  await one.reducers.addNote({ text: 'first' }).confirmed
  await leave(one)
  const alone = await openShared(deviceName('one'))
  open.push(alone)
  expect(alone.sync.status.kind).toBe('off')
  await alone.reducers.addNote({ text: 'alone' })
  expect(await alone.unsyncedCount()).toBe(1)
  expect(await alone.verify()).toEqual([])
  await expect(alone.digest()).rejects.toMatchObject({ code: 'sync/not-configured' })
  await leave(alone)
  await converge([await tabOf('one'), await tabOf('two')], ['first', 'alone'])
})
