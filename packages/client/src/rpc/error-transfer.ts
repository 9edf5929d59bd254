/**
 * Errors as plain data. Class identity does not survive `postMessage`, codes do; the stack and the
 * chain of causes travel with them, so that a failure in the worker reads like one in the page.
 */
import { type ErrorCode, type ErrorDetails, UniverseError } from '@inner-universe/core'
import { CAUSE_DEPTH_MAX } from './limits.ts'

/** An error as it crosses. `code` is set for a {@link UniverseError} only. */
export interface TransferredError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly details?: ErrorDetails
  readonly stack?: string
  readonly cause?: TransferredError
}

/** The plain form of anything thrown. */
export function encodeError(thrown: unknown, depth: number = 0): TransferredError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) }
  const cause =
    thrown.cause === undefined || depth >= CAUSE_DEPTH_MAX
      ? {}
      : { cause: encodeError(thrown.cause, depth + 1) }
  const stack = thrown.stack === undefined ? {} : { stack: thrown.stack }
  const common = { name: thrown.name, message: thrown.message, ...stack, ...cause }
  return thrown instanceof UniverseError
    ? { ...common, code: thrown.code, details: cloneable(thrown.details) }
    : common
}

/** The error of its plain form: a {@link UniverseError} when it carries a code. */
export function decodeError(error: TransferredError): Error {
  const cause = error.cause === undefined ? undefined : decodeError(error.cause)
  const decoded =
    error.code === undefined
      ? new Error(error.message, cause === undefined ? undefined : { cause })
      : new UniverseError(error.code as ErrorCode, error.message, {
          details: error.details ?? {},
          cause,
        })
  if (error.code === undefined) Object.defineProperty(decoded, 'name', { value: error.name })
  if (error.stack !== undefined) decoded.stack = error.stack
  return decoded
}

/** The plain form decoded, as a {@link UniverseError} whatever it was: the fallback code is ours. */
export function decodeUniverseError(error: TransferredError, fallback: ErrorCode): UniverseError {
  const decoded = decodeError(error)
  return decoded instanceof UniverseError
    ? decoded
    : new UniverseError(fallback, `${error.name}: ${error.message}`, { cause: decoded })
}

/** Details come from authors too (`details` of a reducer's error): what cannot cross is named only. */
function cloneable(details: ErrorDetails): ErrorDetails {
  try {
    return structuredClone(details)
  } catch {
    return { uncloneable: Object.keys(details) }
  }
}
