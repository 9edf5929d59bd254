/** How long to wait before trying again. */

/** The first wait is at most this, ms: a dropped connection is back before a person notices. */
export const RETRY_FIRST_MS = 500

/** No wait is longer, ms: a relay that is back is found within a minute. */
export const RETRY_MAX_MS = 60_000

/** Waits that grow while attempts fail. */
export interface Backoff {
  /** The next wait, ms. `atLeastMs`: what the other side asked for. */
  next(atLeastMs?: number): number
  /** It worked: begin with short waits again. */
  reset(): void
}

/**
 * Creates an exponential backoff with full jitter: the n-th wait is a random part of
 * 0.5 s · 2^n, at most a minute, so that the replicas of a restarted relay do not return at once.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function createBackoff(randomFloat: () => number): Backoff {
  let ceilingMs = RETRY_FIRST_MS
  return {
    next(atLeastMs = 0) {
      const waitMs = randomFloat() * ceilingMs
      ceilingMs = Math.min(RETRY_MAX_MS, ceilingMs * 2)
      return Math.round(atLeastMs + waitMs)
    },
    reset() {
      ceilingMs = RETRY_FIRST_MS
    },
  }
}
