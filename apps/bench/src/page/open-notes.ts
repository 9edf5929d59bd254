import { openUniverse, type Universe } from '@inner-universe/client'
import { notes } from './notes.ts'

/** An open universe of {@link notes}. */
export type Notes = Universe<(typeof notes)['tables'], (typeof notes)['reducers']>

/** Opens the scenarios' universe on OPFS. */
export function openNotes(): Promise<Notes> {
  return openUniverse(notes, {
    name: 'bench',
    worker: () => new Worker(new URL('./notes.worker.ts', import.meta.url), { type: 'module' }),
  })
}

/** Fills the universe up to `count` notes. */
export async function fillNotes(universe: Notes, count: number): Promise<void> {
  const step = 1000
  const start = await universe.count((q) => q.note)
  const calls: PromiseLike<number>[] = []
  for (let from = start; from < count; from += step) {
    calls.push(universe.reducers.addNotes({ from, count: Math.min(step, count - from) }))
    if (calls.length >= 8) await calls.shift()
  }
  await Promise.all(calls)
}
