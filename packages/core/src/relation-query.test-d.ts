import { expectTypeOf, test } from 'vitest'
import {
  defineModule,
  type Id,
  type Query,
  queriesOf,
  type RelationQuery,
  t,
  table,
} from './index.ts'

const shop = defineModule({
  name: 'shop',
  version: 1,
  tables: {
    product: table({
      id: t.id<'product'>(),
      name: t.text(),
      price: t.real(),
      note: t.text().optional(),
    }),
    lineItem: table({
      id: t.id<'lineItem'>(),
      productId: t.ref('product'),
      basket: t.text(),
      quantity: t.int(),
      at: t.timestamp(),
      data: t.json(),
      size: t.object({ width: t.int(), unit: t.text() }),
      tags: t.set(t.text()),
    }),
    todo: table({ id: t.id<'todo'>(), project: t.text().optional(), done: t.bool() }),
    employee: table({ id: t.key(), manager: t.text().optional(), salary: t.int().optional() }),
  },
  reducers: () => ({}),
})
const q = queriesOf(shop.tables)

test('a receipt: join, group, order, limit', () => {
  const receipt = q.lineItem
    .join(q.product, { on: { productId: 'id' } })
    .groupBy('lineItem.basket')
    .aggregate((row, { sum, count }) => ({
      total: sum(row.lineItem.quantity.times(row.product.price)),
      n: count(),
    }))
    .orderBy('total', 'desc')
    .limit(10)
  expectTypeOf(receipt.rowType).toEqualTypeOf<{
    readonly basket: string
    readonly total: number
    readonly n: number
  }>()
  // @ts-expect-error no such column
  receipt.orderBy('totals')
})

test('counts per group, of everything, and sums that may be of nothing', () => {
  expectTypeOf(q.todo.where({ done: false }).groupBy('project').count().rowType).toEqualTypeOf<{
    readonly project: string | null
    readonly count: number
  }>()
  expectTypeOf(
    q.lineItem
      .groupBy()
      .aggregate((row, { sum, max }) => ({ n: sum(row.quantity), last: max(row.basket) })).rowType,
  ).toEqualTypeOf<{ readonly n: number | null; readonly last: string | null }>()
  expectTypeOf(
    q.employee
      .groupBy((row) => ({ boss: row.manager, pay: row.salary.coalesce(0) }))
      .aggregate((row, { collect }) => ({ ids: collect(row.id) })).rowType,
  ).toEqualTypeOf<{
    readonly boss: string | null
    readonly pay: number
    readonly ids: readonly string[]
  }>()
})

test('outer joins make the other side null; a side can be renamed', () => {
  const staff = q.employee.leftJoin(q.employee.as('boss'), { on: { manager: 'id' } })
  expectTypeOf(staff.rowType.boss).toEqualTypeOf<{
    readonly id: string
    readonly manager: string | null
    readonly salary: number | null
  } | null>()
  expectTypeOf(staff.rowType.employee.id).toEqualTypeOf<string>()
  expectTypeOf(
    staff.select((row) => ({ who: row.employee.id, boss: row.boss.id })).rowType,
  ).toEqualTypeOf<{ readonly who: string; readonly boss: string | null }>()
  expectTypeOf(staff.select('employee.id', 'boss.salary').rowType).toEqualTypeOf<{
    readonly id: string
    readonly salary: number | null
  }>()
  // @ts-expect-error no such column of the side
  staff.select('boss.pay')
  // @ts-expect-error no such side
  staff.where((row) => row.manager.id.eq('a'))
  expectTypeOf(
    staff.join(q.todo, { on: { 'boss.id': 'project' } }).rowType.todo.done,
  ).toEqualTypeOf<boolean>()
})

test('tests over columns', () => {
  q.lineItem
    .join(q.product, { on: { productId: 'id' } })
    .where((row) =>
      row.lineItem.quantity
        .gt(3)
        .and(row.product.price.lt(row.lineItem.quantity).not())
        .or(row.lineItem.data.at('a', 'b').eq('x'), row.lineItem.size.width.gte(2)),
    )
    .where({ 'product.name': 'a', 'lineItem.quantity': { gt: 3 } })
  // @ts-expect-error a number is not compared with text
  q.lineItem.where((row) => row.quantity.gt('3'))
  // @ts-expect-error text has no arithmetic
  q.lineItem.select((row) => ({ a: row.basket.plus(1) }))
  expectTypeOf(
    q.lineItem.select((row) => ({
      day: row.at.day(),
      part: row.quantity.dividedBy(2),
      tags: row.tags,
      fixed: 'x',
    })).rowType,
  ).toEqualTypeOf<{
    readonly day: string
    readonly part: number | null
    readonly tags: readonly string[]
    readonly fixed: string
  }>()
})

test('values keep their types: ids, members of an enum', () => {
  expectTypeOf(q.lineItem.select((row) => ({ p: row.productId })).rowType.p).toEqualTypeOf<
    Id<'product'>
  >()
  expectTypeOf(
    q.lineItem.groupBy((row) => ({ productId: row.productId })).count().rowType.productId,
  ).toEqualTypeOf<Id<'product'>>()
})

test('set operations, windows and reachability', () => {
  const open = q.todo.where({ done: false })
  expectTypeOf(open).toExtend<Query<typeof open.rowType>>()
  expectTypeOf(open.distinct().union(q.todo).except(q.todo).rowType).toEqualTypeOf(open.rowType)
  expectTypeOf(open.orderBy('project').topPer('project', 2)).toExtend<
    RelationQuery<typeof open.rowType>
  >()
  expectTypeOf(
    q.employee.reachable({ from: 'manager', to: 'id', roots: ['ann'], depthMax: 3 }).rowType,
  ).toEqualTypeOf<{ readonly from: string; readonly to: string; readonly depth: number }>()
  // @ts-expect-error parts of a union have the same columns
  q.todo.union(q.employee)
  expectTypeOf<Id<'product'>>().toExtend<(typeof q.product)['rowType']['id']>()
})
