/** Versions of devices that sync over a relay that is there. */
import { createToken, parseConfig, startRelay } from '@inner-universe/relay'
import { afterEach, expect, test } from 'vitest'
import type { Universe } from '../main/universe.ts'
import { versionedNotes } from '../testing/versioned-notes.ts'
import { openUniverse } from './index.ts'

type Notes = Universe<typeof versionedNotes.tables, typeof versionedNotes.reducers>

const SECRET = 'a secret of at least thirty-two characters'
const closing: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const each of closing.splice(0).reverse()) await each.close()
})

/** Two devices over one relay; the second does not sync yet. */
async function devices(): Promise<readonly [Notes, Notes]> {
  const relay = await startRelay(
    parseConfig({ port: 0, storage: 'memory', secret: SECRET, logLevel: 'silent' }, '/'),
  )
  closing.push(relay)
  const openFor = async (identity: string, paused: boolean): Promise<Notes> => {
    const issuedMs = Date.now()
    const expiresMs = issuedMs + 3_600_000
    const universes = { home: 'write' } as const
    const token = await createToken({ secret: SECRET, identity, universes, issuedMs, expiresMs })
    const sync = { url: relay.url, universe: 'home', token, paused }
    const universe = await openUniverse(versionedNotes, { memory: true, identity, sync })
    closing.push(universe)
    return universe
  }
  return [await openFor('ada', false), await openFor('bob', true)]
}

const titlesOf = (rows: readonly { readonly title: string }[]) =>
  rows.map(({ title }) => title).toSorted()

const eventually = { timeout: 20_000 }

test('a version that one device names is the same on the other, which has other rows by then', async () => {
  const [ada, bob] = await devices()
  const one = await ada.reducers.addNote({ title: 'one' })
  const body = await ada.doc('note', one, 'body')
  body.doc.getText('content').insert(0, 'as it was')
  await body.flush()
  const version = await ada.versions.commit('first')
  await ada.reducers.rename({ id: one, title: 'changed' })
  body.doc.getText('content').insert(0, 'not ')
  await body.close()
  await ada.reducers.addNote({ title: 'later' })
  await bob.reducers.addNote({ title: 'of bob' })
  bob.sync.resume()
  await expect.poll(() => bob.versions.get(version.id), eventually).toBeDefined()
  const there = await bob.versions.at(version.id)
  expect(titlesOf(await there.query((q) => q.note))).toEqual(['one'])
  const text = (await there.doc('note', one, 'body')).getText('content')
  expect(text.toString()).toBe('as it was')
  expect(await there.digest()).toBe(await (await ada.versions.at(version.id)).digest())
  expect(titlesOf(await bob.query((q) => q.note))).toEqual(['changed', 'later', 'of bob'])
  // Apart, then merged on one of them: both have one head again.
  const ofBob = await bob.versions.commit('of bob')
  await expect.poll(() => ada.versions.get(ofBob.id), eventually).toBeDefined()
  expect(titlesOf(await (await ada.versions.at(ofBob.id)).query((q) => q.note))).toEqual([
    'changed',
    'later',
    'of bob',
  ])
  await bob.versions.revertTo(version.id)
  await expect
    .poll(async () => titlesOf(await ada.query((q) => q.note)), eventually)
    .toEqual(['one'])
  expect(await bob.verify()).toEqual([])
}, 60_000)

test('a branch that one device drafts is merged by the other', async () => {
  const [ada, bob] = await devices()
  const id = await ada.reducers.addNote({ title: 'one' })
  const base = await ada.versions.commit('base')
  await ada.versions.branch('idea', base.id)
  const draft = await ada.versions.draft('idea')
  await draft.call.rename({ id, title: 'better' })
  await draft.call.star({ id })
  const idea = await draft.commit('a better name')
  bob.sync.resume()
  await expect.poll(() => bob.versions.get('idea'), eventually).toMatchObject({ id: idea.id })
  expect(await (await bob.versions.at('idea')).get('note', id)).toMatchObject({ title: 'better' })
  await expect.poll(() => bob.get('note', id), eventually).toMatchObject({ title: 'one', stars: 0 })
  expect(await bob.versions.merge('idea', 'merged')).toMatchObject({ rowCount: 1, skippedCount: 0 })
  await expect
    .poll(() => ada.get('note', id), eventually)
    .toMatchObject({ title: 'better', stars: 1 })
}, 60_000)
