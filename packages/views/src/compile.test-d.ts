// Types of the functional API. Compiled, never run.
import { expectTypeOf } from 'vitest'
import { type Action, actions } from './actions.ts'
import { readCache } from './cache-reader.ts'
import { compile, source } from './compile.ts'
import { composite, descending, pick } from './index-key.ts'
import { iteration } from './iteration.ts'
import { defineCache } from './operators/cache.ts'
import type { GroupRow } from './operators/per-group.ts'
import type { ReachablePair } from './operators/reachable.ts'
import type { ViewStore } from './store/view-store.ts'
import type { Stream } from './stream.ts'
import type { ZSet } from './zset.ts'

interface Item {
  readonly basket: string
  readonly price: number | null
}

declare const store: ViewStore

const byBasket = pick((item: Item) => item.basket)
const both = composite(byBasket, descending(pick((item: Item) => item.price)))
const cache = defineCache('items', { by: both })

const graph = compile({
  sources: { items: source<Item>(), names: source<string>() },
  query: ({ items, names }) => {
    expectTypeOf(items).toEqualTypeOf<Stream<Item>>()
    return {
      items: items.cache(cache),
      lengths: names.map((name) => name.length),
      groups: items.perGroup(byBasket.key, (rows) => rows.map(({ price }) => price)),
      ways: names.reachable({ from: (name) => name, to: (name) => name }),
    }
  },
})

const outputs = await iteration(store, graph, {})
expectTypeOf(outputs.items).toEqualTypeOf<ZSet<Item>>()
expectTypeOf(outputs.lengths).toEqualTypeOf<ZSet<number>>()
expectTypeOf(outputs.groups).toEqualTypeOf<ZSet<GroupRow<string, number | null>>>()
expectTypeOf(outputs.ways).toEqualTypeOf<ZSet<ReachablePair>>()

// @ts-expect-error Rows are of the input's type.
await iteration(store, graph, { items: outputs.lengths })
// @ts-expect-error There is no such input.
await iteration(store, graph, { baskets: outputs.items })

const { items, names } = actions(store, graph)
expectTypeOf(items).toEqualTypeOf<Action<Item, typeof graph.outputs>>()
await names.insert('ann', 'bob')
// @ts-expect-error Rows are of the input's type.
await names.replace('ann', 5)

const reader = readCache(store, cache)
await reader.get(['ann', null])
// @ts-expect-error Keys are of the cache's index.
await reader.get('ann')
expectTypeOf(await reader.zset({ keys: [['ann', 5]] })).toEqualTypeOf<ZSet<Item>>()
