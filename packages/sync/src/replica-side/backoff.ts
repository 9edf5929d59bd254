/** How long to wait before trying again. */
import { RETRY_MS_MAX, RETRY_MS_MIN } from '../limits.ts'

/** Waits that grow while attempts fail. */
export interface Backoff {
  /** The next wait is a random part of this, ms. */
  readonly ceilingMs: number
  /** The next wait, ms. `atLeastMs`: what the other side asked for. */
  next(atLeastMs?: number): number
  /** It worked: begin with short waits again. */
  reset(): void
}

/**
 * Creates an exponential backoff with full jitter: the n-th wait is a random part of
 * {@link RETRY_MS_MIN} · 2^n, at most of {@link RETRY_MS_MAX}, so that the replicas of a restarted
 * relay do not return all at once.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function createBackoff(randomFloat: () => number): Backoff {
  let ceilingMs = RETRY_MS_MIN
  return {
    get ceilingMs() {
      return ceilingMs
    },
    next(atLeastMs = 0) {
      const waitMs = randomFloat() * ceilingMs
      ceilingMs = Math.min(RETRY_MS_MAX, ceilingMs * 2)
      return Math.round(atLeastMs + waitMs)
    },
    reset() {
      ceilingMs = RETRY_MS_MIN
    },
  }
}
