import type { JsonValue } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { linkAwareness } from './awareness-link.ts'
import type { DocumentPresence } from './document-home.ts'
import { AWARENESS_MS } from './limits.ts'
import { ManualTimers } from './testing/manual-timers.ts'

const address = { table: 'note', row: 'r', document: 'body' }

/** Presence of any number of tabs, heard at once. */
function createRoom() {
  const said = new Map<object, JsonValue>()
  const listeners = new Map<object, (states: readonly JsonValue[]) => void>()
  const tell = (): void => {
    for (const [tab, listener] of listeners) {
      listener([...said].filter(([other]) => other !== tab).map(([, state]) => state))
    }
  }
  const join = (): DocumentPresence => {
    const tab = {}
    return {
      set(_address, state) {
        if (state === undefined) said.delete(tab)
        else said.set(tab, state)
        tell()
      },
      onOthers(_address, listener) {
        listeners.set(tab, listener)
        tell()
        return () => listeners.delete(tab)
      },
    }
  }
  return { join, said }
}

function setUp() {
  const timers = new ManualTimers()
  const room = createRoom()
  const join = () => {
    const awareness = new Awareness(new Y.Doc())
    const { setTimer } = timers
    const stop = linkAwareness({ awareness, address, presence: room.join(), setTimer })
    return { awareness, stop }
  }
  return { timers, room, join }
}

test('[DU11] what one editor says the others hear, until its tab has gone', async () => {
  const { timers, room, join } = setUp()
  const here = join()
  const there = join()
  here.awareness.setLocalStateField('user', { name: 'Ada' })
  here.awareness.setLocalStateField('cursor', 4)
  expect(room.said.size).toBe(0)
  await timers.advance(AWARENESS_MS)
  const heard = there.awareness.getStates().get(here.awareness.clientID)
  expect(heard).toEqual({ user: { name: 'Ada' }, cursor: 4 })
  const late = join()
  expect(late.awareness.getStates().has(here.awareness.clientID)).toBe(true)
  here.stop()
  expect(there.awareness.getStates().has(here.awareness.clientID)).toBe(false)
  for (const { awareness } of [here, there, late]) awareness.destroy()
})

test('[DU11] nobody speaks for this tab, and what is no state says nothing', async () => {
  const { timers, room, join } = setUp()
  const here = join()
  here.awareness.setLocalStateField('cursor', 1)
  await timers.advance(AWARENESS_MS)
  const hostile: readonly JsonValue[] = [
    [here.awareness.clientID, 99, { cursor: 7 }],
    [-1, 1, {}],
    [3, 1, 'text'],
    [3, 1, null],
    'nothing',
    null,
    { client: 3 },
  ]
  for (const state of hostile) room.join().set(address, state)
  expect([...here.awareness.getStates()]).toEqual([[here.awareness.clientID, { cursor: 1 }]])
  here.awareness.destroy()
})

test('[DU11] one that comes back is heard again', async () => {
  const { timers, join, room } = setUp()
  const here = join()
  const there = room.join()
  there.set(address, [9, 3, { name: 'Bo' }])
  expect(here.awareness.getStates().has(9)).toBe(true)
  there.set(address, undefined)
  expect(here.awareness.getStates().has(9)).toBe(false)
  there.set(address, [9, 3, { name: 'Bo' }])
  expect(here.awareness.getStates().has(9)).toBe(true)
  await timers.advance(AWARENESS_MS)
  here.awareness.destroy()
})
