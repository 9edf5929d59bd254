/** Module definitions: the tables, reducers and lifecycle of an app, shared by page, worker and relay. */
import { withDocumentTables } from './document-table.ts'
import { withHistoryTables } from './history-tables.ts'
import { type DefineReducer, defineReducer, type ReducerContext, type Reducers } from './reducer.ts'
import type { Tables } from './table.ts'
import type { DefineViews, ViewBuilders, Views } from './view.ts'

/**
 * Functions the store itself calls. A throw in `init` stops creation; in `connected`, the connection.
 *
 * Methods, not properties: a module of any tables is then a `Module`.
 */
export interface Lifecycle<T extends Tables> {
  /** Once, when the universe is created, as {@link MODULE_SENDER}; `ctx.owner` is set. */
  init?(context: ReducerContext<T>): void
  /** Once per connection, as the connecting identity. */
  connected?(context: ReducerContext<T>): void
  /** Once per connection that ended, also one that ended by a crash. A throw is only logged. */
  disconnected?(context: ReducerContext<T>): void
}

/** A module as written by an author and held by the engine. */
export interface Module<
  T extends Tables = Tables,
  R extends Reducers = Reducers,
  V extends Views = Views,
> {
  readonly name: string
  /** Schema version: raised with every change of tables. A file of a newer one is refused. */
  readonly version: number
  /**
   * Smallest schema version that may still read a universe which this version has been at: raised
   * when what this version writes would mislead an older one.
   */
  readonly minReader: number
  /** The same for writing. */
  readonly minWriter: number
  /**
   * Also those that hold the documents of others (`document-table.ts`) and the versions of the universe
   * (`history-tables.ts`), which the type leaves out.
   */
  readonly tables: T
  readonly reducers: R
  readonly lifecycle: Lifecycle<T>
  /** Declared views: rows follow from the tables and are kept beside them. No part of the schema. */
  readonly views: ViewBuilders<V>
  /** Whether states of the universe can be named and read again (engine/HISTORY.md). */
  readonly versions: boolean
  /** Carries the type only; never set. */
  readonly viewTypes?: V
}

/**
 * Defines a module. Types of tables flow into `reducers` and `lifecycle`: write `tables` first.
 *
 * Nothing is checked here, as that would weigh on every page: the worker does, by `checkModule`, when
 * it opens a universe.
 */
export function defineModule<
  const T extends Tables,
  R extends Reducers,
  // biome-ignore lint/complexity/noBannedTypes: no views are an object without members
  V extends Views = {},
>(definition: {
  readonly name: string
  readonly version: number
  /** Default 1. */
  readonly minReader?: number
  /** Default 1. */
  readonly minWriter?: number
  readonly tables: T
  readonly reducers: (reducer: DefineReducer<T>) => R
  readonly lifecycle?: Lifecycle<NoInfer<T>>
  /** Queries whose rows are kept; `view` starts from another of them. Default none. */
  readonly views?: DefineViews<NoInfer<T>, V>
  /** True: states of the universe can be named, and read again. Default false. */
  readonly versions?: boolean
}): Module<T, R, V> {
  const { name, version, minReader = 1, minWriter = 1, tables, lifecycle = {} } = definition
  const { versions = false } = definition
  const whole = withDocumentTables(tables)
  const reducers = definition.reducers(defineReducer as unknown as DefineReducer<T>)
  const views = (definition.views ?? {}) as ViewBuilders<V>
  return {
    name,
    version,
    minReader,
    minWriter,
    tables: versions ? withHistoryTables(whole) : whole,
    reducers,
    lifecycle,
    views,
    versions,
  }
}
