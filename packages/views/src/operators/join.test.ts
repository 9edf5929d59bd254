import { isUniverseError } from '@inner-universe/core'
import { expect, it } from 'vitest'
import { type Entry, runHistory } from '../testing/history.ts'
import { joinNode } from './join.ts'
import { outerJoinNode } from './outer-join.ts'
import { semiJoinNode } from './semi-join.ts'

type Pair = readonly [key: unknown, name: string]

const keys = { left: ([key]: Pair): unknown => key, right: ([key]: Pair): unknown => key }
const combine = (left: Pair | undefined, right: Pair | undefined): unknown =>
  `${left?.[1] ?? '–'}${right?.[1] ?? '–'}`

const inner = joinNode({ ...keys, combine })
const left = outerJoinNode('left', { ...keys, combine })
const right = outerJoinNode('right', { ...keys, combine })
const full = outerJoinNode('full', { ...keys, combine })
const semi = semiJoinNode('semi', keys)
const anti = semiJoinNode('anti', keys)

const a: Entry = [['k', 'a'], 1]
const b: Entry = [['k', 'b'], 1]
const x: Entry = [['k', 'x'], 1]
const y: Entry = [['k', 'y'], 1]

function minus([row, weight]: Entry): Entry {
  return [row, -weight]
}

/** Output of each step, as text and weight, in no particular order. */
function told(...[node, ...history]: Parameters<(n: typeof inner, ...h: Entry[][][]) => void>) {
  return runHistory(node, history).map((change) => Object.fromEntries(change as Iterable<Entry>))
}

it('[VA34] of two matches neither leaves a row beside nothing, and none that is owed', () => {
  expect(told(left, [[a], [x, y]])).toEqual([{ ax: 1, ay: 1 }])
  expect(told(left, [[a], []], [[], [x]], [[], [y]])).toEqual([
    { 'a–': 1 },
    { 'a–': -1, ax: 1 },
    { ay: 1 },
  ])
})

it('[VA34] a row is beside nothing again once its last match is gone, not before', () => {
  expect(told(left, [[a], [x, y]], [[], [minus(x)]], [[], [minus(y)]])).toEqual([
    { ax: 1, ay: 1 },
    { ax: -1 },
    { ay: -1, 'a–': 1 },
  ])
})

it('[VA34] a match that is exchanged for another in one step says nothing of rows beside nothing', () => {
  expect(told(left, [[a], [x]], [[], [minus(x), y]])).toEqual([{ ax: 1 }, { ax: -1, ay: 1 }])
})

it('[VA34] both sides change in one step', () => {
  expect(told(full, [[a], [x]], [[minus(a), b], [minus(x)]], [[minus(b)], [y]])).toEqual([
    { ax: 1 },
    { ax: -1, 'b–': 1 },
    { 'b–': -1, '–y': 1 },
  ])
  expect(told(right, [[a], [x]], [[minus(a)], [y]])).toEqual([
    { ax: 1 },
    { ax: -1, '–x': 1, '–y': 1 },
  ])
})

it('[VA35] copies are multiplied, and each copy without a match is kept', () => {
  const twice: Entry = [['k', 'a'], 2]
  const thrice: Entry = [['k', 'x'], 3]
  expect(told(left, [[twice], []], [[], [thrice]], [[], [[thrice[0], -2]]])).toEqual([
    { 'a–': 2 },
    { 'a–': -2, ax: 6 },
    { ax: -4 },
  ])
})

const nothing: Entry = [[null, 'n'], 1]
const part: Entry = [[[1, null], 'p'], 1]

it('[VA31] a key that is NULL, or has a part that is, matches nothing', () => {
  const both = [nothing, part]
  expect(told(inner, [both, both])).toEqual([{}])
  expect(told(left, [both, both])).toEqual([{ 'n–': 1, 'p–': 1 }])
  expect(told(full, [both, both], [both.map(minus), []])).toEqual([
    { 'n–': 1, 'p–': 1, '–n': 1, '–p': 1 },
    { 'n–': -1, 'p–': -1 },
  ])
  expect(runHistory(semi, [[both, both]]).map((change) => [...change])).toEqual([[]])
  expect(runHistory(anti, [[both, both]]).map((change) => change.size)).toEqual([2])
})

it('[VA31] NULLs match one another where the join says that they do', () => {
  const node = joinNode({ ...keys, combine, nulls: 'equal' })
  const missing: Entry = [[undefined, 'u'], 1]
  expect(
    told(node, [
      [nothing, part],
      [nothing, part, missing],
    ]),
  ).toEqual([{ nn: 1, pp: 1, nu: 1 }])
})

it('[VA31] keys are matched by value', () => {
  const rows = [0, -0, 0n, '0', [1, 'a'], [1n, 'a'], ['1', 'a']].map(
    (key, at): Entry => [[key, String(at)], 1],
  )
  const [change] = runHistory(inner, [[rows.slice(0, 1), rows]])
  expect([...(change as Iterable<Entry>)].map(([row]) => row).sort()).toEqual(['00', '01', '02'])
  const [arrays] = runHistory(inner, [[rows.slice(4, 5), rows]])
  expect([...(arrays as Iterable<Entry>)].map(([row]) => row).sort()).toEqual(['44', '45'])
})

it('[VA33] a pair with more copies than can be counted is refused', () => {
  const many: Entry = [['k', 'a'], 2 ** 40]
  try {
    runHistory(inner, [[[many], [many]]])
    expect.unreachable()
  } catch (error) {
    expect(isUniverseError(error) && error.code).toBe('views/weight-limit')
  }
})

it('[VA38] a row is there once for its own copies, however many match it', () => {
  const changes = runHistory(semi, [
    [[[a[0], 2]], []],
    [[], [x, y]],
    [[], [minus(x)]],
    [[], [minus(y)]],
  ])
  expect(changes.map((change) => [...change])).toEqual([[], [[a[0], 2]], [], [[a[0], -2]]])
})

it('[VA38] an anti join is the rest of the semi join', () => {
  const changes = runHistory(anti, [
    [[a], [x, y]],
    [[b], [minus(x)]],
    [[minus(a)], [minus(y)]],
  ])
  expect(changes.map((change) => [...change])).toEqual([[], [], [b]])
})

it('[VA37] what a definition is made of tells kinds, NULLs and lookups apart', () => {
  const each = (): void => undefined
  const nodes = [
    inner,
    left,
    right,
    full,
    semi,
    anti,
    joinNode({ ...keys, combine, nulls: 'equal' }),
    joinNode({ ...keys, combine, leftLookup: { description: 'index', each } }),
  ]
  const texts = nodes.map(({ kind, parameters }) => JSON.stringify([kind, parameters]))
  expect(new Set(texts).size).toBe(nodes.length)
})
