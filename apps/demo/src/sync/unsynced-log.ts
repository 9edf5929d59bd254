/** Changes made in this tab that the relay has not confirmed yet. */
import type { ReducerCall } from '@inner-universe/client'

/** What a change did, for people. */
export interface ChangeNote {
  /** `Changed`, `Deleted`. */
  readonly verb: string
  readonly name: string
  /** Entities and relations it changed; those of a creation are in its result. */
  readonly ids: readonly string[]
}

/** A change that waits. */
export interface UnsyncedChange extends ChangeNote {
  readonly callId: string
  readonly atMs: number
}

/** What there is to show; the same object while nothing changes. */
export interface UnsyncedState {
  /** Oldest first. */
  readonly changes: readonly UnsyncedChange[]
  /** Entities edited in this tab, confirmed or not, newest last. */
  readonly editedIds: readonly string[]
}

/** Ids kept of what was edited: enough to say who a clash is with, and few enough to send around. */
const EDITED_IDS_MAX = 10

/** The log of one tab. */
export interface UnsyncedLog {
  readonly state: UnsyncedState
  /** Calls back at each change of `state`; returns the unsubscribe. */
  readonly subscribe: (listener: () => void) => () => void
  /** Notes a call until it is confirmed, refused or undone. Gives the call. */
  readonly note: <Result>(
    call: ReducerCall<Result>,
    noteOf: (result: Result) => ChangeNote,
  ) => ReducerCall<Result>
}

/** Makes an empty log. */
export function createUnsyncedLog(now: () => number): UnsyncedLog {
  const listeners = new Set<() => void>()
  let state: UnsyncedState = { changes: [], editedIds: [] }

  function show(next: UnsyncedState): void {
    state = next
    for (const listener of listeners) listener()
  }

  return {
    get state() {
      return state
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    note(call, noteOf) {
      const { callId } = call
      const remove = (): void => {
        const changes = state.changes.filter((change) => change.callId !== callId)
        if (changes.length < state.changes.length) show({ ...state, changes })
      }
      call.durable.then(
        (result) => {
          const change = { ...noteOf(result), callId, atMs: now() }
          const editedIds = [...new Set([...state.editedIds, ...change.ids].reverse())]
          show({
            changes: [...state.changes, change],
            editedIds: editedIds.slice(0, EDITED_IDS_MAX).reverse(),
          })
          // Undone, or the universe has no relay: the conflicts and the status tell which.
          call.confirmed.then(remove, remove)
        },
        () => undefined, // A refusal is shown where the call was made.
      )
      return call
    },
  }
}
