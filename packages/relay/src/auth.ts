/** Checks tokens: signature, times, claims, revocation. The only file, with `tokens`, that knows jose. */
import type { TokenClaims } from '@inner-universe/sync/relay-side'
import { errors, jwtVerify } from 'jose'
import { claimsOf, unauthorized } from './claims.ts'
import type { Revocations } from './revocations.ts'

/** Longest token that is looked at, in characters: a header or a message holds it. */
export const TOKEN_CHARACTERS_MAX = 8192

/** Seconds by which clocks of the issuer and the relay may differ. */
const TOLERANCE_SECONDS = 5

/** Says whether a token is good. The seam for other ways of signing: keys of an identity provider. */
export interface TokenVerifier {
  /** @throws UniverseError `sync/unauthorized`, with the reason and without the token. */
  verifyToken(token: string): Promise<TokenClaims>
}

/** What checking needs. */
export interface TokenVerifierOptions {
  /** Of HS256: at least 32 bytes. */
  readonly secret: string
  /** Wall time, ms since 1970. */
  readonly now: () => number
  readonly revocations: Revocations
}

/** A verifier of tokens signed with the relay's secret (HS256). Any other algorithm is refused. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { now, revocations } = options
  const key = new TextEncoder().encode(options.secret)
  return {
    async verifyToken(token) {
      if (token.length > TOKEN_CHARACTERS_MAX) throw unauthorized('it is too long')
      let payload: unknown
      try {
        const verified = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          currentDate: new Date(now()),
          clockTolerance: TOLERANCE_SECONDS,
          requiredClaims: ['sub', 'exp'],
        })
        payload = verified.payload
      } catch (error) {
        throw unauthorized(reasonOf(error), error)
      }
      const claims = claimsOf(payload)
      if (revocations.isRevoked(claims)) throw unauthorized('it was revoked')
      return claims
    },
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim "${error.claim}" is wrong`
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is not signed with HS256'
  return 'it is not a JSON Web Token'
}
