/** Replicas built beside the one in use, over real databases; what goes wrong on the way is made up. */
import { randomFillSync } from 'node:crypto'
import { appendFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClientId, formatCallId, type Hash, type Module } from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import {
  type AdoptionPlan,
  hashOf,
  IMAGE_CHUNK_BYTES,
  type ImageManifest,
} from '@inner-universe/sync'
import { afterAll, expect, test } from 'vitest'
import { sharedNotes } from '../testing/shared-notes.ts'
import { Host } from '../worker/host.ts'
import type { OpenDatabase } from '../worker/host-commands.ts'
import { createLive } from '../worker/live/worker-live.ts'
import type { ReplicaStaging, Store } from '../worker/store.ts'
import { HostHome } from '../worker/sync/host-home.ts'
import { fileStore } from './node-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'inner-universe-home-'))
let fileCount = 0

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const module = sharedNotes as unknown as Module
const PLAN: AdoptionPlan = {
  reason: 'join',
  keepsStream: false,
  denied: [],
  settled: [],
  clockOffsetMs: 0,
}

let nowMs = 1_800_000_000_000

const openOver = (...[driver, stream, join]: Parameters<OpenDatabase['openEngine']>): Engine =>
  openEngine({
    driver,
    module,
    now: () => nowMs++,
    randomBytes: (byteCount) => randomFillSync(new Uint8Array(byteCount)),
    identity: 'ada',
    stream,
    replication,
    ...(join !== undefined && { join }),
  })

function add(engine: Engine, text: string, number: number): void {
  const [outcome] = engine.commit([
    {
      callId: formatCallId('ab'.repeat(16) as ClientId, number),
      reducer: 'addNote',
      args: { text },
      timestampMs: nowMs++,
      sender: 'ada',
      connectionId: null,
      oldestPendingNumber: number,
    },
  ]).outcomes
  if (outcome?.ok !== true) throw outcome?.error
}

const texts = (engine: Engine): unknown[] =>
  engine
    .query({ table: 'note', orderBy: [{ column: 'text', direction: 'asc' }] })
    .map((row) => row.text)

/** A host over a file, and the home of its replica; `change` makes its staging misbehave. */
async function setup(change: (staging: ReplicaStaging) => Partial<ReplicaStaging> = () => ({})) {
  const path = join(directory, `${++fileCount}.db`)
  const files = fileStore(path, 'power')
  const store: Store = {
    ...files,
    stageReplica: async () => {
      const staging = await files.stageReplica()
      return { ...staging, ...change(staging) }
    },
  }
  const driver = await store.open()
  const database: { -readonly [K in keyof OpenDatabase]: OpenDatabase[K] } = {
    host: undefined as unknown as Host,
    store,
    driver,
    openEngine: openOver,
    clock: { offsetMs: 0 },
    onLong: () => undefined,
    onFault: (error) => {
      throw error
    },
  }
  database.host = new Host({
    module,
    engine: openOver(driver, 'continue'),
    storage: 'file',
    storageReason: undefined,
    wallMs: () => nowMs,
    now: () => nowMs,
    defer: (run) => queueMicrotask(run),
    setTimer: () => () => undefined,
    setDeadline: () => undefined,
    readMsMax: 1_000,
    onGroup: () => undefined,
    watchPresence: () => () => undefined,
    onFault: database.onFault,
    isUsable: () => true,
    onUnusable: () => undefined,
    isSuspicious: false,
    condemnedCallIds: new Set(),
    loadLive: () => createLive,
  })
  add(database.host.engine, 'old', 1)
  return { path, database, host: database.host, home: new HostHome({ database, hash: hashOf }) }
}

test('a staged replica takes over with everything that was pending', async () => {
  const { path, database, host, home } = await setup()
  const before = home.replica
  const { stream } = before
  const staged = await home.stage()
  await staged.open({ owner: 'eve' })
  const { adopted } = await staged.takeOver({ ...PLAN, clockOffsetMs: 500 })
  expect(adopted).toMatchObject([{ kind: 'reauthored', from: { stream, seq: 1 } }])
  expect(home.replica).not.toBe(before)
  expect(home.replica.stream).not.toBe(stream)
  expect(host.engine.info.owner).toBe('eve')
  expect(database.clock.offsetMs).toBe(500)
  add(host.engine, 'later', 2)
  expect(texts(host.engine)).toEqual(['later', 'old'])
  expect(host.engine.verify()).toEqual([])
  await home.dropStaged()
  host.close()
  expect(existsSync(`${path}.staged`)).toBe(false)
})

test.each(['seal', 'takeOver'] as const)(
  'when %s fails, the old database goes on',
  async (step) => {
    const { host, home } = await setup(() => ({
      [step]: () => {
        throw new Error('disk gone')
      },
    }))
    const staged = await home.stage()
    await staged.open({ owner: 'ada' })
    await expect(staged.takeOver(PLAN)).rejects.toThrow('disk gone')
    await staged.drop()
    add(host.engine, 'later', 2)
    expect(texts(host.engine)).toEqual(['later', 'old'])
    expect(home.replica.unsyncedCount()).toBe(2)
    host.close()
  },
)

test('killed at any moment, the old database is there or the new one is', async () => {
  const copies: { readonly at: string; readonly path: string }[] = []
  /** What a process killed here leaves behind. */
  const copy = (at: string): void => {
    const to = join(directory, `copy-${copies.length}`)
    for (const file of readdirSync(directory)) {
      if (file.startsWith(`${fileCount}.db`)) cpSync(join(directory, file), join(to, file))
    }
    copies.push({ at, path: join(to, `${fileCount}.db`) })
  }
  const { host, home } = await setup((staging) => ({
    open: async (byteCount) => {
      copy('staged')
      return staging.open(byteCount)
    },
    seal: () => {
      copy('adopted')
      staging.seal()
      copy('sealed')
    },
    takeOver: async () => {
      copy('closed')
      await staging.takeOver()
      copy('taken over')
    },
  }))
  const staged = await home.stage()
  const replica = await staged.open({ owner: 'eve' })
  replica.startStream()
  await staged.takeOver(PLAN)
  host.close()
  const owners = copies.map(({ at, path }) => {
    const engine = openOver(openNodeDatabase({ path, durability: 'power' }), 'continue')
    expect(texts(engine)).toEqual(['old'])
    expect(engine.verify()).toEqual([])
    expect(engine.unsyncedCount()).toBe(1)
    const { owner } = engine.info
    engine.close()
    return [at, owner]
  })
  expect(owners).toEqual([
    ['staged', 'ada'],
    ['adopted', 'ada'],
    ['sealed', 'ada'],
    ['closed', 'ada'],
    ['taken over', 'eve'],
  ])
})

function manifestOf(image: Uint8Array): ImageManifest {
  const hash = '0'.repeat(32) as Hash
  const count = Math.ceil(image.length / IMAGE_CHUNK_BYTES)
  return {
    format: 1,
    universe: 'home',
    module: module.name,
    schemaVersion: 1,
    schemaHash: hash,
    epoch: '0'.repeat(16) as ImageManifest['epoch'],
    offset: 1,
    hash,
    owner: 'ada',
    digest: hash,
    byteCount: image.length,
    chunks: Array.from({ length: count }, (_, index) => {
      const bytes = chunkOf(image, index)
      return { hash: hashOf(bytes), byteCount: bytes.length }
    }),
  }
}

const chunkOf = (image: Uint8Array, index: number): Uint8Array =>
  image.subarray(index * IMAGE_CHUNK_BYTES, (index + 1) * IMAGE_CHUNK_BYTES)

test('chunks of an image are kept over a restart, damaged ones are not', async () => {
  const image = new Uint8Array(3.5 * IMAGE_CHUNK_BYTES).map((_, at) => at >> 13)
  const manifest = manifestOf(image)
  const { path, host, home } = await setup()
  const first = await home.stage()
  expect(await first.keptChunks(manifest)).toEqual(new Set())
  for (const index of [3, 1, 0]) await first.writeChunk(manifest, index, chunkOf(image, index))
  home.release()
  appendFileSync(`${path}.staged-wal`, 'left by SQLite')
  const second = await home.stage()
  expect(existsSync(`${path}.staged-wal`)).toBe(false)
  expect(await second.keptChunks(manifest)).toEqual(new Set([0, 1, 3]))
  await second.writeChunk(manifest, 1, chunkOf(image, 0))
  expect(await second.keptChunks(manifest)).toEqual(new Set([0, 3]))
  await second.drop()
  expect(existsSync(`${path}.staged`)).toBe(false)
  host.close()
})
