import { expect, it } from 'vitest'
import { planDrops, planRetention } from './retention-plan.ts'
import { type GraphVersion, VersionGraph } from './version-graph.ts'

let clock = 0
const version = (id: string, parents: readonly string[] = []): GraphVersion => ({
  id,
  parents,
  createdMs: ++clock,
})

it('[HI40] the base of a merge is the newest version that both descend from', () => {
  const graph = new VersionGraph([
    version('root'),
    version('fork', ['root']),
    version('left', ['fork']),
    version('right', ['fork']),
    version('apart'),
  ])
  expect(graph.nearestCommon(['left'], ['right'])).toBe('fork')
  expect(graph.nearestCommon(['left'], ['fork'])).toBe('fork')
  expect(graph.nearestCommon(['left', 'apart'], ['apart'])).toBe('apart')
  expect(graph.nearestCommon(['left'], ['apart'])).toBeUndefined()
  expect(graph.nearestCommon(['left'], ['unknown'])).toBeUndefined()
})

it('[HI40] of several nearest ones the newest is the base, from both sides', () => {
  const graph = new VersionGraph([
    version('a'),
    version('b'),
    version('ab', ['a', 'b']),
    version('ba', ['b', 'a']),
  ])
  expect(graph.nearestCommon(['ab'], ['ba'])).toBe('b')
  expect(graph.nearestCommon(['ba'], ['ab'])).toBe('b')
})

it('[HI40] versions in a ring, which nobody writes, are gone through once', () => {
  const graph = new VersionGraph([version('p', ['q']), version('q', ['p'])])
  expect(graph.withAncestors(['p'])).toEqual(new Set(['p', 'q']))
  expect(graph.nearestCommon(['p'], ['q'])).toBe('q')
})

const chain = () => {
  const versions = [
    version('1'),
    version('2', ['1']),
    version('3', ['2']),
    version('4', ['3']),
    version('5', ['4']),
  ]
  const contents = versions.map(({ id, parents }) => ({
    id: `c${id}`,
    version: id,
    basis: parents[0] ?? null,
  }))
  return { versions, contents, held: new Set(['5']), nowMs: clock }
}

it('[HI56] what has a name, heads and what the rule keeps stays; all else goes', () => {
  const facts = { ...chain(), held: new Set(['2', '5']) }
  expect(planRetention(facts, { keepLast: 1 })).toEqual({
    drops: [],
    waiting: ['1', '3', '4'],
    writes: [
      { version: '2', basis: null },
      { version: '5', basis: '2' },
    ],
  })
  expect(planRetention(facts, { keepNewerThanMs: 2 }).waiting).toEqual(['1', '3'])
  expect(planRetention(facts, {})).toEqual({ drops: [], waiting: [], writes: [] })
})

it('[HI57] what nobody needs goes at once, and what is passed over when that is written', () => {
  const { versions, contents, ...facts } = chain()
  const side = version('side', ['1'])
  const all = {
    ...facts,
    versions: [...versions, side],
    contents: [
      ...contents,
      { id: 'cs', version: 'side', basis: '1' },
      { id: 'c5+', version: '5', basis: null },
    ],
  }
  expect(planRetention(all, { keepLast: 1 })).toEqual({
    drops: ['2', '3', '4'],
    waiting: ['1'],
    writes: [{ version: 'side', basis: null }],
  })
  expect(planDrops(all, ['side', 'unknown'])).toEqual({ drops: ['side'], waiting: [], writes: [] })
})
