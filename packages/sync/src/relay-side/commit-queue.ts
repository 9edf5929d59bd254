/** Group commit: what all rooms have accepted is appended together, one append at a time. */
import type { Scheduler } from '../transport.ts'
import type { Append, LogStore } from './log-store.ts'

/** A room, as the queue sees it. */
export interface CommitSource {
  /** What it has accepted since it was asked last; undefined: nothing any more. */
  takeAppend(): Append | undefined
  /** What it gave is durable. */
  appended(): void
  /** Nothing of it was done. */
  appendFailed(error: unknown): void
}

/** Appends for all rooms of a relay. */
export class CommitQueue {
  readonly #store: LogStore
  readonly #scheduler: Scheduler
  readonly #windowMs: number
  #waiting = new Set<CommitSource>()
  #isArmed = false
  #isCommitting = false

  constructor(store: LogStore, scheduler: Scheduler, windowMs: number) {
    this.#store = store
    this.#scheduler = scheduler
    this.#windowMs = windowMs
  }

  /** Has the room asked at the next commit. */
  add(room: CommitSource): void {
    this.#waiting.add(room)
    this.#arm()
  }

  #arm(): void {
    if (this.#isArmed || this.#isCommitting || this.#waiting.size === 0) return
    this.#isArmed = true
    this.#scheduler.setTimer(this.#windowMs, () => {
      this.#isArmed = false
      void this.#commit()
    })
  }

  async #commit(): Promise<void> {
    const rooms: CommitSource[] = []
    const appends: Append[] = []
    for (const room of this.#waiting) {
      const append = room.takeAppend()
      if (append === undefined) continue
      rooms.push(room)
      appends.push(append)
    }
    this.#waiting = new Set()
    if (appends.length === 0) return
    this.#isCommitting = true
    const failure = await this.#store.append(appends).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    this.#isCommitting = false
    for (const room of rooms) {
      if (failure === undefined) room.appended()
      else room.appendFailed(failure.error)
    }
    this.#arm()
  }
}
