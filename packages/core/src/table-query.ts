/**
 * Queries over one table as plain data.
 *
 * A {@link TableQuery} crosses threads, is compiled to SQL by the engine and to operators by views.
 * Values are always bound, never pasted into SQL.
 */
import {
  type Condition,
  conditionOf,
  isCondition,
  parseColumnPath,
  type QueryValue,
} from './condition.ts'

/** One ordering term. NULL sorts first ascending, last descending. */
export interface Order {
  readonly column: string
  readonly path?: readonly string[]
  readonly direction: 'asc' | 'desc'
}

/** A query over one table as plain, cloneable data. */
export interface TableQuery {
  readonly table: string
  readonly where?: Condition
  readonly orderBy: readonly Order[]
  readonly limit?: number
  readonly offset?: number
  /** The order keys, then the primary key, of the row after which to start: cursor paging. */
  readonly after?: readonly QueryValue[]
}

/** Narrowed by matches (all must hold) or by a condition, besides what it asks already. */
export function narrowed(
  query: TableQuery,
  where: Readonly<Record<string, unknown>> | Condition,
): TableQuery {
  const condition = isCondition(where) ? where : conditionOf(where)
  const { where: before } = query
  return {
    ...query,
    where: before === undefined ? condition : { kind: 'and', of: [before, condition] },
  }
}

/** With one more ordering term; the path is dotted. */
export function ordered(query: TableQuery, path: string, direction: 'asc' | 'desc'): TableQuery {
  return { ...query, orderBy: [...query.orderBy, { ...parseColumnPath(path), direction }] }
}
