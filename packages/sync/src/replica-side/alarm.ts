/** One timer that is set, put off and taken back. */
import type { Scheduler } from '../transport.ts'

/** A timer of which there is one at a time: setting it again takes the one before back. */
export class Alarm {
  readonly #scheduler: Scheduler
  #cancel: (() => void) | undefined

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** It is set and has not gone off. */
  get isSet(): boolean {
    return this.#cancel !== undefined
  }

  /** Calls back once after `delayMs`, instead of what it was set to before. */
  set(delayMs: number, run: () => void): void {
    this.#cancel?.()
    this.#cancel = this.#scheduler.setTimer(delayMs, () => {
      this.#cancel = undefined
      run()
    })
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
