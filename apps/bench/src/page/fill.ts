/** Page half of the scenario `fill`: a device that has nothing yet joins a universe. */
import { deleteUniverse, openUniverse } from '@inner-universe/client'
import { notes } from './notes.ts'

/** What joining took and came to. */
export interface Filling {
  /** From `openUniverse` to the whole universe being there, ms. */
  readonly elapsedMs: number
  readonly digest: string
}

/** Called by the Node half. */
export const fillPage = {
  /** Opens an empty universe in sync and waits until it holds `count` notes and is live. */
  async join(relay: { url: string; token: string }, count: number): Promise<Filling> {
    const started = performance.now()
    const universe = await openUniverse(notes, {
      name: 'bench',
      worker: () => new Worker(new URL('./notes.worker.ts', import.meta.url), { type: 'module' }),
      sync: { ...relay, universe: 'notes' },
    })
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (universe.sync.status.kind === 'live') resolve()
      }
      universe.sync.onStatus(check)
      check()
    })
    const there = await universe.count((q) => q.note)
    const elapsedMs = performance.now() - started
    if (there !== count) throw new Error(`live with ${there} notes of ${count}`)
    const digest = await universe.digest()
    await universe.close()
    await deleteUniverse('bench')
    return { elapsedMs, digest }
  },
}
