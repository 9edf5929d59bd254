/**
 * Everything that merging has left, in one form for a file and for the pure model: two replicas are
 * equal when their dumps are.
 */
import {
  compareStamp,
  decodeClockOverrides,
  elementsOf,
  type LocalStamp,
  type MergedRow,
  type MergedRows,
  type OffsetOf,
  type SetDots,
  type Stamp,
  type StoredValue,
  setText,
  storedDefault,
  type TableDefinitions,
  visibleRows,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { HiddenRow } from '../hidden-cells.ts'
import type { RowStore, VisibleRow } from '../row-store.ts'
import type { Schema, TableSchema } from '../schema.ts'
import type { Streams } from '../streams.ts'

/** One row id: what is merged about it, with clocks, and what queries see of it. */
export interface DumpedRow {
  readonly birth: string
  readonly death: string
  /** Scalar cells: value and clock. */
  readonly cells: Readonly<Record<string, readonly [StoredValue | undefined, string]>>
  readonly counters: Readonly<Record<string, number>>
  /** Set column → element → additions, removed ones marked. */
  readonly dots: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  readonly visible: Readonly<Record<string, StoredValue>> | undefined
}

/** Rows by `table id`. */
export type Dump = Readonly<Record<string, DumpedRow>>

/** What a file is made of, as dumping needs it. */
export interface DumpedFile {
  readonly driver: Driver
  readonly schema: Schema
  readonly rows: RowStore
  readonly streams: Streams
}

const stampText = (stamp: Stamp | undefined): string =>
  stamp === undefined ? '' : `${stamp.hlc} ${stamp.stream.slice(0, 4)}`

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

/** The dump of the pure model. */
export function dumpModel(rows: MergedRows, tables: TableDefinitions, offsetOf?: OffsetOf): Dump {
  const visible = visibleRows(rows, tables, offsetOf)
  const dump: Record<string, DumpedRow> = {}
  for (const [table, byId] of rows) {
    for (const row of byId.values()) {
      const dumped = dumpMerged(row, tables, visible.get(table)?.get(row.id))
      if (!isEmpty(dumped)) dump[`${table} ${row.id}`] = dumped
    }
  }
  return sorted(dump)
}

/** A row of which nothing is left but that it was heard of. */
function isEmpty({ birth, death, cells, counters, dots }: DumpedRow): boolean {
  const hasDots = Object.values(dots).some((elements) => Object.keys(elements).length > 0)
  const hasCounts = Object.values(counters).some((count) => count !== 0)
  return birth + death === '' && Object.keys(cells).length === 0 && !hasDots && !hasCounts
}

function dumpMerged(
  row: MergedRow,
  tables: TableDefinitions,
  visible: DumpedRow['visible'],
): DumpedRow {
  const cells: Record<string, [StoredValue | undefined, string]> = {}
  const counters: Record<string, number> = {}
  const dots: Record<string, Record<string, string[]>> = {}
  const table = tables[row.table]
  for (const [name, definition] of Object.entries(table?.columns ?? {})) {
    if (name === table?.primaryKey) continue
    if (definition.kind === 'counter') {
      counters[name] = row.counters.get(name) ?? 0
    } else if (definition.kind === 'set') {
      dots[name] = dumpDots(row.sets.get(name))
    } else {
      let cell = row.cells.get(name)
      if (row.birth !== undefined && (!cell || compareStamp(cell.stamp, row.birth) < 0)) {
        cell = { value: storedDefault(definition) as StoredValue, stamp: row.birth }
      }
      if (cell !== undefined) cells[name] = [cell.value, stampText(cell.stamp)]
    }
  }
  const { birth, death } = row
  return { birth: stampText(birth), death: stampText(death), cells, counters, dots, visible }
}

function dumpDots(dots: SetDots | undefined): Record<string, string[]> {
  const dump: Record<string, string[]> = {}
  for (const [element, byKey] of dots ?? []) {
    if (byKey.size === 0) continue
    dump[element] = [...byKey.values()]
      .map(({ stamp, isRemoved }) => `${stampText(stamp)}${isRemoved ? ' removed' : ''}`)
      .sort()
  }
  return sorted(dump)
}

/** The dump of a file. Also asserts by the way that sets show what their dots say. */
export function dumpFile(file: DumpedFile): Dump {
  const { driver, schema, rows } = file
  const dump: Record<string, DumpedRow> = {}
  for (const table of schema.values()) {
    if (!table.isSynced) continue
    const ids = driver
      .prepare(
        `SELECT ${table.primaryKey.name} FROM ${table.rowsSql}
          UNION SELECT id FROM _hidden WHERE tbl = ?1 UNION SELECT id FROM _tombstone WHERE tbl = ?1`,
      )
      .all([table.name])
    for (const [id] of ids as [string][]) {
      const visible = rows.get(table, id)
      const hidden = rows.getHidden(table, id)
      if (visible !== undefined && hidden !== undefined) throw new Error(`${id} lies on both sides`)
      const dumped = dumpStored(file, table, id, visible ?? hidden, visible)
      checkClaims(file, table, id, dumped)
      if (!isEmpty(dumped)) dump[`${table.name} ${id}`] = dumped
    }
  }
  return sorted(dump)
}

/** Every merged value of a unique column is claimed, with the clock of its cell, and nothing else. */
function checkClaims(
  { driver, streams }: DumpedFile,
  table: TableSchema,
  id: string,
  { cells }: DumpedRow,
): void {
  const claims = driver
    .prepare('SELECT col, value, h, r FROM _claim WHERE tbl = ?1 AND id = ?2')
    .all([table.name, id])
    .map(([column, value, hlc, streamIndex]) => {
      const stamp = streams.stampOf({ hlc: hlc as number, streamIndex: streamIndex as number })
      return `${column} ${value} ${stampText(stamp)}`
    })
  const expected = table.uniqueColumns.flatMap(({ name }) => {
    const [value, clock] = cells[name] ?? [null, '']
    return (value ?? null) === null ? [] : [`${name} ${value} ${clock}`]
  })
  if (claims.sort().join() !== expected.sort().join()) {
    throw new Error(`${table.name} ${id} claims ${claims.join()}, has ${expected.join()}`)
  }
}

function dumpStored(
  { rows, streams }: DumpedFile,
  table: TableSchema,
  id: string,
  row: VisibleRow | HiddenRow | undefined,
  visible: VisibleRow | undefined,
): DumpedRow {
  const text = (stamp: LocalStamp | undefined) =>
    stamp === undefined || stamp.hlc === 0 ? '' : stampText(streams.stampOf(stamp))
  const overrides = row === undefined ? undefined : decodeClockOverrides(row, row.overrides)
  const shadows = visible === undefined ? new Map<string, StoredValue>() : rows.shadowsOf(table, id)
  const cells: Record<string, [StoredValue | undefined, string]> = {}
  const counters: Record<string, number> = {}
  const dots: Record<string, Record<string, string[]>> = {}
  for (const column of table.columns) {
    const { name, definition, index } = column
    const value = shadows.get(name) ?? row?.values[index]
    if (column === table.primaryKey) continue
    if (definition.kind === 'counter') {
      counters[name] = (value as number | undefined) ?? 0
    } else if (definition.kind === 'set') {
      const merged: SetDots = new Map()
      for (const { element, isRemoved, ...stamp } of rows.dotsOf(table, id, column)) {
        const byKey = merged.get(element) ?? new Map()
        merged.set(element, byKey)
        byKey.set(text(stamp), { stamp: streams.stampOf(stamp), isRemoved })
      }
      dots[name] = dumpDots(merged)
      const shown = setText(elementsOf(merged))
      if (row !== undefined && (value ?? '[]') !== shown) {
        throw new Error(`${table.name} ${id} shows ${value} for dots of ${shown}`)
      }
    } else if (row !== undefined) {
      const clock = overrides?.get(name) ?? (row.hlc > 0 ? row : undefined)
      if (clock === undefined) continue
      cells[name] = [value === undefined ? storedDefault(definition) : value, text(clock)]
    }
  }
  const shown: Record<string, StoredValue> = {}
  for (const column of table.columns) {
    if (visible !== undefined) shown[column.name] = visible.values[column.index] as StoredValue
  }
  return {
    birth: text(row),
    death: text(rows.getTombstone(table, id)),
    cells,
    counters,
    dots,
    visible: visible === undefined ? undefined : shown,
  }
}
