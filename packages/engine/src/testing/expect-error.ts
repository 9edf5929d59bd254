import { type ErrorCode, isUniverseError, type UniverseError } from '@inner-universe/core'

/** The typed error `body` throws; fails when it throws none or one of another code. */
export function errorOf(body: () => unknown, code: ErrorCode): UniverseError {
  let thrown: unknown
  try {
    body()
  } catch (error) {
    thrown = error
  }
  if (isUniverseError(thrown, code)) return thrown
  throw new Error(`expected ${code}, got ${String(thrown)}`, { cause: thrown })
}
