/** Types of columns in callbacks of queries, and of the paths that lead to them. */
import type { JsonValue } from './json.ts'

declare const VALUE: unique symbol
declare const TEST: unique symbol
declare const AGGREGATE: unique symbol

type Scalar = string | number | boolean | Uint8Array

/** A condition over a row, under construction. */
export interface RowTest {
  readonly [TEST]: true
  and(...others: readonly RowTest[]): RowTest
  or(...others: readonly RowTest[]): RowTest
  not(): RowTest
}

/** Something that stands for a value of a row. */
export interface Valued<V> {
  readonly [VALUE]: V
}

/** A value of a row, or one computed from others. NULL in gives NULL out, but for `coalesce`. */
export interface RowValue<V> extends Valued<V> {
  /** NULL is a value in tests: NULL equals NULL. With an order it gives false. */
  eq(other: Operand<V> | null): RowTest
  ne(other: Operand<V> | null): RowTest
  gt(other: Operand<V>): RowTest
  gte(other: Operand<V>): RowTest
  lt(other: Operand<V>): RowTest
  lte(other: Operand<V>): RowTest
  /** The first that is not NULL. */
  coalesce<O>(...others: readonly (O | Valued<O>)[]): Computed<NonNullable<V> | O>
}

/** What a value is compared with: one known now, or another of the row. */
export type Operand<V> = NonNullable<V> | Valued<V | null>

/** A computed value with what can be done to values of its type. */
export type Computed<V> = RowValue<V> &
  ([NonNullable<V>] extends [number] ? NumberValue<V> : unknown) &
  ([NonNullable<V>] extends [string] ? TextValue<V> : unknown)

/** Arithmetic in float64; a result that is not finite is NULL. */
interface NumberValue<V> {
  plus<O extends number | null>(other: O | Valued<O>): Computed<number | NullOf<V | O>>
  minus<O extends number | null>(other: O | Valued<O>): Computed<number | NullOf<V | O>>
  times<O extends number | null>(other: O | Valued<O>): Computed<number | NullOf<V | O>>
  /** By zero it gives NULL. */
  dividedBy<O extends number | null>(other: O | Valued<O>): Computed<number | null>
  /** The day of a timestamp in UTC: `2026-01-31`. */
  day(): Computed<string | NullOf<V>>
}

interface TextValue<V> {
  /** ASCII letters only, as SQLite does. */
  lower(): Computed<string | NullOf<V>>
  upper(): Computed<string | NullOf<V>>
  /** Code points. */
  length(): Computed<number | NullOf<V>>
  concat(...others: readonly Operand<string>[]): Computed<string | null>
}

/** A column itself: also lists, parts of texts and places inside JSON can be asked for. */
export type ColumnValue<V> = ColumnTests<V> &
  (NonNullable<JsonValue> extends NonNullable<V>
    ? RowValue<V> & NumberValue<V> & TextValue<V> & JsonPlaces
    : NonNullable<V> extends Scalar
      ? Computed<V>
      : RowValue<V> & (NonNullable<V> extends readonly unknown[] ? unknown : Inside<V>))

/** A `json` column may hold anything: what is computed of it is of the values that fit, others are NULL. */
interface JsonPlaces {
  /** A place inside: `row.data.at('owner', 'name')`. */
  at(...names: readonly string[]): ColumnValue<JsonValue>
}

interface ColumnTests<V> {
  in(values: readonly NonNullable<V>[]): RowTest
  notIn(values: readonly NonNullable<V>[]): RowTest
  contains(part: NonNullable<V> extends readonly (infer E)[] ? E : string): RowTest
  startsWith(prefix: string): RowTest
  endsWith(suffix: string): RowTest
}

type Inside<V> = {
  readonly [K in keyof NonNullable<V>]-?: ColumnValue<
    Exclude<NonNullable<V>[K], undefined> | NullOf<V>
  >
}

/** The columns of a row; of the row of a join, those of each side. */
export type ColumnValues<Row> = { readonly [K in keyof Row]: ColumnValue<Row[K]> }

/** An aggregate under construction. */
export interface RowAggregate<V> {
  readonly [AGGREGATE]: V
}

/** The aggregates. NULLs are left out; `Empty` is what `sum` and others give where a group may be of nothing. */
export interface Aggregates<Empty> {
  count(): RowAggregate<number>
  countOf(value: Valued<unknown>): RowAggregate<number>
  countDistinct(value: Valued<unknown>): RowAggregate<number>
  sum<V>(value: Valued<V>): RowAggregate<number | NullOf<V> | Empty>
  avg<V>(value: Valued<V>): RowAggregate<number | NullOf<V> | Empty>
  min<V>(value: Valued<V>): RowAggregate<V | Empty>
  max<V>(value: Valued<V>): RowAggregate<V | Empty>
  /** All values, in their order. */
  collect<V>(value: Valued<V>): RowAggregate<readonly NonNullable<V>[]>
}

/** The type of what a callback gave: the value of a column, a computed value or an aggregate. */
export type Result<T> = T extends Valued<infer V> ? V : T extends RowAggregate<infer V> ? V : T

/** Names and dotted paths that lead to a value of a row: `title`, `lineItem.basket`, `metadata.tags`. */
export type ColumnPath<Row> = {
  [K in keyof Row & string]: K | `${K}.${Below<NonNullable<Row[K]>>}`
}[keyof Row & string]

type Below<V> = [V] extends [Scalar | readonly unknown[]]
  ? never
  : NonNullable<JsonValue> extends V
    ? string
    : (keyof V & string) | `${keyof V & string}.${string}`

/** The value that a path leads to. */
export type ValueAt<Row, P extends string> = P extends keyof Row
  ? Row[P]
  : P extends `${infer Name}.${infer Rest}`
    ? Name extends keyof Row
      ? ValueAt<NonNullable<Row[Name]>, Rest> | NullOf<Row[Name]>
      : JsonValue
    : JsonValue

/** The last name of a path. */
export type LastName<P extends string> = P extends `${string}.${infer Rest}` ? LastName<Rest> : P

type NullOf<V> = Extract<V, null>
