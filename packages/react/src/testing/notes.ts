/** A module small enough to be read with the tests. */
import { defineModule, t, table } from '@inner-universe/client'

/** Notes that can be added and finished. */
export const notes = defineModule({
  name: 'notes',
  version: 1,
  tables: {
    note: table({
      id: t.id<'note'>(),
      text: t.text().max(100),
      isDone: t.bool().default(false),
      body: t.richText(),
    }).search({ text: 'text' }),
  },
  reducers: (reducer) => ({
    addNote: reducer({ text: t.text() }, (ctx, { text }) => ctx.db.note.insert({ text }).id),
    finishNote: reducer({ id: t.text() }, (ctx, { id }) => {
      ctx.db.note.update(id, { isDone: true })
    }),
    refuse: reducer({}, () => {
      throw new Error('not today')
    }),
  }),
})
