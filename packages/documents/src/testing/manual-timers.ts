/** Timers that run when the test says so. */
import type { SetTimer } from '../document-home.ts'

interface Timer {
  readonly dueMs: number
  readonly run: () => void
}

/** A clock that stands still until it is moved. */
export class ManualTimers {
  #nowMs = 0
  readonly #timers = new Set<Timer>()

  readonly setTimer: SetTimer = (run, delayMs) => {
    const timer: Timer = { dueMs: this.#nowMs + delayMs, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Moves on, running what becomes due in its order and letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs
    for (;;) {
      await settle()
      const [next] = [...this.#timers]
        .filter(({ dueMs }) => dueMs <= endMs)
        .sort((left, right) => left.dueMs - right.dueMs)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#nowMs = next.dueMs
      next.run()
    }
    this.#nowMs = endMs
    await settle()
  }
}

/** Lets every promise that can settle do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
