/** Module definitions: the tables, reducers and lifecycle of an app, shared by page, worker and relay. */
import { checkName, checkTables, invalidModule } from './check-table.ts'
import { type DefineReducer, defineReducer, type ReducerContext, type Reducers } from './reducer.ts'
import type { Tables } from './table.ts'

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
export interface Module<T extends Tables = Tables, R extends Reducers = Reducers> {
  readonly name: string
  /** Schema version: raised with every change of tables. A file of a newer one is refused. */
  readonly version: number
  readonly tables: T
  readonly reducers: R
  readonly lifecycle: Lifecycle<T>
}

/**
 * Defines a module. Types of tables flow into `reducers` and `lifecycle`: write `tables` first.
 *
 * @throws UniverseError `module/invalid` for bad names, no or several primary keys, references or
 * indexes to what is not there, and all else that the store could not keep (`check-table.ts`).
 */
export function defineModule<const T extends Tables, R extends Reducers>(definition: {
  readonly name: string
  readonly version: number
  readonly tables: T
  readonly reducers: (reducer: DefineReducer<T>) => R
  readonly lifecycle?: Lifecycle<NoInfer<T>>
}): Module<T, R> {
  const { name, version, tables } = definition
  checkName('module', name)
  if (!Number.isSafeInteger(version) || version < 1) {
    invalidModule(`module "${name}" has version ${version}; give it a whole number from 1`)
  }
  checkTables(
    Object.fromEntries(
      Object.entries(tables).map(([tableName, table]) => [tableName, table.definition]),
    ),
  )
  const reducers = definition.reducers(defineReducer as unknown as DefineReducer<T>)
  for (const [tableName, table] of Object.entries(tables)) {
    const scheduled = table.definition.schedule?.reducer
    if (scheduled !== undefined && reducers[scheduled] === undefined) {
      invalidModule(`table "${tableName}" schedules reducer "${scheduled}", which is not there`)
    }
  }
  return { name, version, tables, reducers, lifecycle: definition.lifecycle ?? {} }
}
