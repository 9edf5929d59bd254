/**
 * What a token says, once its signature holds: who the bearer is, and what it may do where.
 *
 * Payload of the JSON Web Token:
 *
 *     sub        identity, 1–256 bytes of UTF-8
 *     exp        end, seconds since 1970; required
 *     nbf, iat   optional, as usual
 *     jti        id of the token, by which it can be revoked; optional, at most 128 characters
 *     universe   the one universe it is for, with `access` ('read', 'write' or an object; 'write')
 *     universes  or several: name → access; the name `*` stands for all that are not named
 *
 * An access of `'write'` reads too; an object says `{ read?, write?, tables? }`.
 */
import { isUniverseError, UniverseError, utf8Length } from '@inner-universe/core'
import { type Rights, TEXT_NAME_BYTES_MAX } from '@inner-universe/sync'
import type { TokenClaims } from '@inner-universe/sync/relay-side'
import { z } from 'zod'

/** A name that the protocol can carry: of an identity, a universe or a table. */
export const carriedName: z.ZodType<string, string> = z
  .string()
  .min(1)
  .refine((text) => utf8Length(text) <= TEXT_NAME_BYTES_MAX, {
    error: `more than ${TEXT_NAME_BYTES_MAX} bytes`,
  })
  .refine((text) => text.isWellFormed(), { error: 'not well-formed Unicode' })

/** The name that stands for every universe without an entry of its own. */
export const ANY_UNIVERSE = '*'

const access = z.union([
  z.literal('read').transform((): Rights => ({ read: true, write: false })),
  z.literal('write').transform((): Rights => ({ read: true, write: true })),
  z
    .strictObject({
      read: z.boolean().default(true),
      write: z.boolean().default(false),
      tables: z.array(carriedName).max(1000).optional(),
    })
    .transform((rights): Rights => rights),
])

const payload = z.object({
  sub: carriedName,
  exp: z.number(),
  jti: z.string().min(1).max(128).optional(),
  universe: carriedName.optional(),
  access: access.optional(),
  universes: z.record(carriedName, access).optional(),
})

/**
 * The claims of a token's payload, whose signature and times have been checked.
 *
 * @throws UniverseError `sync/unauthorized` when it does not say what it must.
 */
export function claimsOf(value: unknown): TokenClaims {
  const result = payload.safeParse(value)
  if (!result.success) {
    const [issue] = result.error.issues
    throw unauthorized(`its claim "${issue?.path.join('.')}" is wrong: ${issue?.message}`)
  }
  const { sub, exp, jti, universe, universes } = result.data
  const rights = new Map(Object.entries(universes ?? {}))
  if (universe !== undefined)
    rights.set(universe, result.data.access ?? { read: true, write: true })
  if (rights.size === 0) throw unauthorized('it names no universe')
  return { identity: sub, tokenId: jti, expiresMs: exp * 1000, universes: rights }
}

/** The refusal of a token, with why. The token itself is never in it. */
export function unauthorized(reason: string, cause?: unknown): UniverseError {
  if (isUniverseError(cause, 'sync/unauthorized')) return cause
  return new UniverseError(
    'sync/unauthorized',
    `the token is not accepted: ${reason}; get a fresh one`,
    cause === undefined ? {} : { cause },
  )
}
