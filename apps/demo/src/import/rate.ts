/** Estimates how fast work goes and how long the rest will take. */

/** The estimate at one moment. */
export interface Estimate {
  readonly rowsPerSecond: number
  readonly remainingMs: number
}

/** Estimates from the last few seconds, so that a change of pace shows. */
export interface Rate {
  /** Notes a moment and gives the estimate; undefined until there is half a second to go by. */
  estimate(nowMs: number, doneCount: number, totalCount: number): Estimate | undefined
}

const WINDOW_MS = 4000
const FIRST_MS = 500

/** Starts an estimate. */
export function createRate(): Rate {
  const moments: { readonly ms: number; readonly doneCount: number }[] = []
  return {
    estimate(nowMs, doneCount, totalCount) {
      moments.push({ ms: nowMs, doneCount })
      // The oldest moment kept is the last one outside of the window.
      while (moments.length > 2 && nowMs - (moments[1]?.ms ?? nowMs) >= WINDOW_MS) moments.shift()
      const [oldest] = moments
      if (oldest === undefined || nowMs - oldest.ms < FIRST_MS) return undefined
      const rowsPerSecond = ((doneCount - oldest.doneCount) / (nowMs - oldest.ms)) * 1000
      if (rowsPerSecond <= 0) return undefined
      return { rowsPerSecond, remainingMs: ((totalCount - doneCount) / rowsPerSecond) * 1000 }
    },
  }
}
