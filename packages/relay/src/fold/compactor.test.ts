import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Epoch, type Hash, UniverseError } from '@inner-universe/core'
import { openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { imageManifestHash, parseImageManifest } from '@inner-universe/sync'
import { createMemoryLogStore, type MemoryLogStore } from '@inner-universe/sync/relay-side'
import { afterEach, expect, test } from 'vitest'
import { systemCompression, systemHash } from '../system.ts'
import { Fold } from './fold.ts'
import { joinBytes } from './image.ts'
import {
  createFoldedRelay,
  type FoldedRelay,
  library,
  START_MS,
  type TestReplica,
  testSystem,
} from './testing/folded-relay.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'inner-universe-folds-'))
  folders.push(folder)
  return folder
}

const record = async ({ store }: FoldedRelay) => {
  const found = await store.find('town')
  if (found === undefined) throw new Error('the universe is not there')
  return found
}

const kinds = ({ events }: FoldedRelay) => events.map(({ kind }) => kind)

/** The same store, whose reads fail when they are told to. */
function failingReads(store: MemoryLogStore, isFailing: () => boolean): MemoryLogStore {
  return new Proxy(store, {
    get(target, name: keyof MemoryLogStore) {
      if (name === 'read' && isFailing()) throw new UniverseError('storage/io', 'the disk is away')
      return (target[name] as () => unknown).bind(target)
    },
  })
}

/** The bytes of the newest image, as a new replica puts them together. */
async function readImage(store: MemoryLogStore) {
  const images = [...(await store.images('town'))].sort((a, b) => b.offset - a.offset)
  const text = (await store.manifestText('town', images[0]?.manifest as Hash)) ?? ''
  const manifest = parseImageManifest(text)
  expect(imageManifestHash(text)).toBe(images[0]?.manifest)
  const parts: Uint8Array[] = []
  for (const { hash, byteCount } of manifest.chunks) {
    const stored = await store.chunk(hash)
    expect(stored?.length).toBe(byteCount)
    const bytes = systemCompression.inflate(stored as Uint8Array, 1024 * 1024)
    expect(systemHash(bytes)).toBe(hash)
    parts.push(bytes)
  }
  const bytes = joinBytes(parts)
  expect(bytes.length).toBe(manifest.byteCount)
  return { manifest, bytes }
}

function openImage(bytes: Uint8Array, path = ':memory:') {
  if (path !== ':memory:') writeFileSync(path, bytes)
  const driver = openNodeDatabase({
    path,
    durability: 'process',
    ...(path === ':memory:' && { contents: bytes }),
  })
  const engine = openEngine({
    driver,
    module: library,
    now: () => START_MS,
    randomBytes: (count) => new Uint8Array(count).fill(9),
    identity: 'newcomer',
    stream: 'new',
    replication,
    join: { owner: 'ada' },
  })
  return { engine, driver }
}

async function write(replica: TestReplica, callCount: number): Promise<void> {
  for (let count = 0; count < callCount; count++) {
    replica.call('addBooks', { count: 2 })
    await replica.sync()
  }
}

test('an image of five thousand rows opens as a database, and shows what the replicas show', async () => {
  const town = createFoldedRelay({ folder: createFolder(), retention: { imageEveryEntries: 5 } })
  const ada = await town.replica('ada')
  ada.call('addDraft', { text: 'only here' })
  for (let round = 0; round < 10; round++) {
    const shelf = ada.call('addShelf', { name: `shelf ${round}` })
    const ids = ada.call('addBooks', { count: 500, shelf }) as string[]
    ada.call('rename', { id: ids[0], title: 'renamed' })
    ada.call('remove', { ids: ids.slice(1, 20) })
    await ada.sync()
  }
  await town.step()
  const { head, hash, epoch } = await record(town)
  const { manifest, bytes } = await readImage(town.store)
  expect(manifest).toMatchObject({
    universe: 'town',
    module: 'library',
    schemaVersion: 1,
    owner: 'ada',
    epoch,
    offset: head,
    hash,
    digest: ada.engine.digest(),
  })
  // A rollback journal and pages of 8192 bytes: what the driver of browsers opens as its own.
  expect([bytes[18], bytes[19]]).toEqual([1, 1])
  expect(((bytes[16] as number) << 8) | (bytes[17] as number)).toBe(8192)

  const { engine, driver } = openImage(bytes, join(createFolder(), 'image.db'))
  expect(engine.digest()).toBe(ada.engine.digest())
  expect(engine.verify()).toEqual([])
  expect(engine.replica.position()).toEqual({ epoch, offset: head, hash })
  expect(engine.info.owner).toBe('ada')
  expect(engine.replica.unsyncedCount()).toBe(0)
  expect(engine.count({ table: 'book' } as never)).toBe(
    ada.engine.count({ table: 'book' } as never),
  )
  expect(engine.count({ table: 'draft' } as never)).toBe(0)
  expect(driver.prepare('SELECT count(*) FROM _log').get()).toEqual([0])
  engine.close()
})

test('a replica that begins from an image goes on with the log after it', async () => {
  const town = createFoldedRelay({ retention: { imageEveryEntries: 3 } })
  const ada = await town.replica('ada')
  await write(ada, 3)
  await town.step()
  await write(ada, 4)
  const { bytes, manifest } = await readImage(town.store)
  expect(manifest.digest).not.toBe(ada.engine.digest())
  const rest = await town.store.read('town', manifest.offset, 1e9)
  expect(rest.length).toBe(4)
  const fold = new Fold({
    owner: 'ada',
    module: library,
    path: undefined,
    contents: bytes,
    system: testSystem(town.scheduler),
  })
  fold.receive(rest, manifest.epoch)
  expect(fold.engine.digest()).toBe(ada.engine.digest())
  fold.close()
})

test('images come every so many entries, and only the newest are kept', async () => {
  const town = createFoldedRelay({ retention: { imageEveryEntries: 4, imagesKept: 2 } })
  const ada = await town.replica('ada')
  const offsets: number[][] = []
  for (let round = 0; round < 8; round++) {
    await write(ada, 2)
    await town.step()
    offsets.push((await town.store.images('town')).map(({ offset }) => offset))
  }
  expect(offsets).toEqual([[], [4], [4], [4, 8], [4, 8], [8, 12], [8, 12], [12, 16]])
  expect(kinds(town).filter((kind) => kind === 'image')).toHaveLength(4)
})

test('what comes while an image is being made counts towards the next one', async () => {
  const memory = createMemoryLogStore()
  let meanwhile: (() => Promise<void>) | undefined
  const store = new Proxy(memory, {
    get(target, name: keyof MemoryLogStore) {
      const method = (target[name] as (...args: unknown[]) => unknown).bind(target)
      if (name !== 'read') return method
      return async (...args: unknown[]) => {
        const entries = (await method(...args)) as unknown[]
        const run = entries.length === 0 ? meanwhile : undefined
        if (run !== undefined) meanwhile = undefined
        await run?.()
        return entries
      }
    },
  })
  const town = createFoldedRelay({ store, retention: { imageEveryBytes: 1 } })
  const ada = await town.replica('ada')
  await write(ada, 2)
  meanwhile = () => write(ada, 2)
  await town.step()
  expect(town.events).toMatchObject([{ kind: 'image', offset: 2 }])
  await town.step()
  await town.step()
  expect(town.events.at(-1)).toMatchObject({ kind: 'image', offset: 4 })
})

test('a floor is laid when it is old enough and everyone has read past it', async () => {
  const town = createFoldedRelay()
  const ada = await town.replica('ada')
  const bob = await town.replica('bob')
  const ids = ada.call('addBooks', { count: 10 }) as string[]
  await ada.sync()
  await bob.sync()
  ada.call('remove', { ids: ids.slice(0, 5) })
  await ada.sync()
  const { head } = await record(town)
  await town.step()
  expect((await record(town)).floor).toBeUndefined()

  await town.scheduler.advance(500)
  await town.step()
  expect((await record(town)).floor).toBeUndefined()

  await town.scheduler.advance(600)
  await town.step()
  // Old enough, but bob has not read the deletions.
  expect((await record(town)).floor).toBeUndefined()

  await bob.sync()
  await town.step()
  expect((await record(town)).floor).toEqual({ offset: head + 1, baseOffset: head })
  const [entry] = await town.store.read('town', head, 1e9)
  expect(entry).toMatchObject({
    kind: 'floor',
    floor: { baseOffset: head, forgotten: [{ table: 'book', ids: ids.slice(0, 5).sort() }] },
  })
  // An image above the floor was made, and the log below it is gone.
  expect(kinds(town)).toEqual(['floor', 'image', 'truncated'])
  expect((await record(town)).truncatedThrough).toBe(head)

  await ada.sync()
  await bob.sync()
  const { manifest, bytes } = await readImage(town.store)
  expect(manifest.offset).toBe(head + 1)
  const { engine } = openImage(bytes)
  expect(ada.engine.digest()).toBe(manifest.digest)
  expect(bob.engine.digest()).toBe(manifest.digest)
  expect(engine.digest()).toBe(manifest.digest)
  expect(ada.engine.replica.lastFloor()).toEqual({ offset: head + 1, baseOffset: head })
  const { hlc } = entry?.kind === 'floor' ? entry.floor : { hlc: 0 }
  expect(ada.engine.deadRows(hlc)).toEqual([])
  expect(engine.deadRows(hlc)).toEqual([])
})

test('a replica that was not seen for long is not waited for', async () => {
  const town = createFoldedRelay({ retention: { sessionMemoryMs: 5000 } })
  const ada = await town.replica('ada')
  const bob = await town.replica('bob')
  await write(ada, 1)
  await bob.sync()
  bob.disconnect()
  await write(ada, 1)
  await town.step()
  await town.scheduler.advance(4000)
  await ada.sync()
  await town.step()
  expect((await record(town)).floor).toBeUndefined()
  await town.scheduler.advance(2000)
  await town.step()
  expect((await record(town)).floor).toBeDefined()
})

test('a dead row that something was merged into meanwhile is not forgotten', async () => {
  const town = createFoldedRelay()
  const ada = await town.replica('ada')
  const bob = await town.replica('bob')
  const ids = ada.call('addBooks', { count: 2 }) as string[]
  await ada.sync()
  await bob.sync()
  ada.call('remove', { ids })
  await ada.sync()
  bob.call('rename', { id: ids[0], title: 'not knowing that it is gone' })
  const { head } = await record(town)
  await town.step()
  await bob.sync()
  await ada.sync()
  await town.scheduler.advance(2000)
  await town.step()
  const entries = await town.store.read('town', head, 1e9)
  const floor = entries.find((entry) => entry.kind === 'floor')
  expect(floor).toMatchObject({ floor: { baseOffset: head, forgotten: [{ ids: [ids[1]] }] } })
})

test('what was written below the floor is refused, and no floor follows a floor', async () => {
  const town = createFoldedRelay({ retention: { sessionMemoryMs: 1500 } })
  const ada = await town.replica('ada')
  const bob = await town.replica('bob')
  await write(ada, 2)
  bob.call('addBooks', { count: 1 })
  await town.step()
  await town.scheduler.advance(2000)
  await town.step()
  const { floor, head } = await record(town)
  expect(floor).toBeDefined()
  // Bob wrote when it had read nothing.
  await bob.sync()
  expect(bob.nacks).toMatchObject([{ code: 'rebase' }])
  await town.scheduler.advance(10_000)
  await town.step()
  await town.scheduler.advance(10_000)
  await town.step()
  expect(await record(town)).toMatchObject({ floor, head })
})

test('a truncated log opens for who has read far enough, and only an image for others', async () => {
  const town = createFoldedRelay()
  const ada = await town.replica('ada')
  await write(ada, 3)
  await town.step()
  await town.scheduler.advance(2000)
  await town.step()
  expect((await record(town)).truncatedThrough).toBe(3)
  const bob = await town.replica('bob')
  expect(bob.opened).toMatchObject({ isContinued: false, head: 4, image: { offset: 4 } })
  await write(ada, 1)
  expect(ada.nacks).toEqual([])
  expect((await record(town)).epoch).toBe(ada.opened.epoch)
})

test('folds go on from their files', async () => {
  const folder = createFolder()
  const first = createFoldedRelay({ folder })
  const ada = await first.replica('ada')
  await write(ada, 3)
  await first.step()
  await first.folds.close()

  const second = createFoldedRelay({
    folder,
    store: first.store,
    retention: { imageEveryEntries: 1 },
  })
  await second.step()
  expect(kinds(second)).toEqual(['image'])
  expect((await readImage(second.store)).manifest.digest).toBe(ada.engine.digest())
  // The mark was kept as well: the floor does not wait anew.
  await second.scheduler.advance(2000)
  await second.step()
  expect((await record(second)).floor).toMatchObject({ baseOffset: 3 })
  await second.folds.close()
})

test('a fold that is damaged, or ahead of a restored log, is built anew', async () => {
  const folder = createFolder()
  const first = createFoldedRelay({ folder })
  const ada = await first.replica('ada')
  await write(ada, 2)
  const backup = first.store.copy()
  await write(ada, 2)
  await first.step()
  await first.folds.close()

  const restored = createFoldedRelay({ folder, store: backup, retention: { imageEveryEntries: 1 } })
  await restored.step()
  expect(kinds(restored)).toEqual(['rebuilt', 'image'])
  expect((await readImage(backup)).manifest.offset).toBe(2)
  await restored.folds.close()

  const [name] = readdirSync(folder).filter((file) => file.endsWith('.db'))
  const path = join(folder, name as string)
  writeFileSync(path, readFileSync(path).fill(0x55, 8192))
  const again = createFoldedRelay({
    folder,
    store: first.store,
    retention: { imageEveryEntries: 1 },
  })
  await again.step()
  expect(kinds(again)).toEqual(['rebuilt', 'image'])
  expect((await readImage(first.store)).manifest.digest).toBe(ada.engine.digest())
  await again.folds.close()
})

test('a step that the store breaks off is done again, with the fold as it was', async () => {
  let isFailing = false
  const memory = createMemoryLogStore()
  const store = failingReads(memory, () => isFailing)
  const town = createFoldedRelay({ store, retention: { imageEveryEntries: 1 } })
  const ada = await town.replica('ada')
  await write(ada, 2)
  await town.step()
  await write(ada, 2)
  isFailing = true
  await expect(town.step()).rejects.toThrow('the disk is away')
  isFailing = false
  town.events.length = 0
  await town.step()
  expect(kinds(town)).toEqual(['image'])
  expect((await readImage(memory)).manifest.digest).toBe(ada.engine.digest())
})

test('a restore that is learned of in the middle of a step: the image is of the epoch that its log is', async () => {
  const memory = createMemoryLogStore()
  let meanwhile: (() => Promise<void>) | undefined
  const store = new Proxy(memory, {
    get(target, name: keyof MemoryLogStore) {
      const method = (target[name] as (...args: unknown[]) => unknown).bind(target)
      if (name !== 'schemaText') return method
      return async (...args: unknown[]) => {
        const run = meanwhile
        meanwhile = undefined
        await run?.()
        return method(...args)
      }
    },
  })
  const town = createFoldedRelay({ store, retention: { imageEveryEntries: 1 } })
  const ada = await town.replica('ada')
  await write(ada, 2)
  await town.step()
  const epoch = 'e'.repeat(16) as Epoch
  meanwhile = async () => {
    await memory.startEpoch('town', epoch, START_MS)
    await write(ada, 2)
  }
  await town.step()
  expect(await record(town)).toMatchObject({ epoch, head: 4, pastEpochs: [{ lastOffset: 2 }] })
  const { manifest } = await readImage(memory)
  expect(manifest).toMatchObject({ offset: 4, epoch, digest: ada.engine.digest() })
})

test('a fold whose log is truncated is built anew from an image', async () => {
  for (const folder of [undefined, createFolder()]) {
    const first = createFoldedRelay(folder === undefined ? {} : { folder })
    const ada = await first.replica('ada')
    await write(ada, 3)
    await first.step()
    await first.scheduler.advance(2000)
    await first.step()
    await write(ada, 2)
    expect((await record(first)).truncatedThrough).toBe(3)
    await first.folds.close()
    const again = createFoldedRelay({
      store: first.store,
      folder: createFolder(),
      retention: { imageEveryEntries: 1 },
    })
    await again.step()
    expect(kinds(again)).toEqual(['rebuilt', 'image'])
    expect((await readImage(first.store)).manifest.digest).toBe(ada.engine.digest())
    await again.folds.close()
  }
})

test('a universe whose tables nobody has told is left alone', async () => {
  const town = createFoldedRelay()
  await town.store.create({
    universe: 'empty',
    module: 'unknown',
    owner: 'ada',
    epoch: '0123456789abcdef' as never,
    epochMs: START_MS,
  })
  await town.step()
  expect(town.events).toEqual([])
})
