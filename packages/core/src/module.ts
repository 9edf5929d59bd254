/** Module definitions: the tables, reducers and lifecycle of an app, shared by page, worker and relay. */
import type { ColumnDefinition } from './column.ts'
import { UniverseError } from './error.ts'
import { type DefineReducer, defineReducer, type ReducerContext, type Reducers } from './reducer.ts'
import type { TableDefinition, Tables } from './table.ts'

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

const NAME = /^[a-z][a-z0-9_]*$/i

function invalid(message: string): never {
  throw new UniverseError('module/invalid', message)
}

function checkColumn(where: string, definition: ColumnDefinition, tables: Tables): void {
  if (definition.kind === 'ref' && tables[definition.table ?? ''] === undefined) {
    invalid(`${where} refers to table "${definition.table}", which the module does not have`)
  }
  if (definition.kind === 'ref' && definition.onDelete === 'null' && !definition.isOptional) {
    invalid(`${where} has onDelete "null" and must therefore be optional()`)
  }
}

function checkTable(name: string, definition: TableDefinition, tables: Tables): void {
  const columns = Object.entries(definition.columns)
  const keys = columns.filter(([, column]) => column.kind === 'id' || column.kind === 'key')
  if (keys.length !== 1) {
    invalid(`table "${name}" has ${keys.length} primary keys; give it one t.id() or t.key()`)
  }
  for (const [column, columnDefinition] of columns) {
    if (!NAME.test(column)) invalid(`column "${name}.${column}": a name is letters, digits, _`)
    checkColumn(`column "${name}.${column}"`, columnDefinition, tables)
  }
  for (const index of definition.indexes) {
    for (const column of index.columns) {
      if (definition.columns[column] === undefined) {
        invalid(`index "${name}.${index.name}" names column "${column}", which is not there`)
      }
    }
  }
  for (const path of Object.values(definition.search?.fields ?? {})) {
    const column = path.split('.')[0] ?? ''
    if (definition.columns[column] === undefined) {
      invalid(`search of table "${name}" names "${path}", which is not there`)
    }
  }
}

/**
 * Defines a module. Types of tables flow into `reducers` and `lifecycle`: write `tables` first.
 *
 * @throws UniverseError `module/invalid` for bad names, no or several primary keys, references or
 * indexes to what is not there.
 */
export function defineModule<const T extends Tables, R extends Reducers>(definition: {
  readonly name: string
  readonly version: number
  readonly tables: T
  readonly reducers: (reducer: DefineReducer<T>) => R
  readonly lifecycle?: Lifecycle<NoInfer<T>>
}): Module<T, R> {
  const { name, version, tables } = definition
  if (!NAME.test(name)) invalid(`module name "${name}": letters, digits, _`)
  if (!Number.isSafeInteger(version) || version < 1) {
    invalid(`module "${name}" has version ${version}; give it a whole number from 1`)
  }
  for (const [tableName, table] of Object.entries(tables)) {
    if (!NAME.test(tableName)) invalid(`table "${tableName}": a name is letters, digits, _`)
    checkTable(tableName, table.definition, tables)
  }
  const reducers = definition.reducers(defineReducer as unknown as DefineReducer<T>)
  for (const [tableName, table] of Object.entries(tables)) {
    const scheduled = table.definition.schedule?.reducer
    if (scheduled !== undefined && reducers[scheduled] === undefined) {
      invalid(`table "${tableName}" schedules reducer "${scheduled}", which is not there`)
    }
  }
  return { name, version, tables, reducers, lifecycle: definition.lifecycle ?? {} }
}
