/** Time as a thing that is passed in, so that tests can hold it still. */

/** Wall time and timers. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Runs something later; returns its cancellation. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (run, delayMs) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
