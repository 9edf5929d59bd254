/** A live query with what its patches took. */
import type { LiveState, RelationQuery } from '@inner-universe/client'
import { useEffect, useState } from 'react'
import { type AppUniverse, useUniverse } from '../universe.ts'
import { sinceEditMs } from './edit-clock.ts'

/** How a query of the app's module is built. Give the same function at every render. */
export type Build<Row> = (
  q: Parameters<Parameters<AppUniverse['live']>[0]>[0],
) => RelationQuery<Row>

/** Rows, how many patches there were since they were first shown, and what the last one took. */
export interface Measured<Row> extends LiveState<Row> {
  readonly patchCount: number
  /**
   * Milliseconds from the call of an edit in this tab to these rows: its transaction on disk, the step
   * of the query, and the way there and back. Undefined: the last edit was made elsewhere.
   */
  readonly lastMs: number | undefined
}

const NOTHING: Measured<never> = {
  rows: [],
  isReady: false,
  error: undefined,
  patchCount: 0,
  lastMs: undefined,
}

/** See the head of the file. */
export function useMeasured<Row>(build: Build<Row>): Measured<Row> {
  const universe = useUniverse()
  const [measured, setMeasured] = useState<Measured<Row>>(NOTHING)
  useEffect(() => {
    let patchCount = 0
    let lastMs: number | undefined
    setMeasured(NOTHING)
    return universe.live(build).subscribe((state, patch) => {
      if (patch !== undefined) {
        patchCount += 1
        lastMs = sinceEditMs()
      }
      // Views that are still being filled: its first rows come when they are filled.
      const isWaiting = state.error?.code === 'views/not-ready'
      setMeasured({ ...state, error: isWaiting ? undefined : state.error, patchCount, lastMs })
    })
  }, [universe, build])
  return measured
}
