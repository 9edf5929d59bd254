/** Universes in sync over a relay that is there: the whole way from reducer to the other's query. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createToken, parseConfig, type RelayConfigInput, startRelay } from '@inner-universe/relay'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { SyncOptions, SyncStatus, Universe } from '../main/universe.ts'
import { sharedNotes } from '../testing/shared-notes.ts'
import { openUniverse } from './index.ts'

type Notes = Universe<typeof sharedNotes.tables, typeof sharedNotes.reducers>
type Relay = Awaited<ReturnType<typeof startRelay>>

const SECRET = 'a secret of at least thirty-two characters'
const UNIVERSE = 'home'
const directory = mkdtempSync(join(tmpdir(), 'inner-universe-sync-'))
const closing: { close(): Promise<void> }[] = []
let fileCount = 0

afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close()
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const newPath = (): string => join(directory, `${++fileCount}`)

async function relayAt(options: RelayConfigInput = {}): Promise<Relay> {
  const config = { port: 0, storage: 'memory', secret: SECRET, logLevel: 'silent', ...options }
  const relay = await startRelay(parseConfig(config, directory))
  closing.push(relay)
  return relay
}

function tokenOf(
  identity: string,
  rights: Parameters<typeof createToken>[0]['universes'][string] = 'write',
): Promise<string> {
  const issuedMs = Date.now()
  return createToken({
    secret: SECRET,
    identity,
    universes: { [UNIVERSE]: rights },
    issuedMs,
    expiresMs: issuedMs + 3_600_000,
  })
}

interface Device {
  readonly path?: string
  readonly identity?: string
  readonly rights?: Parameters<typeof tokenOf>[1]
  readonly sync?: Partial<SyncOptions>
}

async function device(
  { url }: { readonly url: string },
  { path, identity = 'ada', rights, sync }: Device = {},
): Promise<Notes> {
  const universe = await openUniverse(sharedNotes, {
    ...(path === undefined ? { memory: true } : { path }),
    identity,
    sync: { url, universe: UNIVERSE, token: () => tokenOf(identity, rights), ...sync },
  })
  closing.push(universe)
  return universe
}

const texts = async (universe: Notes): Promise<string[]> =>
  (await universe.query((q) => q.note)).map(({ text }) => text).sort()

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

/** Waits until all show the same rows, and those. */
async function converge(universes: readonly Notes[], expected: readonly string[]): Promise<void> {
  for (const universe of universes) {
    await expect.poll(() => texts(universe), { timeout: 10_000 }).toEqual([...expected].sort())
    await statusOf(universe, isSynced)
  }
  const digests = await Promise.all(universes.map((universe) => universe.digest()))
  expect(new Set(digests).size).toBe(1)
}

test('what one writes is confirmed, and the other sees it, live', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  const two = await device(relay, { identity: 'bob' })
  // Whoever comes later is built from what there is, and told of a gap instead.
  await statusOf(two, isSynced)
  const seen: string[] = []
  two.onChanges(['note'], ({ origin, changes }) => {
    for (const { after } of changes) seen.push(`${origin} ${after?.text}`)
  })
  const call = one.reducers.addNote({ text: 'hello' })
  const id = await call.confirmed
  expect(id).toBe(await call)
  await converge([one, two], ['hello'])
  expect(seen).toEqual(['remote hello'])
  await two.reducers.editNote({ id, text: 'hello, bob here' }).confirmed
  await converge([one, two], ['hello, bob here'])
})

test('[UN9] what is undone offline is confirmed later, and leaves what the other wrote since', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  const two = await device(relay, { identity: 'bob' })
  const history = await one.undo({ scope: 'list', groupMs: 0 })
  const kept = await history.reducers.addNote({ text: 'kept' })
  const id = await history.reducers.addNote({ text: 'first' })
  await history.reducers.editNote({ id, text: 'second' })
  await converge([one, two], ['kept', 'second'])
  await two.reducers.editNote({ id: kept, text: 'kept, bob here' }).confirmed
  await converge([one, two], ['kept, bob here', 'second'])
  one.sync.pause()
  await history.undo()
  const undone = history.undo()
  expect(await undone).toMatchObject({ isDone: true, skipped: [] })
  expect(await texts(one)).toEqual(['kept, bob here'])
  one.sync.resume()
  await undone.confirmed
  await converge([one, two], ['kept, bob here'])
  expect((await history.undo()).skipped).toEqual([
    { table: 'note', id: kept, column: null, why: 'changed' },
  ])
  await history.redo()
  await history.redo().confirmed
  await converge([one, two], ['kept, bob here', 'second'])
})

test('a call that writes nothing synced is confirmed at once, one that is refused is not', async () => {
  const one = await device(await relayAt(), { sync: { paused: true } })
  expect(await one.reducers.addDraft({ text: 'mine' }).confirmed).toBeTypeOf('string')
  await expect(one.reducers.editNote({ id: 'nowhere', text: 'x' }).confirmed).rejects.toMatchObject(
    {
      code: 'table/row-not-found',
    },
  )
})

test('without sync there is nothing to confirm, to pause or to say', async () => {
  const alone = await openUniverse(sharedNotes, { memory: true })
  closing.push(alone)
  const call = alone.reducers.addNote({ text: 'x' })
  await call
  const notConfigured = expect.objectContaining({ code: 'sync/not-configured' })
  await expect(call.confirmed).rejects.toEqual(notConfigured)
  expect(alone.sync.status.kind).toBe('off')
  expect(() => alone.sync.pause()).toThrow(notConfigured)
  expect(() => alone.sync.presence.set({})).toThrow(notConfigured)
  expect(await alone.sync.conflicts()).toEqual([])
  await expect(device({ url: 'relay.example' })).rejects.toEqual(notConfigured)
  await expect(device({ url: 'https://relay.example' })).rejects.toEqual(notConfigured)
})

test('paused, nothing leaves; resumed, everything does', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  const two = await device(relay)
  await statusOf(one, isSynced)
  one.sync.pause()
  await statusOf(one, ({ kind }) => kind === 'paused')
  let isConfirmed = false
  const call = one.reducers.addNote({ text: 'one, offline' })
  const confirmed = call.confirmed.then(() => {
    isConfirmed = true
  })
  await call
  await two.reducers.addNote({ text: 'two' }).confirmed
  await statusOf(one, ({ kind, unsyncedCount }) => kind === 'paused' && unsyncedCount === 1)
  expect(isConfirmed).toBe(false)
  expect(await texts(two)).toEqual(['two'])
  one.sync.resume()
  await confirmed
  await converge([one, two], ['one, offline', 'two'])
})

test('a replica that joins late keeps what it wrote early', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  await one.reducers.addNotes({ count: 20 })
  await one.reducers.addNote({ text: 'first' }).confirmed
  const path = newPath()
  const late = await device(relay, { path, sync: { paused: true } })
  await late.reducers.addDraft({ text: 'only here' })
  const early = late.reducers.addNote({ text: 'early' })
  await early
  let gapCount = 0
  late.onChanges(['note'], () => undefined, { onGap: () => gapCount++ })
  const live = late.live((q) => q.note.where({ rank: 19 }))
  const stop = live.subscribe(() => undefined)
  late.sync.resume()
  await early.confirmed
  const all = [...Array.from({ length: 20 }, (_, rank) => `note ${rank}`), 'first', 'early']
  await converge([one, late], all)
  expect(gapCount).toBe(1)
  await expect.poll(() => live.state.rows.length).toBe(1)
  stop()
  expect(await late.count((q) => q.draft)).toBe(1)
  expect(await late.verify()).toEqual([])
  await late.close()
  const again = await device(relay, { path })
  expect(await again.count((q) => q.note)).toBe(22)
  expect(await again.count((q) => q.draft)).toBe(1)
  await again.reducers.addNote({ text: 'later' }).confirmed
  await converge([one, again], [...all, 'later'])
})

test('calls made while a replica is rebuilt wait, and none is lost', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  await one.reducers.addNote({ text: 'first' }).confirmed
  const late = await device(relay, { path: newPath(), sync: { paused: true } })
  const before = late.reducers.addNote({ text: 'before' })
  await before
  late.sync.resume()
  const calls = [before]
  const expected = ['first', 'before']
  // One after the other over the whole of it, the taking over included.
  for (let index = 0; late.sync.status.kind !== 'live' || index < 50; index++) {
    const call = late.reducers.addNote({ text: `${index}` })
    expected.push(`${index}`)
    calls.push(call)
    await call
  }
  await Promise.all(calls.map((call) => call.confirmed))
  await converge([one, late], expected)
})

test('what the relay denies is undone, told to the caller, and kept as a conflict', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  const rights = { read: true, write: true, tables: ['note'] }
  const two = await device(relay, { identity: 'bob', rights })
  await statusOf(two, isSynced)
  const noticed: string[] = []
  two.sync.onConflicts((conflicts) => noticed.push(...conflicts.map(({ kind }) => kind)))
  const refused = two.reducers.addSecret({ text: 'not allowed' })
  const granted = two.reducers.addNote({ text: 'allowed' })
  await refused
  await expect(refused.confirmed).rejects.toMatchObject({ code: 'sync/denied' })
  await granted.confirmed
  await converge([one, two], ['allowed'])
  expect(await two.count((q) => q.secret)).toBe(0)
  expect(await one.count((q) => q.secret)).toBe(0)
  expect(noticed).toEqual(['denied'])
  const [conflict] = await two.sync.conflicts()
  expect(conflict).toMatchObject({ kind: 'denied', table: 'secret', reducer: 'addSecret' })
  await two.sync.dismissConflicts([conflict?.conflictId ?? 0])
  expect(await two.sync.conflicts()).toEqual([])
})

test('two edits of one cell: one wins, and who lost learns both values', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  const two = await device(relay, { identity: 'bob' })
  const id = await one.reducers.addNote({ text: 'start' }).confirmed
  await converge([one, two], ['start'])
  one.sync.pause()
  await statusOf(one, ({ kind }) => kind === 'paused')
  await one.reducers.editNote({ id, text: 'by ada' })
  await new Promise((resolve) => setTimeout(resolve, 5))
  await two.reducers.editNote({ id, text: 'by bob' }).confirmed
  one.sync.resume()
  await converge([one, two], ['by bob'])
  const expected = { kind: 'overridden', table: 'note', id, column: 'text' }
  expect(await one.sync.conflicts()).toMatchObject([
    { ...expected, ours: 'by ada', theirs: 'by bob', winner: 'theirs' },
  ])
})

test('devices and tabs see who else is here, and when they have gone', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  const two = await device(relay, { identity: 'bob' })
  expect(() => one.sync.presence.set('ä'.repeat(2_500))).toThrow(
    expect.objectContaining({ code: 'call/too-large' }),
  )
  const state = { name: 'Ada', at: [1, 2] }
  one.sync.presence.set(state)
  state.at.push(3)
  await expect
    .poll(() => two.sync.presence.others)
    .toEqual([{ sessionId: one.connectionId, state: { name: 'Ada', at: [1, 2] } }])
  const { others } = two.sync.presence
  expect(two.sync.presence.others).toBe(others)
  two.sync.presence.set('Bob')
  await expect
    .poll(() => one.sync.presence.others)
    .toEqual([{ sessionId: two.connectionId, state: 'Bob' }])
  one.sync.presence.set(undefined)
  await expect.poll(() => two.sync.presence.others).toEqual([])
  await two.close()
  await expect.poll(() => one.sync.presence.others).toEqual([])
})

test('a wrong token is told, and nothing is lost', async () => {
  const relay = await relayAt()
  let token = 'wrong'
  const one = await device(relay, { sync: { token: () => token } })
  await one.reducers.addNote({ text: 'kept' })
  expect(await statusOf(one, ({ kind }) => kind === 'denied')).toMatchObject({ unsyncedCount: 1 })
  token = await tokenOf('ada')
  one.sync.pause()
  one.sync.resume()
  await statusOf(one, isSynced)
})

test('a relay that restarts is found again, and has everything', async () => {
  const dataDir = newPath()
  const first = await relayAt({ storage: 'sqlite', dataDir })
  const one = await device(first)
  const two = await device(first, { identity: 'bob' })
  await one.reducers.addNote({ text: 'before' }).confirmed
  await converge([one, two], ['before'])
  await first.close()
  const call = one.reducers.addNote({ text: 'meanwhile' })
  await call
  const second = await relayAt({ storage: 'sqlite', dataDir, port: first.port })
  await call.confirmed
  await converge([one, two], ['before', 'meanwhile'])
  const three = await device(second, { identity: 'eve' })
  await converge([one, two, three], ['before', 'meanwhile'])
}, 20_000)

test('a relay restored from an older copy gets back what replicas have', async () => {
  const dataDir = newPath()
  const first = await relayAt({ storage: 'sqlite', dataDir })
  const one = await device(first, { path: newPath() })
  const two = await device(first, { identity: 'bob', path: newPath() })
  await one.reducers.addNote({ text: 'in the copy' }).confirmed
  await converge([one, two], ['in the copy'])
  await first.close()
  const copy = newPath()
  cpSync(dataDir, copy, { recursive: true })
  const between = await relayAt({ storage: 'sqlite', dataDir, port: first.port })
  await one.reducers.addNote({ text: 'lost by the relay' }).confirmed
  await converge([one, two], ['in the copy', 'lost by the relay'])
  await between.close()
  const restored = await relayAt({ storage: 'sqlite', dataDir: copy, port: first.port })
  await one.reducers.addNote({ text: 'after' }).confirmed
  await converge([one, two], ['in the copy', 'lost by the relay', 'after'])
  const three = await device(restored, { identity: 'eve' })
  await converge([one, two, three], ['in the copy', 'lost by the relay', 'after'])
}, 30_000)

test('a replica that joins a long log is built from an image', async () => {
  const retention = { imageEveryEntries: 5, everyMs: 50 }
  const relay = await relayAt({ storage: 'sqlite', dataDir: newPath(), retention })
  const one = await device(relay)
  const expected: string[] = []
  for (let index = 0; index < 12; index++) {
    await one.reducers.addNote({ text: `${index}` }).confirmed
    expected.push(`${index}`)
  }
  await expect
    .poll(
      async () => {
        const phases = new Set<string>()
        const fresh = newPath()
        const joining = await device(relay, { path: fresh, sync: { paused: true } })
        joining.sync.onStatus((status) => {
          if (status.kind === 'catching-up') phases.add(status.phase)
        })
        const early = joining.reducers.addNote({ text: fresh })
        await early
        expected.push(fresh)
        joining.sync.resume()
        await early.confirmed
        await converge([one, joining], expected)
        expect(await joining.verify()).toEqual([])
        return [...phases]
      },
      { timeout: 20_000, interval: 300 },
    )
    .toContain('image')
}, 30_000)

test('an import goes on syncing with what the file holds and what the relay has', async () => {
  const relay = await relayAt()
  const one = await device(relay)
  const two = await device(relay, { identity: 'bob' })
  await one.reducers.addNote({ text: 'first' }).confirmed
  await converge([one, two], ['first'])
  const file = await new Response(
    one.exportFile() as ReadableStream<Uint8Array<ArrayBuffer>>,
  ).arrayBuffer()
  await one.reducers.addNote({ text: 'after the export' }).confirmed
  await one.importFile(new Blob([file]))
  await one.reducers.addNote({ text: 'after the import' }).confirmed
  await converge([one, two], ['first', 'after the export', 'after the import'])
})
