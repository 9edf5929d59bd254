/** Documents in a real browser: tabs of one device on OPFS, and another device over a relay. */
import { afterEach, expect, inject, test } from 'vitest'
import { type FrameTab, openFrameTab } from '../testing/frame-tab.ts'
import { type SharedNotes as Notes, openShared } from '../testing/open-shared.ts'
import { deleteUniverse } from './open.ts'
import type { OpenDocument, SyncOptions } from './universe.ts'

const open: Notes[] = []
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
  const name = `documents test ${++testCount}`
  names.add(name)
  return name
}

async function openHere(name: string, sync?: SyncOptions): Promise<Notes> {
  const universe = await openShared(name, sync)
  open.push(universe)
  return universe
}

async function openThere(name: string): Promise<{ frame: FrameTab; universe: Notes }> {
  const frame = await openFrameTab()
  frames.push(frame)
  return { frame, universe: await frame.openShared(name) }
}

const textOf = ({ doc }: OpenDocument) => doc.getText('content')

test('two tabs edit one document; the next leader goes on, with all that was saved', async () => {
  const name = newName()
  const { frame, universe: leader } = await openThere(name)
  const follower = await openHere(name)
  const id = await leader.reducers.addNote({ text: 'one' })
  const there = await leader.doc('note', id, 'body')
  const here = await follower.doc('note', id, 'body')
  textOf(there).insert(0, 'leader ')
  await expect.poll(() => textOf(here).toString()).toBe('leader ')
  textOf(here).insert(7, 'follower')
  await here.flush()
  await expect.poll(() => textOf(there).toString()).toBe('leader follower')
  textOf(there).insert(15, ' saved')
  await there.flush()
  frame.kill()
  textOf(here).insert(0, 'after ')
  await here.flush()
  expect(follower.connection).toEqual({ kind: 'open', role: 'leader' })
  await expect.poll(() => textOf(here).toString()).toBe('after leader follower saved')
  await here.close()
  const again = await follower.doc('note', id, 'body')
  expect(textOf(again).toString()).toBe('after leader follower saved')
  expect(await follower.verify()).toEqual([])
})

test('a page that is hidden writes at once', async () => {
  const name = newName()
  const universe = await openHere(name)
  const id = await universe.reducers.addNote({ text: 'one' })
  const body = await universe.doc('note', id, 'body')
  let rowCount = 0
  universe.onChanges(['note_document' as 'note'], ({ changes }) => {
    rowCount += changes.length
  })
  textOf(body).insert(0, 'last words')
  dispatchEvent(new Event('pagehide'))
  // The answer to a later read comes after the write.
  await universe.get('note', id)
  expect(rowCount).toBe(1)
})

test('cursors are seen by the other tab and by another device, and go with their tab', async () => {
  const shared = `documents-${Date.now()}`
  const sync = {
    url: inject('relayUrl'),
    universe: shared,
    token: async () => {
      const response = await fetch(`${inject('relayUrl').replace('ws', 'http')}/v1/dev/token`, {
        method: 'POST',
        body: JSON.stringify({ universe: shared, identity: 'ada' }),
      })
      return ((await response.json()) as { readonly token: string }).token
    },
  }
  const device = newName()
  const one = await openHere(device, sync)
  const two = await openHere(device, sync)
  const other = await openHere(newName(), sync)
  const id = await one.reducers.addNote({ text: 'one' }).confirmed
  await expect.poll(() => other.get('note', id)).toBeDefined()
  const documents = await Promise.all(
    [one, two, other].map((universe) => universe.doc('note', id, 'body')),
  )
  const [speaker, ...hearers] = documents as [OpenDocument, ...OpenDocument[]]
  speaker.awareness.setLocalStateField('cursor', 1)
  const { clientID } = speaker.awareness
  const heard = () => hearers.map(({ awareness }) => awareness.getStates().get(clientID))
  await expect.poll(heard).toEqual([{ cursor: 1 }, { cursor: 1 }])
  expect(two.sync.presence.others).toEqual([])
  // The leader goes: what the others say is told to the next one too.
  hearers[0]?.awareness.setLocalStateField('cursor', 2)
  open.splice(open.indexOf(one), 1)
  await one.close()
  await expect.poll(heard).toEqual([undefined, undefined])
  const ofTwo = () => hearers[1]?.awareness.getStates().get(hearers[0]?.awareness.clientID ?? 0)
  await expect.poll(ofTwo).toEqual({ cursor: 2 })
})
