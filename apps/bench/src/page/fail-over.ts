/** Page half of the scenario `fail-over`. */
import { noteOf } from './notes.ts'
import { type Notes, openNotes } from './open-notes.ts'

let universe: Notes | undefined

/** Called by the Node half. */
export const failOverPage = {
  async open(): Promise<string> {
    universe = await openNotes()
    await universe.reducers.addNote(noteOf(0))
    const { connection } = universe
    return connection.kind === 'open' ? connection.role : connection.kind
  },

  /** Calls without pause until the page ends; keeps the longest wait for an answer. */
  async longestWait(durationMs: number): Promise<number> {
    if (universe === undefined) throw new Error('open() first')
    let longestMs = 0
    const end = performance.now() + durationMs
    while (performance.now() < end) {
      const started = performance.now()
      await universe.reducers.addNote(noteOf(1))
      longestMs = Math.max(longestMs, performance.now() - started)
    }
    return longestMs
  },
}
