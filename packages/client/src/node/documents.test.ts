/** Documents of universes in files, and of two that sync over a relay that is there. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createToken, parseConfig, startRelay } from '@inner-universe/relay'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { OpenDocument, Universe } from '../main/universe.ts'
import { sharedNotes } from '../testing/shared-notes.ts'
import { openUniverse } from './index.ts'

type Notes = Universe<typeof sharedNotes.tables, typeof sharedNotes.reducers>

const SECRET = 'a secret of at least thirty-two characters'
const directory = mkdtempSync(join(tmpdir(), 'inner-universe-documents-'))
const closing: { close(): Promise<void> }[] = []
let fileCount = 0

afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close()
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const newPath = (): string => join(directory, `${++fileCount}`)

async function openAt(path: string): Promise<Notes> {
  const universe = await openUniverse(sharedNotes, { path })
  closing.push(universe)
  return universe
}

/** Opens a device for each identity, all in sync over one relay, those in `paused` not yet. */
async function devices<const Names extends readonly string[]>(
  names: Names,
  paused: readonly string[] = [],
): Promise<{ readonly [K in keyof Names]: Notes }> {
  const config = { port: 0, storage: 'memory', secret: SECRET, logLevel: 'silent' } as const
  const relay = await startRelay(parseConfig(config, directory))
  closing.push(relay)
  const opened: Notes[] = []
  for (const identity of names) {
    const issuedMs = Date.now()
    const token = await createToken({
      secret: SECRET,
      identity,
      universes: { home: 'write' },
      issuedMs,
      expiresMs: issuedMs + 3_600_000,
    })
    const isPaused = paused.includes(identity)
    const sync = { url: relay.url, universe: 'home', token, paused: isPaused }
    const universe = await openUniverse(sharedNotes, { memory: true, identity, sync })
    closing.push(universe)
    opened.push(universe)
  }
  return opened as unknown as { readonly [K in keyof Names]: Notes }
}

const textOf = ({ doc }: OpenDocument) => doc.getText('content')

test('a document is in the file, and closing the universe saves what was typed last', async () => {
  const path = newPath()
  const universe = await openAt(path)
  const id = await universe.reducers.addNote({ text: 'one' })
  const body = await universe.doc('note', id, 'body')
  const tree = await universe.doc('note', id, 'tree')
  textOf(body).insert(0, 'hello')
  await body.flush()
  textOf(body).insert(5, ' world')
  tree.doc.getMap('content').set('a', 1)
  await universe.close()
  expect(body.doc.isDestroyed).toBe(true)
  await expect(universe.doc('note', id, 'body')).rejects.toMatchObject({ code: 'client/closed' })
  const again = await openAt(path)
  expect(textOf(await again.doc('note', id, 'body')).toString()).toBe('hello world')
  expect((await again.doc('note', id, 'tree')).doc.getMap('content').toJSON()).toEqual({ a: 1 })
})

test('what is no document, and what is none of a row that is there, is refused by name', async () => {
  const universe = await openAt(newPath())
  const id = await universe.reducers.addNote({ text: 'one' })
  // @ts-expect-error `text` is no document column
  await expect(universe.doc('note', id, 'text')).rejects.toMatchObject({
    code: 'document/not-found',
  })
  // @ts-expect-error `draft` has no documents
  await expect(universe.doc('draft', id, 'body')).rejects.toMatchObject({
    code: 'document/not-found',
  })
  await expect(universe.doc('note', 'nobody', 'body')).rejects.toMatchObject({
    code: 'table/row-not-found',
  })
})

test('a document whose row is deleted tells what it could not save', async () => {
  const universe = await openAt(newPath())
  const id = await universe.reducers.addNote({ text: 'one' })
  const body = await universe.doc('note', id, 'body')
  textOf(body).insert(0, 'kept')
  await body.flush()
  await universe.reducers.deleteNote({ id })
  textOf(body).insert(0, 'not ')
  await expect(body.flush()).rejects.toMatchObject({ code: 'table/row-not-found' })
  expect(body.status.kind).toBe('failed')
  await expect(body.close()).rejects.toMatchObject({ code: 'table/row-not-found' })
})

test('many bursts become a checkpoint, and the rest of the rows are gone from the file', async () => {
  const universe = await openAt(newPath())
  const id = await universe.reducers.addNote({ text: 'one' })
  const body = await universe.doc('note', id, 'body')
  for (let index = 0; index < 70; index++) {
    textOf(body).insert(textOf(body).length, `${index} `)
    await body.flush()
  }
  const text = textOf(body).toString()
  await body.close()
  const rows = await universe.sql('SELECT kind FROM note_document')
  expect(rows).toEqual([{ kind: 1 }])
  expect(textOf(await universe.doc('note', id, 'body')).toString()).toBe(text)
})

test('an import of an older file keeps what is on the screen', async () => {
  const universe = await openAt(newPath())
  const id = await universe.reducers.addNote({ text: 'one' })
  const body = await universe.doc('note', id, 'body')
  textOf(body).insert(0, 'old')
  await body.flush()
  const file = await new Response(
    universe.exportFile() as ReadableStream<Uint8Array<ArrayBuffer>>,
  ).blob()
  textOf(body).insert(3, ' and new')
  await body.flush()
  await universe.importFile(file)
  await expect.poll(async () => (await universe.sql('SELECT id FROM note_document')).length).toBe(2)
  await body.close()
  expect(textOf(await universe.doc('note', id, 'body')).toString()).toBe('old and new')
})

test('two devices type at once and see the same, with their cursors, apart from the app’s presence', async () => {
  const [ada, bob] = await devices(['ada', 'bob'])
  const id = await ada.reducers.addNote({ text: 'one' }).confirmed
  await expect.poll(() => bob.get('note', id)).toBeDefined()
  const initial = (doc: OpenDocument['doc']): void => doc.getText('content').insert(0, '--')
  const here = await ada.doc('note', id, 'body', { initial })
  const there = await bob.doc('note', id, 'body', { initial })
  textOf(here).insert(1, 'ada')
  textOf(there).insert(1, 'bob')
  await Promise.all([here.flush(), there.flush()])
  const texts = () => [textOf(here).toString(), textOf(there).toString()]
  await expect.poll(() => texts().every((text) => text.length === 8)).toBe(true)
  expect(texts()[0]).toBe(texts()[1])
  ada.sync.presence.set({ page: 'notes' })
  here.awareness.setLocalStateField('user', { name: 'Ada' })
  const heard = () => there.awareness.getStates().get(here.awareness.clientID)
  await expect.poll(heard).toEqual({ user: { name: 'Ada' } })
  await expect
    .poll(() => bob.sync.presence.others.map(({ state }) => state))
    .toEqual([{ page: 'notes' }])
  const { others } = bob.sync.presence
  here.awareness.setLocalStateField('cursor', 3)
  await expect.poll(heard).toEqual({ user: { name: 'Ada' }, cursor: 3 })
  expect(bob.sync.presence.others).toBe(others)
  // Who opens it later hears what was said before.
  await there.close()
  const late = await bob.doc('note', id, 'body')
  await expect
    .poll(() => late.awareness.getStates().get(here.awareness.clientID))
    .toEqual({ user: { name: 'Ada' }, cursor: 3 })
  await here.close()
  await expect.poll(() => late.awareness.getStates().has(here.awareness.clientID)).toBe(false)
  expect(await ada.digest()).toBe(await bob.digest())
})

test('a document that is open while its device joins goes on, with what was typed before', async () => {
  const [ada, bob] = await devices(['ada', 'bob'], ['bob'])
  const first = await ada.reducers.addNote({ text: 'first' })
  const there = await ada.doc('note', first, 'body')
  textOf(there).insert(0, 'there')
  await there.flush()
  const second = await bob.reducers.addNote({ text: 'second' })
  const here = await bob.doc('note', second, 'body')
  textOf(here).insert(0, 'early')
  await here.flush()
  textOf(here).insert(5, ', unsaved')
  bob.sync.resume()
  await expect.poll(() => ada.get('note', second), { timeout: 10_000 }).toBeDefined()
  textOf(here).insert(0, 'late, ')
  await here.flush()
  const follower = await ada.doc('note', second, 'body')
  await expect
    .poll(() => textOf(follower).toString(), { timeout: 10_000 })
    .toBe('late, early, unsaved')
  expect(follower.status).toEqual({ kind: 'saved', isComplete: true })
  expect(textOf(await bob.doc('note', first, 'body')).toString()).toBe('there')
})
