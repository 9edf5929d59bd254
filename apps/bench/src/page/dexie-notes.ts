/** The same notes in IndexedDB through Dexie: the usual way of keeping app data in a page. */
import { Dexie, type Table } from 'dexie'
import { type NoteInput, noteOf } from './notes.ts'

/** A stored note. */
export interface DexieNote extends NoteInput {
  readonly id: string
  readonly created: number
}

/** Dexie's database of notes; the key is made by the page, as in ours. */
export class DexieNotes extends Dexie {
  declare readonly note: Table<DexieNote, string>

  constructor(durability: 'strict' | 'relaxed') {
    super('notes', { chromeTransactionDurability: durability })
    this.version(1).stores({ note: 'id, rank' })
  }
}

/** The n-th note as Dexie stores it. */
export function dexieNoteOf(n: number): DexieNote {
  return { ...noteOf(n), id: crypto.randomUUID(), created: Date.now() }
}
