/** A reducer as a function with its state. */
import type { CallOptions, ReducerCall, UniverseError } from '@inner-universe/client'
import { useCallback, useEffect, useRef, useState } from 'react'

/** A reducer to call from a component, and how its calls from here stand. */
export interface Call<Input, Result> {
  /**
   * Calls the reducer. Stable while the universe and the reducer are the same. The failure of a call
   * nobody awaits is in `error` and is not reported as an unhandled rejection.
   */
  readonly call: (args: Input, options?: CallOptions) => ReducerCall<Result>
  /** True while at least one call is not yet durable or refused. */
  readonly isPending: boolean
  /** The failure of the last call to end, until one succeeds or `reset`. */
  readonly error: UniverseError | undefined
  readonly reset: () => void
}

interface State {
  readonly pendingCount: number
  readonly error: UniverseError | undefined
}

const IDLE: State = { pendingCount: 0, error: undefined }

/** The call state of one reducer function. */
export function useCallOf<Input, Result>(
  reducer: (args: Input, options?: CallOptions) => ReducerCall<Result>,
): Call<Input, Result> {
  const [state, setState] = useState(IDLE)
  const isMounted = useRef(false)
  useEffect(() => {
    isMounted.current = true
    return () => {
      isMounted.current = false
    }
  }, [])
  const call = useCallback(
    (args: Input, options?: CallOptions) => {
      const started = reducer(args, options)
      setState((now) => ({ ...now, pendingCount: now.pendingCount + 1 }))
      const end = (error: UniverseError | undefined): void => {
        if (isMounted.current) {
          setState((now) => ({ pendingCount: now.pendingCount - 1, error }))
        }
      }
      started.applied.catch(() => undefined) // `durable` fails with the same error.
      started.durable.then(() => end(undefined), end)
      return started
    },
    [reducer],
  )
  const reset = useCallback(() => setState((now) => ({ ...now, error: undefined })), [])
  return { call, isPending: state.pendingCount > 0, error: state.error, reset }
}
