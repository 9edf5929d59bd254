import { virtualScheduler } from '@inner-universe/sync/testing'
import { createEncoder, toUint8Array, writeVarString, writeVarUint } from 'lib0/encoding'
import { expect, test } from 'vitest'
import { DocumentPresence } from './document-presence.ts'
import { SharedAwareness } from './shared-awareness.ts'

const KEY = JSON.stringify(['note', 'first', 'body'])
const ELSEWHERE = JSON.stringify(['note', 'second', 'body'])

function told(client: number, clock: number, state: string): Uint8Array {
  const encoder = createEncoder()
  writeVarUint(encoder, 1)
  writeVarUint(encoder, client)
  writeVarUint(encoder, clock)
  writeVarString(encoder, state)
  return toUint8Array(encoder)
}

function start() {
  const scheduler = virtualScheduler()
  const said: unknown[] = []
  const presence = new DocumentPresence({
    scheduler,
    say: (state) => said.push(state && JSON.parse(new TextDecoder().decode(state))),
  })
  const awareness = new SharedAwareness({ stateBytesMax: 4096, clientsMax: 64 })
  const encode = (state: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(state))
  const seen = (): object =>
    Object.fromEntries(awareness.states(() => true).map(({ client, state }) => [client, state]))
  return { scheduler, said, presence, awareness, encode, seen }
}

test('[YC13] what Yjs clients say is said to replicas, the latest within the room there is', async () => {
  const { scheduler, said, presence, awareness } = start()
  presence.open(KEY, awareness)
  const ada = {}
  awareness.apply(ada, told(7, 0, '{}'))
  await scheduler.advance(100)
  expect(said).toEqual([])
  awareness.apply(ada, told(7, 1, '{"cursor":1}'))
  awareness.apply(ada, told(7, 2, '{"cursor":2}'))
  await scheduler.advance(100)
  expect(said).toEqual([{ 'documents/7': { [KEY]: [7, 2, { cursor: 2 }] } }])
  const big = JSON.stringify({ text: 'x'.repeat(3000) })
  awareness.apply({}, told(8, 1, big))
  awareness.apply({}, told(9, 1, big))
  await scheduler.advance(100)
  expect(Object.keys(said.at(-1) as object)).toEqual(['documents/9'])
  presence.close(KEY)
  await scheduler.advance(100)
  expect(said.at(-1)).toBeUndefined()
})

test('[YC13] what replicas say is told to Yjs clients, also to those who come later', () => {
  const { presence, awareness, encode, seen } = start()
  const states = { 'documents/tab': { [KEY]: [5, 3, { user: 'Bob' }], [ELSEWHERE]: [6, 1, {}] } }
  presence.hear('s1', encode({ tab: { app: true }, ...states }))
  presence.open(KEY, awareness)
  expect(seen()).toEqual({ 5: '{"user":"Bob"}' })
  const heard: Uint8Array[] = []
  awareness.onChange((change) => heard.push(change))
  presence.hear('s1', encode({ 'documents/tab': { [KEY]: [5, 4, { user: 'Robert' }] } }))
  expect(heard).toEqual([told(5, 4, '{"user":"Robert"}')])
  presence.hear('s1', encode({ tab: { app: true } }))
  expect(heard.at(-1)).toEqual(told(5, 4, 'null'))
  presence.hear('s1', encode(states))
  presence.hear('s1', undefined)
  expect(seen()).toEqual({})
})

test('[YC13] what replicas say is not said back to them', async () => {
  const { scheduler, said, presence, awareness, encode } = start()
  presence.open(KEY, awareness)
  presence.hear('s1', encode({ 'documents/tab': { [KEY]: [5, 3, { user: 'Bob' }] } }))
  await scheduler.advance(100)
  expect(said).toEqual([])
})

test('[YC13] what is no state of a document says nothing', () => {
  const { presence, awareness, encode, seen } = start()
  presence.open(KEY, awareness)
  for (const state of [
    ...[null, 1, [], { 'documents/a': null }, { 'documents/a': { [KEY]: 1 } }],
    { 'documents/a': { [KEY]: [-1, 1, {}] } },
    { 'documents/a': { [KEY]: [1, 1.5, {}] } },
    { 'documents/a': { [KEY]: [1, 1, null] } },
    { 'documents/a': { [KEY]: [1, 1, {}, 1] } },
    { a: { [KEY]: [1, 1, {}] } },
  ]) {
    presence.hear('s1', encode(state))
  }
  presence.hear('s2', Uint8Array.of(0xff, 0xfe))
  expect(seen()).toEqual({})
})
