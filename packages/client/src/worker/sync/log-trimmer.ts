/**
 * Forgets what the log no longer needs once a floor is below it, in slices small enough that calls do
 * not notice, with pauses between them that calls can use.
 */
import type { Engine } from '@inner-universe/engine'
import type { Scheduler } from '@inner-universe/sync'

/** Bytes of log dropped by one slice: about a millisecond of work, and one small transaction. */
export const SLICE_BYTES: number = 256 * 1024

/** Pause between slices, ms: trimming takes a few percent of the worker's time at most. */
export const SLICE_PAUSE_MS = 30

/** What a trimmer works on. */
export interface LogTrimmerOptions {
  /** The engine of now: another one after a rebuild. */
  readonly engine: () => Pick<Engine, 'replica' | 'dropLog'>
  readonly scheduler: Scheduler
  readonly onFault: (error: unknown) => void
}

/** Trims the log of one universe. */
export class LogTrimmer {
  readonly #options: LogTrimmerOptions
  /** Offset of the floor that was gone through. */
  #doneOffset = 0
  #cancelTimer: (() => void) | undefined

  constructor(options: LogTrimmerOptions) {
    this.#options = options
  }

  /** There may be a new floor. Cheap where there is none. */
  check(): void {
    if (this.#cancelTimer !== undefined) return
    const floor = this.#options.engine().replica.lastFloor()
    if (floor === undefined || floor.offset === this.#doneOffset) return
    this.#plan()
  }

  /** Stops at once; what is left is trimmed another time. */
  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #plan(): void {
    this.#cancelTimer = this.#options.scheduler.setTimer(SLICE_PAUSE_MS, () => {
      this.#cancelTimer = undefined
      try {
        this.#slice()
      } catch (error) {
        // A full disk, say: nothing depends on it, and the next floor tries again.
        this.#options.onFault(error)
      }
    })
  }

  #slice(): void {
    const engine = this.#options.engine()
    const floor = engine.replica.lastFloor()
    if (floor === undefined) return
    if (engine.dropLog(floor.baseOffset, SLICE_BYTES) > 0) this.#plan()
    else this.#doneOffset = floor.offset
  }
}
