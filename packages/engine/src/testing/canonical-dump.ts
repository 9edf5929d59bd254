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
export function dumpModel(rows: MergedRows, tables: TableDefinitions): Dump {
  const visible = visibleRows(rows, tables)
  const dump: Record<string, DumpedRow> = {}
  for (const [table, byId] of rows) {
    for (const row of byId.values()) {
      const isEmpty = row.cells.size + row.counters.size + row.sets.size === 0
      if (row.birth === undefined && row.death === undefined && isEmpty) continue
      dump[`${table} ${row.id}`] = dumpMerged(row, tables, visible.get(table)?.get(row.id))
    }
  }
  return sorted(dump)
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
      dump[`${table.name} ${id}`] = dumpStored(file, table, id, visible ?? hidden, visible)
    }
  }
  return sorted(dump)
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
  const shadows = visible === undefined ? new Map<string, string>() : rows.shadowsOf(table, id)
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
