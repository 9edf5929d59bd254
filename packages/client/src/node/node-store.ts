/** Databases of Node: a file, or memory. */
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { UniverseError } from '@inner-universe/core'
import type { Driver, Durability } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { memoryStaging } from '../worker/memory-staging.ts'
import type { Staging, Store } from '../worker/store.ts'
import { memoryReplicaStaging } from '../worker/sync/memory-replica-staging.ts'
import { fileReplicaStaging, removeStagedFile } from './replica-file.ts'

/** What SQLite keeps beside a database file. */
const COMPANIONS = ['-wal', '-journal', '-shm']

/** The universe in a file. */
export function fileStore(path: string, durability: Durability): Store {
  const staged = `${path}.import`
  const remove = async (file: string): Promise<void> => {
    await Promise.all(['', ...COMPANIONS].map((end) => rm(`${file}${end}`, { force: true })))
  }
  return {
    kind: 'file',
    reason: undefined,
    open: async () => openNodeDatabase({ path, durability }),
    stage: async () => {
      await remove(staged)
      await writeFile(staged, new Uint8Array(0))
      const staging: Staging = {
        write: (bytes) => writeFile(staged, bytes, { flag: 'a' }),
        open: async () => {
          await assertSqlite(staged)
          return openNodeDatabase({ path: staged, durability })
        },
        takeOver: async () => {
          // The closed database has no log left, and the new one's was folded in when it was checked.
          await Promise.all(COMPANIONS.map((end) => rm(`${path}${end}`, { force: true })))
          await rename(staged, path)
        },
        drop: () => remove(staged),
      }
      return staging
    },
    stageReplica: async () => fileReplicaStaging(path),
    dropStaged: async () => removeStagedFile(path),
  }
}

/** A universe that ends with its process. */
export function nodeMemoryStore(durability: Durability): Store {
  let contents: Uint8Array | undefined
  const takeOver = (bytes: Uint8Array): void => {
    contents = bytes
  }
  const openMemory = async (bytes?: Uint8Array): Promise<Driver> =>
    openNodeDatabase({
      path: ':memory:',
      durability,
      ...(bytes !== undefined && { contents: bytes }),
    })
  return {
    kind: 'memory',
    reason: undefined,
    open: () => openMemory(contents),
    stage: async () => memoryStaging({ open: openMemory, takeOver }),
    stageReplica: async () => memoryReplicaStaging({ open: openMemory, takeOver }),
    dropStaged: async () => undefined,
  }
}

/** SQLite would take an empty file for an empty database. */
async function assertSqlite(path: string): Promise<void> {
  const file = await open(path)
  try {
    const { buffer } = await file.read(new Uint8Array(16), 0, 16, 0)
    if (new TextDecoder().decode(buffer) === 'SQLite format 3\0') return
  } finally {
    await file.close()
  }
  throw new UniverseError(
    'storage/not-a-database',
    'the bytes do not begin like a SQLite database; nothing was changed, give the right file',
  )
}
