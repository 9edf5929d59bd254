/** A rate that may be exceeded for a while: a bucket that fills again as time passes. */

/** Seconds of the rate that the bucket holds. */
const BURST_SECONDS = 10

/** One rate: `perSecond` on average, ten seconds of it at once. */
export class Rate {
  readonly #perMs: number
  readonly #most: number
  #left: number
  #atMs: number

  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1000
    this.#most = perSecond * BURST_SECONDS
    this.#left = this.#most
    this.#atMs = nowMs
  }

  /** Takes so many if any are left, and gives 0; else ms until there are some, and takes none. */
  take(count: number, nowMs: number): number {
    // A clock that steps back gives nothing and takes nothing.
    const elapsedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#left = Math.min(this.#most, this.#left + elapsedMs * this.#perMs)
    if (this.#left <= 0) return Math.ceil((1 - this.#left) / this.#perMs)
    this.#left -= count
    return 0
  }
}
