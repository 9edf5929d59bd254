import { readFileSync } from 'node:fs'
import type { Relation, Row } from '@inner-universe/core'
import { expect, test } from 'vitest'
import {
  below,
  daily,
  dearLines,
  largest,
  receipts,
  shop,
  staff,
  unsold,
} from '../../example/queries.ts'
import type { Deltas } from '../circuit.ts'
import { NO_DELTA } from '../delta.ts'
import { comparison, MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import { MemoryTables } from '../testing/memory-tables.ts'
import { ZSet } from '../zset.ts'
import { explainText } from './describe.ts'
import { feed } from './feed.ts'
import { planRelation } from './plan.ts'

const definitions = Object.fromEntries(
  Object.entries(shop.tables).map(([name, { definition }]) => [name, definition]),
)
const tables = new MemoryTables(definitions)
const put = (table: string, rows: readonly Row[]) =>
  tables.write(rows.map((row) => ({ table, id: String(row.id), row })))

put('product', [
  { id: 'p1', name: 'pen', price: 2 },
  { id: 'p2', name: 'pad', price: 5 },
  { id: 'p3', name: 'cap', price: 9 },
])
put('lineItem', [
  { id: 'i1', productId: 'p1', basket: 'x', quantity: 3, at: 0, data: { wrap: { kind: 'red' } } },
  { id: 'i2', productId: 'p2', basket: 'x', quantity: 1, at: 1, data: null },
  { id: 'i3', productId: 'p2', basket: 'y', quantity: 4, at: 86_400_000, data: [] },
])
put('employee', [
  { id: 'ann', manager: null, salary: 5 },
  { id: 'bob', manager: 'ann', salary: 6 },
  { id: 'cid', manager: 'bob', salary: 4 },
])

function rowsOf({ relation }: { readonly relation: Relation }): readonly unknown[] {
  const plan = planRelation(relation, tables, { tables: definitions })
  const circuit = createCircuit(plan.graph, new MemoryState())
  let kept = ZSet.from<unknown>([])
  const take = (deltas: Deltas) => {
    kept = kept.add(ZSet.fromDelta(deltas.get(plan.output) ?? NO_DELTA))
  }
  for (const deltas of feed(plan, circuit, tables, { nowMs: () => 0, sliceMs: 8 })) take(deltas)
  return [...kept].map(([row]) => row).toSorted(comparison(plan.order))
}

test('the examples give what they say', () => {
  expect(rowsOf(receipts)).toEqual([
    { basket: 'y', total: 20, lines: 1 },
    { basket: 'x', total: 11, lines: 2 },
  ])
  expect(rowsOf(dearLines)).toEqual([
    { basket: 'x', count: 1 },
    { basket: 'y', count: 1 },
  ])
  expect(rowsOf(unsold)).toEqual([{ name: 'cap' }])
  expect(rowsOf(staff)).toEqual([
    { who: 'ann', boss: null },
    { who: 'bob', boss: 'ann' },
  ])
  expect(rowsOf(daily)).toEqual([
    { day: '1970-01-01', wrap: 'none', sold: 1, baskets: ['X'] },
    { day: '1970-01-01', wrap: 'red', sold: 3, baskets: ['X'] },
    { day: '1970-01-02', wrap: 'none', sold: 4, baskets: ['Y'] },
  ])
  expect(rowsOf(largest)).toMatchObject([{ id: 'i1' }, { id: 'i2' }, { id: 'i3' }])
  expect(rowsOf(below)).toEqual([
    { from: 'ann', to: 'bob', depth: 1 },
    { from: 'ann', to: 'cid', depth: 2 },
  ])
})

test('QUERIES.md prints the examples and the plan as they are', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const spec = read('QUERIES.md')
  expect(spec).toContain(`\`\`\`ts\n${read('example/queries.ts').trimEnd()}\n\`\`\``)
  const { explanation } = planRelation(receipts.relation, tables, { tables: definitions })
  expect(spec).toContain(`\`\`\`\n${explainText(explanation)}\n\`\`\``)
})
