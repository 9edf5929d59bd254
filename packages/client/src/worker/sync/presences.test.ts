import { expect, test } from 'vitest'
import { Presences } from './presences.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('what tabs say crosses as one state and comes out as peers', () => {
  const here = new Presences(4096)
  const there = new Presences(4096)
  expect(here.encode()).toBeUndefined()
  here.say('tab1', { x: 1 })
  here.say('tab2', null)
  there.hear('session', here.encode())
  expect(there.peersOf('tab3')).toEqual([
    { sessionId: 'tab2', state: null },
    { sessionId: 'tab1', state: { x: 1 } },
  ])
  there.hear('session', undefined)
  expect(there.peersOf('tab3')).toEqual([])
})

test('what documents say crosses beside the app', () => {
  const here = new Presences(4096)
  const there = new Presences(4096)
  here.say('tab1', 'app')
  here.sayDocuments('tab1', { note: [1] })
  here.sayDocuments('tab2', { note: [2] })
  there.hear('session', here.encode())
  expect(there.peersOf('tab3')).toEqual([{ sessionId: 'tab1', state: 'app' }])
  expect(there.documentsOf('tab3')).toEqual([{ note: [2] }, { note: [1] }])
  expect(here.documentsOf('tab1')).toEqual([{ note: [2] }])
  expect(here.peersOf('tab1')).toEqual([])
  expect(here.sayDocuments('tab2', undefined)).toBe(true)
  expect(here.documentsOf('tab1')).toEqual([])
})

test('a tab sees the other tabs of its device and not itself', () => {
  const here = new Presences(4096)
  here.say('tab1', 'one')
  here.say('tab2', 'two')
  expect(here.peersOf('tab1')).toEqual([{ sessionId: 'tab2', state: 'two' }])
  expect(here.say('tab2', undefined)).toBe(true)
  expect(here.say('tab2', undefined)).toBe(false)
  expect(here.peersOf('tab1')).toEqual([])
})

test('a tab whose old session lingers is there once, with what it said last', () => {
  const here = new Presences(4096)
  here.hear('old', bytes('{"tab":1}'))
  here.hear('new', bytes('{"tab":2}'))
  expect(here.peersOf('me')).toEqual([{ sessionId: 'tab', state: 2 }])
})

test('what is too large for a session leaves out who spoke first', () => {
  const here = new Presences(40)
  here.say('old', 'x'.repeat(20))
  here.say('new', 'y'.repeat(20))
  const there = new Presences(40)
  const state = here.encode()
  expect(state?.length).toBeLessThanOrEqual(40)
  there.hear('session', state)
  expect(there.peersOf('me')).toEqual([{ sessionId: 'new', state: 'y'.repeat(20) }])
})

test.each(['', '[1]', '"text"', 'null', '{', '\u0000'])(
  'a state that is none says nothing: %j',
  (text) => {
    const here = new Presences(4096)
    here.hear('session', bytes(text))
    here.hear('broken', new Uint8Array([0x22, 0xff, 0x22]))
    expect(here.peersOf('me')).toEqual([])
  },
)
