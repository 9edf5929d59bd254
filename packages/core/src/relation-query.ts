/**
 * The typed builder of relations: queries over several tables (QUERIES.md in views).
 *
 * In every page's bundle: methods only put data together. Whether the data makes sense is checked
 * where it is used.
 */

import { aggregates, columnProxy, writtenOf } from './column-proxy.ts'
import type {
  Aggregates,
  ColumnPath,
  ColumnValues,
  LastName,
  Result,
  RowAggregate,
  RowTest,
  ValueAt,
  Valued,
} from './column-value.ts'
import {
  type Condition,
  conditionOf,
  isCondition,
  namesOf,
  type QueryValue,
  type Where,
} from './condition.ts'
import type { Expression, JoinKind, Path, Relation, Test } from './relation.ts'

/** What rows of two sides must have in common: paths of the left to paths of the right. */
export interface JoinOn<L, R> {
  readonly on: { readonly [P in ColumnPath<L>]?: ColumnPath<R> }
}

/** The members a side adds to joined rows: itself under its name, or its own members. */
export type MembersOf<Row, Name extends string, Null = never> = [Name] extends [never]
  ? { readonly [K in keyof Row]: Row[K] | Null }
  : { readonly [K in Name]: Row | Null }

/** The rows of a join, as a plain type. */
export type JoinedRow<L, R> = { readonly [K in keyof L | keyof R]: (L & R)[K & keyof (L & R)] }

/** A query whose rows a join can take: over one table or several. */
export interface Joinable<Row, Name extends string> {
  readonly rowType: Row
  readonly sideName: Name
  readonly relation: Relation
}

type Joined<L, LName extends string, R, RName extends string, LNull, RNull> = RelationQuery<
  JoinedRow<MembersOf<L, LName, LNull>, MembersOf<R, RName, RNull>>,
  never
>

/** Names of columns to expressions, as a callback gives them. */
type Columns = Readonly<Record<string, Valued<unknown> | QueryValue>>

/** The columns of rows that a callback describes. */
export type Row<C> = { readonly [K in keyof C]: Result<C[K]> }

type Window = Extract<Relation, { kind: 'window' }>

/**
 * A query over several tables. Each method gives a new query; none changes the receiver.
 *
 * `Name`: what its rows are called as the side of a join; `never` for rows that are joined already.
 */
export class RelationQuery<Row, Name extends string = string> implements Joinable<Row, Name> {
  /** Carry types only; never set. */
  declare readonly rowType: Row
  declare readonly sideName: Name
  readonly relation: Relation
  /** Undefined: rows are joined rows. */
  readonly name: string | undefined

  constructor(relation: Relation, name: string | undefined) {
    this.relation = relation
    this.name = name
  }

  /** Another name as the side of a join: the same table can be in it twice. */
  as<N extends string>(name: N): RelationQuery<Row, N> {
    return new RelationQuery(this.relation, name)
  }

  /** Pairs of rows that agree in `on`. NULL agrees with nothing. */
  join<R, N extends string>(
    other: Joinable<R, N>,
    on: JoinOn<Row, R>,
  ): Joined<Row, Name, R, N, never, never> {
    return this.#join('inner', other, on)
  }

  /** All rows of the left; the other side is null where it has no match. */
  leftJoin<R, N extends string>(
    other: Joinable<R, N>,
    on: JoinOn<Row, R>,
  ): Joined<Row, Name, R, N, never, null> {
    return this.#join('left', other, on)
  }

  rightJoin<R, N extends string>(
    other: Joinable<R, N>,
    on: JoinOn<Row, R>,
  ): Joined<Row, Name, R, N, null, never> {
    return this.#join('right', other, on)
  }

  fullJoin<R, N extends string>(
    other: Joinable<R, N>,
    on: JoinOn<Row, R>,
  ): Joined<Row, Name, R, N, null, null> {
    return this.#join('full', other, on)
  }

  /** Rows that have a match. */
  semiJoin<R>(other: Joinable<R, string>, on: JoinOn<Row, R>): RelationQuery<Row, Name> {
    return this.#join('semi', other, on)
  }

  /** Rows that have none. */
  antiJoin<R>(other: Joinable<R, string>, on: JoinOn<Row, R>): RelationQuery<Row, Name> {
    return this.#join('anti', other, on)
  }

  #join<Q>(how: JoinKind, other: Joinable<unknown, string>, { on }: JoinOn<never, never>): Q {
    const right = other as RelationQuery<unknown>
    const relation: Relation = {
      kind: 'join',
      how,
      left: this.relation,
      right: right.relation,
      leftName: this.name,
      rightName: right.name,
      on: Object.entries(on).map(([from, to]) => ({
        left: pathOf(from),
        right: pathOf(to as string),
      })),
    }
    return new RelationQuery(relation, /i$/.test(how) ? this.name : undefined) as Q
  }

  /** Narrows, by matches as over one table or by a test of the row's columns. */
  where(
    where: Where<Row> | Condition | ((row: ColumnValues<Row>) => RowTest),
  ): RelationQuery<Row, Name> {
    return this.#over({ kind: 'where', of: this.relation, test: testOf(where) })
  }

  /** Other columns: names (of a dotted path, the last), or what a callback gives. */
  select<P extends ColumnPath<Row>>(
    ...paths: readonly P[]
  ): RelationQuery<{ readonly [K in P as LastName<K>]: ValueAt<Row, K> }, Side<Name>>
  select<C extends Columns>(
    make: (row: ColumnValues<Row>) => C,
  ): RelationQuery<{ readonly [K in keyof C]: Result<C[K]> }, Side<Name>>
  select(...columns: readonly unknown[]): unknown {
    return this.#flat({ kind: 'select', of: this.relation, columns: columnsOf(columns) })
  }

  /** One row per group; without columns, one for everything. */
  groupBy<P extends ColumnPath<Row> = never>(
    ...paths: readonly P[]
  ): GroupedQuery<Row, { readonly [K in P as LastName<K>]: ValueAt<Row, K> }, Side<Name>>
  groupBy<C extends Columns>(
    make: (row: ColumnValues<Row>) => C,
  ): GroupedQuery<Row, { readonly [K in keyof C]: Result<C[K]> }, Side<Name>>
  groupBy(...by: readonly unknown[]): unknown {
    const columns = columnsOf(by)
    const aggregate = (make: (row: never, all: never) => unknown) =>
      this.#flat({
        kind: 'group',
        of: this.relation,
        by: columns,
        aggregates: make(columnProxy() as never, aggregates as never) as never,
      })
    return { aggregate, count: () => aggregate(() => ({ count: { kind: 'count' } })) }
  }

  /** Every row once. */
  distinct(): RelationQuery<Row, Name> {
    return this.#over({ kind: 'distinct', of: this.relation })
  }

  /** All rows of all, copies added up. */
  union(...others: readonly Joinable<Row, string>[]): RelationQuery<Row, Name> {
    return this.#over({ kind: 'union', of: [this, ...others].map(({ relation }) => relation) })
  }

  /** Its different rows that the other has not. */
  except(other: Joinable<Row, string>): RelationQuery<Row, Name> {
    return this.#over({ kind: 'except', left: this.relation, right: other.relation })
  }

  /** Adds an ordering term; what tells rows apart is always the last one. */
  orderBy(
    by: ColumnPath<Row> | ((row: ColumnValues<Row>) => Valued<unknown>),
    direction: 'asc' | 'desc' = 'asc',
  ): RelationQuery<Row, Name> {
    const term = { by: typeof by === 'function' ? callWith<Expression>(by) : pathOf(by), direction }
    return this.#window(({ orderBy }) => ({ orderBy: [...orderBy, term] }))
  }

  /** At most this many rows. */
  limit(limit: number): RelationQuery<Row, Name> {
    return this.#window(() => ({ limit }))
  }

  /** Leaves out the first rows. */
  offset(offset: number): RelationQuery<Row, Name> {
    return this.#window(() => ({ offset }))
  }

  /** The first rows, in the order given before, of each part of rows that agree in a column. */
  topPer(by: ColumnPath<Row>, limit: number): RelationQuery<Row, Name> {
    return this.#window(() => ({ partitionBy: [pathOf(by)], limit }))
  }

  /** Which values lead to which over any number of rows, each an edge from one to the other. */
  reachable<F extends ColumnPath<Row>>(edges: {
    readonly from: F
    readonly to: ColumnPath<Row>
    /** Only what can be reached from these. */
    readonly roots?: readonly NonNullable<ValueAt<Row, F>>[]
    readonly depthMax?: number
  }): RelationQuery<
    {
      readonly from: NonNullable<ValueAt<Row, F>>
      readonly to: NonNullable<ValueAt<Row, F>>
      /** Edges of the shortest way. */
      readonly depth: number
    },
    Side<Name>
  > {
    const { from, to, roots, depthMax } = edges
    return this.#flat({
      kind: 'reachable',
      of: this.relation,
      from: pathOf(from),
      to: pathOf(to),
      roots: roots as readonly QueryValue[] | undefined,
      depthMax,
    })
  }

  #over(relation: Relation): RelationQuery<Row, Name> {
    return new RelationQuery(relation, this.name)
  }

  /** Rows with columns of their own: no longer those of a join. */
  #flat<Q>(relation: Relation): Q {
    return new RelationQuery(relation, this.name ?? 'rows') as Q
  }

  #window(change: (window: Window) => Partial<Window>): RelationQuery<Row, Name> {
    const { relation } = this
    const window: Window =
      relation.kind === 'window' && relation.partitionBy.length === 0
        ? relation
        : {
            kind: 'window',
            of: relation,
            partitionBy: [],
            orderBy: [],
            limit: undefined,
            offset: 0,
          }
    return this.#over({ ...window, ...change(window) })
  }
}

/** The name of flat rows made of others: the same; of joined ones, `rows`. */
export type Side<Name extends string> = [Name] extends [never] ? 'rows' : Name

/** Groups that lack their aggregates. */
export interface GroupedQuery<Row, By, Name extends string> {
  /** How many rows each group has, as `count`. */
  count(): RelationQuery<JoinedRow<By, { readonly count: number }>, Name>
  /** The group's columns and aggregates of its rows. */
  aggregate<A extends Readonly<Record<string, RowAggregate<unknown>>>>(
    make: (row: ColumnValues<Row>, all: Aggregates<[keyof By] extends [never] ? null : never>) => A,
  ): RelationQuery<JoinedRow<By, { readonly [K in keyof A]: Result<A[K]> }>, Name>
}

/** A dotted path as an expression. */
function pathOf(text: string): Expression {
  return { kind: 'path', path: namesOf(text) as unknown as Path }
}

function callWith<W extends Expression | Test>(make: (row: never) => unknown): W {
  return writtenOf<W>(make(columnProxy() as never))
}

function testOf(where: object): Test {
  return typeof where === 'function'
    ? callWith(where as never)
    : { kind: 'condition', condition: isCondition(where) ? where : conditionOf(where as never) }
}

/** Paths, under their last names, or what a callback gives. */
function columnsOf(given: readonly unknown[]): Readonly<Record<string, Expression>> {
  const [make] = given
  const entries =
    typeof make === 'function'
      ? Object.entries(make(columnProxy()) as object).map(([name, value]) => [
          name,
          writtenOf(value),
        ])
      : (given as readonly string[]).map((text) => [namesOf(text).at(-1), pathOf(text)])
  return Object.fromEntries(entries) as Record<string, Expression>
}
