import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { isUniverseError, UniverseError } from '@inner-universe/core'
import type { Driver } from '../driver.ts'
import { checkAndClose, type ImportOptions, writeChunks } from '../import-check.ts'
import { openNodeDatabase } from './database.ts'

/** What {@link importNodeDatabase} takes. */
export interface NodeImportOptions extends ImportOptions {
  /** The file to replace, which must be closed. */
  readonly path: string
}

/** What SQLite keeps beside a database file. */
const COMPANIONS = ['-wal', '-shm', '-journal']

/**
 * Replaces a database file by the one whose bytes are given.
 *
 * They are written beside it, checked (header, `integrity_check`, `validate`) and renamed over it:
 * whatever fails before that leaves the old database as it was. Needs room for both.
 *
 * @throws UniverseError `storage/not-a-database`, `storage/corrupt`, `storage/locked`,
 * `storage/quota-exceeded`, `storage/unavailable`, `call/aborted`.
 */
export async function importNodeDatabase(options: NodeImportOptions): Promise<void> {
  const { path } = options
  const candidate = `${path}.import`
  const isNew = !existsSync(path)
  const current = own(path)
  try {
    removeDatabase(candidate)
    await writeCandidate(candidate, options)
    checkAndClose(openNodeDatabase({ path: candidate, durability: 'power' }), options.validate)
    // Order matters: a log of the old database that is still there would be played into the new one.
    if (current === undefined) for (const end of COMPANIONS) rmSync(path + end, { force: true })
    else current.checkpoint()
    renameSync(candidate, path)
    flushPath(dirname(path))
    current?.close()
  } catch (error) {
    current?.close()
    removeDatabase(candidate)
    if (isNew) removeDatabase(path)
    throw fileError(error, path)
  }
}

/**
 * Removes a database file and what SQLite keeps beside it. Nothing to remove is fine.
 *
 * @throws UniverseError `storage/locked` when it is open somewhere; it is then untouched.
 */
export function deleteNodeDatabase(path: string): void {
  if (!existsSync(path)) return
  own(path)?.close()
  removeDatabase(path)
}

/** Opens the database, which is to own it; undefined where it is too damaged for that. */
function own(path: string): Driver | undefined {
  try {
    return openNodeDatabase({ path, durability: 'power' })
  } catch (error) {
    // To be replaced or removed, a damaged file need not be read.
    if (isUniverseError(error, 'storage/corrupt')) return undefined
    if (isUniverseError(error, 'storage/not-a-database')) return undefined
    throw error
  }
}

async function writeCandidate(candidate: string, options: NodeImportOptions): Promise<void> {
  const file = openSync(candidate, 'w')
  try {
    await writeChunks(options, (chunk, at) => {
      for (let done = 0; done < chunk.length; ) {
        done += writeSync(file, chunk, done, chunk.length - done, at + done)
      }
    })
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Order matters: SQLite discards a log without its file; a file without its log has lost commits. */
function removeDatabase(path: string): void {
  rmSync(path, { force: true })
  for (const end of COMPANIONS) rmSync(path + end, { force: true })
}

/** Makes a rename survive a power cut, where the system lets a directory be flushed. */
function flushPath(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function fileError(error: unknown, path: string): unknown {
  const code = (error as { code?: unknown }).code
  const options = { details: { path, code }, cause: error }
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new UniverseError(
        'storage/quota-exceeded',
        `there is no room left for ${path}`,
        options,
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOENT':
      return new UniverseError(
        'storage/unavailable',
        `${path} cannot be written (${code})`,
        options,
      )
    default:
      return error
  }
}
