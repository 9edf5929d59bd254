/**
 * One live query, whoever subscribes to it.
 *
 *     new ──begin──▶ filling ──filled──▶ ready ◀─────────┐
 *                       │                  │ change, its turn (`rerun` may wait)
 *                       │ throws           └─────────────┘
 *                       ▼                  │ throws
 *                     failed ◀─────────────┘
 *                       └── a change of its tables ──▶ filling, from a new source
 */
import type { RowChange } from '@inner-universe/core'
import { UniverseError } from '@inner-universe/core'
import type { LiveRead } from '../../rpc/contract.ts'
import { encodeError, type TransferredError } from '../../rpc/error-transfer.ts'
import { LIVE_CHANGES_MAX, LIVE_ROWS_MAX, LIVE_RUN_MS_MAX } from '../../rpc/limits.ts'
import type { LiveSource } from './live-source.ts'

/** Where sources and time come from. */
export interface LiveQueryOptions {
  readonly createSource: (read: LiveRead) => LiveSource
  /** A rising clock in ms. */
  readonly now: () => number
}

/** Weight of the newest run in the average of what a run costs. */
const COST_WEIGHT = 0.1

/** A live query. `S` is whoever subscribes. */
export class LiveQuery<S = unknown> {
  readonly key: string
  readonly read: LiveRead
  readonly subscriptions: Set<S> = new Set()
  readonly #options: LiveQueryOptions
  #source: LiveSource
  #filling: Iterator<undefined, void> | undefined
  /** Whether the first slice has been taken: changes before it are seen by it anyway. */
  #hasBegun = false
  #error: TransferredError | undefined
  /** What a run costs in ms, averaged: one that met a busy machine decides nothing. */
  #costMs = 0
  #notBeforeMs = 0
  /** Changes waiting for the turn of an expensive query; `many`: more than are kept. */
  #waiting: RowChange[] | 'many' | undefined

  /** @throws UniverseError what is wrong with the query. */
  constructor(key: string, read: LiveRead, options: LiveQueryOptions) {
    this.key = key
    this.read = read
    this.#options = options
    this.#source = options.createSource(read)
    this.#filling = this.#source.fill()
  }

  get source(): LiveSource {
    return this.#source
  }

  get isFilling(): boolean {
    return this.#filling !== undefined
  }

  /** Why it has no rows. */
  get error(): TransferredError | undefined {
    return this.#error
  }

  /** Whether an expensive run waits, and may be done by now. */
  isDue(nowMs: number): boolean {
    return this.#waiting !== undefined && this.#notBeforeMs <= nowMs
  }

  /** When an expensive run that waits may be done. */
  get dueMs(): number | undefined {
    return this.#waiting === undefined ? undefined : this.#notBeforeMs
  }

  /** Fills it until a moment, at least by one slice. True: it is filled, or failed. */
  fill(endMs: number): boolean {
    const filling = this.#filling
    if (filling === undefined) return true
    this.#hasBegun = true
    try {
      do {
        if (filling.next().done === true) {
          this.#filling = undefined
          this.#checkSize()
          return true
        }
      } while (this.#options.now() < endMs)
    } catch (error) {
      this.#fail(error)
      return true
    }
    return false
  }

  /** Begins anew, on another database. */
  reopen(): void {
    this.#waiting = undefined
    this.#begin()
  }

  /** Takes in changes, or lets them wait. True when there may be news of it. */
  onChanges(changes: readonly RowChange[]): boolean {
    const source = this.#source
    if (this.#error !== undefined) {
      if (!changes.some(({ table }) => source.tables.has(table))) return false
      this.#begin()
      return true
    }
    if (!this.#hasBegun || !source.isTouchedBy(changes)) return false
    if (source.explanation.mode === 'incremental') {
      this.#step(changes)
      return true
    }
    this.#wait(changes)
    if (this.#costMs > LIVE_RUN_MS_MAX && this.#options.now() < this.#notBeforeMs) return false
    this.run()
    return true
  }

  /** Takes in the changes that wait. */
  run(): void {
    const waiting = this.#waiting
    if (waiting === undefined) return
    this.#waiting = undefined
    const { now } = this.#options
    const startMs = now()
    this.#step(waiting === 'many' ? undefined : waiting)
    const endMs = now()
    this.#costMs += COST_WEIGHT * (endMs - startMs - this.#costMs)
    this.#notBeforeMs = endMs + 3 * this.#costMs
  }

  #begin(): void {
    this.#error = undefined
    this.#hasBegun = false
    try {
      this.#source = this.#options.createSource(this.read)
      this.#filling = this.#source.fill()
    } catch (error) {
      this.#fail(error)
    }
  }

  #step(changes: readonly RowChange[] | undefined): void {
    try {
      this.#source.step(changes)
      this.#checkSize()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#filling = undefined
    this.#waiting = undefined
    this.#error = encodeError(error)
  }

  #checkSize(): void {
    const { rowCount } = this.#source
    if (rowCount <= LIVE_ROWS_MAX) return
    throw new UniverseError(
      'query/too-large',
      `a live query has ${rowCount} rows; ${LIVE_ROWS_MAX} are allowed: give it a limit`,
      { details: { rowCount, rowCountMax: LIVE_ROWS_MAX } },
    )
  }

  #wait(changes: readonly RowChange[]): void {
    if (this.#waiting === 'many') return
    const own = changes.filter(({ table }) => this.#source.tables.has(table))
    const waiting = this.#waiting ?? []
    if (waiting.length + own.length > LIVE_CHANGES_MAX) this.#waiting = 'many'
    else this.#waiting = waiting.length === 0 ? own : [...waiting, ...own]
  }
}
