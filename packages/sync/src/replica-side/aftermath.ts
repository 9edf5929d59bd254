/** What a replica does after a connection failed it: the tables of PROTOCOL.md, Codes. */
import { type ErrorCode, isUniverseError } from '@inner-universe/core'
import type { RefusedMessage } from './opening.ts'
import type { LinkEnd } from './relay-link.ts'

/** The one thing to do next. Waits are at least as long as it says. */
export type Aftermath =
  | { readonly kind: 'retry'; readonly atLeastMs: number }
  /** As `retry`, and what is written from now on is of a new stream. */
  | { readonly kind: 'displaced'; readonly atLeastMs: number }
  /** A fresh token may help. */
  | { readonly kind: 'unauthorized'; readonly message: string }
  /** Only a new version, or a person, can help: tried again slowly. */
  | { readonly kind: 'blocked'; readonly code: ErrorCode; readonly message: string }

/** After the end of a connection. */
export function afterEnd(end: LinkEnd): Aftermath {
  if (end.kind === 'closed') return { kind: 'retry', atLeastMs: 0 }
  if (end.kind === 'failed') return afterError(end.error)
  const { code, message, retryAfterMs: atLeastMs } = end
  switch (code) {
    case 'unauthorized':
      return { kind: 'unauthorized', message }
    case 'version':
      return { kind: 'blocked', code: 'sync/update-required', message }
    case 'displaced':
      return { kind: 'displaced', atLeastMs }
    case 'shutting-down':
    case 'invalid':
    case 'too-large':
    case 'timeout':
    case 'rate':
    case 'internal':
      return { kind: 'retry', atLeastMs }
  }
}

/** After the relay refused to open the universe. */
export function afterRefusal({ code, message }: RefusedMessage): Aftermath {
  switch (code) {
    case 'unauthorized':
      return { kind: 'unauthorized', message }
    case 'schema':
      return { kind: 'blocked', code: 'sync/update-required', message }
    case 'module':
    case 'limit':
    case 'invalid':
      return { kind: 'blocked', code: 'sync/refused', message }
  }
}

/**
 * After something threw: the other side's bytes, the way to them, the app's token, or the store.
 * What is not a {@link UniverseError} came from a port, such as a fetch that failed.
 */
export function afterError(error: unknown): Aftermath {
  if (!isUniverseError(error)) return { kind: 'retry', atLeastMs: 0 }
  const { code, message } = error
  switch (code) {
    case 'sync/protocol':
    case 'sync/image-invalid':
      return { kind: 'retry', atLeastMs: 0 }
    case 'sync/unauthorized':
      return { kind: 'unauthorized', message }
    default:
      return { kind: 'blocked', code, message }
  }
}
