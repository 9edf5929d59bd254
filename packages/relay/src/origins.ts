/** Which web pages may talk to the relay: their origins, as browsers tell them. */

/** Says whether an `Origin` header may come in. None at all is no browser, and is let in. */
export type OriginCheck = (origin: string | undefined) => boolean

/**
 * A check against a list: `*` lets every origin in, `http://localhost:*` every port of one host,
 * anything else itself alone.
 */
export function createOriginCheck(allowed: readonly string[]): OriginCheck {
  if (allowed.includes('*')) return () => true
  const exact = new Set(allowed)
  return (origin) => {
    if (origin === undefined || exact.has(origin)) return true
    const [, host] = /^([a-z][a-z0-9+.-]*:\/\/.+?)(?::[0-9]{1,5})?$/.exec(origin) ?? []
    return host !== undefined && exact.has(`${host}:*`)
  }
}
