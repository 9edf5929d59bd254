import { isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareDatum, equalDatum } from '../datum.ts'
import type { OrderTerm } from '../state.ts'
import { checkHistory, copiesIn, type Entry, historiesOf, runHistory } from '../testing/history.ts'
import type { ZSet } from '../zset.ts'
import { type WindowOptions, windowNode } from './window.ts'

interface Score {
  readonly id: number
  readonly team: string | null
  readonly points: number | null
}

const score: fc.Arbitrary<Score> = fc.record({
  id: fc.nat(3),
  team: fc.constantFrom('red', null),
  points: fc.constantFrom(0, 1, 2.5, null),
})

const byTeam = ({ team }: Score): unknown => team

function byPoints(isDescending: boolean): OrderTerm<Score> {
  return { pick: ({ points }) => points, isDescending }
}

const places = fc.option(fc.nat(4), { nil: undefined })

/** Sorts all copies and cuts. */
function cut(rows: ZSet, { by, orderBy, limit, offset = 0 }: WindowOptions<Score>): Entry[] {
  const copies = (copiesIn(rows) as Score[]).sort((left, right) => {
    for (const { pick, isDescending } of orderBy) {
      const order = compareDatum(pick(left), pick(right))
      if (order !== 0) return isDescending ? -order : order
    }
    return compareDatum(left, right)
  })
  const groups: Score[][] = []
  for (const copy of copies) {
    const group = groups.find(
      ([first]) => by === undefined || equalDatum(by(first as Score), by(copy)),
    )
    if (group === undefined) groups.push([copy])
    else group.push(copy)
  }
  const kept = groups.flatMap((group) => group.slice(offset, offset + (limit ?? group.length)))
  return kept.map((copy) => [copy, 1])
}

it('[VA48] [VA49] gives what sorting and cutting anew gives', () => {
  fc.assert(
    fc.property(
      historiesOf('tables', score),
      fc.record({
        by: fc.constantFrom(undefined, byTeam),
        orderBy: fc.constantFrom([], [byPoints(false)], [byPoints(true)]),
        limit: places,
        offset: places,
      }),
      (history, options) => {
        checkHistory(windowNode(options), history, {
          recompute: ([rows]) => cut(rows as ZSet, options),
        })
      },
    ),
    { numRuns: 150 },
  )
})

it('[VA49] of a row with many copies only as many come in as there are places', () => {
  const node = windowNode<string>({ orderBy: [], limit: 2 })
  const changes = runHistory(node, [
    [
      [
        ['a', 1],
        ['b', 5],
      ],
    ],
    [[['b', -3]]],
    [[['a', 1]]],
  ])
  expect(changes.map((change) => [...change])).toEqual([
    [
      ['a', 1],
      ['b', 1],
    ],
    [],
    [
      ['a', 1],
      ['b', -1],
    ],
  ])
})

it('[VA48] tells no more than what enters and what leaves', () => {
  const node = windowNode<number>({ orderBy: [], limit: 100 })
  const rows = Array.from({ length: 1000 }, (_, row): Entry => [row * 2, 1])
  const [, change] = runHistory(node, [[rows], [[[51, 1]]]])
  expect([...(change as ZSet)]).toEqual([
    [51, 1],
    [198, -1],
  ])
})

it('[VA50] without limit and offset keeps nothing and lets rows through, owed ones too', () => {
  const node = windowNode<string>({ orderBy: [] })
  expect(node.isStateful).toBe(false)
  const [change] = runHistory(node, [[[['a', -1]]]])
  expect([...(change as ZSet)]).toEqual([['a', -1]])
})

it('[VA50] a row that is owed takes no place', () => {
  const node = windowNode<string>({ orderBy: [], limit: 1 })
  const changes = runHistory(node, [[[['a', -1]]], [[['b', 1]]], [[['a', 2]]]])
  expect(changes.map((change) => [...change])).toEqual([
    [],
    [['b', 1]],
    [
      ['a', 1],
      ['b', -1],
    ],
  ])
})

it.each([{ limit: -1 }, { limit: 1.5 }, { offset: Number.NaN }])(
  '[VA48] refuses the places %o',
  (options) => {
    try {
      windowNode({ orderBy: [], ...options })
      expect.unreachable()
    } catch (error) {
      expect(isUniverseError(error) && error.code).toBe('views/invalid-graph')
    }
  },
)
