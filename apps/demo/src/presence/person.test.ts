import { expect, test } from 'vitest'
import { encodeSaid, initialsOf, peopleOf } from './person.ts'

const ana = { id: 'a', name: 'Ana', color: 'teal' }
const ben = { id: 'b', name: 'Ben', color: 'orange' }
const peer = (sessionId: string, device: typeof ana, entityId: string | null) => ({
  sessionId,
  state: encodeSaid({ device, entityId, editedIds: entityId === null ? [] : [entityId] }),
})

test('the tabs of one device are one person, and one’s own are none', () => {
  const peers = [
    peer('1', ben, 'dog'),
    peer('2', ana, 'cat'),
    peer('3', ben, null),
    peer('4', ben, 'cat'),
  ]
  expect(peopleOf(peers, 'a')).toEqual([
    { ...ben, entityIds: ['dog', 'cat'], editedIds: ['dog', 'cat'] },
  ])
})

test('what others say need not make sense', () => {
  const states = [null, 'hello', 7, [], {}, { id: 'x' }, { id: 1, name: 'n', color: 'c' }]
  const peers = states.map((state, index) => ({ sessionId: String(index), state }))
  expect(peopleOf(peers, 'a')).toEqual([])
  const odd = { ...ben, entityId: 5, editedIds: [1, 'dog'] }
  expect(peopleOf([{ sessionId: '1', state: odd }], 'a')).toEqual([
    { ...ben, entityIds: [], editedIds: ['dog'] },
  ])
})

test('initials are of the first and the last word', () => {
  expect(initialsOf('ana')).toBe('A')
  expect(initialsOf(' Ana  Maria Lopez ')).toBe('AL')
  expect(initialsOf('')).toBe('')
})
