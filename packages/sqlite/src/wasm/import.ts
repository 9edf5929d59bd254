import { UniverseError } from '@inner-universe/core'
import { checkAndClose, type ImportOptions, writeChunks } from '../import-check.ts'
import { openDatabase } from './database.ts'
import {
  findDirectory,
  markGeneration,
  type OwnedFiles,
  ownCurrent,
  ownGeneration,
  removeGeneration,
  storageError,
} from './directory.ts'
import type { Sqlite } from './sqlite-module.ts'
import type { SyncFile } from './vfs.ts'

/** What {@link importOpfsDatabase} takes. */
export interface OpfsImportOptions extends ImportOptions {
  readonly sqlite: Sqlite
  /** Where the database goes, in place of the one there, which must be closed. */
  readonly directory: string
}

/**
 * Replaces the database of a directory by the one whose bytes are given.
 *
 * They are written beside the old one, checked (header, `integrity_check`, `validate`) and then take
 * over in one step: whatever fails before it, a killed worker too, leaves the old database as it
 * was. Needs room for both.
 *
 * @throws UniverseError `storage/not-a-database`, `storage/corrupt`, `storage/locked`,
 * `storage/quota-exceeded`, `storage/unavailable`, `call/aborted`.
 */
export async function importOpfsDatabase(options: OpfsImportOptions): Promise<void> {
  const { sqlite, directory: path } = options
  const directory = (await findDirectory(path, { create: true })) as FileSystemDirectoryHandle
  const current = await ownCurrent(directory, path)
  const generation = current.generation + 1
  try {
    // What may be staged there was meant to follow a database that ends now.
    await removeGeneration(directory, generation)
    const next = await ownGeneration(directory, path, generation)
    try {
      await writeDatabase(next, options)
      const backing = { kind: 'opfs', path: next.path, files: next.files } as const
      checkAndClose(openDatabase(sqlite, backing, 'power'), options.validate)
      await markGeneration(directory, path, generation, 'ready')
    } catch (error) {
      close(next)
      await removeGeneration(directory, generation)
      throw error
    }
  } catch (error) {
    close(current)
    throw error
  }
  close(current)
  await removeGeneration(directory, current.generation)
}

async function writeDatabase(next: OwnedFiles, options: OpfsImportOptions): Promise<void> {
  for (const file of next.files) file.truncate(0)
  const [file] = next.files as [SyncFile, ...SyncFile[]]
  await writeChunks(options, (chunk, at) => write(file, chunk, at, options.directory))
  file.flush()
}

function write(file: SyncFile, chunk: Uint8Array, at: number, path: string): void {
  let written: number
  try {
    written = file.write(chunk as Uint8Array<ArrayBuffer>, { at })
  } catch (error) {
    throw storageError(error, path)
  }
  if (written !== chunk.length) {
    throw new UniverseError('storage/quota-exceeded', 'there is no room left for the import')
  }
}

/** Closing a handle twice is harmless, so every way out may close everything. */
function close({ files }: OwnedFiles): void {
  for (const file of files) file.close()
}
