/**
 * A cache with a time to live, a largest size and one computation per key at a time.
 *
 * A hit is told by its presence, never by its value: false, 0, "", null and undefined are values.
 * It has no timers: what has expired is dropped when it is met, and by `prune`.
 */
import { type Clock, systemClock } from '@inner-universe/client'
import type { EntityRow } from './module/tables.ts'
import type { StandardClient } from './standard-client.ts'

/** What a cache is made of. */
export interface CacheOptions {
  /** How long an entry lives, ms. Default 300,000. */
  readonly ttlMs?: number | undefined
  /** Entries held; the least recently used goes first. Default 10,000. */
  readonly sizeMax?: number | undefined
  /** Default {@link systemClock}. */
  readonly clock?: Pick<Clock, 'now'> | undefined
}

/** A value that was found. */
export interface CacheHit<Value> {
  readonly value: Value
}

/** Values by key for a while. */
export interface Cache<Value> {
  /** The entry, unless it has expired. */
  get(key: string): CacheHit<Value> | undefined
  set(key: string, value: Value, options?: { readonly ttlMs?: number }): void
  /**
   * The entry, or what `compute` gives. Those who ask for one key meanwhile share one computation
   * and its failure; a failure is not kept. What was invalidated meanwhile is given but not kept.
   */
  getOrCompute(
    key: string,
    compute: () => Promise<Value> | Value,
    options?: { readonly ttlMs?: number },
  ): Promise<Value>
  invalidate(key: string): void
  clear(): void
  /** Drops what has expired; gives how many that were. */
  prune(): number
  readonly size: number
}

interface Entry<Value> {
  readonly value: Value
  readonly expiresAtMs: number
}

/** Makes an empty cache. */
export function createCache<Value>(options: CacheOptions = {}): Cache<Value> {
  const { ttlMs: defaultTtlMs = 300_000, sizeMax = 10_000 } = options
  const { now } = options.clock ?? systemClock
  // Order of the map = order of use, the least recent first.
  const entries = new Map<string, Entry<Value>>()
  const computations = new Map<string, Promise<Value>>()

  const get = (key: string): CacheHit<Value> | undefined => {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    entries.delete(key)
    if (entry.expiresAtMs <= now()) return undefined
    entries.set(key, entry)
    return { value: entry.value }
  }

  const set = (key: string, value: Value, { ttlMs = defaultTtlMs } = {}): void => {
    entries.delete(key)
    entries.set(key, { value, expiresAtMs: now() + ttlMs })
    for (const oldest of entries.keys()) {
      if (entries.size <= sizeMax) break
      entries.delete(oldest)
    }
  }

  return {
    get,
    set,
    getOrCompute: (key, compute, setOptions) => {
      const hit = get(key)
      if (hit !== undefined) return Promise.resolve(hit.value)
      const running = computations.get(key)
      if (running !== undefined) return running
      // Not current any more: it was invalidated meanwhile, and the value may be older than that.
      const isCurrent = (): boolean => computations.get(key) === computation
      const computation: Promise<Value> = Promise.resolve()
        .then(compute)
        .then((value) => {
          if (isCurrent()) set(key, value, setOptions)
          return value
        })
        .finally(() => {
          if (isCurrent()) computations.delete(key)
        })
      computations.set(key, computation)
      return computation
    },
    invalidate: (key) => {
      entries.delete(key)
      computations.delete(key)
    },
    clear: () => {
      entries.clear()
      computations.clear()
    },
    prune: () => {
      const nowMs = now()
      const expired = [...entries].filter(([, entry]) => entry.expiresAtMs <= nowMs)
      for (const [key] of expired) entries.delete(key)
      return expired.length
    },
    get size() {
      return entries.size
    },
  }
}

/** Entities by id, kept until they change here or by a merge. */
export interface EntityCache {
  /** The entity, or undefined when there is none: that too is remembered, until it is created. */
  getEntity(id: string): Promise<EntityRow | undefined>
  readonly cache: Cache<EntityRow | undefined>
  /** Stops following changes and forgets all. Idempotent. */
  close(): void
}

/** Key of an entity in the cache. */
export function entityCacheKey(id: string): string {
  return `entity:${id}`
}

/** Makes a cache of entities that follows their changes. */
export function createEntityCache(
  client: Pick<StandardClient, 'getEntity' | 'subscribeEntityChanges'>,
  options: CacheOptions = {},
): EntityCache {
  const cache = createCache<EntityRow | undefined>(options)
  const stop = client.subscribeEntityChanges((_change, row) => {
    cache.invalidate(entityCacheKey(row.id))
  })
  return {
    cache,
    getEntity: (id) => cache.getOrCompute(entityCacheKey(id), () => client.getEntity(id)),
    close: () => {
      stop()
      cache.clear()
    },
  }
}
