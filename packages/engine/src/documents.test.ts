import { APPEND_REDUCER, COMPACT_REDUCER, defineModule, t, table } from '@inner-universe/core'
import { expect, it } from 'vitest'
import { openTestEngine } from './testing/test-engine.ts'

const notes = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table({ key: t.key(), title: t.text(), body: t.richText() }) },
  reducers: (reducer) => ({
    add: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.insert({ key, title: key })
    }),
  }),
})

it('appends', () => {
  const { engine, call } = openTestEngine(notes)
  call('add', { key: 'a' })
  const place = { table: 'note', row: 'a', document: 'body' }
  const id = call(APPEND_REDUCER, { ...place, update: Uint8Array.of(1) })
  const id2 = call(COMPACT_REDUCER, { ...place, checkpoint: Uint8Array.of(2), covers: [id] })
  expect(engine.sql('SELECT id FROM note_document')).toMatchObject({
    rowCount: 1,
    columns: [[id2]],
  })
})
