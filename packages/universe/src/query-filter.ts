/** Filters as the founding documents name them, turned into conditions of the query builder. */

import type { Order, QueryValue } from '@inner-universe/core'
import {
  type Comparison,
  type Condition,
  parseColumnPath,
  UniverseError,
} from '@inner-universe/core'

/** The eleven operators. */
export type FilterOperator =
  | 'Equals'
  | 'NotEquals'
  | 'GreaterThan'
  | 'LessThan'
  | 'GreaterOrEqual'
  | 'LessOrEqual'
  | 'Contains'
  | 'StartsWith'
  | 'EndsWith'
  | 'In'
  | 'NotIn'

/**
 * One comparison; all filters of a query must hold. `field` is a column, a path into its JSON
 * (`metadata.properties.age`) or a path into `metadata` (`properties.age`, `name`). A dot inside a
 * name is written `\.`. Text is compared literally, null is a value like any other.
 */
export interface QueryFilter {
  readonly field: string
  readonly operator: FilterOperator
  readonly value: QueryValue | readonly QueryValue[]
}

/** One ordering term over a field as in {@link QueryFilter}. Default ascending; null is smallest. */
export interface QueryOrder {
  readonly field: string
  readonly direction?: 'asc' | 'desc'
}

const COMPARISONS: Readonly<Record<FilterOperator, Comparison>> = {
  Equals: 'eq',
  NotEquals: 'ne',
  GreaterThan: 'gt',
  LessThan: 'lt',
  GreaterOrEqual: 'gte',
  LessOrEqual: 'lte',
  Contains: 'contains',
  StartsWith: 'startsWith',
  EndsWith: 'endsWith',
  In: 'in',
  NotIn: 'notIn',
}

/** All operators, for user interfaces. */
export const FILTER_OPERATORS: readonly FilterOperator[] = Object.keys(
  COMPARISONS,
) as FilterOperator[]

/** The fields a table can be filtered by. */
export interface FilterFields {
  readonly table: string
  /** Column → whether it holds JSON, so that a path may follow. */
  readonly columns: Readonly<Record<string, 'plain' | 'json'>>
  /** Names that stand for `metadata.<name>` → whether a path may follow. */
  readonly metadata: Readonly<Record<string, 'plain' | 'json'>>
}

function invalid(message: string): UniverseError {
  return new UniverseError('query/invalid', message)
}

interface Target {
  readonly column: string
  readonly path?: readonly string[]
}

function checkedPath(fields: FilterFields, field: string, target: Target): void {
  const isJson = fields.columns[target.column] === 'json'
  if (target.path !== undefined && !isJson) {
    throw invalid(`field "${field}" of ${fields.table}: ${target.column} has nothing inside`)
  }
  const [name] = target.path ?? []
  if (target.column !== 'metadata' || name === undefined) return
  const kind = Object.hasOwn(fields.metadata, name) ? fields.metadata[name] : undefined
  if (kind === undefined) throw invalid(`field "${field}": metadata has no "${name}"`)
  if (kind === 'plain' && (target.path?.length ?? 0) > 1) {
    throw invalid(`field "${field}": metadata.${name} has nothing inside`)
  }
}

/** The column and path of a field. @throws UniverseError `query/invalid` for an unknown field. */
export function targetOf(fields: FilterFields, field: string): Target {
  if (typeof field !== 'string' || field === '') throw invalid('a field must have a name')
  const parsed = parseColumnPath(field)
  const isColumn = Object.hasOwn(fields.columns, parsed.column)
  if (!isColumn && !Object.hasOwn(fields.metadata, parsed.column)) {
    throw invalid(`${fields.table} has no field "${field}"`)
  }
  const target = isColumn
    ? parsed
    : { column: 'metadata', path: [parsed.column, ...(parsed.path ?? [])] }
  if (target.path?.includes('')) throw invalid(`field "${field}" has an empty name in its path`)
  checkedPath(fields, field, target)
  return target
}

/** The condition of one filter. @throws UniverseError `query/invalid`. */
export function conditionOfFilter(fields: FilterFields, filter: QueryFilter): Condition {
  const { operator, value } = filter
  const target = targetOf(fields, filter.field)
  if (!Object.hasOwn(COMPARISONS, operator)) {
    throw invalid(`unknown operator "${operator}"; use one of ${FILTER_OPERATORS.join(', ')}`)
  }
  const isList = operator === 'In' || operator === 'NotIn'
  if (isList && !Array.isArray(value)) throw invalid(`${operator} needs a list of values`)
  const isText = operator === 'StartsWith' || operator === 'EndsWith'
  if (isText && typeof value !== 'string') throw invalid(`${operator} needs a text`)
  if (value === undefined) throw invalid(`${operator} on "${filter.field}" has no value`)
  return { kind: 'compare', ...target, operator: COMPARISONS[operator], value }
}

/** The condition of all filters. */
export function conditionOfFilters(
  fields: FilterFields,
  filters: readonly QueryFilter[],
): readonly Condition[] {
  return filters.map((filter) => conditionOfFilter(fields, filter))
}

/** The ordering terms. @throws UniverseError `query/invalid`. */
export function orderOf(fields: FilterFields, order: readonly QueryOrder[]): readonly Order[] {
  return order.map(({ field, direction = 'asc' }) => {
    if (direction !== 'asc' && direction !== 'desc') {
      throw invalid(`direction of "${field}" must be asc or desc`)
    }
    return { ...targetOf(fields, field), direction }
  })
}
