/**
 * The OPFS directory of one universe.
 *
 * ```
 * <n>.db  <n>.db-wal  <n>.db-journal   the files of generation n
 * <n>.ready                            empty; generation n is whole and takes over
 * <n>.staged                           empty; generation n is being built and is to be kept
 * ```
 *
 * The current generation is the highest one marked ready, or 0 where none is. An import writes the
 * next generation and then creates its mark: one step, before which the old universe is current and
 * after which the new one is. Everything of another generation is a leftover of an import that
 * died, and is removed by the next owner, save what is marked as staged and newer: a download that
 * was broken off goes on from there. Who holds the access handles of the current generation owns
 * the universe.
 */

import { UniverseError } from '@inner-universe/core'
import { FILE_SUFFIXES, type SyncFile } from './vfs.ts'

/** Files of one generation, open and owned. */
export interface OwnedFiles {
  readonly generation: number
  /** What SQLite knows them by: unique among all universes of one instance of SQLite. */
  readonly path: string
  /** The database, its log and its journal. */
  readonly files: readonly SyncFile[]
}

/** Finds a directory by its path in OPFS; creates it where asked to, else undefined if absent. */
export async function findDirectory(
  path: string,
  options: { readonly create: boolean },
): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    let directory = await navigator.storage.getDirectory()
    for (const name of path.split('/').filter(Boolean)) {
      directory = await directory.getDirectoryHandle(name, options)
    }
    return directory
  } catch (error) {
    if (!options.create && nameOf(error) === 'NotFoundError') return undefined
    throw storageError(error, path)
  }
}

/** Opens the current generation and removes leftovers. Whoever succeeds owns the universe. */
export async function ownCurrent(
  directory: FileSystemDirectoryHandle,
  path: string,
): Promise<OwnedFiles> {
  const names = await namesIn(directory, path)
  const generation = Math.max(0, ...markedIn(names, 'ready'))
  const staged = markedIn(names, 'staged').filter((other) => other > generation)
  // Order matters: leftovers may be an import in progress, and only an owner can tell it is not.
  const owned = await ownGeneration(directory, path, generation)
  for (const name of names) {
    const file = /^(\d+)\.(?:db(?:-wal|-journal)?|ready|staged)$/.exec(name)
    const of = Number(file?.[1])
    const isKept = of === generation ? !name.endsWith('.staged') : staged.includes(of)
    if (file && !isKept) await remove(directory, name)
  }
  return owned
}

/** The current generation, and those staged to follow it. */
export async function readGenerations(
  directory: FileSystemDirectoryHandle,
  path: string,
): Promise<{ readonly current: number; readonly staged: readonly number[] }> {
  const names = await namesIn(directory, path)
  const current = Math.max(0, ...markedIn(names, 'ready'))
  return { current, staged: markedIn(names, 'staged').filter((other) => other > current) }
}

/** Opens the files of one generation, creating what is missing; all of them or none. */
export async function ownGeneration(
  directory: FileSystemDirectoryHandle,
  path: string,
  generation: number,
): Promise<OwnedFiles> {
  const attempts = await Promise.allSettled(
    FILE_SUFFIXES.map(async (suffix) => {
      const handle = await directory.getFileHandle(`${generation}.db${suffix}`, { create: true })
      return handle.createSyncAccessHandle()
    }),
  )
  const files = attempts.flatMap((attempt) =>
    attempt.status === 'fulfilled' ? [attempt.value as SyncFile] : [],
  )
  const failure = attempts.find((attempt) => attempt.status === 'rejected')
  if (failure !== undefined) {
    // A handle that stays open would refuse every later attempt.
    for (const file of files) file.close()
    throw storageError(failure.reason, path)
  }
  return { generation, path: `/${path}/${generation}.db`, files }
}

/**
 * `ready` makes `generation` the current one: the one step of an import that cannot be half done.
 * `staged` has it kept while it is being built.
 */
export async function markGeneration(
  directory: FileSystemDirectoryHandle,
  path: string,
  generation: number,
  mark: 'ready' | 'staged',
): Promise<void> {
  try {
    await directory.getFileHandle(`${generation}.${mark}`, { create: true })
  } catch (error) {
    throw storageError(error, path)
  }
}

/** Removes every file of one generation; its handles are closed. What resists stays a leftover. */
export async function removeGeneration(
  directory: FileSystemDirectoryHandle,
  generation: number,
): Promise<void> {
  for (const suffix of ['.ready', '.staged', ...FILE_SUFFIXES.map((end) => `.db${end}`)]) {
    await remove(directory, `${generation}${suffix}`)
  }
}

/** The {@link UniverseError} for what OPFS threw about the universe at `path`. */
export function storageError(error: unknown, path: string): UniverseError {
  if (error instanceof UniverseError) return error
  const name = nameOf(error)
  const details = { directory: path, name }
  const options = { details, cause: error }
  if (name === 'NoModificationAllowedError') {
    const text = `another tab or worker has ${path} open; close it, then retry`
    return new UniverseError('storage/locked', text, options)
  }
  if (name === 'QuotaExceededError') {
    const text = `there is no room left for ${path}; free space, then retry`
    return new UniverseError('storage/quota-exceeded', text, options)
  }
  const text = `the browser refused its private file system (${name}) for ${path}; allow it, or open in memory`
  return new UniverseError('storage/unavailable', text, options)
}

function markedIn(names: readonly string[], mark: 'ready' | 'staged'): number[] {
  return names.flatMap((name) => {
    const [generation, end, ...rest] = name.split('.')
    return end === mark && rest.length === 0 && /^\d+$/.test(generation ?? '')
      ? [Number(generation)]
      : []
  })
}

async function namesIn(directory: FileSystemDirectoryHandle, path: string): Promise<string[]> {
  try {
    const names: string[] = []
    for await (const name of directory.keys()) names.push(name)
    return names
  } catch (error) {
    throw storageError(error, path)
  }
}

async function remove(directory: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await directory.removeEntry(name)
  } catch {
    // Absent already, or held by a worker that is going away. It is no longer current: the next
    // owner tries again, and until then it costs space only.
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : String(error)
}
