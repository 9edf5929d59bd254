/** Versions in a real browser: two tabs, a reload, a leader that is killed, in memory and on OPFS. */
import { afterEach, expect, test } from 'vitest'
import { type FrameTab, openFrameTab } from '../testing/frame-tab.ts'
import { openVersioned, type VersionedNotes } from '../testing/open-versioned.ts'
import { deleteUniverse, type OpenOptions } from './open.ts'

const open: VersionedNotes[] = []
const names = new Set<string>()
const frames: FrameTab[] = []
let testCount = 0

afterEach(async () => {
  for (const universe of open.splice(0)) await universe.close()
  for (const frame of frames.splice(0)) frame.kill()
  for (const name of names) {
    // The lock of a tab that was killed comes free a moment later.
    await navigator.locks.request(`inner-universe:${name}`, () => undefined)
    await deleteUniverse(name)
  }
  names.clear()
})

function newName(): string {
  const name = `versions test ${++testCount}`
  names.add(name)
  return name
}

async function openHere(name: string, options: Partial<OpenOptions> = {}): Promise<VersionedNotes> {
  const universe = await openVersioned({ name, ...options })
  open.push(universe)
  return universe
}

async function titles(universe: VersionedNotes, target: string): Promise<string[]> {
  const past = await universe.versions.at(target)
  return (await past.query((q) => q.note.orderBy('title'))).map(({ title }) => title)
}

test.each(['opfs', 'memory'] as const)(
  'a version is named and read again, with storage %s',
  async (storage) => {
    const universe = await openHere(newName(), { storage })
    expect((await universe.storage()).kind).toBe(storage)
    const id = await universe.reducers.addNote({ title: 'one' })
    const first = await universe.versions.commit('first')
    await universe.reducers.rename({ id, title: 'changed' })
    await universe.reducers.addNotes({ count: 300 })
    expect(await titles(universe, first.id)).toEqual(['one'])
    const second = await universe.versions.commit('second')
    expect(second.parents).toEqual([first.id])
    await universe.reducers.deleteNote({ id })
    expect((await titles(universe, second.id)).length).toBe(301)
    expect(await universe.versions.diff(first.id, second.id)).toHaveLength(301)
    expect(await universe.verify()).toEqual([])
  },
)

test('versions are there after a reload, and their contents are written to the end', async () => {
  const name = newName()
  const universe = await openHere(name)
  await universe.reducers.addNotes({ count: 2_000 })
  const { id } = await universe.versions.commit('first')
  await universe.reducers.addNotes({ count: 10 })
  open.pop()
  // At once: its content may not have been written.
  await universe.close()
  const again = await openHere(name)
  expect(await titles(again, id)).toHaveLength(2_000)
  await expect.poll(async () => (await again.versions.get(id))?.state).toBe('ready')
  expect(await again.versions.get(id)).toMatchObject({ rowCount: 2_000 })
})

test('two tabs have the same versions and hear of each other’s; the next leader goes on', async () => {
  const name = newName()
  const frame = await openFrameTab()
  frames.push(frame)
  const there = await frame.openVersioned({ name })
  const here = await openHere(name)
  let toldCount = 0
  here.versions.onChange(() => {
    toldCount += 1
  })
  const id = await there.reducers.addNote({ title: 'one' })
  const first = await there.versions.commit('first')
  await expect.poll(() => toldCount).toBeGreaterThan(0)
  expect((await here.versions.list()).map((version) => version.id)).toEqual([first.id])
  const past = await here.versions.at(first.id)
  await here.reducers.rename({ id, title: 'changed' })
  expect(there.connection).toEqual({ kind: 'open', role: 'leader' })
  const before = toldCount
  const second = here.versions.commit('second')
  frames.pop()?.kill()
  // Sent again to the next worker, and named just once.
  const { parents } = await second
  expect(parents).toEqual([first.id])
  expect(await here.versions.list()).toHaveLength(2)
  expect(await past.get('note', id)).toMatchObject({ title: 'one' })
  await expect.poll(() => toldCount).toBeGreaterThan(before)
  expect(here.connection).toEqual({ kind: 'open', role: 'leader' })
})

test('a draft that does not end is given up; all others go on, and so does the draft without it', async () => {
  const universe = await openHere(newName(), { reducerMsMax: 300 })
  const id = await universe.reducers.addNote({ title: 'one' })
  const { id: base } = await universe.versions.commit('base')
  await universe.versions.branch('idea', base)
  const draft = await universe.versions.draft('idea')
  await draft.call.rename({ id, title: 'drafted' })
  const spin = draft.call.spin({})
  const meanwhile = universe.reducers.addNote({ title: 'meanwhile' })
  await expect(spin).rejects.toMatchObject({ code: 'reducer/time-limit' })
  await meanwhile
  expect(await draft.get('note', id)).toMatchObject({ title: 'drafted' })
  await draft.commit('without it')
  expect(await titles(universe, 'idea')).toEqual(['drafted'])
  expect(await universe.count((q) => q.note)).toBe(2)
}, 60_000)
