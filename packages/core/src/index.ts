export { AssertionError, assert, assertNever } from './assert.ts'
export { ERROR_CODES, type ErrorCode, type ErrorDetails, isUniverseError, UniverseError } from './error.ts'
export {
  type ArgumentsOf,
  Column,
  type ColumnDefinition,
  type ColumnKind,
  type Columns,
  type InputOf,
  type OnDelete,
  t,
  type ValueOf,
} from './column.ts'
export type { Cells, Delta, RowOperation, StoredValue } from './delta.ts'
export { defineModule, type Lifecycle, type Module } from './module.ts'
export {
  type Comparison,
  type Condition,
  conditionOf,
  type Match,
  type Order,
  parseColumnPath,
  Query,
  type Queries,
  type QueryValue,
  queriesOf,
  type TableQuery,
  type Where,
} from './query.ts'
export {
  type Db,
  type DefineReducer,
  defineReducer,
  type InputOfReducer,
  MODULE_SENDER,
  type Reducer,
  type ReducerArguments,
  type ReducerContext,
  type ReducerMode,
  type ReducerOptions,
  type Reducers,
  type ResultOfReducer,
  type RunnableQuery,
  type Synchronous,
  type TableAccess,
} from './reducer.ts'
export type { CellValue, Changeset, Row, RowChange } from './row-change.ts'
export {
  type IndexDefinition,
  type InsertOf,
  type PatchOf,
  type RowOf,
  type Schedule,
  type SearchDefinition,
  Table,
  type TableDefinition,
  type TableScope,
  type Tables,
  table,
} from './table.ts'
