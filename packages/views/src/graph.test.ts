import { expect, it } from 'vitest'
import { count, sum } from './aggregates.ts'
import { createGraph, type GraphBuilder } from './graph.ts'

const invalid = expect.objectContaining({ code: 'views/invalid-graph' })

it('[VA6] a path is the kind and its number, or the name that was given', () => {
  const graph = createGraph()
  const items = graph.source<number>('items')
  expect(items.node.path).toBe('source-items')
  expect(items.map(String).node.path).toBe('map-1')
  expect(items.filter(Boolean).node.path).toBe('filter-1')
  const texts = items.map(String)
  expect(texts.node.path).toBe('map-2')
  expect(texts.named('texts').node.path).toBe('texts')
  expect(items.map(String).node.path).toBe('map-3')
})

it('[VA6] a name stands for one vertex, source or output', () => {
  const graph = createGraph()
  const items = graph.source<number>('items')
  const one = items.negate().named('one')
  expect(() => items.negate().named('one')).toThrow(invalid)
  expect(() => items.negate().named('source-items')).toThrow(invalid)
  expect(() => graph.source('items')).toThrow(invalid)
  graph.output('out', one)
  expect(() => graph.output('out', items)).toThrow(invalid)
})

it('[VA6] streams of two graphs do not meet', () => {
  const graph = createGraph()
  const items = graph.source<number>('items')
  const others = createGraph().source<number>('items')
  expect(() => items.concat(others)).toThrow(invalid)
  expect(() => graph.output('out', others)).toThrow(invalid)
  expect(() => graph.recurse(items, (rows) => rows.concat(items))).toThrow(invalid)
  expect(() => items.perGroup(Boolean, (rows) => rows.minus(items))).toThrow(invalid)
})

it('[VA6] a graph has what its outputs need, inputs first, each once', () => {
  const graph = createGraph()
  const items = graph.source<number>('items')
  const doubled = items.map((row) => row * 2)
  graph.output('sum', doubled.concat(doubled.negate(), items))
  items.filter(Boolean)
  graph.source('unread')
  const paths = graph.nodes.map(({ path }) => path)
  expect(paths.toSorted()).toEqual(['concat-1', 'map-1', 'negate-1', 'source-items'])
  for (const [at, node] of graph.nodes.entries()) {
    for (const input of node.inputs) expect(graph.nodes.indexOf(input)).toBeLessThan(at)
  }
  expect([...graph.sources.keys()]).toEqual(['items', 'unread'])
})

it('[VA6] a graph may be deeper than the stack', () => {
  const graph = createGraph()
  let stream = graph.source<number>('items')
  for (let depth = 0; depth < 20_000; depth += 1) stream = stream.negate()
  graph.output('out', stream)
  expect(graph.nodes).toHaveLength(20_001)
})

interface Item {
  readonly product: string
  readonly basket: number
  readonly quantity: number
}

function receipts(options: { readonly offset?: number; readonly hasNote?: boolean } = {}): string {
  const graph = createGraph()
  const items = graph.source<Item>('items')
  const products = graph.source<{ readonly id: string; readonly price: number }>('products')
  const total = items
    .join(products, {
      left: (item) => item.product,
      right: (product) => product.id,
      combine: ({ basket, quantity }, { price }) => ({ basket, amount: price * quantity }),
    })
    .group({
      by: ({ basket }) => basket,
      aggregates: { total: sum(({ amount }) => amount), lines: count() },
      combine: (basket, values) => ({ basket, ...values }),
    })
  if (options.hasNote === true) items.filter(({ quantity }) => quantity > 5)
  const order = [{ pick: (row: { basket: number }) => row.basket, isDescending: false }]
  graph.output('receipts', total.window({ orderBy: order, offset: options.offset ?? 1 }))
  return graph.definitionHash
}

it('[VA6] the hash of the definition is that of what the outputs need', () => {
  expect(receipts()).toMatch(/^[0-9a-f]{64}$/)
  expect(receipts()).toBe(receipts())
  expect(receipts({ hasNote: true })).toBe(receipts())
  expect(receipts({ offset: 2 })).not.toBe(receipts())
})

it.each<readonly [string, (graph: GraphBuilder) => void]>([
  [
    'a function',
    (graph) =>
      graph.output(
        'out',
        graph.source<number>('a').map((row) => row + 2),
      ),
  ],
  ['a name', (graph) => graph.output('out', graph.source<number>('a').map(addOne).named('b'))],
  ['a source', (graph) => graph.output('out', graph.source<number>('b').map(addOne))],
  ['an output', (graph) => graph.output('b', graph.source<number>('a').map(addOne))],
  [
    'a vertex',
    (graph) => graph.output('out', graph.source<number>('a').map(addOne).distinct().map(addOne)),
  ],
])('[VA6] %s makes another definition', (_, build) => {
  const first = createGraph()
  first.output('out', first.source<number>('a').map(addOne))
  const second = createGraph()
  build(second)
  expect(second.definitionHash).not.toBe(first.definitionHash)
})

function addOne(row: number): number {
  return row + 1
}
