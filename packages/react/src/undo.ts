/** Undo as state: what can be undone in a scope, and the calls that can be. */
import type {
  CallOptions,
  ReducerCall,
  Reducers,
  Tables,
  UndoOptions,
  UndoResult,
  UndoState,
  Universe,
  UniverseError,
  UniverseUndo,
  Views,
} from '@inner-universe/client'
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'

/** The steps of a scope, for a component. */
export interface Undo<R extends Reducers> extends UndoState {
  /** Reducers each call of which is a step; undefined until the scope is open. Stable. */
  readonly reducers: UniverseUndo<R>['reducers'] | undefined
  /** Undoes the last step; undefined until the scope is open. Stable. */
  readonly undo: ((options?: CallOptions) => ReducerCall<UndoResult>) | undefined
  readonly redo: ((options?: CallOptions) => ReducerCall<UndoResult>) | undefined
  readonly clear: (() => Promise<void>) | undefined
  /** Why the scope could not be opened. */
  readonly error: UniverseError | undefined
}

const NOTHING: UndoState = { canUndo: false, canRedo: false, undoLabel: null, redoLabel: null }

interface Opened<R extends Reducers> {
  readonly history?: UniverseUndo<R>
  readonly error?: UniverseError
}

/** The steps of a scope of a universe, open while the component is mounted. */
export function useUndoOf<T extends Tables, R extends Reducers, V extends Views>(
  universe: Universe<T, R, V>,
  { scope, groupMs }: UndoOptions,
): Undo<R> {
  const [{ history, error }, setOpened] = useState<Opened<R>>({})
  useEffect(() => {
    let isCurrent = true
    let opened: UniverseUndo<R> | undefined
    const options = groupMs === undefined ? { scope } : { scope, groupMs }
    universe.undo(options).then(
      (own) => {
        opened = own
        if (isCurrent) setOpened({ history: own })
        else own.close()
      },
      (failure: UniverseError) => {
        if (isCurrent) setOpened({ error: failure })
      },
    )
    return () => {
      isCurrent = false
      opened?.close()
      setOpened({})
    }
  }, [universe, scope, groupMs])
  const subscribe = useCallback(
    (onChange: () => void) => history?.onState(onChange) ?? (() => undefined),
    [history],
  )
  const read = useCallback(() => history?.state ?? NOTHING, [history])
  const state = useSyncExternalStore(subscribe, read, read)
  return {
    ...state,
    reducers: history?.reducers,
    undo: history?.undo,
    redo: history?.redo,
    clear: history?.clear,
    error,
  }
}
