import { defineModule, queriesOf, t, table } from '@inner-universe/core'

/** A small shop. In an app, `q` is what `universe.live(q => …)` hands to its callback. */
export const shop = defineModule({
  name: 'shop',
  version: 1,
  tables: {
    product: table({ id: t.key(), name: t.text(), price: t.real() }),
    lineItem: table({
      id: t.key(),
      productId: t.ref('product'),
      basket: t.text(),
      quantity: t.int(),
      at: t.timestamp(),
      data: t.json(),
    }),
    employee: table({ id: t.key(), manager: t.text().optional(), salary: t.int() }),
  },
  reducers: () => ({}),
})

const q = queriesOf(shop.tables)

/** The ten dearest baskets. */
export const receipts = q.lineItem
  .join(q.product, { on: { productId: 'id' } })
  .groupBy('lineItem.basket')
  .aggregate((row, { sum, count }) => ({
    total: sum(row.lineItem.quantity.times(row.product.price)),
    lines: count(),
  }))
  .orderBy('total', 'desc')
  .limit(10)

/** How many lines each basket has of what costs more than 2. */
export const dearLines = q.lineItem
  .join(q.product, { on: { productId: 'id' } })
  .where({ 'product.price': { gt: 2 } })
  .groupBy('lineItem.basket')
  .count()

/** What nobody bought. */
export const unsold = q.product.antiJoin(q.lineItem, { on: { id: 'productId' } }).select('name')

/** Everybody beside their manager, who may be null. */
export const staff = q.employee
  .leftJoin(q.employee.as('boss'), { on: { manager: 'id' } })
  .where((row) => row.boss.salary.lt(row.employee.salary).or(row.boss.id.eq(null)))
  .select((row) => ({ who: row.employee.id, boss: row.boss.id }))

/** Sales by day and by what the line's JSON says of gift wrapping. */
export const daily = q.lineItem
  .groupBy((row) => ({ day: row.at.day(), wrap: row.data.at('wrap', 'kind').coalesce('none') }))
  .aggregate((row, { sum, collect }) => ({
    sold: sum(row.quantity),
    baskets: collect(row.basket.upper()),
  }))

/** The two largest lines of each basket. */
export const largest = q.lineItem.orderBy('quantity', 'desc').topPer('basket', 2)

/** Everybody below one person, and how far. */
export const below = q.employee.reachable({ from: 'manager', to: 'id', roots: ['ann'] })
