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

test('a draft is calls that nobody sees until it is committed, with the results it said', async () => {
  const universe = await openNotes()
  const { versions } = universe
  const one = await universe.reducers.addNote({ title: 'one' })
  const base = await versions.commit('base')
  await versions.branch('idea', base.id)
  await universe.reducers.rename({ id: one, title: 'present' })
  const draft = await versions.draft('idea')
  const two = await draft.call.addNote({ title: 'two' })
  expectTypeOf(two).toBeString()
  await universe.reducers.addNote({ title: 'other' })
  await draft.call.rename({ id: one, title: 'drafted' })
  await draft.call.star({ id: two })
  // @ts-expect-error a title is asked for
  await expect(draft.call.addNote({})).rejects.toMatchObject({ code: 'reducer/invalid-arguments' })
  await expect(draft.call.refuse({ reason: 'no' })).rejects.toMatchObject({
    code: 'reducer/rejected',
  })
  expect(draft.callCount).toBe(3)
  expect(titlesOf(await draft.query((q) => q.note))).toEqual(['drafted', 'two'])
  expect(await draft.count((q) => q.note)).toBe(2)
  expect(await draft.get('note', two)).toMatchObject({ stars: 1 })
  expect(await draft.sql('SELECT count(*) AS n FROM note')).toEqual([{ n: 2 }])
  expect((await draft.diff()).map(({ kind }) => kind).toSorted()).toEqual(['insert', 'update'])
  expect(titlesOf(await universe.query((q) => q.note))).toEqual(['other', 'present'])
  const version = await draft.commit('an idea')
  expect(version).toMatchObject({ parents: [base.id], branch: 'idea', description: 'an idea' })
  const past = await versions.at('idea')
  expect(past.version.id).toBe(version.id)
  expect(await past.get('note', two)).toMatchObject({ title: 'two', stars: 1 })
  expect(draft).toMatchObject({ callCount: 0, from: version })
  // Somebody else is faster.
  const other = await versions.draft('idea')
  await other.call.star({ id: two })
  await other.commit('faster')
  await draft.call.star({ id: one })
  await expect(draft.commit('slower')).rejects.toMatchObject({ code: 'history/branch-moved' })
  expect(draft.callCount).toBe(1)
  draft.close()
  await expect(draft.call.star({ id: one })).rejects.toMatchObject({ code: 'client/closed' })
  expect(await universe.verify()).toEqual([])
})

test('the present is reverted, a branch is merged into it, and two versions without it', async () => {
  const universe = await openNotes()
  const { versions, reducers } = universe
  const one = await reducers.addNote({ title: 'one' })
  const base = await versions.commit('base')
  await versions.branch('idea', base.id)
  const draft = await versions.draft('idea')
  await draft.call.rename({ id: one, title: 'drafted' })
  const idea = await draft.commit('idea')
  const two = await reducers.addNote({ title: 'two' })
  const next = await versions.commit('next')
  const merged = await versions.merge('idea', 'merged')
  expect(merged).toMatchObject({ conflicts: [], conflictCount: 0, skipped: [], rowCount: 1 })
  expect(merged.version?.parents.toSorted()).toEqual([next.id, idea.id].toSorted())
  expect(titlesOf(await universe.query((q) => q.note))).toEqual(['drafted', 'two'])
  expect((await versions.merge('idea', 'again')).version).toBeUndefined()
  expect(await versions.revertTo(base.id)).toEqual({ rowCount: 2, skipped: [], skippedCount: 0 })
  expect(titlesOf(await universe.query((q) => q.note))).toEqual(['one'])
  await reducers.rename({ id: one, title: 'clash' })
  const clash = await versions.commit('clash')
  const both = await versions.mergeVersions(idea.id, clash.id, 'both', { branch: 'both' })
  expect(both.version).toMatchObject({ branch: 'both' })
  expect(titlesOf(await universe.query((q) => q.note))).toEqual(['clash'])
  expect(await versions.refs()).toMatchObject([{ name: 'both' }, { name: 'idea' }])
  expect(await (await versions.at('both')).get('note', two)).toBeUndefined()
})

test('versions are tagged, let go, exported and taken in again', async () => {
  const universe = await openNotes()
  const { versions, reducers } = universe
  const ids: string[] = []
  for (const title of ['a', 'b', 'c']) {
    await reducers.addNote({ title })
    ids.push((await versions.commit(title)).id)
  }
  await versions.tag('release', ids[1] ?? '')
  await expect(versions.tag('release', ids[0] ?? '')).rejects.toMatchObject({
    code: 'history/name-taken',
  })
  await expect(versions.drop(['release'])).rejects.toMatchObject({
    code: 'history/version-referenced',
  })
  const ready = async () => (await versions.list()).every(({ state }) => state === 'ready')
  await expect.poll(ready).toBe(true)
  const bytes = await versions.export()
  await versions.retain({ keepLast: 1 })
  const left = async () => (await versions.list()).map(({ description }) => description)
  await expect.poll(left).toEqual(['b', 'c'])
  expect(titlesOf(await (await versions.at('release')).query((q) => q.note))).toEqual(['a', 'b'])
  expect(await versions.import(bytes)).toEqual([ids[0]])
  expect(await left()).toEqual(['a', 'b', 'c'])
  expect(titlesOf(await (await versions.at(ids[0] ?? '')).query((q) => q.note))).toEqual(['a'])
  await expect(versions.import(bytes.subarray(0, 9))).rejects.toMatchObject({
    code: 'history/invalid-export',
  })
  const other = await openNotes()
  await expect(other.versions.import(bytes)).rejects.toMatchObject({
    code: 'history/other-universe',
  })
  await versions.removeName('tag', 'release')
  await expect(versions.removeName('tag', 'release')).rejects.toMatchObject({
    code: 'history/name-unknown',
  })
})

test('a query follows the version that a branch is at', async () => {
  const { versions, reducers } = await openNotes()
  const id = await reducers.addNote({ title: 'one' })
  const base = await versions.commit('base')
  const seen: unknown[] = []
  const stop = versions.follow(
    'idea',
    (q) => q.note,
    ({ rows, error, version }) => {
      seen.push(error?.code ?? [version?.description, ...rows.map(({ title }) => title)])
    },
  )
  await expect.poll(() => seen).toEqual(['history/version-unknown'])
  await versions.branch('idea', base.id)
  await expect.poll(() => seen.at(-1)).toEqual(['base', 'one'])
  const draft = await versions.draft('idea')
  await draft.call.rename({ id, title: 'moved' })
  await draft.commit('moved on')
  await expect.poll(() => seen.at(-1)).toEqual(['moved on', 'moved'])
  const { length } = seen
  stop()
  await versions.branch('idea', base.id)
  await versions.list()
  expect(seen).toHaveLength(length)
})

test('versions are in an exported file, and there again when it is imported', async () => {
  const universe = await openNotes()
  const { versions, reducers } = universe
  const id = await reducers.addNote({ title: 'one' })
  const first = await versions.commit('first')
  await reducers.rename({ id, title: 'two' })
  const file = await new Response(
    universe.exportFile() as ReadableStream<Uint8Array<ArrayBuffer>>,
  ).blob()
  await versions.commit('second')
  let toldCount = 0
  versions.onChange(() => {
    toldCount += 1
  })
  // The listener has come when this has.
  await versions.list()
  await universe.importFile(file)
  await expect.poll(() => toldCount).toBeGreaterThan(0)
  expect((await versions.list()).map(({ description }) => description)).toEqual(['first'])
  expect(await (await versions.at(first.id)).get('note', id)).toMatchObject({ title: 'one' })
  const again = await versions.commit('again')
  expect(again.parents).toEqual([first.id])
  expect(await universe.verify()).toEqual([])
})
