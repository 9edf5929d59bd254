import { UniverseError } from '@inner-universe/core'
import type { Driver } from '../driver.ts'
import { assertHeader, HEADER_BYTES } from '../maintenance.ts'
import { openDatabase } from './database.ts'
import {
  findDirectory,
  markReady,
  type OwnedFiles,
  ownCurrent,
  ownGeneration,
  removeGeneration,
  storageError,
} from './directory.ts'
import type { Sqlite } from './load.ts'
import type { SyncFile } from './vfs.ts'

/** What {@link importOpfsDatabase} takes. */
export interface OpfsImportOptions {
  readonly sqlite: Sqlite
  /** Where the database goes, in place of the one there, which must be closed. */
  readonly directory: string
  /** The bytes of a SQLite file, in pieces of any size. */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Looks at the new database before it takes over; what it throws ends the import. */
  readonly validate?: (driver: Driver) => void
  /** Told after each piece how many bytes were written so far. */
  readonly onProgress?: (bytesWritten: number) => void
  readonly signal?: AbortSignal
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
    const next = await ownGeneration(directory, path, generation)
    try {
      await writeDatabase(next, options)
      checkDatabase(sqlite, next, options.validate)
      await markReady(directory, path, generation)
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
  const { chunks, onProgress, signal } = options
  const [file, ...others] = next.files as [SyncFile, ...SyncFile[]]
  for (const other of others) other.truncate(0)
  file.truncate(0)
  let head = new Uint8Array(0)
  let bytesWritten = 0
  for await (const chunk of chunks) {
    if (signal?.aborted) {
      throw new UniverseError('call/aborted', 'the import was called off; nothing was changed', {
        cause: signal.reason,
      })
    }
    if (head.length < HEADER_BYTES) {
      // Refused early: a large file of another kind is not copied first.
      head = concatenate(head, chunk.subarray(0, HEADER_BYTES))
      if (head.length >= HEADER_BYTES) assertHeader(head)
    }
    write(file, chunk, bytesWritten, options.directory)
    bytesWritten += chunk.length
    onProgress?.(bytesWritten)
  }
  assertHeader(head)
  file.flush()
}

/** Opens, checks and closes the new database, which gives its handles back. */
function checkDatabase(
  sqlite: Sqlite,
  { path, files }: OwnedFiles,
  validate: OpfsImportOptions['validate'],
): void {
  const driver = openDatabase(sqlite, { kind: 'opfs', path, files }, 'power')
  try {
    const faults = driver.integrityCheck()
    if (faults.length !== 1 || faults[0] !== 'ok') {
      throw new UniverseError(
        'storage/corrupt',
        'the file to be imported is damaged; nothing was changed, give another copy',
        { details: { faults } },
      )
    }
    validate?.(driver)
    driver.checkpoint()
  } finally {
    driver.close()
  }
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

function concatenate(left: Uint8Array, right: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(left.length + right.length)
  both.set(left)
  both.set(right, left.length)
  return both
}

/** Closing a handle twice is harmless, so every way out may close everything. */
function close({ files }: OwnedFiles): void {
  for (const file of files) file.close()
}
