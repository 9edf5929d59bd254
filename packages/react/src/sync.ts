/** Sync as state: where it stands, who else is here, and what has clashed. */
import type {
  JsonValue,
  KeptConflict,
  Peer,
  SyncStatus,
  Universe,
  UniverseError,
} from '@inner-universe/client'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'

/** Where the sync of a universe stands. */
export function useSyncStatusOf({ sync }: Pick<Universe, 'sync'>): SyncStatus {
  const subscribe = useCallback((onChange: () => void) => sync.onStatus(onChange), [sync])
  const read = useCallback(() => sync.status, [sync])
  return useSyncExternalStore(subscribe, read, read)
}

/** Who else is here, and how to say something. */
export interface PresenceState {
  readonly others: readonly Peer[]
  /** Says something of this tab, in place of what it said before; undefined: nothing. Stable. */
  readonly set: (state: JsonValue | undefined) => void
}

/** The presence of a universe. */
export function usePresenceOf({ sync }: Pick<Universe, 'sync'>): PresenceState {
  const { presence } = sync
  const subscribe = useCallback((onChange: () => void) => presence.onChange(onChange), [presence])
  const read = useCallback(() => presence.others, [presence])
  const others = useSyncExternalStore(subscribe, read, read)
  return { others, set: presence.set }
}

/** The conflicts that were noticed, and their dismissal. */
export interface ConflictsState {
  /** Oldest first; empty until they are known. */
  readonly conflicts: readonly KeptConflict[]
  /** Why they could not be asked for, or not be dismissed. */
  readonly error: UniverseError | undefined
  /** Stable. */
  readonly dismiss: (conflictIds: readonly number[]) => void
}

/**
 * The conflicts of a universe: those kept when it mounts, and those noticed later. What another tab
 * dismisses is gone at the next mount.
 */
export function useConflictsOf({ sync }: Pick<Universe, 'sync'>): ConflictsState {
  const [state, setState] = useState<Omit<ConflictsState, 'dismiss'>>({
    conflicts: [],
    error: undefined,
  })
  const fail = useCallback((error: UniverseError) => setState((now) => ({ ...now, error })), [])
  useEffect(() => {
    let isCurrent = true
    const add = (noticed: readonly KeptConflict[]): void => {
      if (isCurrent) setState((now) => ({ ...now, conflicts: joined(now.conflicts, noticed) }))
    }
    const stop = sync.onConflicts(add)
    sync.conflicts().then(add, (error: UniverseError) => {
      if (isCurrent) fail(error)
    })
    return () => {
      isCurrent = false
      stop()
    }
  }, [sync, fail])
  const dismiss = useCallback(
    (conflictIds: readonly number[]) => {
      setState(({ conflicts }) => ({
        conflicts: conflicts.filter(({ conflictId }) => !conflictIds.includes(conflictId)),
        error: undefined,
      }))
      sync.dismissConflicts(conflictIds).catch(fail)
    },
    [sync, fail],
  )
  return { ...state, dismiss }
}

/** Both lists, each conflict once, oldest first. */
function joined(
  known: readonly KeptConflict[],
  added: readonly KeptConflict[],
): readonly KeptConflict[] {
  const byId = new Map([...known, ...added].map((conflict) => [conflict.conflictId, conflict]))
  return [...byId.values()].sort((a, b) => a.conflictId - b.conflictId)
}
