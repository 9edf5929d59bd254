import { expect, test } from 'vitest'
import { createCache } from './cache.ts'
import { createManualClock } from './testing/manual-clock.ts'

test.each([false, 0, '', null, undefined])('%j is a value, not a miss', async (value) => {
  const cache = createCache<unknown>({ clock: createManualClock() })
  let computations = 0
  const compute = () => {
    computations += 1
    return value
  }
  expect(await cache.getOrCompute('k', compute)).toBe(value)
  expect(await cache.getOrCompute('k', compute)).toBe(value)
  expect(computations).toBe(1)
  expect(cache.get('k')).toEqual({ value })
})

test('an entry expires after its time to live', () => {
  const clock = createManualClock()
  const cache = createCache<number>({ ttlMs: 100, clock })
  cache.set('a', 1)
  cache.set('b', 2, { ttlMs: 200 })
  clock.advance(99)
  expect(cache.get('a')).toEqual({ value: 1 })
  clock.advance(1)
  expect(cache.get('a')).toBeUndefined()
  expect(cache.get('b')).toEqual({ value: 2 })
})

test('prune drops what has expired and sets no timers', () => {
  const clock = createManualClock()
  const cache = createCache<number>({ ttlMs: 100, clock })
  cache.set('a', 1)
  clock.advance(50)
  cache.set('b', 2)
  clock.advance(50)
  expect(cache.size).toBe(2)
  expect(cache.prune()).toBe(1)
  expect(cache.size).toBe(1)
  expect(clock.timerCount).toBe(0)
})

test('beyond its size the least recently used entry goes', () => {
  const cache = createCache<number>({ sizeMax: 2, clock: createManualClock() })
  cache.set('a', 1)
  cache.set('b', 2)
  cache.get('a')
  cache.set('c', 3)
  expect(['a', 'b', 'c'].map((key) => cache.get(key)?.value)).toEqual([1, undefined, 3])
})

test('those who ask for one key at a time share one computation', async () => {
  const cache = createCache<number>({ clock: createManualClock() })
  let computations = 0
  const compute = async () => ++computations
  const values = await Promise.all([1, 2, 3].map(() => cache.getOrCompute('k', compute)))
  expect(values).toEqual([1, 1, 1])
})

test('a failed computation is shared but not kept', async () => {
  const cache = createCache<number>({ clock: createManualClock() })
  const fail = () => {
    throw new Error('no')
  }
  const both = [cache.getOrCompute('k', fail), cache.getOrCompute('k', fail)]
  const outcomes = await Promise.allSettled(both)
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await cache.getOrCompute('k', () => 1)).toBe(1)
})

test('what is invalidated while it is computed is not kept', async () => {
  const cache = createCache<string>({ clock: createManualClock() })
  const gate = Promise.withResolvers<string>()
  const old = cache.getOrCompute('k', () => gate.promise)
  await Promise.resolve()
  cache.invalidate('k')
  const young = cache.getOrCompute('k', () => 'young')
  gate.resolve('old')
  expect(await Promise.all([old, young])).toEqual(['old', 'young'])
  expect(cache.get('k')).toEqual({ value: 'young' })
})
