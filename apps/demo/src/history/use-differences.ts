/** What differs between two states, a page at a time. */
import type { RowDifference } from '@inner-universe/client'
import { useCallback, useEffect, useState } from 'react'
import { type AppUniverse, useUniverse } from '../universe.ts'
import { GRAPH_TABLES } from './difference.ts'
import { PRESENT } from './version-line.ts'

/** Rows of one page. */
export const DIFFERENCES_PAGE = 100

/** How soon a comparison with the present is made again after a change, ms. */
const AGAIN_MS = 400

/** The differences so far. */
export interface Differences {
  /** Undefined until the first page is there. */
  readonly rows: readonly RowDifference[] | undefined
  readonly hasMore: boolean
  readonly isLoading: boolean
  readonly error: unknown
  /** Reads the next page. */
  readonly more: () => void
}

/** Which two states, and of which tables. */
export interface Comparison {
  readonly from: string
  /** A version, or {@link PRESENT}. */
  readonly to: string
  /** True: also what the app notes beside the graph. */
  readonly isWhole: boolean
}

interface State {
  readonly rows: readonly RowDifference[] | undefined
  readonly hasMore: boolean
  readonly isLoading: boolean
  readonly error: unknown
}

const LOADING: State = { rows: undefined, hasMore: false, isLoading: true, error: undefined }

/** The differences of a comparison; of one with the present they follow what is changed. */
export function useDifferences({ from, to, isWhole }: Comparison): Differences {
  const universe = useUniverse()
  const [pageCount, setPageCount] = useState(1)
  const [state, setState] = useState(LOADING)
  const [turn, setTurn] = useState(0)
  useChanges(to === PRESENT, () => setTurn((now) => now + 1))

  // biome-ignore lint/correctness/useExhaustiveDependencies: other states are another comparison
  useEffect(() => {
    setPageCount(1)
    setState(LOADING)
  }, [from, to, isWhole])

  // biome-ignore lint/correctness/useExhaustiveDependencies: after a change all is read again
  useEffect(() => {
    let isCurrent = true
    const limit = pageCount * DIFFERENCES_PAGE
    setState((before) => ({ ...before, isLoading: true }))
    readDifferences(universe, { from, to, isWhole }, limit + 1).then(
      (rows) => {
        if (!isCurrent) return
        const hasMore = rows.length > limit
        setState({ rows: rows.slice(0, limit), hasMore, isLoading: false, error: undefined })
      },
      (error: unknown) => {
        if (isCurrent) setState({ ...LOADING, isLoading: false, error })
      },
    )
    return () => {
      isCurrent = false
    }
  }, [universe, from, to, isWhole, pageCount, turn])

  const more = useCallback(() => setPageCount((count) => count + 1), [])
  return { ...state, more }
}

/** Up to `limit` differences. */
export function readDifferences(
  universe: AppUniverse,
  { from, to, isWhole }: Comparison,
  limit: number,
): Promise<readonly RowDifference[]> {
  const tables = isWhole ? {} : { tables: GRAPH_TABLES }
  return universe.versions.diff(from, to === PRESENT ? undefined : to, { ...tables, limit })
}

/** Tells of changes of the graph, not more often than {@link AGAIN_MS}. */
function useChanges(isOn: boolean, onChange: () => void): void {
  const universe = useUniverse()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the callback only sets state
  useEffect(() => {
    if (!isOn) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const later = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        onChange()
      }, AGAIN_MS)
    }
    const stop = universe.onChanges(['entity', 'relation', 'entity_note'], later, { onGap: later })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [universe, isOn])
}
