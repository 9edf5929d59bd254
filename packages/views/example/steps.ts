import {
  actions,
  batched,
  iteration,
  openMemoryStore,
  readCache,
  type StoreClock,
  ZSet,
} from '../src/index.ts'
import { type Item, ranking, receiptCache, shop } from './shop.ts'

/** Sells a little; gives what it says on the way. */
export async function sell(clock: StoreClock): Promise<readonly unknown[]> {
  const said: unknown[] = []
  const store = await openMemoryStore({ view: 'shop', definition: shop, clock })

  // A step takes changes of all inputs at once, and gives those of all outputs.
  const { receipts } = await iteration(store, shop, {
    products: ZSet.from([
      { id: 1, price: 3 },
      { id: 2, price: 10 },
    ]),
    items: ZSet.from([{ basket: 'ann', product: 1, quantity: 2 }]),
  })
  said.push([...receipts])

  // Single changes, each a step of its own.
  const { items, products } = actions(store, shop)
  await items.insert({ basket: 'bob', product: 2, quantity: 1 })
  const { best } = await products.replace({ id: 1, price: 3 }, { id: 1, price: 6 })
  said.push([...best])

  // Many rows, so many at a time.
  const more = Array.from({ length: 25 }, (_, at): Item => {
    return { basket: `guest ${at}`, product: 1, quantity: 1 }
  })
  for (const batch of batched(more, 10)) await items.insert(...batch)

  // Caches are read without a step: by key, or in order.
  said.push(await readCache(store, receiptCache).get('guest 7'))
  said.push(await readCache(store, ranking).get(null, { rowsMax: 2 }))

  // A group that has lost its rows is gone.
  const emptied = await items.remove({ basket: 'bob', product: 2, quantity: 1 })
  said.push([...emptied.receipts])
  await store.close()
  return said
}
