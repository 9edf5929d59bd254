/**
 * Relations: queries over several tables as plain, cloneable data.
 *
 * Made by the typed builder (`relation-query.ts`), checked and turned into a graph of incremental
 * operators by the views package, and into one SQL statement by the engine: both give SQL's answer.
 * Rows of a table have its columns. Rows of a join have one member per side, under the side's name; a
 * side that an outer join has no match for is null. Rows after `select` and `group` are flat again.
 */
import type { Condition, QueryValue } from './condition.ts'

/** Where a value is in a row: `['lineItem', 'quantity']`, and further into JSON columns. */
export type Path = readonly [string, ...string[]]

/** Functions of expressions. NULL in gives NULL out, but for `coalesce`. */
export type ScalarFunction =
  | 'add'
  | 'subtract'
  | 'multiply'
  /** Real division; by zero gives NULL. */
  | 'divide'
  | 'lower'
  | 'upper'
  | 'length'
  | 'concat'
  | 'coalesce'
  /** The calendar day of a timestamp in UTC, `2026-01-31`. */
  | 'day'

/** A value computed from one row. */
export type Expression =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly value: QueryValue }
  | {
      readonly kind: 'call'
      readonly function: ScalarFunction
      readonly of: readonly Expression[]
    }

/** A boolean over one row of a relation: conditions as in {@link Condition}, and two expressions compared. */
export type Test =
  | { readonly kind: 'condition'; readonly condition: Condition }
  | {
      readonly kind: 'test'
      readonly operator: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Test[] }
  | { readonly kind: 'not'; readonly of: Test }

/** An aggregate over the rows of a group. NULLs are left out; of no values: `count` 0, `collect` [], others NULL. */
export type Aggregate =
  | { readonly kind: 'count' }
  | {
      /** `count` of values that are not NULL; `countDistinct` of different ones. */
      readonly kind: 'countOf' | 'countDistinct' | 'sum' | 'avg' | 'min' | 'max'
      readonly of: Expression
    }
  /** All values as an array, in their order. */
  | { readonly kind: 'collect'; readonly of: Expression }

/** How two relations are joined. `semi` and `anti`: rows of the left that have, or lack, a match. */
export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti'

/** One ordering term of a relation. NULL sorts first ascending, last descending. */
export interface RelationOrder {
  readonly by: Expression
  readonly direction: 'asc' | 'desc'
}

/** A relation. Bags: a row may occur several times, unless something makes rows distinct. */
export type Relation =
  | { readonly kind: 'table'; readonly table: string }
  /** Another declared view of the module. */
  | { readonly kind: 'view'; readonly view: string }
  | { readonly kind: 'where'; readonly of: Relation; readonly test: Test }
  | {
      readonly kind: 'join'
      readonly how: JoinKind
      readonly left: Relation
      readonly right: Relation
      /** Member names of the sides in a joined row; undefined: the side is a joined row itself, whose members go over. */
      readonly leftName: string | undefined
      readonly rightName: string | undefined
      /** Equalities, all of which hold; at least one. NULL equals nothing. */
      readonly on: readonly { readonly left: Expression; readonly right: Expression }[]
    }
  | {
      readonly kind: 'select'
      readonly of: Relation
      readonly columns: Readonly<Record<string, Expression>>
    }
  | {
      readonly kind: 'group'
      readonly of: Relation
      /** Empty: one row for everything, also of nothing. */
      readonly by: Readonly<Record<string, Expression>>
      readonly aggregates: Readonly<Record<string, Aggregate>>
    }
  | { readonly kind: 'distinct'; readonly of: Relation }
  /** All rows of both, copies added up (UNION ALL). */
  | { readonly kind: 'union'; readonly of: readonly Relation[] }
  /** Distinct rows of the first that the second has not (EXCEPT). */
  | { readonly kind: 'except'; readonly left: Relation; readonly right: Relation }
  | {
      /** The first rows in an order, of the whole or of each part. Ties go by the row itself. */
      readonly kind: 'window'
      readonly of: Relation
      readonly partitionBy: readonly Expression[]
      readonly orderBy: readonly RelationOrder[]
      readonly limit: number | undefined
      readonly offset: number
      /** Over one table: starts after the row with these order keys and primary key, as `TableQuery.after`. */
      readonly after?: readonly QueryValue[]
    }
  | {
      /**
       * Pairs `{ from, to, depth }` such that a way of edges leads from one to the other; `depth` is the
       * shortest way's length, 1 or more. With `roots`, only ways that begin there.
       */
      readonly kind: 'reachable'
      readonly of: Relation
      readonly from: Expression
      readonly to: Expression
      readonly roots: readonly QueryValue[] | undefined
      /** Longest way followed. Undefined: any. */
      readonly depthMax: number | undefined
    }
