import { expectTypeOf, test } from 'vitest'
import {
  avg,
  collect,
  count,
  countDistinct,
  createGraph,
  fold,
  max,
  min,
  recompute,
  type Stream,
  sum,
} from './index.ts'

interface Item {
  readonly id: number
  readonly basket: string
  readonly price: number
  readonly note: string | null
}

const items = createGraph().source<Item>('items')

test('aggregates know the rows of their group, and combine knows their values', () => {
  const groups = items.group({
    by: (row) => row.basket,
    aggregates: {
      rows: count(),
      total: sum((row) => row.price),
      mean: avg((row) => row.price),
      firstNote: min((row) => row.note),
      last: max((row) => row.id),
      kinds: countDistinct((row) => row.note),
      notes: collect((row) => row.note),
      ids: recompute((rows) => rows.map((row) => row.id)),
      text: fold({
        zero: 0,
        add: (state, row: Item, copies) => state + row.id * copies,
        remove: (state, row: Item, copies) => state - row.id * copies,
        finish: (state) => `${state}`,
      }),
    },
    combine: (basket, values) => ({ basket, ...values }),
  })
  type Group = typeof groups.row
  expectTypeOf<Group['basket']>().toEqualTypeOf<string>()
  expectTypeOf<Group['rows' | 'kinds']>().toEqualTypeOf<number>()
  expectTypeOf<Group['total' | 'mean' | 'last']>().toEqualTypeOf<number | null>()
  expectTypeOf<Group['firstNote']>().toEqualTypeOf<string | null>()
  expectTypeOf<Group['notes']>().toEqualTypeOf<readonly string[]>()
  expectTypeOf<Group['ids']>().toEqualTypeOf<number[]>()
  expectTypeOf<Group['text']>().toEqualTypeOf<string>()
})

test('sums are of numbers', () => {
  // @ts-expect-error a note is text
  items.group({ by: () => 1, aggregates: { total: sum((row) => row.note) }, combine: () => 1 })
})

test('sides of an outer join may be missing, those of an inner join not', () => {
  const keys = { left: (item: Item) => item.id, right: (item: Item) => item.id }
  items.join(items, {
    ...keys,
    combine: (left, right) => {
      expectTypeOf(left).toEqualTypeOf<Item>()
      return right
    },
  })
  const outer = items.fullJoin(items, {
    ...keys,
    combine: (left, right) => {
      expectTypeOf(left).toEqualTypeOf<Item | undefined>()
      return right
    },
  })
  expectTypeOf(outer).toEqualTypeOf<Stream<Item | undefined>>()
  expectTypeOf(items.antiJoin(items, keys)).toEqualTypeOf<Stream<Item>>()
})
