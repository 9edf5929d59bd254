import { UniverseError } from '@inner-universe/core'
import type { Driver, Durability } from '../driver.ts'
import { openDatabase } from './database.ts'
import { findDirectory, ownCurrent, storageError } from './directory.ts'
import type { Sqlite } from './sqlite-module.ts'

/** Where a database of the browser lives: a directory of its own in OPFS, or nowhere but memory. */
export type WasmStorage =
  | { readonly kind: 'opfs'; readonly directory: string }
  /** `contents`: the bytes of a database to start from. */
  | { readonly kind: 'memory'; readonly contents?: Uint8Array }

/** How {@link openWasmDatabase} opens. */
export interface WasmDatabaseOptions {
  /** A promise is waited for while the files are being opened. */
  readonly sqlite: Sqlite | Promise<Sqlite>
  readonly storage: WasmStorage
  readonly durability: Durability
}

/**
 * Opens a database in the browser, creating it when there is none. OPFS needs a dedicated worker.
 *
 * Leftovers of an import that died are removed. A failure gives every file handle back.
 *
 * @throws UniverseError `storage/locked` when another worker has it open, `storage/unavailable`
 * without OPFS, `storage/quota-exceeded`, and `storage/corrupt` or `storage/not-a-database` when its
 * bytes are bad: they are then left as they were.
 */
export async function openWasmDatabase(options: WasmDatabaseOptions): Promise<Driver> {
  const { sqlite, storage, durability } = options
  if (storage.kind === 'memory') return openDatabase(await sqlite, storage, durability)

  // Both are waited for, whichever fails: a handle opened meanwhile must be closed again.
  const [module, owned] = await Promise.allSettled([sqlite, ownDatabase(storage.directory)])
  if (owned.status === 'rejected') throw owned.reason
  if (module.status === 'rejected') {
    for (const file of owned.value.files) file.close()
    throw module.reason
  }
  const { path, files } = owned.value
  return openDatabase(module.value, { kind: 'opfs', path, files }, durability)
}

/** True where this thread can open databases in OPFS, which takes a dedicated worker. */
export async function hasOpfs(): Promise<boolean> {
  try {
    if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return false
    await navigator.storage.getDirectory()
    return true
  } catch {
    // Absent (an old browser, an insecure page) or denied (a private window): either way there is none.
    return false
  }
}

/**
 * Removes a database and its directory. Nothing to remove is fine.
 *
 * @throws UniverseError `storage/locked` when it is open somewhere; it is then untouched.
 */
export async function deleteOpfsDatabase(path: string): Promise<void> {
  const directory = await findDirectory(path, { create: false })
  if (directory === undefined) return
  // Owning it proves that nobody else does: a removal that meets an open file may stop half way.
  const { files } = await ownCurrent(directory, path)
  for (const file of files) file.close()
  const [name, ...parents] = path.split('/').filter(Boolean).reverse()
  const parent = await findDirectory(parents.reverse().join('/'), { create: false })
  try {
    if (name !== undefined) await parent?.removeEntry(name, { recursive: true })
  } catch (error) {
    throw storageError(error, path)
  }
}

/**
 * The database file as it is, damaged or not, in pieces: what can be saved when it cannot be opened.
 * The log is not folded in. The database must be closed.
 *
 * @throws UniverseError `storage/locked` when it is open somewhere.
 */
export async function* readOpfsDatabase(
  path: string,
  chunkBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { files } = await ownDatabase(path)
  try {
    const [file] = files
    const totalBytes = file?.getSize() ?? 0
    for (let start = 0; start < totalBytes; start += chunkBytes) {
      const chunk = new Uint8Array(Math.min(chunkBytes, totalBytes - start))
      file?.read(chunk, { at: start })
      yield chunk
    }
  } finally {
    for (const file of files) file.close()
  }
}

async function ownDatabase(path: string): Promise<Awaited<ReturnType<typeof ownCurrent>>> {
  if (typeof navigator !== 'object' || navigator.storage?.getDirectory === undefined) {
    throw new UniverseError(
      'storage/unavailable',
      'there is no private file system here; use a secure page, or open in memory',
    )
  }
  const directory = await findDirectory(path, { create: true })
  return ownCurrent(directory as FileSystemDirectoryHandle, path)
}
