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

test('versions are listed, named, and found by id, branch or tag; they are in the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'universe-versions-'))
  const path = join(folder, 'universe.sqlite')
  try {
    const first = await openNotes(path)
    const { versions } = first
    const id = await first.reducers.addNote({ title: 'one' })
    const a = await versions.commit('a')
    await first.reducers.rename({ id, title: 'two' })
    const b = await versions.commit('b')
    expect(b.parents).toEqual([a.id])
    expect((await versions.heads()).map((version) => version.id)).toEqual([b.id])
    expect((await versions.list()).map(({ description }) => description)).toEqual(['a', 'b'])
    expect((await versions.history()).map(({ description }) => description)).toEqual(['b', 'a'])
    expect(await versions.history(b.id, { depth: 1 })).toEqual([await versions.get(b.id)])
    expect(await versions.get('nothing')).toBeUndefined()
    await first.close()
    const again = await openNotes(path)
    expect((await again.versions.list()).map((version) => version.id)).toEqual([a.id, b.id])
    expect(await (await again.versions.at(a.id)).get('note', id)).toMatchObject({ title: 'one' })
    expect(await again.verify()).toEqual([])
  } finally {
    for (const universe of open.splice(0)) await universe.close()
    await rm(folder, { recursive: true, force: true })
  }
})

test('differences are told between two versions, and to the present, page by page', async () => {
  const { reducers, versions } = await openNotes()
  const one = await reducers.addNote({ title: 'one' })
  const two = await reducers.addNote({ title: 'two' })
  const a = await versions.commit('a')
  await reducers.rename({ id: one, title: 'changed' })
  const three = await reducers.addNote({ title: 'three' })
  const b = await versions.commit('b')
  await reducers.deleteNote({ id: two })
  const kinds = async (...args: Parameters<typeof versions.diff>) =>
    Object.fromEntries((await versions.diff(...args)).map(({ id, kind }) => [id, kind]))
  expect(await kinds(a.id, b.id)).toEqual({ [one]: 'update', [three]: 'insert' })
  expect(await kinds(b.id, a.id)).toEqual({ [one]: 'update', [three]: 'delete' })
  expect(await kinds(a.id)).toEqual({ [one]: 'update', [two]: 'delete', [three]: 'insert' })
  expect(await kinds(a.id, b.id, { tables: ['folder'] })).toEqual({})
  const [first] = await versions.diff(a.id, undefined, { limit: 1 })
  expect(first).toMatchObject({ table: 'note', kind: 'update', columns: ['title'] })
  expect(first?.before).toMatchObject({ title: 'one' })
  expect(first?.after).toMatchObject({ title: 'changed' })
  const rest = await versions.diff(a.id, undefined, { after: ['note', first?.id ?? ''] })
  expect(rest.map(({ id }) => id)).toEqual([two, three].toSorted())
})

test('what is wrong is said with a code and what to do next', async () => {
  const universe = await openNotes()
  const { versions } = universe
  const code = (code: string) => expect.objectContaining({ code })
  await expect(versions.at('nothing')).rejects.toEqual(code('history/version-unknown'))
  await expect(versions.commit('x', { parents: ['no'] })).rejects.toEqual(
    code('history/version-unknown'),
  )
  await expect(versions.draft('nothing')).rejects.toEqual(code('history/name-unknown'))
  await expect(versions.commit('x'.repeat(70_000))).rejects.toEqual(
    code('reducer/invalid-arguments'),
  )
  await universe.close()
  await expect(versions.list()).rejects.toEqual(code('client/closed'))
  const plain = await openUniverse(todos, { memory: true })
  open.push(plain)
  await expect(plain.versions.list()).rejects.toEqual(code('history/not-configured'))
  await expect(plain.versions.commit('x')).rejects.toEqual(code('history/not-configured'))
})

test('a change is told once a version is named, and the object of versions is no promise', async () => {
  const { versions, reducers } = await openNotes()
  expect(await versions).toBe(versions)
  let count = 0
  const stop = versions.onChange(() => {
    count += 1
  })
  await reducers.addNote({ title: 'one' })
  await versions.list()
  const before = count
  await versions.commit('a')
  expect(count).toBeGreaterThan(before)
  stop()
})

test('a document is read as it was, by a copy of its own', async () => {
  const universe = await openNotes()
  const { versions } = universe
  const id = await universe.reducers.addNote({ title: 'one' })
  const body = await universe.doc('note', id, 'body')
  body.doc.getText('content').insert(0, 'before')
  await body.flush()
  const { id: version } = await versions.commit('a')
  body.doc.getText('content').insert(6, ' and after')
  await body.close()
  const past = await versions.at(version)
  const then = await past.doc('note', id, 'body')
  expect(then.getText('content').toString()).toBe('before')
  then.getText('content').insert(0, 'not kept ')
  expect((await past.doc('note', id, 'body')).getText('content').toString()).toBe('before')
  await expect(past.doc('note', 'nobody', 'body')).rejects.toMatchObject({
    code: 'table/row-not-found',
  })
  // @ts-expect-error `title` is no document
  await expect(past.doc('note', id, 'title')).rejects.toMatchObject({ code: 'document/not-found' })
  past.close()
  expect(then.isDestroyed).toBe(true)
})
