/** A second module, to meet the first under one name. */
import { defineModule, t, table } from '@inner-universe/core'

/** Notes, which are no todos. */
export const notes = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table({ id: t.id(), text: t.text() }) },
  reducers: (reducer) => ({
    addNote: reducer({ text: t.text() }, (ctx, { text }) => ctx.db.note.insert({ text }).id),
  }),
})
