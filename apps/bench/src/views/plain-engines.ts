/** What a view engine is measured against: plain maps kept by hand, and SQLite without any view. */
import { join } from 'node:path'
import type { Driver, SqlValue } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import type { ViewEngine, ViewName } from './engine.ts'
import type { Answer, Change, Row } from './workload.ts'

/** The receipt query kept in maps, as a programmer would by hand: the floor of plain JavaScript. */
export function byHand(view: ViewName): ViewEngine | undefined {
  if (view !== 'receipts') return undefined
  const prices = new Map<number, number>()
  const itemsByProduct = new Map<number, Map<number, Row>>()
  const totals = new Map<number, number>()
  const addTotal = (basket: number, amount: number): void => {
    totals.set(basket, (totals.get(basket) ?? 0) + amount)
  }
  return {
    apply(change: Change) {
      for (const [row, weight] of change.get('product') ?? []) {
        const { id, price } = row as { id: number; price: number }
        const items = itemsByProduct.get(id)
        if (weight > 0) prices.set(id, price)
        for (const item of items?.values() ?? []) {
          addTotal(item.basket as number, weight * price * (item.quantity as number))
        }
      }
      for (const [item, weight] of change.get('item') ?? []) {
        const product = item.product as number
        let items = itemsByProduct.get(product)
        if (items === undefined) {
          items = new Map()
          itemsByProduct.set(product, items)
        }
        if (weight > 0) items.set(item.id as number, item)
        else items.delete(item.id as number)
        const price = prices.get(product) ?? 0
        addTotal(item.basket as number, weight * price * (item.quantity as number))
      }
    },
    answer: () => totals,
    close: () => undefined,
  }
}

const TABLES: Readonly<Record<string, readonly string[]>> = {
  product: ['id', 'price'],
  item: ['id', 'basket', 'product', 'quantity'],
  basket: ['id', 'owner'],
  score: ['id', 'group', 'score'],
  edge: ['from', 'to'],
}

const INDEXES: readonly string[] = [
  'CREATE INDEX item_basket ON item (basket)',
  'CREATE INDEX item_product ON item (product)',
  'CREATE INDEX score_group ON score ("group", score DESC)',
  'CREATE INDEX edge_from ON edge ("from", "to")',
]

const QUERIES: Readonly<Record<ViewName, string>> = {
  receipts: `SELECT basket, sum(price * quantity) FROM item JOIN product ON product.id = product
    GROUP BY basket`,
  lines: `SELECT item.id, price * quantity FROM item JOIN product ON product.id = product
    JOIN basket ON basket.id = basket`,
  top: `SELECT id, score FROM (SELECT id, score,
    row_number() OVER (PARTITION BY "group" ORDER BY score DESC, id) AS place FROM score) WHERE place <= 10`,
  sum: 'SELECT "group", sum(score) FROM score GROUP BY "group"',
  closure: `WITH RECURSIVE reach(start, node) AS (SELECT "from", "to" FROM edge
    UNION SELECT start, "to" FROM reach JOIN edge ON "from" = node) SELECT start, count(*) FROM reach GROUP BY start`,
}

/** Plain SQLite: rows are written, and the whole query is run again to know the view. */
export function plainSqlite(view: ViewName, folder: string): ViewEngine {
  const driver = openNodeDatabase({ path: join(folder, 'plain.sqlite'), durability: 'process' })
  for (const [name, columns] of Object.entries(TABLES)) {
    const key = columns.includes('id') ? ', PRIMARY KEY (id)' : ''
    const list = columns.map((column) => `"${column}"`).join(', ')
    driver.exec(`CREATE TABLE ${name} (${list}${key})`)
  }
  for (const sql of INDEXES) driver.exec(sql)
  const answer = (): Answer =>
    new Map(driver.prepare(QUERIES[view]).all() as [number | string, number][])
  let isLoaded = false
  return {
    apply(change: Change) {
      driver.exec('BEGIN')
      for (const [name, rows] of change)
        for (const [row, weight] of rows) write(driver, name, row, weight)
      driver.exec('COMMIT')
      if (isLoaded) answer()
      isLoaded = true
      return undefined
    },
    answer,
    close() {
      driver.close()
      return undefined
    },
  }
}

function write(driver: Driver, name: string, row: Row, weight: number): void {
  const columns = TABLES[name] as readonly string[]
  const values = columns.map((column) => row[column] as SqlValue)
  if (weight > 0) {
    const places = columns.map((_, index) => `?${index + 1}`).join(', ')
    driver.prepare(`INSERT INTO ${name} VALUES (${places})`).run(values)
  } else if (columns.includes('id')) {
    driver.prepare(`DELETE FROM ${name} WHERE id = ?1`).run([row.id as SqlValue])
  } else {
    driver.prepare(`DELETE FROM ${name} WHERE "from" = ?1 AND "to" = ?2`).run(values)
  }
}
