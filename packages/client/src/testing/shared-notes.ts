/** The module that the tests of sync share: plain rows, documents, rows of this device only. */
import { defineModule, t, table } from '@inner-universe/core'

/** Notes. */
export const sharedNotes = defineModule({
  name: 'sharedNotes',
  version: 1,
  tables: {
    note: table({
      id: t.id<'note'>(),
      text: t.text(),
      rank: t.int().default(0),
      body: t.richText(),
      tree: t.jsonDoc(),
    }),
    secret: table({ id: t.id(), text: t.text() }),
    draft: table({ id: t.id(), text: t.text() }).local(),
  },
  reducers: (reducer) => ({
    addNote: reducer({ text: t.text() }, (ctx, { text }) => ctx.db.note.insert({ text }).id),
    addNotes: reducer({ count: t.int() }, (ctx, { count }) => {
      for (let rank = 0; rank < count; rank++) ctx.db.note.insert({ text: `note ${rank}`, rank })
    }),
    editNote: reducer({ id: t.text(), text: t.text() }, (ctx, { id, text }) => {
      ctx.db.note.update(id, { text })
    }),
    deleteNote: reducer({ id: t.text() }, (ctx, { id }) => {
      ctx.db.note.delete(id)
    }),
    addSecret: reducer({ text: t.text() }, (ctx, { text }) => ctx.db.secret.insert({ text }).id),
    addDraft: reducer({ text: t.text() }, (ctx, { text }) => ctx.db.draft.insert({ text }).id),
  }),
})
