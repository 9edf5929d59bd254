/** A module with versions, for tests of them. */
import { defineModule, t, table } from '@inner-universe/core'

/** Notes with a counter, tags and a text, and the folders they are in. */
export const versionedNotes = defineModule({
  name: 'versionedNotes',
  version: 1,
  versions: true,
  tables: {
    folder: table({ id: t.id(), name: t.text() }),
    note: table({
      id: t.id(),
      folder: t.ref('folder', { onDelete: 'cascade' }).optional(),
      title: t.text(),
      stars: t.counter(),
      body: t.richText(),
    }).index('byTitle', ['title']),
    draft: table({ id: t.id(), text: t.text() }).local(),
  },
  reducers: (reducer) => ({
    addFolder: reducer({ name: t.text() }, (ctx, { name }) => ctx.db.folder.insert({ name }).id),
    addNote: reducer(
      { title: t.text(), folder: t.text().optional() },
      (ctx, { title, folder }) =>
        ctx.db.note.insert({ title, folder: (folder ?? null) as never }).id,
    ),
    addNotes: reducer({ count: t.int() }, (ctx, { count }) => {
      for (let index = 0; index < count; index++) ctx.db.note.insert({ title: `note ${index}` })
    }),
    rename: reducer({ id: t.text(), title: t.text() }, (ctx, { id, title }) => {
      ctx.db.note.update(id, { title })
    }),
    star: reducer({ id: t.text() }, (ctx, { id }) => ctx.db.note.increment(id, 'stars')),
    deleteNote: reducer({ id: t.text() }, (ctx, { id }) => ctx.db.note.delete(id)),
    refuse: reducer({ reason: t.text() }, (_ctx, { reason }) => {
      throw new Error(reason)
    }),
    spin: reducer({}, () => {
      for (;;);
    }),
  }),
})
