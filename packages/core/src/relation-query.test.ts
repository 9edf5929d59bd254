import { expect, test } from 'vitest'
import { checkRelation } from './check-relation.ts'
import { t } from './column.ts'
import { queriesOf } from './query.ts'
import type { Expression } from './relation.ts'
import { table } from './table.ts'

const tables = {
  product: table({ id: t.key(), name: t.text(), price: t.real() }),
  lineItem: table({
    id: t.key(),
    productId: t.text(),
    day: t.timestamp(),
    quantity: t.int(),
    data: t.json(),
  }),
}
const definitions = Object.fromEntries(
  Object.entries(tables).map(([name, { definition }]) => [name, definition]),
)
const q = queriesOf(tables)
const path = (...names: readonly [string, ...string[]]): Expression => ({
  kind: 'path',
  path: names,
})

test('[VQ7] a query is plain data that can be sent and checks', () => {
  const { relation } = q.lineItem
    .join(q.product, { on: { productId: 'id' } })
    .groupBy('lineItem.productId')
    .aggregate((row, { sum, count }) => ({
      total: sum(row.lineItem.quantity.times(row.product.price)),
      n: count(),
    }))
    .orderBy('total', 'desc')
    .limit(10)
  expect(structuredClone(relation)).toEqual(relation)
  checkRelation(relation, { tables: definitions })
  expect(relation).toEqual({
    kind: 'window',
    partitionBy: [],
    orderBy: [{ by: path('total'), direction: 'desc' }],
    limit: 10,
    offset: 0,
    of: {
      kind: 'group',
      by: { productId: path('lineItem', 'productId') },
      aggregates: {
        total: {
          kind: 'sum',
          of: {
            kind: 'call',
            function: 'multiply',
            of: [path('lineItem', 'quantity'), path('product', 'price')],
          },
        },
        n: { kind: 'count' },
      },
      of: {
        kind: 'join',
        how: 'inner',
        left: { kind: 'table', table: 'lineItem' },
        right: { kind: 'table', table: 'product' },
        leftName: 'lineItem',
        rightName: 'product',
        on: [{ left: path('productId'), right: path('id') }],
      },
    },
  })
})

test('[VQ8] sides are named by their tables or by as(), and joined rows keep their members', () => {
  const pairs = q.lineItem.join(q.product.as('article'), { on: { productId: 'id' } })
  const three = pairs.leftJoin(q.product, { on: { 'article.name': 'name' } })
  expect(three.relation).toMatchObject({ leftName: undefined, rightName: 'product' })
  const checked = checkRelation(three.relation, { tables: definitions })
  expect(checked.shapeOf(checked.relation)).toMatchObject({
    kind: 'joined',
    members: {
      lineItem: { isOptional: false },
      article: { isOptional: false },
      product: { isOptional: true },
    },
  })
  // Rows with columns of their own have a name again.
  expect(pairs.select('article.name').name).toBe('rows')
  expect(q.lineItem.groupBy('productId').count().name).toBe('lineItem')
})

test('[VQ9] tests of columns: with a value a condition, with another column a test; any name may be a column', () => {
  const test = (query: { readonly relation: object }) => (query.relation as { test: unknown }).test
  expect(test(q.lineItem.where((row) => row.day.gt(3)))).toEqual({
    kind: 'condition',
    condition: { kind: 'compare', column: 'day', path: [], operator: 'gt', value: 3 },
  })
  expect(test(q.lineItem.where((row) => row.data.at('a', 'b').in(['x'])))).toEqual({
    kind: 'condition',
    condition: { kind: 'compare', column: 'data', path: ['a', 'b'], operator: 'in', value: ['x'] },
  })
  expect(test(q.lineItem.where((row) => row.day.day().eq(row.id).not()))).toEqual({
    kind: 'not',
    of: {
      kind: 'test',
      operator: 'eq',
      left: { kind: 'call', function: 'day', of: [path('day')] },
      right: path('id'),
    },
  })
  expect(test(q.lineItem.distinct().where({ 'data.a': 1, quantity: { gt: 2, lt: 4 } }))).toEqual({
    kind: 'condition',
    condition: {
      kind: 'and',
      of: [
        { kind: 'compare', column: 'data', path: ['a'], operator: 'eq', value: 1 },
        { kind: 'compare', column: 'quantity', operator: 'gt', value: 2 },
        { kind: 'compare', column: 'quantity', operator: 'lt', value: 4 },
      ],
    },
  })
})

test('[VQ9] order, limit and offset make one window; a limit per group ends it', () => {
  const window = q.lineItem.distinct().orderBy('quantity').orderBy('id', 'desc').limit(3).offset(1)
  expect(window.relation).toMatchObject({ limit: 3, offset: 1, of: { kind: 'distinct' } })
  const top = q.lineItem.orderBy('quantity', 'desc').topPer('productId', 2)
  expect(top.relation).toMatchObject({
    partitionBy: [path('productId')],
    orderBy: [{ by: path('quantity'), direction: 'desc' }],
    limit: 2,
  })
  expect(top.limit(1).relation).toMatchObject({ limit: 1, of: top.relation })
})
