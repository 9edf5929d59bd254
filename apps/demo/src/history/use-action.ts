/** Something a person asks for from a component, and how it stands. */
import { useCallback, useState } from 'react'

/** One piece of work at a time. */
export interface Action {
  /** Begins it. What comes of its success is the caller's; its failure is in `error`. */
  readonly run: (work: () => Promise<void>) => void
  readonly isPending: boolean
  /** Of the last one, until the next or `reset`. */
  readonly error: unknown
  readonly reset: () => void
}

const IDLE = { isPending: false, error: undefined as unknown }

/** Work of this component. */
export function useAction(): Action {
  const [state, setState] = useState(IDLE)
  const run = useCallback((work: () => Promise<void>) => {
    setState({ isPending: true, error: undefined })
    work().then(
      () => setState(IDLE),
      (error: unknown) => setState({ isPending: false, error }),
    )
  }, [])
  const reset = useCallback(() => setState(IDLE), [])
  return { ...state, run, reset }
}
