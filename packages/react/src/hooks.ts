/**
 * The provider and the hooks, typed from a module.
 *
 * `createUniverseHooks<typeof todos>()` is called once, in a file of the app that exports what it
 * gives. Every set has a context of its own, so that a tree may use several universes.
 */
import {
  type DocumentColumnsOf,
  type DocumentOptions,
  type InputOfReducer,
  type ModuleQueries,
  moduleQueriesOf,
  type QueryValue,
  type Reducers,
  type RelationQuery,
  type ResultOfReducer,
  type RowOf,
  type SyncStatus,
  type Tables,
  type UndoOptions,
  type Universe,
  type Views,
} from '@inner-universe/client'
import {
  createContext,
  createElement,
  type DependencyList,
  type ReactNode,
  use,
  useMemo,
} from 'react'
import { type Call, useCallOf } from './call.ts'
import { type LiveOptions, type LiveResult, useLive } from './live.ts'
import { keyOfQuery, keyOfSearch, keyOfSql } from './query-key.ts'
import { type Status, useStatusOf } from './status.ts'
import {
  type ConflictsState,
  type PresenceState,
  useConflictsOf,
  usePresenceOf,
  useSyncStatusOf,
} from './sync.ts'
import { type Undo, useUndoOf } from './undo.ts'
import { type DocumentState, useDocumentOf } from './use-document.ts'
import { useVersionsOf, type VersionsState } from './versions.ts'

/** The tables of a module type. */
export type TablesOf<M> = M extends { readonly tables: infer T extends Tables } ? T : never

/** The reducers of a module type. */
export type ReducersOf<M> = M extends { readonly reducers: infer R extends Reducers } ? R : never

/** The declared views of a module type. */
export type ViewsOf<M> = M extends { readonly viewTypes?: infer V extends Views } ? V : never

/** Props of a {@link UniverseHooks.UniverseProvider}. */
export interface UniverseProviderProps<T extends Tables, R extends Reducers, V extends Views> {
  /**
   * An open universe, or one being opened: then the provider suspends until it is open, and throws
   * to the nearest error boundary if it cannot be. Make the promise outside of components.
   */
  readonly universe: Universe<T, R, V> | Promise<Universe<T, R, V>>
  readonly children?: ReactNode
}

/** A provider and the hooks of its context. */
export interface UniverseHooks<T extends Tables, R extends Reducers, V extends Views> {
  /** Gives a universe to the hooks below it. Does not close it. */
  readonly UniverseProvider: (props: UniverseProviderProps<T, R, V>) => ReactNode
  /** The universe of the provider above. */
  readonly useUniverse: () => Universe<T, R, V>
  /**
   * A typed query kept up to date. Components with equal queries share one; it runs while at least
   * one of them is mounted.
   *
   * The builder runs again when one of `deps` changes, or at every render when they are left out:
   * either is cheap, as queries are compared by what they ask.
   */
  readonly useLiveQuery: <Row>(
    build: (q: ModuleQueries<T, V>) => RelationQuery<Row>,
    deps?: DependencyList,
    options?: LiveOptions,
  ) => LiveResult<Row>
  /** SQL kept up to date: run again when a table it reads has changed. */
  readonly useLiveSql: <Row = Readonly<Record<string, unknown>>>(
    text: string,
    params?: readonly QueryValue[],
    options?: LiveOptions,
  ) => LiveResult<Row>
  /** A full-text search kept up to date, best matches first. */
  readonly useLiveSearch: <K extends keyof T & string>(
    table: K,
    text: string,
    options?: LiveSearchOptions,
  ) => LiveResult<RowOf<T[K]>>
  /** A reducer to call, with the state of the calls made from this component. */
  readonly useCall: <K extends keyof R & string>(
    reducer: K,
  ) => Call<InputOfReducer<R[K]>, ResultOfReducer<R[K]>>
  /** How this tab reaches the database, and where the data lives. */
  readonly useStatus: () => Status
  /** Where sync with the relay stands. */
  readonly useSyncStatus: () => SyncStatus
  /** Who else is here, and how to say something. */
  readonly usePresence: () => PresenceState
  /** Conflicts noticed and not dismissed. */
  readonly useConflicts: () => ConflictsState
  /**
   * A document column of a row, open while the component is mounted; without a row none is. Components
   * that use the same one share it, and what is unsaved is saved when the last has gone.
   */
  readonly useDocument: <K extends keyof T & string>(
    table: K,
    row: string | undefined,
    document: keyof DocumentColumnsOf<T[K]> & string,
    options?: DocumentOptions,
  ) => DocumentState
  /** Steps that can be undone in a scope, and reducers whose calls are such steps. */
  readonly useUndo: (options: UndoOptions) => Undo<R>
  /** The versions that are here, with their heads and names; what is done with them is `useUniverse().versions`. */
  readonly useVersions: () => VersionsState
}

/** How a live search is made and shown. */
export interface LiveSearchOptions extends LiveOptions {
  readonly limit?: number
  readonly offset?: number
}

const NO_PARAMS: readonly QueryValue[] = []

/** Makes a provider and hooks for universes of module type `M`. */
export function createUniverseHooks<M>(): UniverseHooks<TablesOf<M>, ReducersOf<M>, ViewsOf<M>> {
  return createHooks<TablesOf<M>, ReducersOf<M>, ViewsOf<M>>()
}

function createHooks<T extends Tables, R extends Reducers, V extends Views>(): UniverseHooks<
  T,
  R,
  V
> {
  const UniverseContext = createContext<Universe<T, R, V> | undefined>(undefined)

  function useUniverse(): Universe<T, R, V> {
    const universe = use(UniverseContext)
    if (universe === undefined) {
      throw new Error('no universe here: render a UniverseProvider of the same hooks above')
    }
    return universe
  }

  return {
    UniverseProvider({ universe, children }) {
      const value = universe instanceof Promise ? use(universe) : universe
      return createElement(UniverseContext, { value }, children)
    },
    useUniverse,
    useLiveQuery<Row>(
      build: (q: ModuleQueries<T, V>) => RelationQuery<Row>,
      deps?: DependencyList,
      options?: LiveOptions,
    ) {
      const universe = useUniverse()
      // Without `deps` an object of its own each time: never equal, so built at every render.
      const query = useMemo(
        () => build(moduleQueriesOf(universe.module)),
        // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says what it depends on
        deps === undefined ? [{}] : [universe, ...deps],
      )
      return useLive(universe, keyOfQuery(query), () => universe.live(() => query), options)
    },
    useLiveSql<Row>(
      text: string,
      params: readonly QueryValue[] = NO_PARAMS,
      options?: LiveOptions,
    ) {
      const universe = useUniverse()
      const key = keyOfSql(text, params)
      return useLive(universe, key, () => universe.liveSql<Row>(text, params), options)
    },
    useLiveSearch<K extends keyof T & string>(
      table: K,
      text: string,
      options: LiveSearchOptions = {},
    ) {
      const universe = useUniverse()
      const { limit, offset } = options
      const page = {
        ...(limit === undefined ? {} : { limit }),
        ...(offset === undefined ? {} : { offset }),
      }
      const key = keyOfSearch(table, text, page)
      return useLive(universe, key, () => universe.liveSearch(table, text, page), options)
    },
    useCall<K extends keyof R & string>(reducer: K) {
      return useCallOf(useUniverse().reducers[reducer])
    },
    useStatus: () => useStatusOf(useUniverse()),
    useSyncStatus: () => useSyncStatusOf(useUniverse()),
    usePresence: () => usePresenceOf(useUniverse()),
    useConflicts: () => useConflictsOf(useUniverse()),
    useDocument: (table, row, document, options) =>
      useDocumentOf(useUniverse(), { table, row, document }, options),
    useUndo: (options) => useUndoOf(useUniverse(), options),
    useVersions: () => useVersionsOf(useUniverse()),
  }
}
