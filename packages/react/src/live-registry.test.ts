import type { LivePatch, LiveQuery, LiveState } from '@inner-universe/client'
import { describe, expect, test } from 'vitest'
import { registryOf } from './live-registry.ts'

type OnState = (state: LiveState<string>, patch: LivePatch<string> | undefined) => void

/** A live query whose result the test gives when it wants to. */
class ScriptedQuery implements LiveQuery<string> {
  state: LiveState<string> = { rows: [], isReady: false, error: undefined }
  readonly subscribers: Set<OnState> = new Set()

  subscribe(onState: OnState): () => void {
    this.subscribers.add(onState)
    return () => {
      this.subscribers.delete(onState)
    }
  }

  give(...rows: readonly string[]): void {
    this.state = { rows, isReady: true, error: undefined }
    for (const onState of this.subscribers) onState(this.state, undefined)
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly string[]> {
    throw new Error('not asked for here')
  }
}

/** A registry of its own, as each universe has. */
function setUp() {
  const registry = registryOf({ live: () => new ScriptedQuery() as never })
  const opened: ScriptedQuery[] = []
  const entry = (key: string) =>
    registry.entry(key, () => {
      const query = new ScriptedQuery()
      opened.push(query)
      return query
    })
  return { entry, opened }
}

describe('an entry that is mounted', () => {
  test('is one for equal keys, with one subscription, until the last has gone', () => {
    const { entry, opened } = setUp()
    const first = entry('a').subscribe(() => undefined)
    const second = entry('a').subscribe(() => undefined)
    expect(opened).toHaveLength(1)
    expect(opened[0]?.subscribers.size).toBe(1)
    first()
    expect(opened[0]?.subscribers.size).toBe(1)
    second()
    expect(opened[0]?.subscribers.size).toBe(0)
    entry('a')
    expect(opened).toHaveLength(2)
  })

  test('survives being mounted, unmounted and mounted again, as StrictMode does', () => {
    const { entry, opened } = setUp()
    const held = entry('a')
    held.subscribe(() => undefined)()
    held.subscribe(() => undefined)
    expect(opened[0]?.subscribers.size).toBe(1)
    expect(entry('a')).toBe(held)
  })

  test('tells every component, and says what the query says', () => {
    const { entry, opened } = setUp()
    let calls = 0
    const held = entry('a')
    held.subscribe(() => calls++)
    held.subscribe(() => calls++)
    opened[0]?.give('x')
    expect(calls).toBe(2)
    expect(held.read().rows).toEqual(['x'])
  })
})

describe('an entry that is awaited', () => {
  test('runs, gives one promise to every attempt, and goes on when it is mounted', async () => {
    const { entry, opened } = setUp()
    const first = entry('a').awaitFirst()
    expect(entry('a').awaitFirst()).toBe(first)
    expect(opened[0]?.subscribers.size).toBe(1)
    opened[0]?.give('x')
    await first
    const stop = entry('a').subscribe(() => undefined)
    expect(opened).toHaveLength(1)
    expect(opened[0]?.subscribers.size).toBe(1)
    stop()
    expect(opened[0]?.subscribers.size).toBe(0)
  })

  test('stops when it never mounts and many others came after it', () => {
    const { entry, opened } = setUp()
    void entry('given up').awaitFirst()
    for (let index = 0; index < 100; index++) void entry(`${index}`).awaitFirst()
    expect(opened[0]?.subscribers.size).toBe(0)
    expect(opened.at(-1)?.subscribers.size).toBe(1)
    expect(opened.filter((query) => query.subscribers.size > 0).length).toBeLessThan(70)
  })
})
