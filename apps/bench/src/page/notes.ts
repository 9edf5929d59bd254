/** The module the scenarios write with: a table of about 300 bytes a row and two indexes. */
import { defineModule, t, table } from '@inner-universe/client'

/** One note as a caller gives it. */
export interface NoteInput {
  readonly title: string
  readonly body: string
  readonly rank: number
}

/** The n-th note: the same in every run and for every peer. */
export function noteOf(n: number): NoteInput {
  const title = `Note ${n} on subject ${n % 97}`
  return { title, body: `${title}. `.repeat(9).slice(0, 220), rank: (n * 7919) % 1_000_003 }
}

/** See the file's head. */
export const notes = defineModule({
  name: 'notes',
  version: 1,
  tables: {
    note: table({
      id: t.id(),
      title: t.text(),
      body: t.text(),
      created: t.timestamp(),
      rank: t.int(),
    }).index('byRank', ['rank']),
  },
  reducers: (reducer) => ({
    addNote: reducer(
      { title: t.text(), body: t.text(), rank: t.int() },
      (ctx, note) => ctx.db.note.insert({ ...note, created: ctx.timestamp }).id,
    ),
    addNotes: reducer({ from: t.int(), count: t.int().max(5000) }, (ctx, { from, count }) => {
      for (let n = from; n < from + count; n++) {
        ctx.db.note.insert({ ...noteOf(n), created: ctx.timestamp })
      }
      return count
    }),
    rank: reducer({ id: t.text(), rank: t.int() }, (ctx, { id, rank }) => {
      ctx.db.note.update(id, { rank })
      return true
    }),
  }),
})
