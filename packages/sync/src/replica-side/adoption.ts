/** What a rebuild does with own deltas that the relay does not have. */
import type { AdoptionPlan, RebuildReason } from './replica-home.ts'
import type { RebuildWish } from './session-events.ts'

/** Whether pending deltas survive a rebuild as they are, or are authored anew. */
const KEEPS_STREAM: Readonly<Record<RebuildReason, boolean>> = {
  join: false,
  behind: true,
  rebase: false,
  fork: false,
  restored: true,
  denied: false,
  clock: false,
}

/** The plan of a rebuild; the clocks differ by so many ms, the relay's time − own time. */
export function planOf(wish: RebuildWish, clockOffsetMs: number): AdoptionPlan {
  const { reason, denied = [], settled = [] } = wish
  return { reason, keepsStream: KEEPS_STREAM[reason], denied, settled, clockOffsetMs }
}
