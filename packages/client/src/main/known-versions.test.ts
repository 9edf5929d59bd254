import { expect, test } from 'vitest'
import { findVersion, headsOf, historyOf, requireVersion } from './known-versions.ts'
import type { Version } from './versions.ts'

let createdMs = 0

const version = (
  id: string,
  parents: readonly string[] = [],
  branch: string | null = null,
): Version => ({
  id,
  parents,
  branch,
  description: id,
  author: 'ada',
  createdMs: ++createdMs,
  state: 'ready',
  digest: null,
  rowCount: 0,
})

const ids = (versions: readonly Version[]): string => versions.map(({ id }) => id).join('')

// a ← b ← m, with i on a branch from a, merged by m; c on another device; parents of c are gone.
const versions = [
  version('a'),
  version('b', ['a']),
  version('i', ['a'], 'idea'),
  version('c', ['gone']),
  version('m', ['b', 'i']),
]

test('a name stands for an id, then a branch, then a tag', () => {
  const refs = [
    { kind: 'branch', name: 'idea', version: 'i' },
    { kind: 'tag', name: 'idea', version: 'a' },
    { kind: 'tag', name: 'b', version: 'a' },
    { kind: 'tag', name: 'lost', version: 'gone' },
  ] as const
  const find = (target: string) => findVersion({ versions, refs }, target)?.id
  expect([find('idea'), find('b'), find('m'), find('lost')]).toEqual(['i', 'b', 'm', undefined])
  expect(() => requireVersion({ versions, refs }, 'lost')).toThrow(
    expect.objectContaining({ code: 'history/version-unknown' }),
  )
})

test('heads are states of the universe that no later one was made of, through branches too', () => {
  expect(ids(headsOf(versions))).toBe('cm')
  expect(ids(headsOf([version('a'), version('i', ['a'], 'idea')]))).toBe('a')
  expect(ids(headsOf([version('a'), version('i', ['a'], 'idea'), version('b', ['i'])]))).toBe('b')
  expect(headsOf([])).toEqual([])
})

test('history goes back by generations, newest first, and ends in rings', () => {
  const from = versions.slice(-1)
  expect(ids(historyOf(versions, from, Number.POSITIVE_INFINITY))).toBe('miba')
  expect(ids(historyOf(versions, from, 2))).toBe('mib')
  expect(ids(historyOf(versions, from, 1))).toBe('m')
  const ring = [version('x', ['y']), version('y', ['x'])]
  expect(ids(historyOf(ring, ring.slice(1), Number.POSITIVE_INFINITY))).toBe('yx')
  expect(headsOf(ring)).toEqual([])
})
