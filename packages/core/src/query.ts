/** The typed builder of queries over one table, from which those over several go on. */
import type { ColumnValues, RowTest, Valued } from './column-value.ts'
import type { Condition, QueryValue, Where } from './condition.ts'
import type { Relation, RelationOrder } from './relation.ts'
import { RelationQuery } from './relation-query.ts'
import type { RowOf, Tables } from './table.ts'
import { narrowed, ordered, type TableQuery } from './table-query.ts'

/** A query over one table as a relation, with the same rows in the same order. */
export function relationOf(query: TableQuery): Relation {
  const { table, where, orderBy, limit, offset = 0, after } = query
  const rows: Relation = { kind: 'table', table }
  const of: Relation =
    where === undefined
      ? rows
      : { kind: 'where', of: rows, test: { kind: 'condition', condition: where } }
  if (orderBy.length === 0 && limit === undefined && offset === 0 && after === undefined) return of
  const terms = orderBy.map(
    ({ column, path = [], direction }): RelationOrder => ({
      by: { kind: 'path', path: [column, ...path] },
      direction,
    }),
  )
  const window = { kind: 'window', of, partitionBy: [], orderBy: terms, limit, offset } as const
  return after === undefined ? window : { ...window, after }
}

/**
 * A typed query over one table. Each method gives a new query; none changes the receiver. Methods of
 * {@link RelationQuery} lead on to queries over several tables.
 */
export class Query<Row, Name extends string = string> extends RelationQuery<Row, Name> {
  readonly plan: TableQuery

  constructor(plan: TableQuery) {
    super(relationOf(plan), plan.table)
    this.plan = plan
  }

  #with(part: Partial<TableQuery>): Query<Row, Name> {
    return new Query<Row, Name>({ ...this.plan, ...part })
  }

  /** Narrows by a test of the row's columns. */
  override where(where: (row: ColumnValues<Row>) => RowTest): RelationQuery<Row, Name>
  /** Narrows by matches (all must hold) or by a condition; several calls are joined by AND. */
  override where(where: Where<Row> | Condition): Query<Row, Name>
  override where(where: never): RelationQuery<Row, Name> {
    if (typeof where === 'function') return super.where(where)
    return new Query<Row, Name>(narrowed(this.plan, where))
  }

  /** By a computed value. */
  override orderBy(
    by: (row: ColumnValues<Row>) => Valued<unknown>,
    direction?: 'asc' | 'desc',
  ): RelationQuery<Row, Name>
  /** Adds an ordering term; the primary key is always the last one, so the order is total. */
  override orderBy(
    column: (keyof Row & string) | `${string}.${string}`,
    direction?: 'asc' | 'desc',
  ): Query<Row, Name>
  override orderBy(by: never, direction: 'asc' | 'desc' = 'asc'): RelationQuery<Row, Name> {
    if (typeof by === 'function') return super.orderBy(by, direction)
    return new Query<Row, Name>(ordered(this.plan, by, direction))
  }

  /** At most this many rows. */
  override limit(limit: number): Query<Row, Name> {
    return this.#with({ limit })
  }

  /** Skips rows. Cost grows with the offset: page with `after` instead. */
  override offset(offset: number): Query<Row, Name> {
    return this.#with({ offset })
  }

  /** Starts after the row with these order keys and primary key. */
  after(keys: readonly QueryValue[]): Query<Row, Name> {
    return this.#with({ after: keys })
  }
}

/** One query per table, to start from: `q.todo.where(…)`. */
export type Queries<T extends Tables> = { readonly [K in keyof T]: Query<RowOf<T[K]>, K & string> }

/** The starting queries of a module's tables. */
export function queriesOf<T extends Tables>(tables: T): Queries<T> {
  const entries = Object.keys(tables).map((name) => [name, new Query({ table: name, orderBy: [] })])
  return Object.fromEntries(entries) as Queries<T>
}
