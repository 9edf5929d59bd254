/** Replacing a token before it expires, so that a connection outlives it. */
import { Alarm } from './alarm.ts'
import type { ClockOffset } from './clock-offset.ts'
import type { RelayLink } from './relay-link.ts'
import type { ReplicaSyncOptions } from './sync-options.ts'
import { tokenExpiryMs } from './token-expiry.ts'

/** How long before its expiry a token is replaced, ms: time for some attempts. */
export const RENEWAL_MARGIN_MS = 60_000

/** Shortest wait, ms: an app that gives the same token again and again is not asked without end. */
const WAIT_MS_MIN = 10_000

/** Longest wait, ms: timers of browsers hold no more than 24 days. */
const WAIT_MS_MAX = 86_400_000

/** Renews the token of one connection at a time. */
export class TokenRenewal {
  readonly #options: Pick<ReplicaSyncOptions, 'scheduler' | 'getToken'>
  readonly #clock: ClockOffset
  readonly #due: Alarm
  #link: RelayLink | undefined

  constructor(options: Pick<ReplicaSyncOptions, 'scheduler' | 'getToken'>, clock: ClockOffset) {
    this.#options = options
    this.#clock = clock
    this.#due = new Alarm(options.scheduler)
  }

  /** Keeps the token of a connection fresh, from the one it began with. */
  start(link: RelayLink, token: string): void {
    this.#link = link
    this.#schedule(token)
  }

  /** Asks the app for a token and tells the relay. */
  async renew(): Promise<void> {
    const link = this.#link
    try {
      const token = await this.#options.getToken()
      if (link === undefined || link !== this.#link) return
      link.send({ type: 'renew', token })
      this.#schedule(token)
    } catch {
      // The old token may be good for a while yet: try once more before it ends. When it has ended
      // the relay says so, and the next connection asks again and tells why it cannot.
      if (link !== undefined && link === this.#link)
        this.#due.set(WAIT_MS_MIN, () => void this.renew())
    }
  }

  stop(): void {
    this.#link = undefined
    this.#due.cancel()
  }

  #schedule(token: string): void {
    const expiryMs = tokenExpiryMs(token)
    this.#due.cancel()
    if (expiryMs === undefined) return
    const relayNowMs = this.#options.scheduler.now() + this.#clock.current()
    const waitMs = expiryMs - RENEWAL_MARGIN_MS - relayNowMs
    const bounded = Math.min(WAIT_MS_MAX, Math.max(WAIT_MS_MIN, waitMs))
    this.#due.set(bounded, () => void this.renew())
  }
}
