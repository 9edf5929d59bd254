import { checkedFunction } from '../checked-function.ts'
import type { Delta } from '../delta.ts'
import type { Index } from '../index-key.ts'
import type { NodeDefinition } from '../operator.ts'
import type { Datum } from '../state.ts'

/** What a cache is found by. */
export interface CacheOptions<R, K> {
  /** Rows are read by this key, and keys go in its order. Undefined: all rows are under one key, null. */
  readonly by?: Index<R, K>
  /** Order of the rows under one key; then by the row itself. */
  readonly order?: Index<R>
}

/** A result with a name: given to {@link Stream.cache} once, and to {@link readCache} by whoever reads it. */
export interface Cache<R, K = null> {
  readonly name: string
  readonly by: Index<R, K> | undefined
  readonly order: Index<R> | undefined
}

/** A cache without a key: its rows are read as a whole, in order. */
export function defineCache<R>(name: string, options?: { readonly order?: Index<R> }): Cache<R>
/** A cache whose rows are read by a key. */
export function defineCache<R, K>(name: string, options: CacheOptions<R, K>): Cache<R, K>
export function defineCache<R, K>(name: string, options: CacheOptions<R, K> = {}): Cache<R, K> {
  return { name, by: options.by, order: options.order }
}

/** The part of its state where a cache has its rows. */
export const CACHE_PART = 'rows'

/** What comes in, kept. Input: rows. Cost: O(log n) per changed row. */
export function cacheNode<R, K>({ by, order }: Cache<R, K>): NodeDefinition {
  const terms = order?.order ?? []
  return {
    kind: 'cache',
    parameters: {
      isKeyed: by !== undefined,
      isDescending: terms.map(({ isDescending }) => isDescending),
    },
    functions: [...(by === undefined ? [] : [by.key]), ...terms.map(({ pick }) => pick)],
    isStateful: true,
    create(context) {
      const order = terms.map((term) => ({ ...term, pick: checkedFunction(context, term.pick) }))
      const bag = context.orderedBag<R>(CACHE_PART, order)
      const key = by && checkedFunction(context, by.key)
      const keyOf = (row: R): Datum => key?.(row) ?? null
      return {
        announce([input], announce) {
          const name = context.nameOf(CACHE_PART)
          // No row under the key decides about another: what is there need not be read.
          for (const row of (input as Delta<R>).rows)
            announce({ name, key: keyOf(row), rowsMax: 0 })
        },
        step([input]) {
          const { rows, weights } = input as Delta<R>
          for (const [index, row] of rows.entries()) {
            bag.add(keyOf(row), row, weights[index] as number)
          }
          return input as Delta<R>
        },
      }
    },
  }
}
