/** Makes tokens, for development and for servers that know the relay's secret. */
import type { Rights } from '@inner-universe/sync'
import { SignJWT } from 'jose'

/** What a new token says. */
export interface NewToken {
  /** The relay's secret. */
  readonly secret: string
  readonly identity: string
  /** Name → what may be done there; `*`: every universe without an entry. */
  readonly universes: Readonly<Record<string, 'read' | 'write' | Rights>>
  /** Ms since 1970 at which it begins and ends to be good. */
  readonly issuedMs: number
  readonly expiresMs: number
  /** By which it can be revoked alone. */
  readonly tokenId?: string
}

/** A signed token (JWT, HS256). Whoever has it may do what it says until it expires. */
export async function createToken(token: NewToken): Promise<string> {
  const jwt = new SignJWT({ universes: token.universes })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(token.identity)
    .setIssuedAt(Math.floor(token.issuedMs / 1000))
    .setExpirationTime(Math.floor(token.expiresMs / 1000))
  if (token.tokenId !== undefined) jwt.setJti(token.tokenId)
  return jwt.sign(new TextEncoder().encode(token.secret))
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Milliseconds of a duration such as `30d`, `12h`, `15m`, `90s`; undefined when it is not one. */
export function parseDurationMs(text: string): number | undefined {
  const [, digits, unit = ''] = /^([1-9][0-9]{0,8})([smhd])$/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit] as number)
}
