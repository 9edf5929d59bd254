/** Databases of the browser: in OPFS, or in memory where that is asked for or all there is. */
import { isUniverseError } from '@inner-universe/core'
import type { Driver, Durability } from '@inner-universe/sqlite'
import {
  deleteOpfsDatabase,
  importOpfsDatabase,
  openWasmDatabase,
  readOpfsDatabase,
  type Sqlite,
} from '@inner-universe/sqlite/wasm'
import { stagingDirectory, universeDirectory } from '../rpc/announcement.ts'
import { loaded } from '../rpc/loaded.ts'
import { FILE_CHUNK_BYTES } from '../rpc/piece-limits.ts'
import { memoryStaging } from './memory-staging.ts'
import { BytePipe, type Staging, type Store } from './store.ts'

/** What a store is opened with. */
export interface WasmStoreOptions {
  readonly name: string
  readonly sqlite: Promise<Sqlite>
  readonly durability: Durability
  /** Called before SQLite checks a whole file in one go. */
  readonly onLong: () => void
}

/** Time a dead leader's file handles may take to come free, in ms, and how often to look. */
const LOCKED_MS_MAX = 5_000
const LOCKED_RETRY_MS = 20

/** The universe's files in OPFS. */
export function opfsStore({ name, sqlite, durability, onLong }: WasmStoreOptions): Store {
  const directory = universeDirectory(name)
  return {
    kind: 'opfs',
    reason: undefined,
    open: () => openWhenFree({ sqlite, storage: { kind: 'opfs', directory }, durability }),
    stage: async () => {
      const pipe = new BytePipe()
      const staged = stagingDirectory(name)
      await deleteOpfsDatabase(staged)
      const written = importOpfsDatabase({
        sqlite: await sqlite,
        directory: staged,
        chunks: noting(pipe, onLong),
      })
      written.catch((error: unknown) => pipe.fail(error))
      const staging: Staging = {
        write: (bytes) => pipe.write(bytes),
        open: async () => {
          pipe.end()
          await written
          return openWasmDatabase({
            sqlite,
            storage: { kind: 'opfs', directory: staged },
            durability,
          })
        },
        takeOver: async () => {
          const chunks = noting(readOpfsDatabase(staged, FILE_CHUNK_BYTES), onLong)
          await importOpfsDatabase({ sqlite: await sqlite, directory, chunks })
        },
        drop: async () => {
          pipe.end()
          await Promise.allSettled([written])
          await deleteOpfsDatabase(staged)
        },
      }
      return staging
    },
    stageReplica: async () => {
      const { opfsReplicaStaging } = await syncCode()
      return opfsReplicaStaging({ sqlite: await sqlite, directory })
    },
    dropStaged: async () => (await syncCode()).dropStagedOpfs(directory),
  }
}

/** A database that lasts as long as its worker. */
export function memoryStore(
  { sqlite, durability, onLong }: WasmStoreOptions,
  reason: string | undefined,
): Store {
  let contents: Uint8Array | undefined
  const open = (bytes: Uint8Array | undefined): Promise<Driver> =>
    openWasmDatabase({
      sqlite,
      storage: { kind: 'memory', ...(bytes !== undefined && { contents: bytes }) },
      durability,
    })
  const takeOver = (bytes: Uint8Array): void => {
    contents = bytes
  }
  return {
    kind: 'memory',
    reason,
    open: () => open(contents),
    stage: async () =>
      memoryStaging({
        open: (bytes) => {
          onLong()
          return open(bytes)
        },
        takeOver,
      }),
    stageReplica: async () => (await syncCode()).memoryReplicaStaging({ open, takeOver }),
    dropStaged: async () => undefined,
  }
}

/** Loaded already where it is asked for: only sync builds replicas. */
const syncCode = () => loaded(import('./parts/sync.ts'))

/** The last piece is followed by a check of the whole file, during which nothing else runs. */
async function* noting(
  chunks: AsyncIterable<Uint8Array>,
  onLong: () => void,
): AsyncGenerator<Uint8Array> {
  yield* chunks
  onLong()
}

/**
 * A leader's lock comes free a little before the file handles of its worker do; with the lock in
 * hand the only other owner there can be is one that is going away.
 */
async function openWhenFree(options: Parameters<typeof openWasmDatabase>[0]): Promise<Driver> {
  const endMs = performance.now() + LOCKED_MS_MAX
  for (;;) {
    try {
      return await openWasmDatabase(options)
    } catch (error) {
      if (!isUniverseError(error, 'storage/locked') || performance.now() > endMs) throw error
      await new Promise((resolve) => setTimeout(resolve, LOCKED_RETRY_MS))
    }
  }
}
