import { expect, it } from 'vitest'
import { count, sum } from './aggregates.ts'
import { Delta } from './delta.ts'
import { createGraph } from './graph.ts'
import { MemoryState } from './memory-state.ts'
import { createCircuit } from './running-graph.ts'

function delta(...entries: readonly (readonly [unknown, number])[]): Delta {
  const made = new Delta()
  for (const [row, weight] of entries) made.push(row, weight)
  return made
}

it('runs streams', () => {
  const graph = createGraph()
  const items = graph.source<number>('items')
  graph.output(
    'even',
    items.filter((row) => row % 2 === 0).map((row) => row / 2),
  )
  graph.output('distinct', items.distinct())
  const circuit = createCircuit(graph, new MemoryState())
  const out = circuit.step(new Map([['items', delta([1, 1], [2, 2], [4, 1], [2, 1])]]))
  expect(out.get('even')).toEqual(delta([1, 3], [2, 1]))
  expect(circuit.step(new Map([['items', delta([1, -1], [2, -2])]])).get('distinct')).toEqual(
    delta([1, -1]),
  )
  expect(graph.definitionHash).toHaveLength(64)
})

it('types', () => {
  interface Item {
    readonly id: string
    readonly product: string
    readonly quantity: number
    readonly basket: number
  }
  const graph = createGraph()
  const items = graph.source<Item>('items')
  const products = graph.source<{ id: string; price: number }>('products')
  const priced = items.join(products, {
    left: (item) => item.product,
    right: (product) => product.id,
    combine: (item, product) => ({ basket: item.basket, amount: product.price * item.quantity }),
  })
  const receipts = priced.group({
    by: (row) => row.basket,
    aggregates: { total: sum((row) => row.amount), n: count() },
    combine: (basket, { total, n }) => ({ basket, total, n }),
  })
  graph.output('receipts', receipts)
  const out: { basket: number; total: number | null; n: number } = receipts.row
  void out
})
