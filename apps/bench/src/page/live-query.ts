/** Page half of the scenario `live-query`. */
import { noteOf } from './notes.ts'
import { startBare } from './open-bare.ts'
import { fillNotes, openNotes } from './open-notes.ts'

/** Falls from call to call, so that each new row comes first in the query. */
let lowestRank = 0

/** Called by the Node half. */
export const liveQueryPage = {
  /** Milliseconds from a call that changes one row to the callback that shows it, `count` times. */
  async changeToCallback(rowCount: number, count: number): Promise<number[]> {
    const universe = await openNotes()
    await fillNotes(universe, rowCount)
    const live = universe.live((q) => q.note.orderBy('rank').limit(50))
    let onRows: (() => void) | undefined
    const stop = live.subscribe(() => onRows?.())
    const samples: number[] = []
    for (let run = 0; run < count; run++) {
      const shown = new Promise<void>((resolve) => {
        onRows = resolve
      })
      const started = performance.now()
      lowestRank -= 1
      const call = universe.reducers.addNote({ ...noteOf(run), rank: lowestRank })
      await shown
      samples.push(performance.now() - started)
      await call
    }
    stop()
    await universe.close()
    return samples
  },

  /** The bare driver inserting a row and reading the 50 again, across the same thread boundary. */
  async floor(rowCount: number, count: number): Promise<number[]> {
    const bare = startBare()
    await bare.open(`bench-live-floor-${rowCount}`)
    await bare.insert(rowCount, 1000)
    const samples: number[] = []
    for (let run = 0; run < count; run++) {
      const started = performance.now()
      await bare.insertOne()
      await bare.firstByRank(50)
      samples.push(performance.now() - started)
    }
    await bare.close()
    return samples
  },
}
