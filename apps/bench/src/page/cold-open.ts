/** Page half of the scenario `cold-open`: each measurement is a fresh page. */
import { DexieNotes, dexieNoteOf } from './dexie-notes.ts'
import { startBare } from './open-bare.ts'
import { fillNotes, openNotes } from './open-notes.ts'

const DIRECTORY = 'bench-cold-floor'

/** Called by the Node half. */
export const coldOpenPage = {
  async fill(count: number): Promise<void> {
    const universe = await openNotes()
    await fillNotes(universe, count)
    await universe.close()
    const bare = startBare()
    await bare.open(DIRECTORY)
    await bare.insert(count, 1000)
    await bare.close()
    const database = new DexieNotes('relaxed')
    await database.note.bulkAdd(Array.from({ length: count }, (_, n) => dexieNoteOf(n)))
    database.close()
  },

  /** From the first line of ours to the first answer. */
  async ours(): Promise<number> {
    const started = performance.now()
    const universe = await openNotes()
    const rows = await universe.query((q) => q.note.orderBy('rank').limit(50))
    const elapsedMs = performance.now() - started
    if (rows.length !== 50) throw new Error(`${rows.length} rows`)
    return elapsedMs
  },

  async floor(): Promise<number> {
    const started = performance.now()
    const bare = startBare()
    await bare.open(DIRECTORY)
    await bare.firstByRank(50)
    return performance.now() - started
  },

  async dexie(): Promise<number> {
    const started = performance.now()
    const rows = await new DexieNotes('relaxed').note.orderBy('rank').limit(50).toArray()
    const elapsedMs = performance.now() - started
    if (rows.length !== 50) throw new Error(`${rows.length} rows`)
    return elapsedMs
  },
}
