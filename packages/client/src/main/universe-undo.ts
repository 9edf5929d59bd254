/**
 * `universe.undo`: the steps of one scope. Loaded when first used: what it shared with the page's own code
 * would be a script more for every page.
 */
import type { Reducers } from '@inner-universe/core'
import type { CallUndo } from '@inner-universe/engine'
import type { UndoRead } from '../rpc/contract.ts'
import { UNDO_STATES } from '../rpc/undo-states.ts'
import type { Session } from './session.ts'
import type {
  CallOptions,
  ReducerCall,
  UndoCallOptions,
  UndoOptions,
  UndoResult,
  UndoState,
  UniverseUndo,
} from './universe.ts'

/** Opens a scope: resolves when its state is known, and follows it until it is closed. */
export async function openUndo<R extends Reducers>(
  session: Session,
  reducers: R,
  { scope, groupMs }: UndoOptions,
): Promise<UniverseUndo<R>> {
  const listeners = new Set<(state: UndoState) => void>()
  let state: UndoState = { canUndo: false, canRedo: false, undoLabel: null, redoLabel: null }
  const setState = (next: UndoState): void => {
    if (isSame(state, next)) return
    state = next
    // Each by itself: what one throws is the app's, and surfaces as any uncaught error.
    for (const listener of [...listeners]) queueMicrotask(() => listener(next))
  }
  const ask = async (kind: UndoRead['kind']): Promise<void> =>
    setState((await session.reads.read({ kind, scope })) as UndoState)
  const close = session.changes.add(
    [UNDO_STATES],
    ({ changes }) => {
      const last = changes.findLast(({ id }) => id === scope)
      if (last?.after !== undefined) setState(last.after as unknown as UndoState)
    },
    // Closed meanwhile: then nobody waits for it.
    { onGap: () => void ask('undo-state').catch(() => undefined) },
  )
  const turn = (kind: 'undo' | 'redo', options?: CallOptions): ReducerCall<UndoResult> =>
    session.calls.call(kind, {}, options, { kind, scope }) as ReducerCall<UndoResult>
  const record = (reducer: string) => {
    return (args: unknown, options: UndoCallOptions = {}): ReducerCall<unknown> => {
      const { undoGroup: group, undoLabel: label, ...rest } = options
      const undo: CallUndo = { kind: 'record', scope, label, group, groupMs }
      return session.calls.call(reducer, args, rest, undo)
    }
  }
  try {
    await ask('undo-state')
  } catch (error) {
    close()
    throw error
  }
  return {
    scope,
    reducers: Object.fromEntries(
      Object.keys(reducers).map((name) => [name, record(name)]),
    ) as unknown as UniverseUndo<R>['reducers'],
    undo: (options) => turn('undo', options),
    redo: (options) => turn('redo', options),
    get state() {
      return state
    },
    onState(listener) {
      // Wrapped, so that adding one twice and removing it once leaves one.
      const own = (next: UndoState): void => listener(next)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    clear: () => ask('undo-clear'),
    close: () => {
      close()
      listeners.clear()
    },
  }
}

function isSame(a: UndoState, b: UndoState): boolean {
  return (
    a.canUndo === b.canUndo &&
    a.canRedo === b.canRedo &&
    a.undoLabel === b.undoLabel &&
    a.redoLabel === b.redoLabel
  )
}
