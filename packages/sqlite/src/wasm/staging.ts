/**
 * A database built beside the open one of a directory, as its next generation: no copy is made when
 * it takes over. What was written stays when its worker dies, for the next attempt to go on from.
 */
import { UniverseError } from '@inner-universe/core'
import type { Driver } from '../driver.ts'
import { openDatabase } from './database.ts'
import {
  findDirectory,
  markGeneration,
  ownGeneration,
  readGenerations,
  removeGeneration,
  storageError,
} from './directory.ts'
import type { Sqlite } from './sqlite-module.ts'
import type { SyncFile } from './vfs.ts'

/**
 * The next database of a directory. `read` and `write` until `open`; then the driver, which is
 * closed before `takeOver`. Ends with `takeOver`, `drop` or `close`.
 */
export interface OpfsStaging {
  /** Bytes there, fewer than asked for at the end: perhaps of an earlier attempt, perhaps of none. */
  read(at: number, byteCount: number): Uint8Array<ArrayBuffer>
  /** @throws UniverseError `storage/quota-exceeded`. */
  write(at: number, bytes: Uint8Array): void
  /** Opens the first `byteCount` bytes as a database; 0: an empty one. Every commit is flushed. */
  open(byteCount: number): Driver
  /** Makes it the current one, in one step. Both databases are closed, this one with its log folded. */
  takeOver(): Promise<void>
  /** Removes it, unless it has taken over. */
  drop(): Promise<void>
  /** Gives its files back and leaves them for another attempt. */
  close(): void
}

/**
 * Stages the next database of a directory, whose current one this worker has open.
 *
 * @throws UniverseError `storage/locked` when it is staged already, `storage/unavailable`,
 * `storage/quota-exceeded`.
 */
export async function stageOpfsDatabase(options: {
  readonly sqlite: Sqlite
  readonly directory: string
}): Promise<OpfsStaging> {
  const { sqlite, directory: path } = options
  const directory = (await findDirectory(path, { create: true })) as FileSystemDirectoryHandle
  const generation = (await readGenerations(directory, path)).current + 1
  // Order matters: files without the mark are removed by whoever opens the universe next.
  await markGeneration(directory, path, generation, 'staged')
  const owned = await ownGeneration(directory, path, generation)
  const [file, ...companions] = owned.files as [SyncFile, ...SyncFile[]]
  // A log of an attempt that was broken off belongs to other pages than those to be written.
  for (const companion of companions) companion.truncate(0)
  let driver: Driver | undefined
  let isCurrent = false
  const close = (): void => {
    driver?.close()
    for (const each of owned.files) each.close()
  }
  return {
    read(at, byteCount) {
      const bytes = new Uint8Array(byteCount)
      return bytes.subarray(0, file.read(bytes, { at }))
    },
    write(at, bytes) {
      let written: number
      try {
        written = file.write(bytes as Uint8Array<ArrayBuffer>, { at })
      } catch (error) {
        throw storageError(error, path)
      }
      if (written !== bytes.length) {
        throw new UniverseError('storage/quota-exceeded', `there is no room left for ${path}`)
      }
    },
    open(byteCount) {
      file.truncate(byteCount)
      file.flush()
      driver = openDatabase(sqlite, { kind: 'opfs', path: owned.path, files: owned.files }, 'power')
      return driver
    },
    async takeOver() {
      close()
      await markGeneration(directory, path, generation, 'ready')
      isCurrent = true
    },
    async drop() {
      close()
      if (!isCurrent) await removeGeneration(directory, generation)
    },
    close,
  }
}

/** Removes what earlier attempts staged. Nothing is being staged now. Nothing to remove is fine. */
export async function dropStagedOpfs(path: string): Promise<void> {
  const directory = await findDirectory(path, { create: false })
  if (directory === undefined) return
  const { staged } = await readGenerations(directory, path)
  for (const generation of staged) await removeGeneration(directory, generation)
}
