import { expect, test } from 'vitest'
import { actions } from './actions.ts'
import { count, sum } from './aggregates.ts'
import { batched } from './batched.ts'
import { readCache } from './cache-reader.ts'
import { type CompiledGraph, compile, type Outputs, type Sources, source } from './compile.ts'
import { composite, descending, pick } from './index-key.ts'
import { iteration } from './iteration.ts'
import { defineCache } from './operators/cache.ts'
import { openMemoryStore } from './store/memory.ts'
import type { ViewStore } from './store/view-store.ts'
import { ZSet } from './zset.ts'

interface Item {
  readonly basket: string
  readonly product: number
  readonly quantity: number
}

interface Product {
  readonly id: number
  readonly price: number
}

interface Receipt {
  readonly basket: string
  readonly total: number
}

const byBasket = pick((receipt: Receipt) => receipt.basket)
const byTotal = pick((receipt: Receipt) => receipt.total)
const receiptCache = defineCache('receipts', { by: byBasket })
const ranking = defineCache('ranking', { order: descending(byTotal) })

function shop() {
  return compile({
    sources: { items: source<Item>(), products: source<Product>() },
    query: ({ items, products }) => {
      const receipts = items
        .join(products, {
          left: (item) => item.product,
          right: (product) => product.id,
          combine: ({ basket, quantity }, { price }) => ({ basket, total: quantity * price }),
        })
        .group({
          by: (line) => line.basket,
          aggregates: { total: sum((line) => line.total) },
          combine: (basket, { total }): Receipt => ({ basket, total: total ?? 0 }),
        })
        .cache(receiptCache)
        .cache(ranking)
      const productCount = products.group({
        by: () => null,
        aggregates: { n: count() },
        combine: (_, { n }) => n,
      })
      return { receipts, productCount }
    },
  })
}

function open(definition: CompiledGraph<Sources, Outputs>): Promise<ViewStore> {
  return openMemoryStore({
    view: 'shop',
    definition,
    clock: { nowMs: () => 0, wait: () => Promise.resolve() },
  })
}

const item = (basket: string, product: number, quantity: number): Item => ({
  basket,
  product,
  quantity,
})

test('[VA74] a step takes changes of any inputs and gives those of all outputs', async () => {
  const graph = shop()
  const store = await open(graph)
  const first = await iteration(store, graph, {
    items: ZSet.from([item('a', 1, 2), item('b', 2, 1)]),
    products: ZSet.from([
      { id: 1, price: 3 },
      { id: 2, price: 10 },
    ]),
  })
  expect(new Map(first.receipts)).toEqual(
    new Map([
      [{ basket: 'a', total: 6 }, 1],
      [{ basket: 'b', total: 10 }, 1],
    ]),
  )
  expect([...first.productCount]).toEqual([[2, 1]])

  const second = await iteration(store, graph, { items: ZSet.from([item('a', 2, 1)]) })
  expect(new Map(second.receipts)).toEqual(
    new Map([
      [{ basket: 'a', total: 6 }, -1],
      [{ basket: 'a', total: 16 }, 1],
    ]),
  )
  expect(second.productCount.isEmpty).toBe(true)
})

test('[VA75] actions insert, remove and replace rows, each in one step', async () => {
  const graph = shop()
  const store = await open(graph)
  const { items, products } = actions(store, graph)
  await products.insert({ id: 1, price: 3 }, { id: 2, price: 10 })
  const { receipts } = await items.insert(item('a', 1, 1), item('a', 1, 1))
  expect([...receipts]).toEqual([[{ basket: 'a', total: 6 }, 1]])
  const replaced = await items.replace(item('a', 1, 1), item('a', 2, 1))
  expect(replaced.receipts.count({ basket: 'a', total: 13 })).toBe(1)
  expect(replaced.receipts.count({ basket: 'a', total: 6 })).toBe(-1)
  const removed = await items.remove(item('a', 1, 1), item('a', 2, 1))
  expect([...removed.receipts]).toEqual([[{ basket: 'a', total: 13 }, -1]])
})

test('[VA76] a cache is read by key, as a whole in order, and in parts', async () => {
  const graph = shop()
  const store = await open(graph)
  const { items, products } = actions(store, graph)
  await products.insert({ id: 1, price: 1 })
  await items.insert(item('b', 1, 5), item('a', 1, 7), item('c', 1, 6))

  const receipts = readCache(store, receiptCache)
  expect(await receipts.get('a')).toEqual([[{ basket: 'a', total: 7 }, 1]])
  expect(await receipts.get('z')).toEqual([])
  const baskets: string[] = []
  for await (const [{ basket }] of receipts.rows()) baskets.push(basket)
  expect(baskets).toEqual(['a', 'b', 'c'])
  const some = await receipts.zset({ keys: ['c', 'a', 'c', 'z'] })
  expect([...some].map(([{ basket }]) => basket)).toEqual(['a', 'c'])

  const ranked = readCache(store, ranking)
  const best = await ranked.get(null, { rowsMax: 2 })
  expect(best.map(([{ basket }]) => basket)).toEqual(['a', 'c'])
  const rest = await ranked.get(null, { from: 2 })
  expect(rest.map(([{ basket }]) => basket)).toEqual(['b'])

  await items.remove(item('a', 1, 7))
  expect(await receipts.get('a')).toEqual([])
})

test('[VA76] keys of several fields go in the direction of each', async () => {
  const cities = defineCache('cities', {
    by: composite(
      pick((row: { city: string; year: number }) => row.city),
      descending(pick((row: { city: string; year: number }) => row.year)),
    ),
  })
  const graph = compile({
    sources: { rows: source<{ city: string; year: number }>() },
    query: ({ rows }) => ({ rows: rows.cache(cities) }),
  })
  const store = await open(graph)
  const years = [1, 3, 2].flatMap((year) => ['Rome', 'Oslo'].map((city) => ({ city, year })))
  await actions(store, graph).rows.insert(...years)
  const reader = readCache(store, cities)
  const textOf = async (rows: AsyncIterable<readonly [{ city: string; year: number }, number]>) => {
    const texts: string[] = []
    for await (const [{ city, year }] of rows) texts.push(`${city} ${year}`)
    return texts
  }
  expect(await textOf(reader.rows())).toEqual([
    'Oslo 3',
    'Oslo 2',
    'Oslo 1',
    'Rome 3',
    'Rome 2',
    'Rome 1',
  ])
  expect(
    await textOf(
      reader.rows({
        keys: [
          ['Rome', 1],
          ['Rome', 3],
          ['Oslo', 2],
        ],
      }),
    ),
  ).toEqual(['Oslo 2', 'Rome 3', 'Rome 1'])
})

test('[VA77] a name is given to one cache, and to no other vertex', () => {
  const refusal = expect.objectContaining({ code: 'views/invalid-graph' })
  const rows = { rows: source<number>() }
  expect(() =>
    compile({
      sources: rows,
      query: (streams) => ({
        a: streams.rows.cache(defineCache('kept')),
        b: streams.rows.distinct().cache(defineCache('kept')),
      }),
    }),
  ).toThrow(refusal)
  expect(() =>
    compile({
      sources: rows,
      query: (streams) => ({
        a: streams.rows.distinct().named('kept'),
        b: streams.rows.cache(defineCache('kept')),
      }),
    }),
  ).toThrow(refusal)
})

test('[VA77] a cache inside of a body is refused: it would be none of the view’s', () => {
  expect(() =>
    compile({
      sources: { rows: source<number>() },
      query: ({ rows }) => ({
        a: rows.perGroup(
          (row) => row % 2,
          (group) => group.cache(defineCache('kept')),
        ),
      }),
    }),
  ).toThrow(expect.objectContaining({ code: 'views/invalid-graph' }))
})

test('[VA78] names and functions decide about the definition hash, the fields of an index included', () => {
  const hashOf = (field: (row: Receipt) => unknown): string =>
    compile({
      sources: { rows: source<Receipt>() },
      query: ({ rows }) => ({
        rows: rows.cache(defineCache('kept', { by: composite(byBasket, pick(field)) })),
      }),
    }).definitionHash
  const hash = hashOf((row) => row.total)
  expect(hashOf((row) => row.total)).toBe(hash)
  expect(hashOf((row) => -row.total)).not.toBe(hash)
  expect(shop().definitionHash).toBe(shop().definitionHash)
})

test('[VA80] a graph compiled to check its functions fails the step of one that is impure', async () => {
  let callCount = 0
  const graph = compile({
    sources: { rows: source<number>() },
    query: ({ rows }) => ({
      out: rows.map(() => {
        callCount += 1
        return callCount
      }),
    }),
    checksFunctions: true,
  })
  const { rows } = actions(await open(graph), graph)
  await expect(rows.insert(1)).rejects.toThrow(
    expect.objectContaining({ code: 'views/function-impure', details: { path: 'map-1' } }),
  )
})

test('rows are cut into batches of a size, the last one shorter', () => {
  expect([...batched([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]])
  expect([...batched([], 2)]).toEqual([])
  expect(() => [...batched([1], 0)]).toThrow(
    expect.objectContaining({ code: 'views/invalid-graph' }),
  )
})

test('a batch is given before the rows after it are read', () => {
  let readCount = 0
  function* rows() {
    for (; ; readCount += 1) yield readCount
  }
  expect(batched(rows(), 3).next().value).toEqual([0, 1, 2])
  expect(readCount).toBe(2)
})
