/** The versions of a universe as state. */
import type {
  Reducers,
  Tables,
  Universe,
  UniverseError,
  Version,
  VersionRef,
  Views,
} from '@inner-universe/client'
import { useEffect, useState } from 'react'

/** The versions that are here, kept up to date. */
export interface VersionsState {
  /** Oldest first; undefined until they were read. */
  readonly versions: readonly Version[] | undefined
  /** States of the universe itself that no later one was made of. */
  readonly heads: readonly Version[]
  /** Branches and tags, by kind and name. */
  readonly refs: readonly VersionRef[]
  /** Why they could not be read; then those before stay. */
  readonly error: UniverseError | undefined
}

const NOTHING: VersionsState = { versions: undefined, heads: [], refs: [], error: undefined }

/** The versions of a universe. */
export function useVersionsOf<T extends Tables, R extends Reducers, V extends Views>({
  versions: source,
}: Universe<T, R, V>): VersionsState {
  const [state, setState] = useState(NOTHING)
  useEffect(() => {
    let isCurrent = true
    let isReading = false
    let isStale = false
    const readOnce = async (): Promise<void> => {
      const [versions, heads, refs] = await Promise.all([
        source.list(),
        source.heads(),
        source.refs(),
      ])
      if (isCurrent) setState({ versions, heads, refs, error: undefined })
    }
    // What changes while it is read is read once more, however often it did.
    const read = async (): Promise<void> => {
      isStale = true
      if (isReading) return
      isReading = true
      while (isStale && isCurrent) {
        isStale = false
        await readOnce().catch((error: UniverseError) => {
          if (isCurrent) setState((before) => ({ ...before, error }))
        })
      }
      isReading = false
    }
    const stop = source.onChange(() => void read())
    void read()
    return () => {
      isCurrent = false
      stop()
      setState(NOTHING)
    }
  }, [source])
  return state
}
