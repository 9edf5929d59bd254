import { queriesOf, type Relation, type Row, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import type { Deltas } from '../circuit.ts'
import { NO_DELTA } from '../delta.ts'
import { comparison, MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { shopDefinitions, shopTables } from '../testing/random-relation.ts'
import { ZSet } from '../zset.ts'
import { explainText } from './describe.ts'
import { feed, inputsOf } from './feed.ts'
import { planRelation } from './plan.ts'

const q = queriesOf(shopTables)
const lineItem = (id: string, part: Row = {}) => ({
  table: 'lineItem',
  id,
  row: { id, productId: null, basket: null, quantity: 1, isGift: null, at: 0, data: null, ...part },
})
const product = (id: string, price = 1) => ({
  table: 'product',
  id,
  row: { id, name: `name of ${id}`, price, stock: null, data: null, tags: [] },
})

/** A relation over tables that are there, maintained. */
function maintain(
  { relation }: { readonly relation: Relation },
  tables = new MemoryTables(shopDefinitions),
) {
  const plan = planRelation(relation, tables, { tables: shopDefinitions })
  const circuit = createCircuit(plan.graph, new MemoryState())
  let kept = ZSet.from<unknown>([])
  const take = (deltas: Deltas) => {
    kept = kept.add(ZSet.fromDelta(deltas.get(plan.output) ?? NO_DELTA))
  }
  for (const deltas of feed(plan, circuit, tables, { nowMs: () => 0, sliceMs: 8 })) take(deltas)
  return {
    plan,
    text: explainText(plan.explanation),
    write(writes: Parameters<MemoryTables['write']>[0]) {
      take(circuit.step(inputsOf(plan, tables, tables.write(writes))))
    },
    rows: () => [...kept].map(([row]) => row).toSorted(comparison(plan.order)),
  }
}

const joined = q.lineItem.join(q.product, { on: { productId: 'id' } })

test('[VQ11] a side of a join that an index serves is not kept, and explain names the index', () => {
  const { plan, text } = maintain(joined)
  expect(plan.graph.nodes.filter(({ isStateful }) => isStateful)).toEqual([])
  expect(plan.explanation).toMatchObject({
    operator: 'join',
    description: 'inner join on lineItem.productId = product.id',
    keeps: 'nothing',
    indexes: ['lineItem by productId (byProduct)', 'product by id (primary key)'],
    missing: [],
  })
  expect(text).toBe(
    [
      'join: inner join on lineItem.productId = product.id (keeps nothing; reads lineItem by productId (byProduct); reads product by id (primary key))',
      '  table: lineItem (keeps nothing)',
      '  table: product (keeps nothing)',
    ].join('\n'),
  )
})

test('[VQ13] a table that others are joined to by its primary key is fed before them', () => {
  expect(maintain(joined).plan.feeds).toEqual(['product', 'lineItem'])
  const chain = q.edge.join(q.lineItem, { on: { to: 'id' } })
  const { plan } = maintain(chain.join(q.product, { on: { 'lineItem.productId': 'id' } }))
  expect(plan.feeds).toEqual(['lineItem', 'product', 'edge'])
})

test('[VQ11] a side without an index is kept, and explain names the index to add', () => {
  const { plan } = maintain(q.edge.join(q.product, { on: { to: 'name' } }))
  expect(plan.explanation).toMatchObject({
    keeps: 'rows of edge by to, rows of product by name',
    indexes: [],
    missing: [
      { table: 'edge', columns: ['to'] },
      { table: 'product', columns: ['name'] },
    ],
  })
})

test('[VQ10] tests of one side of a join are made before it, unless the join may leave that side null', () => {
  const operators = ({ relation }: { readonly relation: Relation }) => {
    const walk = (part: { operator: string; inputs: readonly never[] }): unknown =>
      part.inputs.length === 0 ? part.operator : [part.operator, ...part.inputs.map(walk)]
    return walk(maintain({ relation }).plan.explanation as never)
  }
  const on = { on: { productId: 'id' } } as const
  const test = { 'lineItem.quantity': { gt: 1 }, 'product.price': { gt: 1 } }
  expect(operators(joined.where(test))).toEqual(['join', ['filter', 'table'], ['filter', 'table']])
  expect(operators(q.lineItem.leftJoin(q.product, on).where(test))).toEqual([
    'filter',
    ['join', ['filter', 'table'], 'table'],
  ])
  expect(operators(q.lineItem.rightJoin(q.product, on).where(test))).toEqual([
    'filter',
    ['join', 'table', ['filter', 'table']],
  ])
  expect(operators(q.lineItem.fullJoin(q.product, on).where(test))).toEqual([
    'filter',
    ['join', 'table', 'table'],
  ])
  expect(operators(q.lineItem.semiJoin(q.product, on).where({ quantity: 1 }))).toEqual([
    'join',
    ['filter', 'table'],
    'table',
  ])
})

test('[VQ10] a test of the side that may be null does not bring rows back without it', () => {
  const { write, rows } = maintain(
    q.lineItem
      .leftJoin(q.product, { on: { productId: 'id' } })
      .where({ 'product.price': { gt: 1 } }),
  )
  write([
    lineItem('i1', { productId: 'p1' }),
    lineItem('i2', { productId: 'p2' }),
    product('p2', 5),
  ])
  expect(rows()).toMatchObject([{ lineItem: { id: 'i2' }, product: { id: 'p2' } }])
  write([product('p2', 1)])
  expect(rows()).toEqual([])
})

test('[VQ12] explain says what is kept, down to the tables', () => {
  const { text } = maintain(
    joined
      .groupBy('lineItem.basket')
      .aggregate((row, { sum }) => ({ total: sum(row.lineItem.quantity.times(row.product.price)) }))
      .orderBy('total', 'desc')
      .limit(2),
  )
  expect(text.split('\n').map((line) => line.trim().split(' (')[0])).toEqual([
    'window: the first 2 by total desc, basket asc',
    'group: total = sum(lineItem.quantity × product.price) by basket = lineItem.basket',
    'join: inner join on lineItem.productId = product.id',
    'table: lineItem',
    'table: product',
  ])
})

test('[VQ15] a window straight over a table hydrates by one query and needs no feed', () => {
  const tables = new MemoryTables(shopDefinitions)
  for (let at = 0; at < 100; at += 1) tables.write([lineItem(`i${at}`, { quantity: at })])
  const newest = q.lineItem.where({ basket: null }).orderBy('quantity', 'desc').limit(2)
  const { plan, rows, write } = maintain(newest, tables)
  expect(plan.feeds).toEqual([])
  expect(tables.queries).toEqual(['lineItem'])
  write([lineItem('i7', { quantity: 1_000 })])
  expect(rows()).toMatchObject([{ id: 'i7' }, { id: 'i99' }])
  expect(tables.queries).toEqual(['lineItem'])
})

test('[VQ15] a table that something else reads too is fed to its windows', () => {
  const first = q.lineItem.orderBy('at').limit(1)
  const { plan } = maintain(first.join(q.lineItem.as('other'), { on: { basket: 'basket' } }))
  expect(plan.feeds).toEqual(['lineItem'])
})

test('[VQ16] rows come in the order of the outermost window, then by what tells them apart', () => {
  const tables = new MemoryTables(shopDefinitions)
  tables.write(['c', 'a', 'b'].map((id) => lineItem(id, { quantity: id === 'a' ? 1 : 2 })))
  const ids = (query: { readonly relation: Relation }) =>
    maintain(query, tables)
      .rows()
      .map((row) => (row as Row).id)
  expect(ids(q.lineItem)).toEqual(['a', 'b', 'c'])
  expect(ids(q.lineItem.orderBy('quantity', 'desc'))).toEqual(['b', 'c', 'a'])
  expect(ids(q.lineItem.orderBy('quantity', 'desc').select('id', 'quantity'))).toEqual([
    'b',
    'c',
    'a',
  ])
  expect(ids(q.lineItem.orderBy('quantity', 'desc').where({ basket: null }))).toEqual([
    'b',
    'c',
    'a',
  ])
})

test('[VQ18] another relation has another definition hash, the same one the same', () => {
  const hash = (quantity: number) =>
    maintain(q.lineItem.where({ quantity }).groupBy('basket').count()).plan.graph.definitionHash
  expect(hash(1)).toBe(hash(1))
  expect(hash(1)).not.toBe(hash(2))
})

test('[VQ19] a query over one table is the relation with its rows, cursor included', () => {
  const tables = new MemoryTables(shopDefinitions)
  tables.write(['a', 'b', 'c', 'd'].map((id) => lineItem(id)))
  const { rows } = maintain(q.lineItem.orderBy('quantity').after([1, 'a']).limit(2), tables)
  expect(rows()).toMatchObject([{ id: 'b' }, { id: 'c' }])
  const unlimited = maintain(q.lineItem.orderBy('quantity').after([1, 'b']), tables)
  expect(unlimited.rows()).toMatchObject([{ id: 'c' }, { id: 'd' }])
  expect(() => maintain(q.lineItem.after([1, 'a']).limit(2))).toThrow(/cursor has 2 values/)
})

test('[VQ20] a transient table has no rows', () => {
  const tables = { note: table({ id: t.key(), text: t.text() }).transient() }
  const definitions = { note: tables.note.definition }
  const memory = new MemoryTables(definitions)
  const { relation } = queriesOf(tables).note.groupBy().count()
  const plan = planRelation(relation, memory, { tables: definitions })
  const circuit = createCircuit(plan.graph, new MemoryState())
  const slices = [...feed(plan, circuit, memory, { nowMs: () => 0, sliceMs: 8 })]
  expect(slices[0]?.get(plan.output)?.rows).toEqual([{ count: 0 }])
  const changes = memory.write([{ table: 'note', id: 'a', row: { id: 'a', text: 'b' } }])
  expect(circuit.step(inputsOf(plan, memory, changes)).get(plan.output)).toBeUndefined()
})
