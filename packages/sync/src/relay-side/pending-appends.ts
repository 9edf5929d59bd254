/** What one room has accepted and is not durable yet: gathering, then in flight as one append. */
import { assert, type StreamId } from '@inner-universe/core'
import type { Append, StoredEntry } from './log-store.ts'
import type { BatchEntry, Refusal } from './push-check.ts'

/** Who pushed a batch and waits to hear of it. */
export interface Author {
  readonly isClosed: boolean
  ack(entry: BatchEntry): void
  nack(stream: StreamId, refusal: Refusal): void
  /** The store failed: the connection is ended, and the batch pushed again on the next. */
  fail(error: unknown): void
}

/** An entry that will be in the log unless its append fails. */
export interface Accepted {
  readonly entry: StoredEntry
  readonly origins: Append['origins']
  /** Who wrote a stream that was not in the log before. */
  readonly newStreams: Append['newStreams']
  /** Everyone who pushed it. */
  readonly authors: Author[]
  readonly settled: ((offset: number | undefined, error?: unknown) => void) | undefined
}

/** The accepted entries of one room, in order of offset. */
export class PendingAppends {
  #gathering: Accepted[] = []
  #inFlight: Accepted[] = []
  #waiters: (() => void)[] = []

  /** True when nothing is gathering or in flight. */
  get isQuiet(): boolean {
    return this.#inFlight.length === 0 && this.#gathering.length === 0
  }

  add(accepted: Accepted): void {
    this.#gathering.push(accepted)
  }

  all(): readonly Accepted[] {
    return [...this.#inFlight, ...this.#gathering]
  }

  /** What has gathered is in flight from now on, as one append; undefined: nothing has. */
  take(universe: string): Append | undefined {
    if (this.#gathering.length === 0) return undefined
    assert(this.#inFlight.length === 0, 'one append of a room is in flight')
    this.#inFlight = this.#gathering
    this.#gathering = []
    return {
      universe,
      entries: this.#inFlight.map(({ entry }) => entry),
      origins: this.#inFlight.flatMap(({ origins }) => origins),
      newStreams: this.#inFlight.flatMap(({ newStreams }) => newStreams),
    }
  }

  /** Takes out what was in flight: it is durable. */
  takeDurable(): readonly Accepted[] {
    const durable = this.#inFlight
    this.#inFlight = []
    return durable
  }

  /** Takes out everything: what gathers was checked against what failed. */
  takeFailed(): readonly Accepted[] {
    const failed = this.all()
    this.#inFlight = []
    this.#gathering = []
    return failed
  }

  /** Resolves when nothing is pending. Needs {@link PendingAppends.tellQuiet}. */
  async quiet(): Promise<void> {
    if (!this.isQuiet) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  /** Lets those go on who wait for quiet, if it is. */
  tellQuiet(): void {
    if (!this.isQuiet) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const tell of waiters) tell()
  }
}
