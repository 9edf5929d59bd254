/**
 * Edits of entities and relations, each a step that can be undone: for everything below.
 *
 * Steps are this device's, in whatever tab they were made. Notes have an undo of their own, in their editor.
 */
import type { UndoResult, UniverseUndo } from '@inner-universe/client'
import {
  createContext,
  type ReactNode,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
} from 'react'
import { useUnsynced } from '../sync/unsynced-context.tsx'
import { useUndo, useUniverse } from '../universe.ts'
import type { WordnetReducers } from '../wordnet-module.ts'
import { type Way, wayOfKey } from './undo-key.ts'

/** What the last undoing, or doing again, came to. */
export type Turn = { readonly way: Way } & (
  | { readonly kind: 'done'; readonly result: UndoResult }
  | { readonly kind: 'failed'; readonly error: unknown }
)

interface EditsValue {
  /** Reducers each call of which is a step. */
  readonly reducers: UniverseUndo<WordnetReducers>['reducers']
  /** What the next step of each way did; null: there is none. */
  readonly labels: Readonly<Record<Way, string | null>>
  readonly turn: (way: Way) => void
  readonly lastTurn: Turn | undefined
  readonly forgetTurn: () => void
}

const EditsContext = createContext<EditsValue | undefined>(undefined)

/** Keeps the steps, and hears the keys for them. */
export function EditsProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const universe = useUniverse()
  const { note } = useUnsynced()
  // Each edit is a step, however soon it follows another.
  const { reducers, undo, redo, undoLabel, redoLabel } = useUndo({ scope: 'edits', groupMs: 0 })
  const [lastTurn, setLastTurn] = useState<Turn>()

  const turn = useCallback(
    (way: Way) => {
      const call = (way === 'undo' ? undo : redo)?.()
      if (call === undefined) return
      const verb = way === 'undo' ? 'Undid' : 'Did again'
      note(call, ({ label }) => ({ verb, name: `“${label ?? 'nothing'}”`, ids: [] }))
      call.then(
        (result) => setLastTurn(result.isDone ? { way, kind: 'done', result } : undefined),
        (error: unknown) => setLastTurn({ way, kind: 'failed', error }),
      )
    },
    [undo, redo, note],
  )
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const way = wayOfKey(event)
      if (way === undefined) return
      event.preventDefault()
      turn(way)
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [turn])

  const forgetTurn = useCallback(() => setLastTurn(undefined), [])
  const value = useMemo(
    () => ({
      // Until the steps are known, which is a moment, an edit is none.
      reducers: reducers ?? universe.reducers,
      labels: { undo: undoLabel, redo: redoLabel },
      turn,
      lastTurn,
      forgetTurn,
    }),
    [universe, reducers, undoLabel, redoLabel, turn, lastTurn, forgetTurn],
  )
  return <EditsContext value={value}>{children}</EditsContext>
}

/** The edits that can be undone, and how to make one. */
export function useEdits(): EditsValue {
  const value = use(EditsContext)
  if (value === undefined) throw new Error('no EditsProvider above')
  return value
}
