import type { Version } from '@inner-universe/client'
import { expect, test } from 'vitest'
import { ancestryOf, authorOf, bodyOf, inTime, namesOf, PRESENT, titleOf } from './version-line.ts'

function version(id: string, parents: readonly string[] = [], more: object = {}): Version {
  const common = { branch: null, description: id, author: 'ana', createdMs: 0, state: 'ready' }
  return { id, parents, ...common, digest: null, rowCount: null, ...more } as Version
}

test('a version is called by the first line of its description', () => {
  const described = { id: 'abcdefgh', description: '\nBefore the trip\nAll words checked.\n' }
  expect(titleOf(described)).toBe('Before the trip')
  expect(bodyOf(described)).toBe('All words checked.')
  expect(titleOf({ ...described, description: ' ' })).toBe('Unnamed abcdef')
  expect(bodyOf({ description: 'one line' })).toBe('')
})

test('its author is named when known', () => {
  const ben = { id: 'ben', name: 'Ben', color: 'red', entityIds: [], editedIds: [] }
  expect(['ana', 'ben', 'eve'].map((id) => authorOf(id, 'ana', [ben]))).toEqual([
    'this device',
    'Ben',
    'another device',
  ])
})

test('what a version was made of is found also over parents that are gone, and round a circle', () => {
  const versions = [version('a', ['gone']), version('b', ['a']), version('c'), version('d', ['d'])]
  expect([...ancestryOf(versions, 'b')].toSorted()).toEqual(['a', 'b', 'gone'])
  expect([...ancestryOf(versions, 'd')]).toEqual(['d'])
})

test('of two the older comes first, by what was made of what before the clocks, and the present last', () => {
  const [a, b, c] = [version('a', ['b']), version('b'), version('c')]
  const versions = [a, b, c] as readonly Version[]
  expect(inTime(versions, 'a', 'b')).toEqual(['b', 'a'])
  expect(inTime(versions, 'b', 'a')).toEqual(['b', 'a'])
  expect(inTime(versions, 'c', 'b')).toEqual(['b', 'c'])
  expect(inTime(versions, 'b', 'c')).toEqual(['b', 'c'])
  expect(inTime(versions, PRESENT, 'c')).toEqual(['c', PRESENT])
  expect(inTime(versions, 'c', PRESENT)).toEqual(['c', PRESENT])
})

test('names are told by kind', () => {
  const refs = [
    { kind: 'tag', name: 'first', version: 'a' },
    { kind: 'branch', name: 'idea', version: 'a' },
    { kind: 'tag', name: 'second', version: 'b' },
  ] as const
  expect(namesOf(refs, 'tag', 'a')).toEqual(['first'])
})
