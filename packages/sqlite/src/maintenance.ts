import { assert, isUniverseError, UniverseError } from '@inner-universe/core'
import type { Driver } from './driver.ts'

/** Faults `integrity_check` lists before it stops. */
const INTEGRITY_FAULTS_MAX = 100

/** Bytes of a database file's header that are looked at. */
export const HEADER_BYTES = 100

/** Size of the database in bytes once its write-ahead log is folded in. */
export function databaseBytes(driver: Driver): number {
  const row = driver
    .prepare('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')
    .get()
  return Number(row?.[0] ?? 0)
}

/** Folds the write-ahead log into the file and empties it. Asserts no open transaction. */
export function foldLog(driver: Driver): void {
  assert(!driver.isInTransaction, 'no transaction is open at a checkpoint')
  const row = driver.prepare('PRAGMA wal_checkpoint(truncate)').get()
  if (row?.[0] === 1) {
    throw new UniverseError('storage/locked', 'a reader holds the log; finish it, then retry')
  }
}

/** `['ok']`, or the first faults. Damage too deep for the check itself is a fault like another. */
export function findFaults(driver: Driver): readonly string[] {
  try {
    return driver
      .prepare(`PRAGMA integrity_check(${INTEGRITY_FAULTS_MAX})`)
      .all()
      .map((row) => String(row[0]))
  } catch (error) {
    if (
      isUniverseError(error, 'storage/corrupt') ||
      isUniverseError(error, 'storage/not-a-database')
    ) {
      return [error.message]
    }
    throw error
  }
}

/**
 * Marks the header of an exported file as being in rollback-journal form, in place.
 *
 * A header in WAL form makes tools without shared memory, and SQLite in memory, refuse the file;
 * after a checkpoint the two forms differ in nothing else (file format, bytes 18 and 19).
 */
export function clearLogMark(firstBytes: Uint8Array): void {
  if (firstBytes.length < 20) return
  firstBytes[18] = 1
  firstBytes[19] = 1
}

/**
 * Checks the first bytes of a file that is to become a database.
 *
 * @throws UniverseError `storage/not-a-database` when they are not SQLite's.
 */
export function assertHeader(firstBytes: Uint8Array): void {
  const magic = 'SQLite format 3\0'
  let isSqlite = firstBytes.length >= HEADER_BYTES
  for (let at = 0; isSqlite && at < magic.length; at++) {
    isSqlite = firstBytes[at] === magic.charCodeAt(at)
  }
  if (!isSqlite) {
    throw new UniverseError(
      'storage/not-a-database',
      'the bytes do not begin like a SQLite database; nothing was changed, give the right file',
    )
  }
}
