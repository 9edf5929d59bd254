/** Time and timers of the platform: the default where code takes a clock. */

/** Wall time and timers, passed in so that tests can hold them. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Calls back once, after this many ms, unless the function given back was called before. */
  readonly setTimer: (callback: () => void, delayMs: number) => () => void
}

/** The platform's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
