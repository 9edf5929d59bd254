import { expect, test } from 'vitest'
import { isCursor, otherWritersOf, writerOf, writerOfDevice } from './writer.ts'

test('a device is shown in a colour that any editor understands', () => {
  const writer = writerOfDevice({ id: 'a', name: 'Ana', color: 'teal' })
  expect(writer).toEqual({ name: 'Ana', color: '#087f5b', colorLight: '#087f5b59' })
})

test('what others say of themselves need not make sense, and never becomes a style', () => {
  const gray = { color: '#495057', colorLight: '#49505759' }
  for (const user of [null, 'Ana', 7, {}, { name: '  ' }, { name: 5, color: 'red' }]) {
    expect(writerOf(user)).toEqual({ name: 'Somebody', ...gray })
  }
  const hostile = { name: 'x'.repeat(1000), color: '#000000; position: fixed' }
  expect(writerOf(hostile)).toEqual({ name: 'x'.repeat(32), ...gray })
})

test('the others are those who say who they are', () => {
  const states = new Map<number, Record<string, unknown>>([
    [9, { user: { name: 'Ben', color: '#862e9c' } }],
    [4, { user: { name: 'Own' } }],
    [2, {}],
    [1, { user: { name: 'Cleo' } }],
  ])
  expect(otherWritersOf(states, 4).map(({ client, name }) => [client, name])).toEqual([
    [1, 'Cleo'],
    [9, 'Ben'],
  ])
})

test('a cursor is two positions', () => {
  const position = { type: null, tname: 'content', item: { client: 1, clock: 2 }, assoc: 0 }
  const end = { type: null, tname: 'content', item: null, assoc: 0 }
  expect(isCursor({ anchor: position, head: end })).toBe(true)
  for (const bad of [
    null,
    5,
    {},
    { client: 'a', clock: 1 },
    { type: 1 },
    { item: { client: 1 } },
  ]) {
    expect(isCursor({ anchor: position, head: bad })).toBe(false)
  }
  expect(isCursor(undefined)).toBe(false)
})
