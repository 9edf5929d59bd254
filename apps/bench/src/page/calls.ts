/** Page half of the scenarios `calls` and `durable-call`. */
import { DexieNotes, dexieNoteOf } from './dexie-notes.ts'
import { noteOf } from './notes.ts'
import { startBare } from './open-bare.ts'
import { openNotes } from './open-notes.ts'

const bare = startBare()
let noteCount = 0

/** Called by the Node half. */
export const callsPage = {
  /** Milliseconds for `count` rows through driver and engine, by turns, on fresh files. */
  async engineAndFloor(round: number, count: number, group: number): Promise<[number, number]> {
    const engineMs = await bare.engineInsert(`bench-engine-${round}`, count, group)
    await bare.open(`bench-floor-${round}`)
    const floorMs = await bare.insert(count, group)
    await bare.close()
    return [engineMs, floorMs]
  },

  /** Milliseconds to write a graph of that size through the bare driver. */
  async graphFloor(entityCount: number, relationCount: number, group: number): Promise<number> {
    await bare.open('bench-graph-floor')
    const elapsedMs = await bare.importGraph(entityCount, relationCount, group)
    await bare.close()
    return elapsedMs
  },

  /** Calls per second from the page with `inFlight` under way. */
  async callRate(count: number, inFlight: number): Promise<number> {
    const universe = await openNotes()
    let left = count
    const lane = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        await universe.reducers.addNote(noteOf(noteCount++))
      }
    }
    const started = performance.now()
    await Promise.all(Array.from({ length: inFlight }, lane))
    const elapsedMs = performance.now() - started
    await universe.close()
    return (count / elapsedMs) * 1000
  },

  /** Milliseconds of single calls, each awaited before the next. */
  async durableCalls(count: number): Promise<number[]> {
    const universe = await openNotes()
    const samples = await timed(count, () => universe.reducers.addNote(noteOf(noteCount++)))
    await universe.close()
    return samples
  },

  async durableFloor(count: number): Promise<number[]> {
    await bare.open('bench-durable-floor')
    const samples = await timed(count, () => bare.insertOne())
    await bare.close()
    return samples
  },

  async durableDexie(count: number, durability: 'strict' | 'relaxed'): Promise<number[]> {
    const database = new DexieNotes(durability)
    const samples = await timed(count, () => database.note.add(dexieNoteOf(noteCount++)))
    await database.delete()
    return samples
  },

  /** PGlite: Postgres in the page, on OPFS's nearest equal it offers to a page: IndexedDB. */
  async durablePglite(count: number): Promise<number[]> {
    const { PGlite } = await import('@electric-sql/pglite')
    const database = await PGlite.create('idb://bench-notes')
    await database.exec(
      'CREATE TABLE note(id uuid PRIMARY KEY, title text, body text, created bigint, rank int)',
    )
    const insert = 'INSERT INTO note VALUES ($1, $2, $3, $4, $5)'
    const samples = await timed(count, () => {
      const { id, title, body, created, rank } = dexieNoteOf(noteCount++)
      return database.query(insert, [id, title, body, created, rank])
    })
    await database.close()
    return samples
  },
}

const WARM_UP_COUNT = 30

/** Times each run of `work`; a browser's clock has steps of 0.1 ms. */
async function timed(count: number, work: () => PromiseLike<unknown>): Promise<number[]> {
  for (let run = 0; run < WARM_UP_COUNT; run++) await work()
  const samples: number[] = []
  for (let run = 0; run < count; run++) {
    const started = performance.now()
    await work()
    samples.push(performance.now() - started)
  }
  return samples
}
