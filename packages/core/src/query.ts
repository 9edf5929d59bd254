/**
 * Queries over one table as plain data, and the typed builder that makes them.
 *
 * A {@link TableQuery} crosses threads, is compiled to SQL by the engine and to operators by views.
 * Values are always bound, never pasted into SQL.
 */
import type { JsonValue } from './json.ts'
import type { RowOf, Tables } from './table.ts'

/** A value a condition compares with. */
export type QueryValue = JsonValue | Uint8Array

/**
 * The eleven comparisons. NULL is a value here: `eq null` finds NULLs, `ne x` and `notIn` find NULLs
 * too. `contains`, `startsWith`, `endsWith` compare text literally (no wildcards), case-sensitively;
 * on JSON arrays and sets `contains` asks for an element. `in []` finds nothing, `notIn []` all.
 */
export type Comparison =
  | 'eq'
  | 'ne'
  | 'gt'
  | 'lt'
  | 'gte'
  | 'lte'
  | 'contains'
  | 'startsWith'
  | 'endsWith'
  | 'in'
  | 'notIn'

/** A boolean expression over one row. `path` reaches into a JSON column. */
export type Condition =
  | {
      readonly kind: 'compare'
      readonly column: string
      readonly path?: readonly string[]
      readonly operator: Comparison
      readonly value: QueryValue | readonly QueryValue[]
    }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }

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

/** What one column is compared with in `where`: a value (equality) or comparisons, all of which hold. */
export type Match<V> =
  | V
  | {
      readonly eq?: V | null
      readonly ne?: V | null
      readonly gt?: V
      readonly gte?: V
      readonly lt?: V
      readonly lte?: V
      readonly in?: readonly V[]
      readonly notIn?: readonly V[]
      readonly contains?: V extends readonly (infer E)[] ? E : string
      readonly startsWith?: string
      readonly endsWith?: string
    }

/** Matches by column name; dotted names reach into JSON columns (`metadata.properties.age`). */
export type Where<Row> = { readonly [K in keyof Row]?: Match<Row[K]> } & {
  readonly [path: `${string}.${string}`]: Match<JsonValue>
}

const COMPARISONS: ReadonlySet<string> = new Set<Comparison>([
  'eq',
  'ne',
  'gt',
  'lt',
  'gte',
  'lte',
  'contains',
  'startsWith',
  'endsWith',
  'in',
  'notIn',
])

/** Splits `metadata.properties.age` into a column and a path; `\.` is a dot inside a name. */
export function parseColumnPath(text: string): { column: string; path?: readonly string[] } {
  const parts = text.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
  const [column = '', ...path] = parts
  return path.length === 0 ? { column } : { column, path }
}

function isComparisons(match: unknown): match is Record<string, QueryValue> {
  if (typeof match !== 'object' || match === null) return false
  if (Array.isArray(match) || match instanceof Uint8Array) return false
  const names = Object.keys(match)
  return names.length > 0 && names.every((name) => COMPARISONS.has(name))
}

/** Turns the object form of `where` into a {@link Condition}. Undefined matches are left out. */
export function conditionOf(where: Readonly<Record<string, unknown>>): Condition {
  const of: Condition[] = []
  for (const [name, match] of Object.entries(where)) {
    if (match === undefined) continue
    const target = parseColumnPath(name)
    const comparisons = isComparisons(match) ? match : { eq: match as QueryValue }
    for (const [operator, value] of Object.entries(comparisons)) {
      if (value === undefined) continue
      of.push({ kind: 'compare', ...target, operator: operator as Comparison, value })
    }
  }
  const [first] = of
  return of.length === 1 && first !== undefined ? first : { kind: 'and', of }
}

/** A typed query over one table. Each method gives a new query; none changes the receiver. */
export class Query<Row> {
  /** Carries the type only; never set. */
  declare readonly rowType: Row
  readonly plan: TableQuery

  constructor(plan: TableQuery) {
    this.plan = plan
  }

  /** Narrows by matches (all must hold) or by a condition; several calls are joined by AND. */
  where(where: Where<Row> | Condition): Query<Row> {
    const condition = 'kind' in where && isCondition(where) ? where : conditionOf(where)
    const before = this.plan.where
    return new Query<Row>({
      ...this.plan,
      where: before === undefined ? condition : { kind: 'and', of: [before, condition] },
    })
  }

  /** Adds an ordering term; the primary key is always the last one, so the order is total. */
  orderBy(
    column: (keyof Row & string) | `${string}.${string}`,
    direction: 'asc' | 'desc' = 'asc',
  ): Query<Row> {
    const order: Order = { ...parseColumnPath(column), direction }
    return new Query<Row>({ ...this.plan, orderBy: [...this.plan.orderBy, order] })
  }

  /** At most this many rows. */
  limit(limit: number): Query<Row> {
    return new Query<Row>({ ...this.plan, limit })
  }

  /** Skips rows. Cost grows with the offset: page with `after` instead. */
  offset(offset: number): Query<Row> {
    return new Query<Row>({ ...this.plan, offset })
  }

  /** Starts after the row with these order keys and primary key. */
  after(keys: readonly QueryValue[]): Query<Row> {
    return new Query<Row>({ ...this.plan, after: keys })
  }
}

function isCondition(value: object): value is Condition {
  const { kind } = value as { kind?: unknown }
  return (
    (kind === 'compare' && 'operator' in value) ||
    ((kind === 'and' || kind === 'or' || kind === 'not') && 'of' in value)
  )
}

/** One query per table, to start from: `q.todo.where(…)`. */
export type Queries<T extends Tables> = { readonly [K in keyof T]: Query<RowOf<T[K]>> }

/** The starting queries of a module's tables. */
export function queriesOf<T extends Tables>(tables: T): Queries<T> {
  const entries = Object.keys(tables).map((name) => [name, new Query({ table: name, orderBy: [] })])
  return Object.fromEntries(entries) as Queries<T>
}
