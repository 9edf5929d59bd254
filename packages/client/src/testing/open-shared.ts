/** What the browser tests of sync share: opening the notes that are synced. */
import { openUniverse } from '../main/open.ts'
import type { SyncOptions, Universe } from '../main/universe.ts'
import { sharedNotes } from './shared-notes.ts'

/** A universe of the synced test module. */
export type SharedNotes = Universe<typeof sharedNotes.tables, typeof sharedNotes.reducers>

/** Opens the notes of a device; tabs of one name share a database. */
export function openShared(name: string, sync?: SyncOptions): Promise<SharedNotes> {
  return openUniverse(sharedNotes, {
    name,
    worker: () =>
      new Worker(new URL('./shared-notes.worker.ts', import.meta.url), { type: 'module' }),
    ...(sync !== undefined && { sync }),
  })
}
