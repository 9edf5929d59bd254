/** When a token has to be replaced. */

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
