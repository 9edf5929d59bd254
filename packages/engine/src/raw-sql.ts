/** Read-only SQL given as text: by users, and by reducers through `ctx.sql`. STORAGE.md TX16. */
import { canonicalJson, type QueryValue, UniverseError } from '@inner-universe/core'
import type { Driver, SqlColumns, SqlValue, Statement } from '@inner-universe/sqlite'

/** Rows of a read-only statement as objects by column name. */
export function readRows(
  driver: Driver,
  sql: string,
  params: readonly QueryValue[] | undefined,
): Readonly<Record<string, SqlValue>>[] {
  const statement = readStatement(driver, sql)
  const names = statement.columnNames
  return statement.all(sqlParams(params)).map((values) => {
    const row: Record<string, SqlValue> = {}
    for (let index = 0; index < names.length; index++) {
      row[names[index] as string] = values[index] as SqlValue
    }
    return row
  })
}

/** Rows of a read-only statement column by column. */
export function readColumns(
  driver: Driver,
  sql: string,
  params: readonly QueryValue[] | undefined,
): SqlColumns {
  return readStatement(driver, sql).columns(sqlParams(params))
}

function readStatement(driver: Driver, sql: string): Statement {
  const statement = driver.prepare(sql)
  if (statement.isReadOnly) return statement
  throw new UniverseError(
    'sql/not-read-only',
    'the statement is not a query; write through a reducer',
    { details: { sql: sql.slice(0, 500) } },
  )
}

/** Parameters as SQLite takes them: booleans as 0 and 1, arrays and objects as canonical JSON text. */
function sqlParams(params: readonly QueryValue[] = []): SqlValue[] {
  return params.map((value) => {
    if (typeof value === 'boolean') return value ? 1 : 0
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
    return canonicalJson(value, { code: 'sql/invalid' })
  })
}
