/** Makes the tables of the past, and makes them fit a newer version of the module. HISTORY.md HI5, HI11. */
import { forwardValue, lensesOf, type StoredValue } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { pastTable } from '../history-tables.ts'
import { addColumnSql } from '../migrate.ts'
import { quoteName, type TableSchema } from '../schema.ts'
import { MARKER_STATEMENTS } from './markers.ts'
import { pastStatements } from './past-rows.ts'

/** Creates all tables, where there are none. */
export function makePastTables(driver: Driver, tables: Iterable<TableSchema>): void {
  for (const sql of MARKER_STATEMENTS) driver.exec(sql)
  for (const table of tables) {
    for (const sql of pastStatements(table).values()) driver.exec(sql)
  }
}

/** Adds what a newer version of the module has. Cost: one write per entry where a column follows from another. */
export function migratePastTables(driver: Driver, tables: Iterable<TableSchema>): void {
  for (const table of tables) {
    const past = pastTable(table.name)
    const wanted = pastStatements(table)
    const had = new Map(
      driver
        .prepare('SELECT name, sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL')
        .all([past])
        .map(([name, sql]) => [name as string, sql as string]),
    )
    if (!had.has(past)) {
      for (const sql of wanted.values()) driver.exec(sql)
      continue
    }
    addColumns(driver, table)
    for (const [name, sql] of had) {
      if (name !== past && wanted.get(name) !== sql) driver.exec(`DROP INDEX ${quoteName(name)}`)
    }
    for (const [name, sql] of wanted) {
      if (name !== past && had.get(name) !== sql) driver.exec(sql)
    }
  }
}

function addColumns(driver: Driver, table: TableSchema): void {
  const past = quoteName(pastTable(table.name))
  const info = driver.prepare('SELECT name FROM pragma_table_info(?1)')
  const had = new Set(info.all([pastTable(table.name)]).map(([name]) => name))
  const added = table.columns.filter(({ name }) => !had.has(name))
  for (const column of added) driver.exec(`ALTER TABLE ${past} ${addColumnSql(table, column)}`)
  const key = quoteName(table.primaryKey.name)
  for (const lens of lensesOf(table.definition)) {
    if (!added.some(({ name }) => name === lens.name)) continue
    const read = `SELECT ${key}, _m, ${quoteName(lens.lens.column)} FROM ${past} WHERE _there = 1`
    const write = `UPDATE ${past} SET ${quoteName(lens.name)} = ?3 WHERE ${key} = ?1 AND _m = ?2`
    for (const [id = null, marker = null, old = null] of driver.prepare(read).all()) {
      driver.prepare(write).run([id, marker, forwardValue(lens, old as StoredValue)])
    }
  }
}
