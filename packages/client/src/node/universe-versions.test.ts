/** Versions as an app has them, in Node. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, expectTypeOf, test } from 'vitest'
import type { Universe } from '../main/universe.ts'
import { todos } from '../testing/todos.ts'
import { versionedNotes } from '../testing/versioned-notes.ts'
import { openUniverse } from './open.ts'

type Notes = Universe<typeof versionedNotes.tables, typeof versionedNotes.reducers>

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const universe of open.splice(0)) await universe.close()
})

async function openNotes(path?: string): Promise<Notes> {
  const universe = await openUniverse(
    versionedNotes,
    path === undefined ? { memory: true } : { path, durability: 'process' },
  )
  open.push(universe)
  return universe
}

const titlesOf = (rows: readonly { readonly title: string }[]) =>
  rows.map(({ title }) => title).toSorted()

test('the state that a version names is read as it was, by queries of every kind', async () => {
  const universe = await openNotes()
  const folder = await universe.reducers.addFolder({ name: 'inbox' })
  const one = await universe.reducers.addNote({ title: 'one', folder })
  const two = await universe.reducers.addNote({ title: 'two' })
  const version = await universe.versions.commit('first')
  expect(version).toMatchObject({
    description: 'first',
    parents: [],
    branch: null,
    author: universe.identity,
  })
  await universe.reducers.rename({ id: one, title: 'changed' })
  await universe.reducers.deleteNote({ id: two })
  await universe.reducers.addNote({ title: 'three' })
  const past = await universe.versions.at(version.id)
  const notes = await past.query((q) => q.note.orderBy('title'))
  expectTypeOf(notes).toEqualTypeOf(await universe.query((q) => q.note.orderBy('title')))
  expect(titlesOf(notes)).toEqual(['one', 'two'])
  expect(titlesOf(await universe.query((q) => q.note))).toEqual(['changed', 'three'])
  expect(await past.count((q) => q.note.where({ title: 'two' }))).toBe(1)
  expect(await past.get('note', one)).toMatchObject({ title: 'one', folder })
  expect(await past.sql('SELECT title FROM note ORDER BY title')).toEqual([
    { title: 'one' },
    { title: 'two' },
  ])
  const joined = await past.query((q) => q.note.join(q.folder, { on: { folder: 'id' } }))
  expect(joined).toMatchObject([{ note: { title: 'one' }, folder: { name: 'inbox' } }])
  await expect(past.query((q) => q.draft)).rejects.toMatchObject({ code: 'query/invalid' })
  past.close()
  await expect(past.get('note', one)).rejects.toMatchObject({ code: 'client/closed' })
})
