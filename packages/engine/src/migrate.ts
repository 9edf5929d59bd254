/**
 * Makes a file fit a module: creates all tables, or adds what is new. Runs in the open transaction;
 * whether it may run at all was decided before (`stored-schema.ts`). STORAGE.md MG1–MG6.
 */
import type { Module } from '@inner-universe/core'
import type { Driver, SqlValue } from '@inner-universe/sqlite'
import { hydrateColumns } from './hydrate.ts'
import { writeMeta } from './meta.ts'
import { storedDefault } from './row-codec.ts'
import { RowStore } from './row-store.ts'
import {
  APPLICATION_ID,
  type ColumnSchema,
  columnSql,
  FORMAT_VERSION,
  quoteName,
  type Schema,
  searchTable,
  type TableSchema,
  tableOf,
} from './schema.ts'
import {
  fillSearchStatement,
  indexStatements,
  SYSTEM_STATEMENTS,
  searchStatements,
  tableStatements,
  viewStatement,
} from './schema-statements.ts'
import { encodeSchema } from './schema-text.ts'
import type { SchemaChange } from './stored-schema.ts'

/** Creates all tables of an empty file. */
export function createTables(driver: Driver, module: Module, schema: Schema): void {
  driver.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
  driver.exec(`PRAGMA user_version = ${FORMAT_VERSION}`)
  for (const sql of SYSTEM_STATEMENTS) driver.exec(sql)
  for (const table of schema.values()) runAll(driver, tableStatements(table))
  writeMeta(driver, 'module', module.name)
  writeMeta(driver, 'schema', encodeSchema(module))
}

/** Adds what a newer version of the module has. */
export function applySchemaChange(
  driver: Driver,
  module: Module,
  schema: Schema,
  change: SchemaChange,
): void {
  for (const name of change.newTables) runAll(driver, tableStatements(tableOf(schema, name)))
  for (const [name, columns] of change.newColumns) {
    addColumns(driver, tableOf(schema, name), columns)
    hydrateColumns(driver, new RowStore(driver), tableOf(schema, name), columns)
  }
  const touched = new Set([...change.reindexed, ...change.newColumns.keys()])
  for (const name of touched) renewIndexes(driver, tableOf(schema, name))
  for (const name of change.reindexed) renewSearch(driver, tableOf(schema, name))
  writeMeta(driver, 'schema', encodeSchema(module))
}

function runAll(driver: Driver, statements: readonly string[]): void {
  for (const sql of statements) driver.exec(sql)
}

function addColumns(driver: Driver, table: TableSchema, names: readonly string[]): void {
  const added = table.columns.filter(({ name }) => names.includes(name))
  driver.exec(`DROP VIEW ${quoteName(table.name)}`)
  for (const column of added) {
    driver.exec(`ALTER TABLE ${table.rowsSql} ${addColumnSql(table, column)}`)
  }
  // No clocks are noted: an insert writes every column, those it does not know too (MERGE.md MR4).
  driver.exec(viewStatement(table))
}

/** How a column is added to a table that has rows, all of which then read its default. */
export function addColumnSql(table: TableSchema, column: ColumnSchema): string {
  return `ADD COLUMN ${columnSql(column)} DEFAULT ${literal(storedDefault(table, column))}`
}

function renewIndexes(driver: Driver, table: TableSchema): void {
  const wanted = indexStatements(table)
  const had = driver
    .prepare(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL",
    )
    .all([`_rows_${table.name}`])
  const standing = new Set<string>()
  for (const [name, sql] of had) {
    if (wanted.get(name as string) === sql) standing.add(name as string)
    else driver.exec(`DROP INDEX ${quoteName(name as string)}`)
  }
  for (const [name, sql] of wanted) if (!standing.has(name)) driver.exec(sql)
}

function renewSearch(driver: Driver, table: TableSchema): void {
  for (const event of ['insert', 'update', 'delete']) {
    driver.exec(`DROP TRIGGER IF EXISTS ${quoteName(`_search_${table.name}_${event}`)}`)
  }
  driver.exec(`DROP TABLE IF EXISTS ${quoteName(searchTable(table.name))}`)
  runAll(driver, searchStatements(table))
  if (table.definition.search !== undefined) driver.exec(fillSearchStatement(table))
}

function literal(value: SqlValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (value instanceof Uint8Array) return `x'${[...value].map(hexByte).join('')}'`
  return String(value)
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
