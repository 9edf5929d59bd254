/** Conditions over one row as plain data, and the object form that makes them. */
import type { JsonValue } from './json.ts'

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

/** Names of the comparisons. */
export const COMPARISONS: ReadonlySet<string> = new Set<Comparison>([
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

/** The names of a dotted path; `\.` is a dot inside a name. */
export function namesOf(text: string): string[] {
  return text.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
}

/** Splits `metadata.properties.age` into a column and a path. */
export function parseColumnPath(text: string): { column: string; path?: readonly string[] } {
  const [column = '', ...path] = namesOf(text)
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

/** Whether an object is a condition, and not the object form of one. */
export function isCondition(value: object): value is Condition {
  const { kind } = value as { kind?: unknown }
  return (
    (kind === 'compare' && 'operator' in value) ||
    ((kind === 'and' || kind === 'or' || kind === 'not') && 'of' in value)
  )
}
