/** A module small enough to be read with the tests. */

import type { Column, Id } from '@inner-universe/core'
import { defineModule, type Module, type Reducer, type Table, t, table } from '@inner-universe/core'

type NoteColumns = {
  readonly id: Column<Id<'note'>, true>
  readonly text: Column<string>
  readonly isDone: Column<boolean, true>
}

type NotesTables = { readonly note: Table<NoteColumns> }

type NotesReducers = {
  readonly addNote: Reducer<{ readonly text: string }, Id<'note'>>
  readonly finishNote: Reducer<{ readonly id: string }, void>
  readonly refuse: Reducer<Readonly<Record<never, never>>, never>
}

/** Notes that can be added and finished. */
export const notes: Module<NotesTables, NotesReducers> = defineModule({
  name: 'notes',
  version: 1,
  tables: {
    note: table<NoteColumns>({
      id: t.id<'note'>(),
      text: t.text().max(100),
      isDone: t.bool().default(false),
    }).search({ text: 'text' }),
  },
  reducers: (reducer): NotesReducers => ({
    addNote: reducer({ text: t.text() }, (ctx, { text }) => ctx.db.note.insert({ text }).id),
    finishNote: reducer({ id: t.text() }, (ctx, { id }) => {
      ctx.db.note.update(id, { isDone: true })
    }),
    refuse: reducer({}, () => {
      throw new Error('not today')
    }),
  }),
})
