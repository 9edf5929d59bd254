/**
 * Expressions and tests of relations as SQL, with the answers that views compute (expression.ts there).
 *
 * Numbers are computed as float64; a result that is not finite is NULL. JSON is canonical text, its null
 * is NULL.
 */
import {
  assertNever,
  canonicalJson,
  commonKind,
  type Expression,
  kindOf,
  type Place,
  placeOf,
  placeOfComparison,
  type Shape,
  type Test,
  type TotalOrder,
  type ValueKind,
  valueKind,
} from '@inner-universe/core'
import type { Binder } from './bound-sql.ts'
import { compileCondition, type FindPlace, jsonPathOf } from './condition-sql.ts'

/** Rows that expressions are about: their shape, and how SQL names their columns. */
export interface RowsInScope {
  readonly shape: Shape
  readonly cell: (place: Pick<Place, 'member' | 'column'>) => string
}

/** The value of an expression; of JSON as `kind` if that is given: NULL where it is of another. */
export function compileExpression(
  rows: RowsInScope,
  expression: Expression,
  binder: Binder,
  kind?: ValueKind,
): string {
  const own = kindOf(rows.shape, expression)
  if (own !== 'json' || kind === undefined || kind === 'json') {
    return compile(rows, expression, binder)
  }
  const [cell, path] = jsonPlace(rows, expression, binder)
  const type = `json_type(${cell}, ${path})`
  const value = `json_extract(${cell}, ${path})`
  switch (kind) {
    case 'text':
      return `CASE WHEN ${type} = 'text' THEN ${value} END`
    case 'number':
      return `CASE WHEN ${type} IN ('integer', 'real') THEN ${value} END`
    default:
      return `CASE ${type} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END`
  }
}

/** The terms of ORDER BY. */
export function compileOrder(
  rows: RowsInScope,
  order: readonly TotalOrder[],
  binder: Binder,
): string {
  return order
    .map(({ by, direction, asText }) => {
      const isJson = kindOf(rows.shape, by) === 'json'
      const sql = compile(rows, by, binder)
      const value = isJson && !asText ? `json_extract(${sql}, '$')` : sql
      return direction === 'desc' ? `${value} DESC` : value
    })
    .join(', ')
}

/** A test as a boolean: true, or false, or NULL for false. */
export function compileTest(rows: RowsInScope, test: Test, binder: Binder): string {
  switch (test.kind) {
    case 'condition':
      return compileCondition(placesIn(rows), test.condition, binder)
    case 'test': {
      const [left, right] = compileAlike(rows, [test.left, test.right], binder)
      return `(${left} ${SIGNS[test.operator]} ${right})`
    }
    case 'not':
      return `(${compileTest(rows, test.of, binder)} IS NOT TRUE)`
    default: {
      if (test.of.length === 0) return test.kind === 'and' ? '1' : '0'
      const parts = test.of.map((part) => compileTest(rows, part, binder))
      return `(${parts.join(test.kind === 'and' ? ' AND ' : ' OR ')})`
    }
  }
}

/** Expressions over the same rows in the kind they have in common. */
export function compileAlike(
  rows: RowsInScope,
  expressions: readonly Expression[],
  binder: Binder,
): string[] {
  const kinds = expressions.map((expression) => kindOf(rows.shape, expression))
  const kind = commonKind(kinds, 'a comparison')
  return expressions.map((expression) => compileExpression(rows, expression, binder, kind))
}

const SIGNS = { eq: 'IS', ne: 'IS NOT', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

/** Conditions name the side of a join first. */
function placesIn({ shape, cell }: RowsInScope): FindPlace {
  return (compare) => {
    const place = placeOfComparison(shape, compare)
    const isJson = valueKind(place.kind) === 'json'
    return {
      column: { name: place.column, kind: place.kind, isJson },
      cell: cell(place),
      path: place.rest,
    }
  }
}

/** JSON text and the path of a value in it. */
function jsonPlace(
  { shape, cell }: RowsInScope,
  expression: Expression,
  binder: Binder,
): readonly [text: string, path: string] {
  if (expression.kind !== 'path') return [compile({ shape, cell }, expression, binder), "'$'"]
  const place = placeOf(shape, expression.path)
  return [cell(place), binder.bind(jsonPathOf(place.rest))]
}

function compile(rows: RowsInScope, expression: Expression, binder: Binder): string {
  switch (expression.kind) {
    case 'path': {
      const place = placeOf(rows.shape, expression.path)
      const cell = rows.cell(place)
      if (place.rest.length === 0) return cell
      return `nullif(${cell} -> ${binder.bind(jsonPathOf(place.rest))}, 'null')`
    }
    case 'value': {
      const { value } = expression
      if (typeof value === 'boolean') return value ? '1' : '0'
      if (value === null) return 'NULL'
      if (typeof value !== 'object' || value instanceof Uint8Array) return binder.bind(value)
      return binder.bind(canonicalJson(value))
    }
    case 'call':
      return compileCall(rows, expression, binder)
  }
}

function compileCall(
  rows: RowsInScope,
  { function: name, of }: Extract<Expression, { kind: 'call' }>,
  binder: Binder,
): string {
  const as = (kind: ValueKind) => of.map((part) => compileExpression(rows, part, binder, kind))
  switch (name) {
    case 'add':
      return arithmetic('+', as('number'))
    case 'subtract':
      return arithmetic('-', as('number'))
    case 'multiply':
      return arithmetic('*', as('number'))
    case 'divide':
      return arithmetic('/', as('number'))
    case 'lower':
    case 'upper':
    case 'length':
      return `${name}(${as('text').join('')})`
    case 'concat':
      return `(${as('text').join(' || ')})`
    case 'coalesce': {
      const parts = compileAlike(rows, of, binder)
      return parts.length === 1 ? (parts[0] as string) : `coalesce(${parts.join(', ')})`
    }
    case 'day': {
      const ms = `CAST(${as('number').join('')} AS INTEGER)`
      // To the day's beginning first, also before 1970: division rounds to zero.
      return `date((${ms} - ((${ms} % 86400000) + 86400000) % 86400000) / 1000, 'unixepoch')`
    }
    default:
      return assertNever(name)
  }
}

/** As float64, as in JavaScript: integers would be exact, and refused beyond 2^63. */
function arithmetic(sign: string, [left, right]: readonly string[]): string {
  // Never −0, which lists of JSON tell from 0.
  const result = `(CAST(${left} AS REAL) ${sign} CAST(${right} AS REAL) + 0.0)`
  return `nullif(nullif(${result}, 9e999), -9e999)`
}
