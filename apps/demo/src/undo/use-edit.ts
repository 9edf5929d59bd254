/** One kind of edit to make from a component, and how it stands. */
import type { ReducerCall, UniverseError } from '@inner-universe/client'
import type { InputOfReducer, ResultOfReducer } from '@inner-universe/core'
import { useCallback, useState } from 'react'
import type { WordnetReducers } from '../wordnet-module.ts'
import { useEdits } from './edits-context.tsx'

/** Longest name of a step, in UTF-16 units: it stands on a button. */
const LABEL_LENGTH_MAX = 80

/** As `useCall`, but each call is a step that can be undone. */
export interface Edit<K extends keyof WordnetReducers> {
  /** @param label what it did, for the one who wants to undo it: `Changed dog`. */
  readonly call: (
    args: InputOfReducer<WordnetReducers[K]>,
    label: string,
  ) => ReducerCall<ResultOfReducer<WordnetReducers[K]>>
  readonly isPending: boolean
  /** Of the last call, until the next or `reset`. */
  readonly error: UniverseError | undefined
  readonly reset: () => void
}

const IDLE: Pick<Edit<never>, 'isPending' | 'error'> = { isPending: false, error: undefined }

/** An edit by one reducer. */
export function useEdit<K extends keyof WordnetReducers>(reducer: K): Edit<K> {
  const { reducers } = useEdits()
  const [state, setState] = useState(IDLE)
  const call = useCallback(
    (args: InputOfReducer<WordnetReducers[K]>, label: string) => {
      const started = reducers[reducer](args, { undoLabel: label.slice(0, LABEL_LENGTH_MAX) })
      setState({ isPending: true, error: undefined })
      started.applied.catch(() => undefined) // `durable` fails with the same error.
      started.durable.then(
        () => setState(IDLE),
        (error: UniverseError) => setState({ isPending: false, error }),
      )
      return started
    },
    [reducers, reducer],
  )
  const reset = useCallback(() => setState(IDLE), [])
  return { call, ...state, reset }
}
