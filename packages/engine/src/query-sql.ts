/**
 * Typed queries as SQL: every value is bound, every name comes from the schema. STORAGE.md QS1–QS9.
 *
 * A condition is true or false, never unknown: each leaf may come out NULL where it is false, AND and
 * OR keep that harmless, and NOT asks `IS NOT TRUE`. Texts compare by code point (SQLite compares
 * UTF-8 bytes).
 */
import { type Order, type TableQuery, UniverseError } from '@inner-universe/core'
import type { SqlValue } from '@inner-universe/sqlite'
import { Binder, type BoundSql, queryInvalid } from './bound-sql.ts'
import { compileCondition, operandOf, placesOf } from './condition-sql.ts'
import type { Schema, TableSchema } from './schema.ts'

/**
 * The rows of a query: all columns in definition order.
 *
 * @throws UniverseError `query/invalid`, `query/invalid-cursor`.
 */
export function compileQuery(schema: Schema, query: TableQuery): BoundSql {
  const table = queryTable(schema, query.table)
  const binder = new Binder()
  const from = `SELECT ${table.columnsSql} FROM ${table.rowsSql}`
  const where = whereSql(table, query, binder)
  const order = orderSql(table, query.orderBy, binder)
  return { sql: `${from}${where}${order}${limitSql(query, binder)}`, params: binder.params }
}

/** The number of rows of a query, its limit and offset counted in. */
export function compileCount(schema: Schema, query: TableQuery): BoundSql {
  const table = queryTable(schema, query.table)
  const binder = new Binder()
  const where = whereSql(table, query, binder)
  const limit = limitSql(query, binder)
  const sql =
    limit === ''
      ? `SELECT count(*) FROM ${table.rowsSql}${where}`
      : `SELECT count(*) FROM (SELECT 1 FROM ${table.rowsSql}${where}${limit})`
  return { sql, params: binder.params }
}

function queryTable(schema: Schema, name: string): TableSchema {
  const table = schema.get(name)
  if (table === undefined) throw queryInvalid(`the module has no table "${name}"`)
  return table
}

function whereSql(table: TableSchema, query: TableQuery, binder: Binder): string {
  const parts: string[] = []
  if (query.where !== undefined) parts.push(compileCondition(placesOf(table), query.where, binder))
  if (query.after !== undefined) parts.push(cursorSql(table, query, query.after, binder))
  return parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`
}

interface OrderKey {
  readonly sql: string
  readonly isDescending: boolean
  readonly isNullable: boolean
  /** Stored form of a cursor's value. */
  readonly encode: (value: unknown) => SqlValue
}

/** The ordering terms up to the primary key, which makes the order total and ends it. */
function orderKeys(
  table: TableSchema,
  orderBy: readonly Order[],
  binder: Binder,
): readonly OrderKey[] {
  const key = table.primaryKey
  const keys: OrderKey[] = []
  let isTotal = false
  for (const order of orderBy) {
    if (order.direction !== 'asc' && order.direction !== 'desc') {
      throw queryInvalid(`an order is "asc" or "desc", not "${String(order.direction)}"`)
    }
    const operand = operandOf(table, order)
    keys.push({
      sql: operand.sql(binder),
      isDescending: order.direction === 'desc',
      isNullable: operand.isNullable,
      encode: operand.encodeOrderKey,
    })
    isTotal ||= order.column === key.name && order.path === undefined
    if (isTotal) break
  }
  if (!isTotal) {
    const operand = operandOf(table, { column: key.name })
    keys.push({
      sql: operand.sql(binder),
      isDescending: false,
      isNullable: false,
      encode: operand.encodeOrderKey,
    })
  }
  return keys
}

function orderSql(table: TableSchema, orderBy: readonly Order[], binder: Binder): string {
  const terms = orderKeys(table, orderBy, binder).map(
    ({ sql, isDescending }) => sql + (isDescending ? ' DESC' : ''),
  )
  return ` ORDER BY ${terms.join(', ')}`
}

/**
 * The rows after a cursor. With one direction and no NULLs it is a row-value comparison, which an
 * index answers; else the lexicographic order is written out, with a bound on the first key where
 * one can be given.
 */
function cursorSql(
  table: TableSchema,
  query: TableQuery,
  after: readonly unknown[],
  binder: Binder,
): string {
  const keys = orderKeys(table, query.orderBy, binder)
  if (!Array.isArray(after) || after.length !== keys.length) {
    throw new UniverseError(
      'query/invalid-cursor',
      `the cursor has ${after.length} values, the order ${keys.length}; start from the first page`,
    )
  }
  const values = keys.map((key, index) => cursorValue(key, after[index]))
  const [first] = keys
  const isUniform =
    first !== undefined &&
    values.every((value) => value !== null) &&
    keys.every((key) => key.isDescending === first.isDescending) &&
    (!first.isDescending || keys.every((key) => !key.isNullable))
  if (isUniform) {
    const left = keys.map(({ sql }) => sql).join(', ')
    const right = values.map((value) => binder.bind(value)).join(', ')
    return `(${left}) ${first.isDescending ? '<' : '>'} (${right})`
  }
  const places = values.map((value) => binder.bind(value))
  const alternatives = keys.map((key, index) => {
    const equal = keys.slice(0, index).map(({ sql }, at) => `${sql} IS ${places[at]}`)
    return `(${[...equal, beyondSql(key, places[index] ?? '', values[index])].join(' AND ')})`
  })
  const bound = boundSql(first, places[0] ?? '', values[0])
  return `${bound}(${alternatives.join(' OR ')})`
}

function cursorValue(key: OrderKey, value: unknown): SqlValue {
  try {
    return key.encode(value)
  } catch (cause) {
    throw new UniverseError(
      'query/invalid-cursor',
      'a value of the cursor does not fit its order column; start from the first page',
      { cause },
    )
  }
}

function beyondSql(key: OrderKey, place: string, value: SqlValue | undefined): string {
  if (key.isDescending) {
    if (value === null) return '0'
    const below = `${key.sql} < ${place}`
    return key.isNullable ? `(${below} OR ${key.sql} IS NULL)` : below
  }
  return value === null ? `${key.sql} IS NOT NULL` : `${key.sql} > ${place}`
}

function boundSql(key: OrderKey | undefined, place: string, value: SqlValue | undefined): string {
  if (key === undefined || value === null || (key.isDescending && key.isNullable)) return ''
  return `${key.sql} ${key.isDescending ? '<=' : '>='} ${place} AND `
}

function limitSql({ limit, offset }: TableQuery, binder: Binder): string {
  for (const [name, value] of [
    ['limit', limit],
    ['offset', offset],
  ] as const) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
      throw queryInvalid(`${name} is a whole number from 0`)
    }
  }
  if (limit === undefined && offset === undefined) return ''
  const most = ` LIMIT ${binder.bind(limit ?? -1)}`
  return offset === undefined ? most : `${most} OFFSET ${binder.bind(offset)}`
}
