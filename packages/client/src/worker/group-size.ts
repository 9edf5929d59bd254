/**
 * How many waiting calls the next transaction takes: as many as fit a moment, so that reads get their
 * turn. A group of middling size may take longer, because on a slow disk most of its time is the
 * flush that its calls share, and smaller groups would only mean more flushes.
 */
import { GROUP_CALLS_MAX, GROUP_MS, SLOW_GROUP_CALLS, SLOW_GROUP_MS } from '../rpc/limits.ts'

/** Learns from each group what the next may hold. */
export class GroupSize {
  #callsMax = SLOW_GROUP_CALLS

  get callsMax(): number {
    return this.#callsMax
  }

  /** Takes note of a group that has run. */
  learn(callCount: number, elapsedMs: number): void {
    const msPerCall = Math.max(elapsedMs / callCount, Number.EPSILON)
    const quick = Math.min(GROUP_MS / msPerCall, GROUP_CALLS_MAX)
    const slow = Math.min(SLOW_GROUP_MS / msPerCall, SLOW_GROUP_CALLS)
    // Half way only: one group that met a busy machine does not decide.
    this.#callsMax = Math.max(1, Math.round((this.#callsMax + Math.max(quick, slow)) / 2))
  }
}
