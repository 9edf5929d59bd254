/** Reading caches: from the store that runs the view, or from another process. STEPS.md. */
import { compareDatum } from './datum.ts'
import { comparison } from './memory-state.ts'
import { CACHE_PART, type Cache } from './operators/cache.ts'
import type { Datum } from './state.ts'
import type { CacheRange, ReadonlyCache, ViewStore } from './store/view-store.ts'
import { ZSet } from './zset.ts'

/** Which rows of a cache. */
export interface CacheFilter<K> {
  /** Only rows under these keys. */
  readonly keys?: Iterable<K>
}

/** What a cache holds. Rows must not be changed. */
export interface CacheReader<R, K> {
  /** The rows under a key in their order, each with its weight. Cost: a seek, then O(rows). */
  get(key: K, range?: CacheRange): Promise<readonly (readonly [row: R, weight: number])[]>
  /** Rows in order of their keys, under a key in their own. Cost: O(rows), with keys those of these. */
  rows(filter?: CacheFilter<K>): AsyncIterable<readonly [row: R, weight: number]>
  /** The same as a Z-set. */
  zset(filter?: CacheFilter<K>): Promise<ZSet<R>>
}

/** Reads a cache of a view: of its store, or of what reads the same database beside it. */
export function readCache<R, K>(
  store: Pick<ViewStore, 'cache'>,
  cache: Cache<R, K>,
): CacheReader<R, K> {
  const stored = store.cache<R>(`${cache.name}/${CACHE_PART}`)
  const get: CacheReader<R, K>['get'] = async (key, range) =>
    (await stored.get(key ?? null, range)).map(({ row, weight }) => [row, weight])
  async function* rows(filter: CacheFilter<K> = {}): AsyncIterable<readonly [R, number]> {
    if (filter.keys === undefined) yield* await inOrder(stored, cache)
    else for (const key of sortedKeys(filter.keys, cache)) yield* await get(key)
  }
  return {
    get,
    rows,
    zset: async (filter) => ZSet.fromEntries(await collect(rows(filter))),
  }
}

async function inOrder<R, K>(
  stored: ReadonlyCache<R>,
  { by, order }: Cache<R, K>,
): Promise<readonly (readonly [R, number])[]> {
  const compare = comparison([...(by?.order ?? []), ...(order?.order ?? [])])
  const entries = await collect(stored.entries())
  return entries
    .map(({ row, weight }) => [row, weight] as const)
    .sort(([left], [right]) => compare(left, right))
}

async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const one of all) collected.push(one)
  return collected
}

/** Keys in order, each once. Of a key only the direction of its parts is known, not a row. */
function sortedKeys<R, K>(keys: Iterable<K>, { by }: Cache<R, K>): readonly K[] {
  const directions = by?.order.map(({ isDescending }) => isDescending) ?? []
  const compare = (left: K, right: K): number => {
    if (directions.length < 2) return compareDatum(left, right) * (directions[0] === true ? -1 : 1)
    for (const [at, isDescending] of directions.entries()) {
      const sign = compareDatum((left as Datum[])[at], (right as Datum[])[at])
      if (sign !== 0) return isDescending ? -sign : sign
    }
    return 0
  }
  const sorted = [...keys].sort(compare)
  return sorted.filter((key, at) => at === 0 || compareDatum(key, sorted[at - 1]) !== 0)
}
