/** A clock that stands still until a test moves it. */
import type { Clock } from '@inner-universe/client'

/** A clock in the hands of a test. */
export interface ManualClock extends Clock {
  /** Moves time and runs the timers that fall due, in order. */
  advance(ms: number): void
  /** Timers set and not yet run or cancelled: a test of leaks. */
  readonly timerCount: number
}

/** Makes a clock that stands at 1000. */
export function createManualClock(): ManualClock {
  let nowMs = 1000
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()
  return {
    now: () => nowMs,
    setTimer: (callback, delayMs) => {
      const timer = { atMs: nowMs + delayMs, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (ms) => {
      nowMs += ms
      const due = [...timers].filter((timer) => timer.atMs <= nowMs)
      for (const timer of due.sort((left, right) => left.atMs - right.atMs)) {
        timers.delete(timer)
        timer.callback()
      }
    },
    get timerCount() {
      return timers.size
    },
  }
}
