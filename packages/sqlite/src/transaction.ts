import { assert, UniverseError } from '@inner-universe/core'
import type { Driver } from './driver.ts'

/** A result that is no promise: transactions are synchronous, by type and at run time. */
export type Synchronous<T> = T extends PromiseLike<unknown> ? never : T

/**
 * Runs `body` in one transaction that takes the write lock at once, and commits it.
 *
 * Whatever `body` throws, or a COMMIT that fails, undoes all of it and is thrown on. Asserts that no
 * transaction is open: nest with {@link inSavepoint}.
 *
 * @throws UniverseError `reducer/asynchronous` when `body` returns a promise;
 * `storage/io` when SQLite gave the transaction up on its own and `body` went on regardless.
 */
export function inTransaction<T>(driver: Driver, body: () => Synchronous<T>): T {
  assert(!driver.isInTransaction, 'no transaction is open when one begins')
  driver.prepare('BEGIN IMMEDIATE').run()
  try {
    const result = refusePromise(body())
    if (!driver.isInTransaction) throw transactionLost()
    driver.prepare('COMMIT').run()
    return result
  } catch (error) {
    undo(driver, ['ROLLBACK'], error)
    throw error
  }
}

/**
 * Runs `body` in a savepoint of the open transaction: its failure undoes its own writes only.
 *
 * After a full disk or a failed write SQLite may have given up the *whole* transaction: then
 * `driver.isInTransaction` is false when this throws, and the caller must not go on with its batch.
 * Cost: two cached statements, 2–5 µs.
 *
 * @throws UniverseError `reducer/asynchronous` when `body` returns a promise;
 * `storage/io` when SQLite gave the transaction up on its own and `body` went on regardless.
 */
export function inSavepoint<T>(driver: Driver, body: () => Synchronous<T>): T {
  assert(driver.isInTransaction, 'a transaction is open when a savepoint begins')
  // One name for every depth: SQLite resolves it to the innermost, and the statement stays cached.
  driver.prepare('SAVEPOINT nested').run()
  try {
    const result = refusePromise(body())
    if (!driver.isInTransaction) throw transactionLost()
    driver.prepare('RELEASE nested').run()
    return result
  } catch (error) {
    undo(driver, ['ROLLBACK TO nested', 'RELEASE nested'], error)
    throw error
  }
}

/** Undoes after `reason`. Nothing to undo when SQLite already rolled everything back itself. */
function undo(driver: Driver, statements: readonly string[], reason: unknown): void {
  for (const sql of statements) {
    if (!driver.isOpen || !driver.isInTransaction) return
    try {
      driver.prepare(sql).run()
    } catch (error) {
      // A rollback that fails because SQLite did it first is what was wanted. One that leaves the
      // transaction open is worse than `reason`, which stays reachable through the details.
      if (driver.isInTransaction) {
        throw new UniverseError(
          'storage/io',
          'the transaction could not be undone; close the database',
          {
            details: { reason: String(reason) },
            cause: error,
          },
        )
      }
    }
  }
}

function refusePromise<T>(result: Synchronous<T>): T {
  if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
    // Its own failure, if any, must not surface later as an unhandled rejection.
    Promise.resolve(result).catch(() => undefined)
    throw new UniverseError(
      'reducer/asynchronous',
      'a transaction body returned a promise; do asynchronous work before the transaction',
    )
  }
  return result as T
}

function transactionLost(): UniverseError {
  return new UniverseError(
    'storage/io',
    'sqlite rolled the whole transaction back while it ran; retry it from the start',
  )
}
