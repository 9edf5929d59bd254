/**
 * Reducers: synchronous, deterministic functions, each run in one transaction. The only way to write.
 *
 * This file holds what an author sees: definitions and the context. `engine/reducer.ts` runs them.
 */
import type { ArgumentsOf, ColumnDefinition, Columns, InputOf } from './column.ts'
import type { QueryValue, Where } from './condition.ts'
import type { Id } from './id.ts'
import type { Kv } from './kv.ts'
import type { Query } from './query.ts'
import type { Random } from './random.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'
import type { InsertOf, PatchOf, RowOf, Tables } from './table.ts'

/** A query that can be run where it stands, inside a reducer. Reads see the call's own writes. */
export interface RunnableQuery<Row> {
  where(where: Parameters<Query<Row>['where']>[0]): RunnableQuery<Row>
  orderBy(...order: Parameters<Query<Row>['orderBy']>): RunnableQuery<Row>
  limit(limit: number): RunnableQuery<Row>
  offset(offset: number): RunnableQuery<Row>
  after(keys: readonly QueryValue[]): RunnableQuery<Row>
  all(): readonly Row[]
  first(): Row | undefined
  count(): number
}

/**
 * One table inside a reducer. Writes are recorded as changes and deltas.
 *
 * @throws UniverseError `table/invalid-value`, `table/unknown-column`, `table/duplicate-id`,
 * `table/row-not-found`, `document/not-a-scalar`, `storage/…`.
 */
export interface TableAccess<Row, Insert, Patch> extends RunnableQuery<Row> {
  /** Adds a row; gives it back with defaults and id filled in. */
  insert(row: Insert): Row
  /** The row of a primary key, or undefined. Cost: one index seek. */
  get(id: string): Row | undefined
  /** The first row that matches, in primary-key order. */
  find(where: Where<Row>): Row | undefined
  /**
   * Changes the named columns of one row. A `counter` is moved by the difference; a `set` by the
   * elements added and removed.
   */
  update(id: string, patch: Patch): Row
  /** Inserts, or updates all given columns of the row with that primary key. */
  upsert(row: Insert): Row
  /** Deletes a row; false when there was none. */
  delete(id: string): boolean
  /** Adds to a counter (negative to subtract). Concurrent increments all count. */
  increment(id: string, column: keyof Row & string, by?: number): void
  /** Adds an element to a set column. */
  addToSet(id: string, column: keyof Row & string, element: string | number | boolean): void
  /** Removes an element from a set column: the additions seen here, not concurrent ones. */
  removeFromSet(id: string, column: keyof Row & string, element: string | number | boolean): void
}

/** All tables of a module inside a reducer. */
export type Db<T extends Tables> = {
  readonly [K in keyof T]: TableAccess<RowOf<T[K]>, InsertOf<T[K]>, PatchOf<T[K]>>
}

/** What a reducer may use besides its arguments. All of it is the same when the call is run again. */
export interface ReducerContext<T extends Tables = Tables> {
  readonly db: Db<T>
  /** Wall time of the call in ms since 1970, fixed before it crossed a thread. */
  readonly timestamp: number
  /** Deterministic randomness, seeded by the call. */
  readonly random: Random
  /** Identity of the caller; the module's own ({@link MODULE_SENDER}) in lifecycle and schedules. */
  readonly sender: string
  /** Identity that created the universe. */
  readonly owner: string
  /** Connection the call came over; null for the module's own calls. */
  readonly connectionId: string | null
  /** A new time-ordered id, from the call's time and randomness. */
  newId<Table extends string = string>(): Id<Table>
  /**
   * A value for a `t.order()` column between two rows' values; null means the beginning or the end of
   * the list. Calls that insert at one place unaware of each other get different ones.
   *
   * @throws UniverseError `table/invalid-value` when `before` is above `after`.
   */
  orderBetween(before: string | null, after: string | null): string
  /** Reads by SQL, own writes included. Writing SQL is refused: `sql/not-read-only`. */
  sql<Row = Readonly<Record<string, unknown>>>(
    sql: string,
    params?: readonly QueryValue[],
  ): readonly Row[]
  /** Key-value entries of this device, in the same transaction as the rows; never synced. */
  readonly kv: Kv
  /** Calls another reducer of the module in the same transaction, as the same sender. */
  call(reducer: string, args: unknown): unknown
}

/** Sender of the module's own calls: `init`, scheduled reducers. No client can have it. */
export const MODULE_SENDER = 'module:self'

/** How a reducer's arguments are declared. */
export type ReducerArguments =
  | { readonly kind: 'columns'; readonly columns: Readonly<Record<string, ColumnDefinition>> }
  | { readonly kind: 'schema'; readonly schema: StandardSchemaV1 }

/**
 * What happens to a reducer's effect when it meets concurrent changes: `merge` (default): the effects
 * merge cell by cell; `recheck`: it is run again on the new state, so its arguments are kept.
 */
export type ReducerMode = 'merge' | 'recheck'

/** A reducer as the engine holds it. The type parameters carry what a caller gives and gets. */
export interface Reducer<Input = never, Result = unknown> {
  /** Carries the type only; never set. */
  readonly inputType?: (input: Input) => void
  readonly arguments: ReducerArguments
  readonly mode: ReducerMode
  readonly run: (context: ReducerContext, args: never) => Result
}

/** A result a caller may receive: anything but a promise. */
export type Synchronous<Result> = Result extends PromiseLike<unknown> ? never : Result

/** Options of one reducer. */
export interface ReducerOptions {
  readonly mode?: ReducerMode
}

/** Declares reducers of a module with these tables; given to `defineModule`'s `reducers` function. */
export interface DefineReducer<T extends Tables> {
  <const C extends Columns, Result>(
    args: C,
    run: (context: ReducerContext<T>, args: ArgumentsOf<C>) => Synchronous<Result>,
    options?: ReducerOptions,
  ): Reducer<InputOf<C>, Result>
  <S extends StandardSchemaV1, Result>(
    args: S,
    run: (context: ReducerContext<T>, args: StandardSchemaV1.InferOutput<S>) => Synchronous<Result>,
    options?: ReducerOptions,
  ): Reducer<StandardSchemaV1.InferInput<S>, Result>
}

/** Reducers by name. */
export type Reducers = Readonly<Record<string, Reducer<never, unknown>>>

/** What a caller gives a reducer. */
export type InputOfReducer<R> = R extends Reducer<infer Input, unknown> ? Input : never

/** What a caller gets from a reducer. */
export type ResultOfReducer<R> = R extends Reducer<never, infer Result> ? Result : never

function isStandardSchema(args: unknown): args is StandardSchemaV1 {
  return (
    (typeof args === 'object' || typeof args === 'function') && args !== null && '~standard' in args
  )
}

function makeReducer(
  args: Columns | StandardSchemaV1,
  run: (context: ReducerContext, args: never) => unknown,
  options: ReducerOptions = {},
): Reducer<never, unknown> {
  const declared: ReducerArguments = isStandardSchema(args)
    ? { kind: 'schema', schema: args }
    : {
        kind: 'columns',
        columns: Object.fromEntries(Object.entries(args).map(([name, c]) => [name, c.definition])),
      }
  return { arguments: declared, mode: options.mode ?? 'merge', run }
}

/** Declares a reducer of a module whose tables are not known to the compiler. */
export const defineReducer: DefineReducer<Tables> = makeReducer as unknown as DefineReducer<Tables>
