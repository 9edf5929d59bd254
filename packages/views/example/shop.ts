import { compile, defineCache, descending, pick, source, sum } from '../src/index.ts'

/** One line of a basket. */
export interface Item {
  readonly basket: string
  readonly product: number
  readonly quantity: number
}

/** What is sold. */
export interface Product {
  readonly id: number
  readonly price: number
}

/** What a basket costs. */
export interface Receipt {
  readonly basket: string
  readonly total: number
}

/** Receipts, found by their basket. */
export const receiptCache = defineCache('receipts', { by: pick((row: Receipt) => row.basket) })

const dearestFirst = descending(pick((row: Receipt) => row.total))

/** The same as one list, the dearest first. */
export const ranking = defineCache('ranking', { order: dearestFirst })

/** Two inputs, two outputs. */
export const shop = compile({
  sources: { items: source<Item>(), products: source<Product>() },
  query: ({ items, products }) => {
    const lines = items
      .join(products, {
        left: (item) => item.product,
        right: (product) => product.id,
        combine: ({ basket, quantity }, { price }) => ({ basket, total: quantity * price }),
      })
      .named('lines')
    const receipts = lines
      .group({
        by: (line) => line.basket,
        aggregates: { total: sum((line) => line.total) },
        combine: (basket, { total }): Receipt => ({ basket, total: total ?? 0 }),
      })
      .cache(receiptCache)
    const best = receipts.cache(ranking).window({ orderBy: dearestFirst.order, limit: 1 })
    return { receipts, best }
  },
})
