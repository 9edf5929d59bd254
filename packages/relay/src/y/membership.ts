/** What a token allows in one document, for as long as it does. */
import { UniverseError } from '@inner-universe/core'
import type { Scheduler } from '@inner-universe/sync'
import { rightsIn, type TokenClaims } from '@inner-universe/sync/relay-side'
import type { DocumentAuthor, DocumentLease, UniverseDocument } from './shared-document.ts'

/** How long before the end of a token another is asked for, ms. */
const RENEW_MS = 30_000

/** A document that a token has opened. */
export interface Admission {
  readonly lease: DocumentLease
  readonly claims: TokenClaims
}

/** Opens documents for tokens. */
export interface AdmissionDesk {
  /** @throws UniverseError (rejects) `sync/unauthorized`, `document/not-found`, `table/row-not-found`. */
  admit(token: string, address: UniverseDocument): Promise<Admission>
  /** The claims of a token that is to replace another. @throws UniverseError (rejects) the same. */
  renew(token: string, address: UniverseDocument): Promise<TokenClaims>
}

/** What a membership is made of. */
export interface MembershipOptions {
  readonly address: UniverseDocument
  readonly admission: Admission
  readonly scheduler: Scheduler
  /** The token ends soon. */
  readonly onExpiring: () => void
  readonly onExpired: () => void
}

/** A member of a document: who writes, and whether it may. */
export class Membership {
  readonly author: DocumentAuthor
  readonly #options: MembershipOptions
  #claims: TokenClaims
  #cancelTimer: () => void = () => undefined

  constructor(options: MembershipOptions) {
    const { claims } = options.admission
    this.#options = options
    this.#claims = claims
    this.author = { identity: claims.identity }
    this.#watch()
  }

  get claims(): TokenClaims {
    return this.#claims
  }

  /** Why it may not write; undefined: it may. */
  refusal(): UniverseError | undefined {
    const { address, admission } = this.#options
    const { updatesTable } = admission.lease.document
    const rights = rightsIn(this.#claims, address.universe)
    if (rights?.write !== true) return new UniverseError('sync/denied', 'the token may not write')
    if (rights.tables === undefined || rights.tables.includes(updatesTable)) return undefined
    return new UniverseError('sync/denied', `the token may not write table ${updatesTable}`)
  }

  /** Goes on with another token. @throws UniverseError `sync/unauthorized` for another identity's. */
  renew(claims: TokenClaims): void {
    if (claims.identity !== this.#claims.identity) {
      throw new UniverseError('sync/unauthorized', 'the fresh token is of another identity')
    }
    this.#claims = claims
    this.#watch()
  }

  end(): void {
    this.#cancelTimer()
  }

  #watch(): void {
    const { scheduler, onExpiring, onExpired } = this.#options
    this.#cancelTimer()
    const leftMs = this.#claims.expiresMs - scheduler.now()
    const isLast = leftMs <= RENEW_MS
    this.#cancelTimer = scheduler.setTimer(isLast ? leftMs : leftMs - RENEW_MS, () => {
      // A timer of days may go off early.
      const stillMs = this.#claims.expiresMs - scheduler.now()
      if (stillMs <= 0) {
        onExpired()
        return
      }
      if (!isLast && stillMs <= RENEW_MS) onExpiring()
      this.#watch()
    })
  }
}
