/** Who is there and where: the newest state of each session, told to the others, never stored. RL17. */
import { AWARE_INTERVAL_MS, AWARE_SESSIONS_MAX } from '../limits.ts'
import type { Scheduler } from '../transport.ts'

/** A session, as awareness sees it. */
export interface AwareSession {
  readonly sessionId: string
  /** Sends the states due, by session; empty: gone. Keeps what it cannot send now. */
  sendAware(due: Map<string, Uint8Array>): void
}

const GONE = new Uint8Array(0)

/** Awareness of one universe. */
export class Awareness {
  readonly #scheduler: Scheduler
  /** Everyone who is told, with what they have not been told yet: at most one state per session. */
  readonly #due = new Map<AwareSession, Map<string, Uint8Array>>()
  readonly #states = new Map<string, Uint8Array>()
  #isArmed = false

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  join(session: AwareSession): void {
    this.#due.set(session, new Map())
  }

  leave(session: AwareSession): void {
    // One that fills beside a replica of the same connection never came.
    if (!this.#due.delete(session)) return
    if (this.#states.delete(session.sessionId)) this.#tell(session, GONE)
  }

  /** Notes the newest state of a session. */
  set(session: AwareSession, state: Uint8Array): void {
    // A view into a frame would keep all of it.
    const copy = state.slice()
    if (copy.length === 0) this.#states.delete(session.sessionId)
    else this.#states.set(session.sessionId, copy)
    this.#tell(session, copy)
  }

  /** States of the others, for one who comes. */
  statesFor(
    sessionId: string,
  ): readonly { readonly sessionId: string; readonly state: Uint8Array }[] {
    return [...this.#states]
      .filter(([id]) => id !== sessionId)
      .slice(0, AWARE_SESSIONS_MAX)
      .map(([id, state]) => ({ sessionId: id, state }))
  }

  #tell(from: AwareSession, state: Uint8Array): void {
    for (const [session, due] of this.#due) {
      if (session.sessionId !== from.sessionId) due.set(from.sessionId, state)
    }
    this.#arm()
  }

  #arm(): void {
    if (this.#isArmed || this.#due.size === 0) return
    this.#isArmed = true
    this.#scheduler.setTimer(AWARE_INTERVAL_MS, () => {
      this.#isArmed = false
      let isLeft = false
      for (const [session, due] of this.#due) {
        if (due.size > 0) session.sendAware(due)
        if (due.size > 0) isLeft = true
      }
      if (isLeft) this.#arm()
    })
  }
}
