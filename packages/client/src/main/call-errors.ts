/** The errors a page makes itself, without asking the worker. */
import { UniverseError } from '@inner-universe/core'

/** The caller's signal fired before the work began. */
export function callAborted(signal?: AbortSignal): UniverseError {
  return new UniverseError(
    'call/aborted',
    'aborted by the caller before it began; nothing was done',
    {
      cause: signal?.reason,
    },
  )
}

/** The caller's patience ended; the work may still take effect. */
export function callTimedOut(what: string, timeoutMs: number): UniverseError {
  return new UniverseError(
    'call/timed-out',
    `"${what}" was not answered within ${timeoutMs} ms; it may still take effect`,
    { details: { timeoutMs } },
  )
}

/** Something was asked of a universe after its `close`. */
export function universeClosed(name: string): UniverseError {
  return new UniverseError('client/closed', `universe "${name}" was closed; open it again`)
}
