/** A live query as React state. */
import type { LiveQuery, LiveState, Universe } from '@inner-universe/client'
import { use, useRef, useSyncExternalStore } from 'react'
import { type LiveEntry, registryOf } from './live-registry.ts'

/** How a live query is shown. */
export interface LiveOptions {
  /**
   * Suspends until the first result instead of giving `isReady: false`, and throws an error that
   * comes before it to the nearest error boundary instead of giving it.
   */
  readonly suspense?: boolean
  /**
   * While a changed query has no result, gives the rows of the one before, so that a list being
   * searched or paged does not flash empty; `isPrevious` says so.
   */
  readonly keepPrevious?: boolean
}

/** The state of a live query in a component: the same object while nothing changes. */
export interface LiveResult<R> extends LiveState<R> {
  /** True while the rows are those of the query before this one; see {@link LiveOptions}. */
  readonly isPrevious: boolean
}

/** What a component keeps from render to render. */
interface Held<R> {
  readonly universe: object
  readonly key: string
  readonly entry: LiveEntry<R>
}

/** The state of the live query of `key`, opened with `open` when no component has it. */
export function useLive<R>(
  universe: Pick<Universe, 'live'>,
  key: string,
  open: () => LiveQuery<R>,
  options: LiveOptions = {},
): LiveResult<R> {
  // The registry may drop the entry of a component that is about to mount: hold on to it, or every
  // render would open the query again.
  const held = useRef<Held<R>>(undefined)
  if (held.current?.universe !== universe || held.current.key !== key) {
    held.current = { universe, key, entry: registryOf(universe).entry(key, open) }
  }
  const last = useRef<{ readonly state: LiveState<R>; readonly result: LiveResult<R> }>(undefined)
  const { subscribe, read, awaitFirst } = held.current.entry
  const state = useSyncExternalStore(subscribe, read, read)
  const isSettled = state.isReady || state.error !== undefined
  const before = last.current?.result
  if (!isSettled && options.keepPrevious && before?.isReady) {
    if (before.isPrevious) return before
    const result = { ...before, isPrevious: true }
    last.current = { state, result }
    return result
  }
  if (options.suspense) {
    if (!isSettled) use(awaitFirst())
    if (!state.isReady && state.error !== undefined) throw state.error
  }
  if (last.current?.state !== state) {
    last.current = { state, result: { ...state, isPrevious: false } }
  }
  return last.current.result
}
