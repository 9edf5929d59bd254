/**
 * The file of the relay's own replica of a universe: opened where there is one, else made of the last
 * image and the log after it. Whatever goes wrong with it, it can be removed: the log has everything.
 */
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { documentReducers, type Module, UniverseError } from '@inner-universe/core'
import { type Engine, moduleOfSchema, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import {
  IMAGE_CHUNK_BYTES,
  parseImageManifest,
  RECEIVE_DELTAS_MAX,
  type Scheduler,
} from '@inner-universe/sync'
import type { LogStore, UniverseRecord } from '@inner-universe/sync/relay-side'
import type { FoldSystem } from '../fold/fold.ts'
import { joinBytes, removeDatabase } from '../fold/image.ts'
import { logEntryOf, partsOf } from '../fold/log-entries.ts'

/** Bytes of the log read at a time, about. */
const READ_BYTES: number = 1024 * 1024

/** What starting a replica needs. */
export interface ReplicaStartOptions {
  readonly record: UniverseRecord
  readonly store: LogStore
  /** Modules whose code is here, for schemas that are not enough. */
  readonly modules: readonly Module[]
  /** Of its file; undefined: in memory. */
  readonly path: string | undefined
  readonly identity: string
  readonly system: FoldSystem
  readonly scheduler: Scheduler
}

/**
 * Opens the replica's engine, filled up to about the head of the log if it is new.
 *
 * @throws UniverseError `module/invalid`, `storage/…`, `engine/…`, `relay/unavailable` while nothing
 * tells the universe's tables.
 */
export async function startReplica(options: ReplicaStartOptions): Promise<Engine> {
  const module = await moduleOf(options)
  const { path } = options
  if (path !== undefined) mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const found = openIn(options, module, undefined)
  const { epoch, offset } = found.replica.position()
  const { record } = options
  const isOfLog = epoch === record.epoch && offset >= record.truncatedThrough
  if (record.head === 0 || (offset > 0 && isOfLog)) return found
  found.close()
  removeReplica(path)
  const engine = openIn(options, module, await imageOf(options))
  try {
    await fill(options, engine)
    return engine
  } catch (error) {
    engine.close()
    removeReplica(path)
    throw error
  }
}

/** Removes a replica's file. Nothing to remove is fine. */
export function removeReplica(path: string | undefined): void {
  if (path !== undefined) for (const each of [path, `${path}.part`]) removeDatabase(each)
}

/** `image`: what the file was made of, and all of it where it is in memory. */
function openIn(
  { path, record, identity, system }: ReplicaStartOptions,
  module: Module,
  image: readonly Uint8Array[] | undefined,
): Engine {
  return openEngine({
    driver: openNodeDatabase({
      path: path ?? ':memory:',
      // What a power cut takes from it was not confirmed, or is in the log.
      durability: 'process',
      ...(path === undefined && image !== undefined && { contents: joinBytes(image) }),
    }),
    module,
    now: system.now,
    randomBytes: system.randomBytes,
    identity,
    stream: image === undefined ? 'continue' : 'new',
    join: { owner: record.owner },
    replication,
    documents: documentReducers,
  })
}

/** The tables as replicas tell them; the code of the same version where they alone are not enough. */
async function moduleOf({ record, store, modules }: ReplicaStartOptions): Promise<Module> {
  const schema = await store.schemaText(record.universe)
  if (schema === undefined) {
    throw new UniverseError('relay/unavailable', 'nothing tells the tables of this universe yet')
  }
  const code = modules.find(
    ({ name, version }) => name === record.module && version === record.schemaVersion,
  )
  try {
    return moduleOfSchema(record.module, schema)
  } catch (error) {
    if (code === undefined) throw error
    // What is declared of views is each replica's own to keep.
    return { ...code, views: {} }
  }
}

/** The newest image, written to the file; its parts, where it is in memory. Undefined: there is none. */
async function imageOf({
  store,
  record,
  path,
  system,
  scheduler,
}: ReplicaStartOptions): Promise<readonly Uint8Array[] | undefined> {
  const image = (await store.images(record.universe)).at(-1)
  const text = image && (await store.manifestText(record.universe, image.manifest))
  if (text === undefined) return undefined
  const parts: Uint8Array[] = []
  const unfinished = `${path}.part`
  if (path !== undefined) writeFileSync(unfinished, '')
  for (const { hash } of parseImageManifest(text).chunks) {
    const chunk = await store.chunk(hash)
    // Another image took its place meanwhile: the next attempt has that.
    if (chunk === undefined) {
      throw new UniverseError('sync/image-invalid', `chunk ${hash} of an image is gone`)
    }
    const bytes = system.inflate(chunk, IMAGE_CHUNK_BYTES)
    if (path === undefined) parts.push(bytes)
    else appendFileSync(unfinished, bytes)
    await nextTurn(scheduler)
  }
  if (path !== undefined) renameSync(unfinished, path)
  return parts
}

/** Takes in the log, a part at a time. */
async function fill(options: ReplicaStartOptions, { replica }: Engine): Promise<void> {
  const { record, store, system, scheduler } = options
  for (;;) {
    const { offset } = replica.position()
    const entries = await store.read(record.universe, offset, READ_BYTES)
    if (entries.length === 0) return
    for (const part of partsOf(entries, RECEIVE_DELTAS_MAX)) {
      const last = part.at(-1)
      if (last === undefined) continue
      const result = replica.receive(
        part.map((entry) => logEntryOf(entry, system)),
        { epoch: record.epoch, offset: last.offset, hash: last.logHash },
      )
      if (result.kind === 'forked') throw new UniverseError('storage/corrupt', result.reason)
      await nextTurn(scheduler)
    }
  }
}

/** The relay has other things to do meanwhile. */
function nextTurn(scheduler: Scheduler): Promise<void> {
  return new Promise((resolve) => scheduler.setTimer(0, resolve))
}
