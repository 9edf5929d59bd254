/**
 * The live queries the components of one universe use, by key.
 *
 * Components with equal queries share an entry, and an entry holds at most one subscription to the
 * client's live query, however often StrictMode mounts them. States of an entry:
 *
 *     rendered   a component asked for it and has not mounted: it may be about to, be suspended until
 *                the first result (then the query runs), or have been given up by React, which tells
 *                nobody. So only the {@link RENDERED_MAX} latest of these are kept.
 *     mounted    at least one component subscribed; the query runs
 *     gone       the last component unsubscribed: the query stops and the entry leaves the registry;
 *                a component that still holds it brings it back by subscribing again
 */
import type { LiveQuery, LiveState, Universe } from '@inner-universe/client'

/** Entries kept for components that have not mounted: more than one commit of a page suspends on. */
const RENDERED_MAX = 64

/** One live query shared by components. `subscribe` and `read` have stable identity. */
export interface LiveEntry<R> {
  readonly subscribe: (onChange: () => void) => () => void
  readonly read: () => LiveState<R>
  /** Runs the query until its first result or error, at which this resolves. Never rejects. */
  readonly awaitFirst: () => Promise<void>
}

/** The entries of one universe. */
export interface LiveRegistry {
  /** The entry of a key, made with `open` if there is none. */
  entry<R>(key: string, open: () => LiveQuery<R>): LiveEntry<R>
}

const registries = new WeakMap<object, LiveRegistry>()

/** The registry of a universe; it goes when the universe does. */
export function registryOf(universe: Pick<Universe, 'live'>): LiveRegistry {
  const known = registries.get(universe)
  if (known !== undefined) return known
  const registry = createRegistry()
  registries.set(universe, registry)
  return registry
}

interface OwnEntry<R> extends LiveEntry<R> {
  readonly stop: () => void
}

function createRegistry(): LiveRegistry {
  const entries = new Map<string, OwnEntry<never>>()
  /** Keys of the entries nobody has mounted, longest waiting first. */
  const rendered = new Set<string>()

  function keep(key: string, entry: OwnEntry<never>): void {
    entries.set(key, entry)
    rendered.add(key)
    if (rendered.size <= RENDERED_MAX) return
    const [oldest = key] = rendered
    rendered.delete(oldest)
    entries.get(oldest)?.stop()
    entries.delete(oldest)
  }

  return {
    entry<R>(key: string, open: () => LiveQuery<R>): LiveEntry<R> {
      const known = entries.get(key) as OwnEntry<R> | undefined
      if (known !== undefined) return known
      const entry: OwnEntry<R> = createEntry(open(), {
        onMounted: () => {
          rendered.delete(key)
          if (!entries.has(key)) entries.set(key, entry as OwnEntry<never>)
        },
        onUnused: () => {
          if (entries.get(key) === (entry as OwnEntry<never>)) entries.delete(key)
        },
      })
      keep(key, entry as OwnEntry<never>)
      return entry
    },
  }
}

function createEntry<R>(
  live: LiveQuery<R>,
  { onMounted, onUnused }: { readonly onMounted: () => void; readonly onUnused: () => void },
): OwnEntry<R> {
  const listeners = new Set<() => void>()
  let unsubscribe: (() => void) | undefined
  let first: PromiseWithResolvers<void> | undefined

  const isSettled = (): boolean => live.state.isReady || live.state.error !== undefined

  function start(): void {
    unsubscribe ??= live.subscribe(() => {
      if (isSettled()) first?.resolve()
      for (const listener of listeners) listener()
    })
  }

  function stop(): void {
    unsubscribe?.()
    unsubscribe = undefined
    // Whoever still waits looks again, and starts anew.
    first?.resolve()
    first = undefined
  }

  return {
    stop,
    subscribe(onChange) {
      listeners.add(onChange)
      onMounted()
      start()
      return () => {
        listeners.delete(onChange)
        if (listeners.size > 0) return
        stop()
        onUnused()
      }
    },
    read: () => live.state,
    awaitFirst() {
      // The same promise at every attempt: React waits anew for one it has not seen.
      if (first === undefined) {
        first = Promise.withResolvers<void>()
        start()
        if (isSettled()) first.resolve()
      }
      return first.promise
    },
  }
}
