/** When a token has to be replaced. */

/** How long before its expiry a token is replaced, ms: time for some attempts. */
const MARGIN_MS = 60_000

/** Shortest wait, ms: an app that gives the same token again and again is not asked without end. */
const WAIT_MS_MIN = 10_000

/** Longest wait, ms: timers of browsers hold no more than 24 days. */
const WAIT_MS_MAX = 86_400_000

/** How long to keep a token before asking for another, ms; undefined: it tells no expiry. */
export function tokenRenewalMs(token: string, nowMs: number): number | undefined {
  const expiryMs = tokenExpiryMs(token)
  if (expiryMs === undefined) return undefined
  return Math.min(WAIT_MS_MAX, Math.max(WAIT_MS_MIN, expiryMs - MARGIN_MS - nowMs))
}

/**
 * Time at which a JWT expires, ms since 1970, by its `exp`; undefined when the token is not a JWT or
 * names none. The signature is not looked at: only the relay can, and only its answer counts.
 */
export function tokenExpiryMs(token: string): number | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const base64 = payload.replaceAll('-', '+').replaceAll('_', '/')
    const claims: unknown = JSON.parse(atob(base64))
    if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined
    return typeof claims.exp === 'number' ? claims.exp * 1000 : undefined
  } catch {
    // Not ours to judge: a token of another kind is sent as it is.
    return undefined
  }
}
