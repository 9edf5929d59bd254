/**
 * Fills columns that follow from older ones, in rows that were there before. MERGE.md MR23.
 *
 * A cell gets the value and the clock it would have if the column had been there from the beginning.
 */
import {
  decodeClockOverrides,
  encodeClockOverrides,
  forwardValue,
  type LensColumn,
  type LocalStamp,
  lensesOf,
  type StoredValue,
  storedDefault,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { RowStore } from './row-store.ts'
import { type ColumnSchema, quoteName, type TableSchema } from './schema.ts'

/** Rows read at once. */
const ROWS_AT_ONCE = 1000

/** Fills those of the new columns of a table that follow from others. Cost: one write per row. */
export function hydrateColumns(
  driver: Driver,
  rows: RowStore,
  table: TableSchema,
  names: readonly string[],
): void {
  for (const lens of lensesOf(table.definition)) {
    if (!names.includes(lens.name)) continue
    hydrateVisible(driver, rows, table, lens)
    if (table.isSynced) hydrateHidden(driver, rows, table, lens)
  }
}

function hydrateVisible(
  driver: Driver,
  rows: RowStore,
  table: TableSchema,
  lens: LensColumn,
): void {
  const { column, source } = columnsOf(table, lens)
  const key = quoteName(table.primaryKey.name)
  const statement = driver.prepare(
    `SELECT _n, ${key} FROM ${table.rowsSql} WHERE _n > ?1 ORDER BY _n LIMIT ${ROWS_AT_ONCE}`,
  )
  for (let page = statement.all([-1]); page.length > 0; ) {
    for (const [, id] of page) {
      const row = rows.get(table, id as string)
      if (row === undefined) continue
      let old = row.values[source.index] ?? null
      if (old === null && rows.hasShadows()) {
        old = rows.shadowsOf(table, id as string).get(source.name) ?? null
      }
      const value = forwardValue(lens, old)
      const overrides = withClock(row, row.overrides, lens)
      rows.patch(table, row.n, [column.index], [value], overrides)
    }
    page = statement.all([page.at(-1)?.[0] as number])
  }
}

function hydrateHidden(driver: Driver, rows: RowStore, table: TableSchema, lens: LensColumn): void {
  const { column, source } = columnsOf(table, lens)
  const ids = driver.prepare('SELECT id FROM _hidden WHERE tbl = ?1').all([table.name])
  for (const [id] of ids as [string][]) {
    const row = rows.getHidden(table, id)
    if (row === undefined) continue
    let old: StoredValue | undefined = row.values[source.index]
    if (old === undefined && row.hlc > 0) old = storedDefault(lens.source)
    if (old === undefined) continue
    const values = row.values.slice()
    values[column.index] = forwardValue(lens, old)
    rows.putHidden(table, id, { ...row, values, overrides: withClock(row, row.overrides, lens) })
  }
}

function columnsOf(
  table: TableSchema,
  { name, lens }: LensColumn,
): { readonly column: ColumnSchema; readonly source: ColumnSchema } {
  return {
    column: table.columnsByName.get(name) as ColumnSchema,
    source: table.columnsByName.get(lens.column) as ColumnSchema,
  }
}

/** The overrides of a row with the source's clock for the new column, too. */
function withClock(
  base: LocalStamp,
  overrides: Uint8Array | null,
  { name, lens }: LensColumn,
): Uint8Array | null {
  const clocks = decodeClockOverrides(base, overrides)
  const clock = clocks.get(lens.column)
  return clock === undefined
    ? overrides
    : encodeClockOverrides(base, new Map([...clocks, [name, clock]]))
}
