/**
 * Batches in time: what all stores have in common. STORES.md VS10–VS14.
 *
 * A batch waits until the store's time has come to its frontier, takes the store for itself, steps and
 * commits. Batches of one store take turns; those of several processes do so by their database's locks.
 */
import { isUniverseError, UniverseError } from '@inner-universe/core'
import type { Deltas } from '../circuit.ts'
import type { StoreClock, StoreStatus, Time } from './view-store.ts'

/** What a kind of store does for a batch. Called in turn, never twice at once. */
export interface BatchBackend {
  /** The time of the store as others can see it. Cheap: it is asked again and again while waiting. */
  inputTime(): Promise<number>
  /**
   * Opens a transaction that keeps all other writers out, and forgets what others have changed.
   * False: another has it, or had it for the whole of the given time.
   */
  begin(waitMs: number): Promise<boolean>
  /** Takes a step and hands what it wrote to the database, together with the time. */
  step(inputs: Deltas, time: Time | undefined): Promise<Deltas>
  /** Of a failure after which it may have come through all the same, `details.isOutcomeUnknown` is true. */
  commit(): Promise<void>
  /** Takes back what was not committed. Harmless where there is nothing, or nobody to tell. */
  rollback(): Promise<void>
  /** Raises the store's time in the open transaction, and commits it. */
  skip(inputTimes: readonly number[]): Promise<void>
  status(): Promise<StoreStatus>
  /** After the last batch. */
  close(): Promise<void>
}

/** How long and by what a store waits. */
export interface TimedRunsOptions {
  readonly backend: BatchBackend
  readonly clock: StoreClock
  readonly timeoutMs: number
}

/** Shortest and longest pause between two looks at the store's time, in ms. */
const POLL_MS = { min: 1, max: 50 } as const

const OTHER_WRITERS = 'other writers'

/** Longest wait for the lock to mark a failed batch as skipped, in ms: others wait for the mark. */
const SKIP_WAIT_MS_MAX = 10_000

/** Runs batches over a backend: the half of a `ViewStore` that has to do with time. */
export class TimedRuns {
  readonly #backend: BatchBackend
  readonly #clock: StoreClock
  readonly #timeoutMs: number
  #turn: Promise<unknown> = Promise.resolve()
  /** Input times of steps whose transaction is still open. */
  #held: number[] | undefined
  #isClosed = false

  constructor({ backend, clock, timeoutMs }: TimedRunsOptions) {
    this.#backend = backend
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** See `ViewStore.run`. */
  async run(inputs: Deltas, time?: Time): Promise<Deltas> {
    if (time !== undefined) checkTime(time)
    return this.#poll(
      (waitMs) => this.#attempt(inputs, time, waitMs),
      time?.timeoutMs,
      time === undefined ? OTHER_WRITERS : `other writers or batches up to ${time.frontier}`,
    )
  }

  /** See `ViewStore.skip`. */
  skip(inputTime: number): Promise<void> {
    return this.#poll(
      async (waitMs) => {
        if (this.#held !== undefined) {
          throw new UniverseError(
            'views/invalid-graph',
            'a batch cannot be skipped while others wait for their commit; run one that commits first',
          )
        }
        if (!(await this.#backend.begin(waitMs))) return undefined
        await this.#backend.skip([inputTime])
        return { result: undefined }
      },
      undefined,
      OTHER_WRITERS,
    )
  }

  /** Does something in turn with the batches. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      if (this.#isClosed) {
        throw new UniverseError('engine/closed', 'the store of the view was closed; open it again')
      }
      return work()
    })
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** See `ViewStore.close`. */
  close(): Promise<void> {
    const done = this.#turn.then(async () => {
      if (this.#isClosed) return
      this.#isClosed = true
      await this.#backend.rollback()
      await this.#backend.close()
    })
    this.#turn = done.catch(() => undefined)
    return done
  }

  /** Tries in turn with the others until it succeeds or the time is up. */
  async #poll<T>(
    attempt: (waitMs: number) => Promise<{ readonly result: T } | undefined>,
    timeoutMs: number = this.#timeoutMs,
    awaited: string,
  ): Promise<T> {
    const deadline = this.#clock.nowMs() + timeoutMs
    for (let pause: number = POLL_MS.min; ; pause = Math.min(2 * pause, POLL_MS.max)) {
      const waitMs = Math.max(0, deadline - this.#clock.nowMs())
      const done = await this.inTurn(() => attempt(waitMs))
      if (done !== undefined) return done.result
      const leftMs = deadline - this.#clock.nowMs()
      if (leftMs <= 0) {
        throw new UniverseError(
          'views/timed-out',
          `waited ${timeoutMs} ms for ${awaited}; retry, raise the time-out, or skip what will not come`,
          { details: { timeoutMs } },
        )
      }
      await this.#clock.wait(Math.min(pause, leftMs))
    }
  }

  async #attempt(
    inputs: Deltas,
    time: Time | undefined,
    waitMs: number,
  ): Promise<{ readonly result: Deltas } | undefined> {
    const backend = this.#backend
    if (time !== undefined && (await backend.inputTime()) < time.frontier) return undefined
    if (this.#held === undefined && !(await backend.begin(waitMs))) return undefined
    const times = [...(this.#held ?? []), ...(time === undefined ? [] : [time.inputTime])]
    try {
      const result = await backend.step(inputs, time)
      if (time?.flushEverySet === null) this.#held = times
      else {
        await backend.commit()
        this.#held = undefined
      }
      return { result }
    } catch (error) {
      this.#held = undefined
      await backend.rollback()
      // Of a commit that nobody knows whether it came through, `status` tells later.
      if (!isOutcomeUnknown(error)) await this.#skipFailed(times)
      throw error
    }
  }

  /** Best effort: what the batch failed of may fail this too, and is the error to be told. */
  async #skipFailed(times: readonly number[]): Promise<void> {
    if (times.length === 0) return
    const backend = this.#backend
    const deadline = this.#clock.nowMs() + SKIP_WAIT_MS_MAX
    try {
      while (!(await backend.begin(SKIP_WAIT_MS_MAX))) {
        if (this.#clock.nowMs() >= deadline) return
        await this.#clock.wait(POLL_MS.min)
      }
      await backend.skip(times)
    } catch {
      await backend.rollback()
    }
  }
}

function isOutcomeUnknown(error: unknown): boolean {
  return isUniverseError(error, 'views/backend') && error.details.isOutcomeUnknown === true
}

/** Refuses times that are none. */
function checkTime({ inputTime, frontier }: Time): void {
  if (Number.isSafeInteger(inputTime) && inputTime >= 0) {
    if (Number.isSafeInteger(frontier) && frontier >= -1 && frontier < inputTime) return
  }
  throw new UniverseError(
    'views/invalid-graph',
    `the time (${inputTime}, frontier ${frontier}) is none; give whole numbers, the frontier from −1 on and below the input time`,
  )
}
