import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Aggregates } from '../aggregate.ts'
import { avg, count, countOf, fold, sum } from '../aggregates.ts'
import { collect, countDistinct, max, min, recompute } from '../bag-aggregates.ts'
import { compareDatum, equalDatum } from '../datum.ts'
import { MemoryState } from '../memory-state.ts'
import type { NodeDefinition, Operator } from '../operator.ts'
import {
  checkHistory,
  copiesIn,
  deltaOf,
  type Entry,
  historiesOf,
  runHistory,
} from '../testing/history.ts'
import type { ZSet } from '../zset.ts'
import { groupNode } from './group.ts'

interface Sale {
  readonly key: unknown
  readonly price: number | bigint | null
}

const sale: fc.Arbitrary<Sale> = fc.record({
  key: fc.constantFrom('a', 'b', null, [1, null]),
  price: fc.constantFrom(0.1, 0.2, 0.3, 1e16, -1e16, 1, 1n, 2n ** 53n + 1n, null),
})

const price = ({ price }: Sale): Sale['price'] => price

const aggregates = {
  rows: count(),
  prices: countOf(price),
  total: sum(price),
  mean: avg(price),
  least: min(price),
  most: max(price),
  kinds: countDistinct(price),
  all: collect(price),
  folded: fold<Sale, number, string>({
    zero: 0,
    add: (state, { price }, copies) => state + (price === null ? 0 : copies),
    remove: (state, { price }, copies) => state - (price === null ? 0 : copies),
    finish: (state) => `${state} prices`,
  }),
  answer: recompute((rows: readonly Sale[]) => rows.map(({ price }) => price)),
} satisfies Aggregates<Sale>

const node = groupNode({
  by: (row: Sale) => row.key,
  aggregates,
  combine: (key, values) => ({ key, ...values }),
})

const globalNode = groupNode({
  by: ({ key }: Sale) => key,
  aggregates,
  combine: (_, values) => values,
  isGlobal: true,
})

/** Of prices no bit is below 2^-60: scaled by that they are whole numbers, and add up exactly. */
const SCALE = 60n

function scaled(value: number | bigint): bigint {
  return typeof value === 'bigint' ? value << SCALE : BigInt(value * 2 ** Number(SCALE))
}

/** The nearest double: a bigint is rounded once, and what is scaled by a power of two stays as it is. */
function unscaled(value: bigint): number {
  return Number(value) / 2 ** Number(SCALE)
}

function valuesOf(rows: readonly Sale[]): Record<string, unknown> {
  const prices = rows
    .map(price)
    .filter((value) => value !== null)
    .sort(compareDatum)
  const total = prices.reduce((sum: bigint, value) => sum + scaled(value), 0n)
  return {
    rows: rows.length,
    prices: prices.length,
    total: prices.length === 0 ? null : unscaled(total),
    mean: prices.length === 0 ? null : unscaled(total) / prices.length,
    least: prices[0] ?? null,
    most: prices.at(-1) ?? null,
    kinds: prices.filter((value, at) => !equalDatum(value, prices[at - 1])).length,
    all: prices,
    folded: `${prices.length} prices`,
    answer: [...rows].sort(compareDatum).map(price),
  }
}

function grouped(rows: ZSet): Entry[] {
  const keys = [...new Map(copiesIn(rows).map((row) => keyed(row as Sale))).values()]
  return keys.map((key): Entry => {
    const own = copiesIn(rows).filter((row) => equalDatum((row as Sale).key, key)) as Sale[]
    return [{ key, ...valuesOf(own) }, 1]
  })
}

function keyed({ key }: Sale): readonly [string, unknown] {
  return [JSON.stringify(key), key]
}

it('[VA40] [VA42] [VA45] gives what grouping anew gives', () => {
  fc.assert(
    fc.property(historiesOf('tables', sale), (history) => {
      checkHistory(node, history, { recompute: ([rows]) => grouped(rows as ZSet) })
    }),
    { numRuns: 80 },
  )
})

it('[VA41] gives one row of everything, also of nothing', () => {
  fc.assert(
    fc.property(historiesOf('tables', sale), (history) => {
      checkHistory(globalNode, history, {
        recompute: ([rows]) => [[valuesOf(copiesIn(rows as ZSet) as Sale[]), 1]],
      })
    }),
    { numRuns: 50 },
  )
})

it('[VA41] says the row of nothing in the first step, though nothing comes in, and once', () => {
  const empty = [[[]], [[]]]
  const [first, second] = checkHistory(globalNode, empty, {
    recompute: () => [[valuesOf([]), 1]],
  })
  expect(first?.size).toBe(1)
  expect(second?.isEmpty).toBe(true)
})

const total = groupNode({
  by: (row: Sale) => row.key,
  aggregates: { total: sum(price), mean: avg(price), most: max(price) },
  combine: (key, values) => ({ key, ...values }),
})

function steps(definition: NodeDefinition, ...batches: readonly (readonly Entry[])[]): Entry[][] {
  return runHistory(
    definition,
    batches.map((batch) => [batch]),
  ).map((change) => [...change])
}

/** An operator by itself: in a graph what cancels out is not seen. */
function operatorOf(definition: NodeDefinition): Operator {
  const state = new MemoryState()
  return definition.create({
    path: 'it',
    isRemote: false,
    checksFunctions: false,
    bag: (part) => state.bag(part),
    orderedBag: (part, order) => state.orderedBag(part, order),
    cells: (part) => state.cells(part),
    nameOf: (part) => part,
  })
}

it('[VA40] an emptied group is gone, with nothing left of it', () => {
  const sold: Entry = [{ key: 'a', price: 0.1 }, 2]
  const row = { key: 'a', total: 0.2, mean: 0.1, most: 0.1 }
  expect(steps(total, [sold], [[sold[0], -2]], [sold])).toEqual([
    [[row, 1]],
    [[row, -1]],
    [[row, 1]],
  ])
})

it('[VA40] a row that stays as it is is not told', () => {
  const most = groupNode({
    by: () => null,
    aggregates: { most: max(price) },
    combine: (_, { most }) => ({ isDear: Number(most) > 1 }),
  })
  const operator = operatorOf(most)
  expect(operator.step([deltaOf([[{ key: 'a', price: 2 }, 1]])]).length).toBe(1)
  expect(operator.step([deltaOf([[{ key: 'a', price: 3 }, 1]])]).isEmpty).toBe(true)
  const first: Entry = [{ key: 'a', price: 2 }, 1]
  expect(
    steps(most, [first], [[{ key: 'a', price: 1 }, 1]], [[{ key: 'a', price: 3 }, 1]]),
  ).toEqual([[[{ isDear: true }, 1]], [], []])
})

it('[VA44] a group that owes rows has no row, and what it owes is not forgotten', () => {
  const owed: Entry = [{ key: 'a', price: 0.1 }, -1]
  const paid: Entry = [{ key: 'a', price: 0.1 }, 1]
  const other: Entry = [{ key: 'a', price: 7 }, 1]
  const row = { key: 'a', total: 7, mean: 7, most: 7 }
  expect(steps(total, [owed], [other], [paid])).toEqual([[], [], [[row, 1]]])
})

it('[VA42] asks nothing of the rows that did not change, however many there are', () => {
  let asked = 0
  const node = groupNode({
    by: ({ key }: Sale) => key,
    aggregates: {
      rows: count(),
      total: sum((row: Sale) => {
        asked += 1
        return price(row)
      }),
    },
    combine: (key, values) => ({ key, ...values }),
  })
  const many = Array.from({ length: 1000 }, (_, price): Entry => [{ key: 'a', price }, 1])
  runHistory(node, [[many], [[[{ key: 'a', price: 7 }, -1]]]])
  expect(asked).toBe(1001)
})

it('[VA46] NULLs are left out; of nothing but NULLs counts are 0 and other values NULL', () => {
  const [first] = steps(node, [[{ key: 'a', price: null }, 2]])
  expect(first).toEqual([
    [
      {
        key: 'a',
        rows: 2,
        prices: 0,
        total: null,
        mean: null,
        least: null,
        most: null,
        kinds: 0,
        all: [],
        folded: '0 prices',
        answer: [null, null],
      },
      1,
    ],
  ])
})

it('[VA40] keys are grouped by value, NULLs together', () => {
  const node = groupNode({
    by: ({ key }: Sale) => key,
    aggregates: { rows: count() },
    combine: (key, { rows }) => [key, rows],
  })
  const keys = [0, -0, 0n, '0', null, undefined, [1], [1n], { a: 1, b: 2 }, { b: 2, a: 1 }]
  const [first] = steps(
    node,
    keys.map((key): Entry => [{ key, price: 1 }, 1]),
  )
  expect(new Set(first)).toEqual(
    new Set([
      [[0, 3], 1],
      [['0', 1], 1],
      [[null, 2], 1],
      [[[1], 2], 1],
      [[{ a: 1, b: 2 }, 2], 1],
    ]),
  )
})

it('[VA45] values that are owed are no values of a group that has others', () => {
  const [change] = steps(node, [
    [{ key: 'a', price: 1 }, -1],
    [{ key: 'a', price: 5 }, 2],
    [{ key: 'a', price: 9 }, -1],
    [{ key: 'a', price: 7 }, 1],
  ])
  const [[row]] = change as [Entry]
  expect(row).toMatchObject({ rows: 1, least: 5, most: 7, kinds: 2, all: [5, 5, 7], total: 7 })
})

it('[VA45] the largest value goes, and the next one takes its place', () => {
  const values = [1, 3, 2].map((price): Entry => [{ key: 'a', price }, 1])
  const changes = steps(total, values, [[{ key: 'a', price: 3 }, -1]])
  expect(changes[1]).toContainEqual([{ key: 'a', total: 3, mean: 1.5, most: 2 }, 1])
})
