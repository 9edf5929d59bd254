/** What comes of a function of a view that throws. */
import { AssertionError, isUniverseError, UniverseError } from '@inner-universe/core'

/**
 * The error of a vertex' step: errors that say themselves what is wrong, and broken invariants, stay as
 * they are; others come out of a function of the view (`views/function-failed`).
 */
export function functionFailure(path: string, cause: unknown): unknown {
  if (isUniverseError(cause) || cause instanceof AssertionError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new UniverseError(
    'views/function-failed',
    `a function of ${path} threw: ${message}; correct it, or the row it was given`,
    { details: { path }, cause },
  )
}
