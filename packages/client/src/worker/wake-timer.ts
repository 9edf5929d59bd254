/** One timer that wakes a host when something is due. */

/** Longest delay a timer can hold. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** What a timer is made of. */
export interface WakeTimerOptions {
  /** A rising clock in ms. */
  readonly now: () => number
  /** Runs something later; returns its cancellation. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  readonly onWake: () => void
}

/** A timer that is set again whenever what is due next may have changed. */
export class WakeTimer {
  readonly #options: WakeTimerOptions
  #cancel: (() => void) | undefined
  #atMs: number | undefined

  constructor(options: WakeTimerOptions) {
    this.#options = options
  }

  /** Wakes after the shortest of these delays, in ms, in place of any set before; never for none. */
  arm(delaysMs: readonly number[]): void {
    const { now, setTimer, onWake } = this.#options
    if (delaysMs.length === 0) {
      this.cancel()
      return
    }
    const delayMs = Math.min(Math.max(Math.min(...delaysMs), 0), TIMER_MS_MAX)
    const atMs = now() + delayMs
    if (this.#atMs !== undefined && Math.abs(atMs - this.#atMs) < 1) return
    this.cancel()
    this.#atMs = atMs
    this.#cancel = setTimer(() => {
      this.#atMs = undefined
      onWake()
    }, delayMs)
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#atMs = undefined
  }
}
