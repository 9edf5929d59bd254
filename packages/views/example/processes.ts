import type { Driver } from '@inner-universe/sqlite'
import { iteration, readCache, type StoreClock, type ViewStore, ZSet } from '../src/index.ts'
import { openSqliteReader, openSqliteStore } from '../src/store/sqlite/index.ts'
import { receiptCache, shop } from './shop.ts'

/** What each process has of its own: `openNodeDatabase({ path, durability: 'process', access: 'shared' })`. */
export interface Process {
  readonly driver: Driver
  readonly clock: StoreClock
}

/** Opens the shop in a database file: filled already, or empty. */
export function openShop({ driver, clock }: Process): Promise<ViewStore> {
  return openSqliteStore({ view: 'shop', definition: shop, driver, clock })
}

/** One batch of many, by whichever process; the one before it may be on its way in another. */
export async function sellOne(store: ViewStore, batch: number): Promise<void> {
  const product = { id: batch, price: 10 }
  const item = { basket: 'ann', product: batch, quantity: 1 }
  const inputs = { products: ZSet.from([product]), items: ZSet.from([item]) }
  await iteration(store, shop, inputs, { inputTime: batch, frontier: batch - 1 })
}

/** Reads a receipt beside the processes that write: it runs nothing, and sees what is committed. */
export async function totalOf(basket: string, { driver }: Process): Promise<number | undefined> {
  const reader = readCache(openSqliteReader({ driver, view: 'shop' }), receiptCache)
  const [first] = await reader.get(basket)
  return first?.[0].total
}
