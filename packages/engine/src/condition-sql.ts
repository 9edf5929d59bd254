/** Conditions over one row as SQL. STORAGE.md QS1–QS9. */
import {
  assertNever,
  type Condition,
  canonicalJson,
  isUniverseError,
  notAScalar,
  setText,
  sortElements,
} from '@inner-universe/core'
import type { SqlValue } from '@inner-universe/sqlite'
import { type Binder, queryInvalid } from './bound-sql.ts'
import { type ColumnSchema, hasDocument, quoteName, type TableSchema } from './schema.ts'

/** Deepest nesting of a condition: far below SQLite's expression limit of 1000. */
export const CONDITION_DEPTH_MAX = 100

/** Values of `in` and `notIn` written out; longer lists travel as one JSON parameter. */
const LIST_WRITTEN_MAX = 8

type Compare = Extract<Condition, { kind: 'compare' }>

/** What a condition needs to know of a column. */
export type ConditionColumn = Pick<ColumnSchema, 'name' | 'kind' | 'isJson'>

/** Where the value of a comparison is: a column, how SQL reads it, and the rest of the way in its JSON. */
export interface ComparedPlace {
  readonly column: ConditionColumn
  readonly cell: string
  readonly path: readonly string[]
}

/** Finds what comparisons compare. @throws UniverseError `query/invalid`, `document/not-a-scalar`. */
export type FindPlace = (compare: Pick<Compare, 'column' | 'path'>) => ComparedPlace

/** Places in the rows of a table. */
export function placesOf(table: TableSchema): FindPlace {
  return ({ column: name, path = [] }) => {
    const column = table.columnsByName.get(name)
    if (column === undefined) {
      if (hasDocument(table, name)) throw notAScalar(table.name, name)
      throw queryInvalid(`table "${table.name}" has no column "${name}"`)
    }
    return { column, cell: quoteName(name), path }
  }
}

/** What a condition or an order compares: a column, or a place inside a JSON column. */
export interface Operand {
  /** The value as SQL compares and orders it. */
  readonly sql: (binder: Binder) => string
  readonly isNullable: boolean
  /** Stored form of a cursor's value. @throws for a value that cannot be this operand's. */
  readonly encodeOrderKey: (value: unknown) => SqlValue
}

/** A column, or a place inside one. @throws UniverseError `query/invalid`, `document/not-a-scalar`. */
export function operandOf(
  table: TableSchema,
  order: { readonly column: string; readonly path?: readonly string[] },
): Operand {
  const target = targetOf(placesOf(table)(order))
  if (target.kind === 'column') {
    return {
      sql: () => target.sql,
      isNullable: mayReadNull(table.columnsByName.get(order.column) as ColumnSchema),
      encodeOrderKey: (value) => (value === null ? null : scalar(target.column, value)),
    }
  }
  return { sql: target.extract, isNullable: true, encodeOrderKey: jsonOrderKey }
}

/** Whether a cell may be NULL to queries: a value of a row out of sight, or that another row holds, is. */
function mayReadNull({ definition, kind }: ColumnSchema): boolean {
  return definition.isOptional || definition.isUnique === true || kind === 'ref'
}

/** The condition as a boolean expression: true, or false, or NULL for false. */
export function compileCondition(
  find: FindPlace,
  condition: Condition,
  binder: Binder,
  depth = 0,
): string {
  if (depth > CONDITION_DEPTH_MAX) {
    throw queryInvalid(`a condition is nested more than ${CONDITION_DEPTH_MAX} deep`)
  }
  switch (condition?.kind) {
    case 'compare':
      return compileComparison(find, condition, binder)
    case 'and':
    case 'or': {
      const parts = condition.of.map((part) => compileCondition(find, part, binder, depth + 1))
      if (parts.length === 0) return condition.kind === 'and' ? '1' : '0'
      return `(${parts.join(condition.kind === 'and' ? ' AND ' : ' OR ')})`
    }
    case 'not':
      return `(${compileCondition(find, condition.of, binder, depth + 1)} IS NOT TRUE)`
    default:
      throw queryInvalid('a condition is one of compare, and, or, not')
  }
}

function compileComparison(find: FindPlace, compare: Compare, binder: Binder): string {
  const target = targetOf(find(compare))
  return target.kind === 'column'
    ? compareColumn(target, compare, binder)
    : compareJson(target, compare, binder)
}

interface ColumnTarget {
  readonly kind: 'column'
  readonly column: ConditionColumn
  readonly sql: string
}

interface JsonTarget {
  readonly kind: 'json'
  /** The JSON column. */
  readonly cell: string
  readonly path: string
  /** The SQL value at the path: text, number, 0 or 1, NULL; arrays and objects as JSON text. */
  readonly extract: (binder: Binder) => string
}

/**
 * `array`, `object` and `set` columns without a path are compared whole, by canonical text; a `json`
 * column may hold anything, so it is looked into even without a path.
 */
function targetOf({ column, cell, path }: ComparedPlace): ColumnTarget | JsonTarget {
  if (path.length === 0 && column.kind !== 'json') return { kind: 'column', column, sql: cell }
  if (!column.isJson) throw queryInvalid(`column "${column.name}" is not JSON: it has no paths`)
  const jsonPath = jsonPathOf(path)
  return {
    kind: 'json',
    cell,
    path: jsonPath,
    extract: (binder) => `json_extract(${cell}, ${binder.bind(jsonPath)})`,
  }
}

/** Names as SQLite's JSON path: each quoted and escaped as in JSON itself. */
export function jsonPathOf(names: readonly string[]): string {
  return `$${names.map((name) => `.${JSON.stringify(String(name))}`).join('')}`
}

/** The stored form of a value that a column is compared with. */
function scalar(column: ConditionColumn, value: unknown): SqlValue {
  const { kind } = column
  switch (kind) {
    case 'id':
    case 'key':
    case 'text':
    case 'enum':
    case 'ref':
      if (typeof value === 'string') return value
      break
    case 'int':
    case 'real':
    case 'timestamp':
    case 'counter':
      if (typeof value === 'number' && Number.isFinite(value)) return value
      break
    case 'bool':
      if (typeof value === 'boolean') return value ? 1 : 0
      break
    case 'bytes':
      if (value instanceof Uint8Array) return value
      break
    case 'json':
    case 'array':
    case 'object':
      return jsonText(value)
    case 'set':
      // Stored in canonical order, whatever order is asked with.
      if (Array.isArray(value)) return setText(sortElements(value.map((item) => jsonText(item))))
      break
    default:
      return assertNever(kind)
  }
  throw queryInvalid(`column "${column.name}" (${kind}) is compared with a ${typeName(value)}`)
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return Array.isArray(value) ? 'list' : typeof value
}

function jsonText(value: unknown): string {
  try {
    return canonicalJson(value)
  } catch (error) {
    if (isUniverseError(error)) throw queryInvalid(error.message)
    throw error
  }
}

function listOf(compare: Compare): readonly unknown[] {
  if (Array.isArray(compare.value)) return compare.value
  throw queryInvalid(`"${compare.operator}" takes a list`)
}

function textOf(compare: Compare): string {
  if (typeof compare.value === 'string') return compare.value
  throw queryInvalid(`"${compare.operator}" takes a text`)
}

const SIGNS = { gt: '>', lt: '<', gte: '>=', lte: '<=' } as const

function compareColumn(target: ColumnTarget, compare: Compare, binder: Binder): string {
  const { column, sql } = target
  const { operator, value } = compare
  switch (operator) {
    case 'eq':
      return value === null ? `${sql} IS NULL` : `${sql} = ${binder.bind(scalar(column, value))}`
    case 'ne':
      return value === null
        ? `${sql} IS NOT NULL`
        : `${sql} IS NOT ${binder.bind(scalar(column, value))}`
    case 'gt':
    case 'lt':
    case 'gte':
    case 'lte':
      if (column.isJson) throw queryInvalid(`column "${column.name}" (${column.kind}) has no order`)
      return `${sql} ${SIGNS[operator]} ${binder.bind(scalar(column, value))}`
    case 'in':
    case 'notIn': {
      const given = listOf(compare)
      const values = given.filter((item) => item !== null).map((item) => scalar(column, item))
      const hasNull = values.length < given.length
      return memberSql(
        { operand: () => sql, values, hasNull, isNegated: operator === 'notIn' },
        binder,
      )
    }
    case 'contains':
      if (column.kind === 'array' || column.kind === 'set') {
        return elementSql(sql, '$', compare.value, binder)
      }
      return containsSql(textColumn(target, compare), textOf(compare), binder)
    case 'startsWith':
      return prefixSql(textColumn(target, compare), textOf(compare), binder)
    case 'endsWith':
      return suffixSql(textColumn(target, compare), textOf(compare), binder)
    default:
      return unknownOperator(operator)
  }
}

const TEXT_KINDS: ReadonlySet<string> = new Set(['id', 'key', 'text', 'enum', 'ref'])

function textColumn({ column, sql }: ColumnTarget, { operator }: Compare): string {
  if (TEXT_KINDS.has(column.kind)) return sql
  throw queryInvalid(`"${operator}" does not apply to column "${column.name}" (${column.kind})`)
}

function unknownOperator(operator: never): never {
  throw queryInvalid(`there is no operator "${String(operator)}"`)
}

interface Membership {
  /** Asked once, and not at all where the answer does not depend on it: it may bind parameters. */
  readonly operand: () => string
  readonly values: readonly SqlValue[]
  readonly hasNull: boolean
  readonly isNegated: boolean
}

/** `in` and `notIn`, where NULL is a value like any other. */
function memberSql({ operand, values, hasNull, isNegated }: Membership, binder: Binder): string {
  if (values.length === 0 && !hasNull) return isNegated ? '1' : '0'
  const sql = operand()
  if (values.length === 0) return isNegated ? `${sql} IS NOT NULL` : `${sql} IS NULL`
  const list = listSql(values, binder)
  if (isNegated) {
    return hasNull
      ? `(${sql} IS NOT NULL AND ${sql} NOT IN ${list})`
      : `(${sql} IS NULL OR ${sql} NOT IN ${list})`
  }
  return hasNull ? `(${sql} IS NULL OR ${sql} IN ${list})` : `${sql} IN ${list}`
}

/** A list in parentheses. Long ones are one parameter, so that their SQL stays the same. */
function listSql(values: readonly SqlValue[], binder: Binder): string {
  const isWritten =
    values.length <= LIST_WRITTEN_MAX ||
    values.some((value) => value instanceof Uint8Array || String(value).includes('\0'))
  if (isWritten) return `(${values.map((value) => binder.bind(value)).join(', ')})`
  return `(SELECT value FROM json_each(${binder.bind(JSON.stringify(values))}))`
}

function containsSql(sql: string, text: string, binder: Binder): string {
  return `instr(${sql}, ${binder.bind(text)}) > 0`
}

/**
 * Texts that start with a prefix are those from the prefix up to its successor: exact, since order is
 * by code point, and an index answers it.
 */
function prefixSql(sql: string, prefix: string, binder: Binder): string {
  const from = `${sql} >= ${binder.bind(prefix)}`
  const end = successorOf(prefix)
  // Any text sorts before any blob.
  return `(${from} AND ${sql} < ${end === undefined ? "x''" : binder.bind(end)})`
}

/** The least text above all that start with `prefix`; undefined when there is none. */
function successorOf(prefix: string): string | undefined {
  const points = [...prefix]
  while (points.length > 0) {
    const last = points.pop()?.codePointAt(0) ?? 0
    if (last < 0x10ffff) {
      const next = last + 1
      // Surrogates are no code points of a text.
      return points.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next)
    }
  }
  return undefined
}

/** By bytes: in UTF-8 a suffix in bytes is one in characters. SQLite's own count stops at U+0000. */
function suffixSql(sql: string, suffix: string, binder: Binder): string {
  if (suffix === '') return `typeof(${sql}) = 'text'`
  const bytes = new TextEncoder().encode(suffix)
  const place = binder.bind(bytes)
  return `(typeof(${sql}) = 'text' AND substr(CAST(${sql} AS BLOB), -${bytes.length}) = ${place})`
}

function compareJson(target: JsonTarget, compare: Compare, binder: Binder): string {
  const { cell, path } = target
  const { operator, value } = compare
  const place = () => binder.bind(path)
  switch (operator) {
    case 'eq':
    case 'ne': {
      if (value === null)
        return `${target.extract(binder)} IS ${operator === 'eq' ? '' : 'NOT '}NULL`
      const sign = operator === 'eq' ? '=' : 'IS NOT'
      return `(${cell} -> ${place()}) ${sign} ${binder.bind(jsonText(value))}`
    }
    case 'gt':
    case 'lt':
    case 'gte':
    case 'lte': {
      const ordered = orderedJson(value)
      const guard = `json_type(${cell}, ${place()}) IN ${ordered.types}`
      const sign = SIGNS[operator]
      return `(${guard} AND ${target.extract(binder)} ${sign} ${binder.bind(ordered.value)})`
    }
    case 'in':
    case 'notIn': {
      const given = listOf(compare)
      const values = given.filter((item) => item !== null).map((item) => jsonText(item))
      const hasNull = values.length < given.length
      // JSON null and nothing at all are both NULL.
      const operand = () => `nullif(${cell} -> ${place()}, 'null')`
      return memberSql({ operand, values, hasNull, isNegated: operator === 'notIn' }, binder)
    }
    case 'contains': {
      const element = elementSql(cell, path, value, binder)
      if (typeof value !== 'string') return element
      return `(${element} OR ${guardText(target, binder)} AND ${containsSql(target.extract(binder), value, binder)})`
    }
    case 'startsWith':
      return `(${guardText(target, binder)} AND ${prefixSql(target.extract(binder), textOf(compare), binder)})`
    case 'endsWith':
      return `(${guardText(target, binder)} AND ${suffixSql(target.extract(binder), textOf(compare), binder)})`
    default:
      return unknownOperator(operator)
  }
}

function guardText({ cell, path }: JsonTarget, binder: Binder): string {
  return `json_type(${cell}, ${binder.bind(path)}) = 'text'`
}

function orderedJson(value: unknown): { readonly types: string; readonly value: SqlValue } {
  if (typeof value === 'string') return { types: "('text')", value }
  if (typeof value === 'number' && Number.isFinite(value)) {
    return { types: "('integer', 'real')", value }
  }
  throw queryInvalid(`a ${typeName(value)} has no order`)
}

/** Whether the array at a path has an element, compared as JSON. */
function elementSql(cell: string, path: string, element: unknown, binder: Binder): string {
  const text = jsonText(element)
  const place = binder.bind(path)
  const each = `SELECT 1 FROM json_each(${cell}, ${place})`
  return (
    `(json_type(${cell}, ${place}) = 'array' AND ` +
    `EXISTS (${each} WHERE ${elementMatch(element, text, binder)}))`
  )
}

function elementMatch(element: unknown, text: string, binder: Binder): string {
  switch (typeof element) {
    case 'string':
      return `type = 'text' AND atom = ${binder.bind(element)}`
    case 'number':
      return `type IN ('integer', 'real') AND atom = ${binder.bind(element)}`
    case 'boolean':
      return `type = '${text}'`
    default:
      if (element === null) return "type = 'null'"
      return `type = '${Array.isArray(element) ? 'array' : 'object'}' AND value = ${binder.bind(text)}`
  }
}

function jsonOrderKey(value: unknown): SqlValue {
  if (value === null || typeof value === 'string') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'number') return value
  return jsonText(value)
}
