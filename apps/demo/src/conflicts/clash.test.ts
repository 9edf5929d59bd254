import type { KeptConflict } from '@inner-universe/client'
import { expect, test } from 'vitest'
import { clashesOf, isTelling, sentenceOf } from './clash.ts'

const metadata = (name: string, tags: string[], properties = {}) => ({
  name,
  description: 'a dog',
  tags,
  properties,
})

let lastId = 0
const conflict = (part: Partial<KeptConflict>): KeptConflict => ({
  conflictId: ++lastId,
  kind: 'overridden',
  table: 'entity',
  id: 'dog',
  column: 'metadata',
  ours: metadata('mine', ['a']),
  theirs: metadata('theirs', ['a']),
  winner: 'theirs',
  reducer: null,
  reason: null,
  atMs: 1,
  ...part,
})

test('what the store keeps by itself tells a person nothing', () => {
  const same = metadata('dog', [])
  expect(isTelling(conflict({ column: 'revision', ours: 2, theirs: 3 }))).toBe(false)
  expect(isTelling(conflict({ ours: same, theirs: same }))).toBe(false)
  expect(isTelling(conflict({ table: 'config', column: 'value' }))).toBe(false)
  expect(isTelling(conflict({}))).toBe(true)
  expect(isTelling(conflict({ kind: 'deleted', column: null }))).toBe(true)
})

test('conflicts of one entity are one clash, with what differs', () => {
  const clashes = clashesOf([
    conflict({ conflictId: 101, ours: metadata('mine', ['a'], { legs: 4 }) }),
    conflict({ conflictId: 103, id: 'cat', atMs: 9 }),
  ])
  expect(clashes.map(({ id, conflictIds }) => [id, conflictIds])).toEqual([
    ['cat', [103]],
    ['dog', [101]],
  ])
  expect(clashes[1]?.fields).toEqual([
    { name: 'name', isProperty: false, ours: 'mine', theirs: 'theirs' },
    { name: 'legs', isProperty: true, ours: 4, theirs: null },
  ])
})

test('of two conflicts on one thing the later counts', () => {
  const [clash] = clashesOf([
    conflict({ theirs: metadata('first', ['a']) }),
    conflict({ theirs: metadata('second', ['a']), winner: 'ours' }),
  ])
  expect(clash?.fields).toMatchObject([{ ours: 'mine', theirs: 'second' }])
  expect(clash?.conflictIds).toHaveLength(2)
  expect(clash?.winner).toBe('ours')
})

test('a clash is told in plain words', () => {
  const tell = (part: Partial<KeptConflict>, isThere = true): string => {
    const [clash] = clashesOf([conflict(part)])
    if (clash === undefined) throw new Error('no clash')
    return sentenceOf(clash, 'Ana', isThere)
  }
  expect(tell({})).toBe(
    'You wrote “mine”, Ana wrote “theirs” at the same time; “theirs” stands because it was written later.',
  )
  expect(tell({ winner: 'ours' })).toContain('“mine” stands')
  const gone = { kind: 'deleted', column: null, ours: null, theirs: null } as const
  expect(tell(gone, false)).toBe(
    'You changed it, Ana deleted it at the same time; it stays deleted.',
  )
  expect(tell({ ...gone, winner: 'ours' }, false)).toContain('You deleted it, Ana changed it')
  expect(tell({ ...gone, kind: 'denied', reason: 'read only' })).toContain('read only')
})
