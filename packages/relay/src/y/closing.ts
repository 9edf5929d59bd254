/**
 * Why a connection of a Yjs client is ended, as a WebSocket's close code. Clients take 4400 to 4499 for
 * good, and come back after anything else.
 */
import { type ErrorCode, isUniverseError } from '@inner-universe/core'

/** A close code with the reason that is told with it. */
export interface Closing {
  readonly code: number
  /** At most 123 bytes of UTF-8, which is what a close frame holds. */
  readonly reason: string
}

/** The code of a failure that nobody foresaw. */
export const INTERNAL = 4500

/** The token has ended. */
export const EXPIRED: Closing = { code: 4401, reason: 'the token has expired' }

/** The token is no longer good. */
export const REVOKED: Closing = { code: 4401, reason: 'the token was revoked' }

/** The relay is going down. */
export const GOING_AWAY: Closing = { code: 1001, reason: 'the relay is going down' }

/** Nothing was heard for too long, or no token came in time. */
export const TIMED_OUT: Closing = { code: 4508, reason: 'nothing was heard for too long' }

/** The client does not read what it is sent. */
export const TOO_SLOW: Closing = { code: 4508, reason: 'what was sent is not being read' }

/** Documents are looked at anew: the universe has another schema, or its replica was lost. */
export const RESTARTED: Closing = { code: 4503, reason: 'the document is opened anew' }

const CODES: Partial<Record<ErrorCode, number>> = {
  'sync/protocol': 4400,
  'document/invalid-update': 4400,
  'sync/unauthorized': 4401,
  'sync/denied': 4403,
  'sync/refused': 4403,
  'document/not-found': 4404,
  'table/row-not-found': 4404,
  'document/too-large': 4413,
  'call/too-large': 4413,
  'engine/closed': 4503,
  'relay/unavailable': 4503,
  'sync/quota': 4507,
}

/** How a connection ends by an error; one that nobody foresaw is told without its text. */
export function closingOf(error: unknown): Closing {
  const code = isUniverseError(error) ? CODES[error.code] : undefined
  if (code !== undefined) return { code, reason: shortened((error as Error).message) }
  return { code: INTERNAL, reason: 'the relay failed; try again' }
}

/** Whether a client is not to come back. */
export function isLasting({ code }: Closing): boolean {
  return code >= 4400 && code < 4500
}

const REASON_BYTES_MAX = 123

function shortened(text: string): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= REASON_BYTES_MAX) return text
  // Cut anywhere, a character may be damaged: it is left out.
  const cut = new TextDecoder().decode(bytes.subarray(0, REASON_BYTES_MAX - 3))
  return `${cut.replace(/\uFFFD+$/u, '')}…`
}
