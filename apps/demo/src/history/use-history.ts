/** The versions of the universe, kept up to date. */
import type { Version, VersionRef } from '@inner-universe/client'
import { useEffect, useState } from 'react'
import { useUniverse } from '../universe.ts'

/** What there is. */
export interface HistoryState {
  /** Oldest first; undefined until they were read. */
  readonly versions: readonly Version[] | undefined
  readonly refs: readonly VersionRef[]
  /** Versions of the present that nothing was made of since; several when devices named states at once. */
  readonly heads: readonly Version[]
  readonly error: unknown
}

const NOTHING: HistoryState = { versions: undefined, refs: [], heads: [], error: undefined }

/** The versions, their names and heads. */
export function useHistory(): HistoryState {
  const { versions } = useUniverse()
  const [state, setState] = useState(NOTHING)
  useEffect(() => {
    let isCurrent = true
    let readCount = 0
    const read = (): void => {
      const ordinal = ++readCount
      Promise.all([versions.list(), versions.refs(), versions.heads()]).then(
        ([list, refs, heads]) => {
          if (isCurrent && ordinal === readCount) {
            setState({ versions: list, refs, heads, error: undefined })
          }
        },
        (error: unknown) => {
          if (isCurrent) setState((before) => ({ ...before, error }))
        },
      )
    }
    const stop = versions.onChange(read)
    read()
    return () => {
      isCurrent = false
      stop()
    }
  }, [versions])
  return state
}
