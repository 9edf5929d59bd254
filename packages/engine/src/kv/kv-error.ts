import { UniverseError } from '@inner-universe/core'

/**
 * The error of a key-value store for what its driver threw: `kv/backend` with SQLite's number in
 * `details.backendCode` and the driver's own code in `details.code`. Another owner of the file stays
 * `storage/locked`, a closed driver is `kv/closed`; errors that are no {@link UniverseError} are bugs
 * and stay as they are.
 */
export function kvError(error: unknown): unknown {
  if (!(error instanceof UniverseError) || error.code.startsWith('kv/')) return error
  if (error.code === 'storage/locked') return error
  if (error.code === 'engine/closed') {
    return new UniverseError('kv/closed', 'the job was closed; open it again', { cause: error })
  }
  const { sqliteCode, code = sqliteCode } = error.details
  return new UniverseError('kv/backend', error.message, {
    details: { backendCode: code, code: error.code },
    cause: error,
  })
}

/** Runs something on a driver; what it throws becomes {@link kvError}. */
export function withKvErrors<T>(body: () => T): T {
  try {
    return body()
  } catch (error) {
    throw kvError(error)
  }
}
