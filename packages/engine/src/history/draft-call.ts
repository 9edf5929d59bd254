/** The calls of a draft as they come from outside. HISTORY.md HI44. */
import { type DraftCall, UniverseError } from '@inner-universe/core'

/** Calls of one draft at most: what a person does before they look at it. */
export const DRAFT_CALLS_MAX = 1000

/** Calls as they were given. @throws UniverseError `reducer/invalid-arguments` for anything else. */
export function checkDraftCalls(given: unknown): readonly DraftCall[] {
  if (!Array.isArray(given) || given.length > DRAFT_CALLS_MAX) {
    refuse(`a list of at most ${DRAFT_CALLS_MAX} calls`)
  }
  return given.map((call: unknown): DraftCall => {
    const { reducer, args, seed, timestampMs } = (call ?? {}) as Partial<DraftCall>
    if (typeof reducer !== 'string' || typeof seed !== 'string' || !isTime(timestampMs)) {
      refuse('calls of { reducer, args, seed, timestampMs }')
    }
    return { reducer, args, seed, timestampMs }
  })
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER
}

function refuse(expected: string): never {
  throw new UniverseError('reducer/invalid-arguments', `a draft is ${expected}; correct its calls`)
}
