/** What a call that failed is answered with. */
import { AssertionError, isUniverseError, UniverseError } from '@inner-universe/core'
import { copyResult } from './plain-value.ts'

/**
 * The typed error for anything thrown inside a call. A {@link UniverseError} keeps its code; all else
 * is the reducer's own refusal: its message, and its `details` where they are plain data.
 *
 * @throws AssertionError as it is: a broken invariant is no answer.
 */
export function callError(error: unknown, reducer: string): UniverseError {
  if (error instanceof AssertionError) throw error
  if (isUniverseError(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  return new UniverseError('reducer/rejected', message, {
    details: { ...plainDetails(error), reducer },
    cause: error,
  })
}

function plainDetails(error: unknown): Readonly<Record<string, unknown>> {
  const { details } = (error ?? {}) as { readonly details?: unknown }
  if (typeof details !== 'object' || details === null) return {}
  try {
    return copyResult(details) as Readonly<Record<string, unknown>>
  } catch {
    // Details that cannot cross threads are left out: the message still says what happened.
    return {}
  }
}

/** Whether an error means that the file could not be written, whatever the call was. */
export function isStorageError(error: unknown): error is UniverseError {
  return isUniverseError(error) && error.code.startsWith('storage/')
}
