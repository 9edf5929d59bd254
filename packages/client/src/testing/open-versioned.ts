/** What the browser tests of versions share: opening the notes that have some. */
import { type OpenOptions, openUniverse } from '../main/open.ts'
import type { Universe } from '../main/universe.ts'
import { versionedNotes } from './versioned-notes.ts'

/** A universe of the test module with versions. */
export type VersionedNotes = Universe<typeof versionedNotes.tables, typeof versionedNotes.reducers>

/** Opens the notes of a device; tabs of one name share a database. */
export function openVersioned(
  options: { readonly name: string } & Partial<OpenOptions>,
): Promise<VersionedNotes> {
  return openUniverse(versionedNotes, {
    worker: () =>
      new Worker(new URL('./versioned-notes.worker.ts', import.meta.url), { type: 'module' }),
    ...options,
  })
}
