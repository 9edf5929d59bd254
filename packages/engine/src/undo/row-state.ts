/** What a file holds of one row, whether it is visible or not, with the version of each part of it. */
import { decodeClockOverrides, type LocalStamp, type StoredValue } from '@inner-universe/core'
import type { ColumnSchema, TableSchema } from '../schema.ts'
import type { WriteScope } from '../write-scope.ts'

/**
 * Names one write: its stamp as text, `hlc stream`, which is the same in every file. Empty: nothing was
 * written, or the table is local and has no stamps.
 */
export type Version = string

/** Additions of one set column that were not removed, by element (canonical JSON text). */
export type Elements = ReadonlyMap<string, readonly Version[]>

/** A row with what was merged into it: cells that read NULL for now have their merged values. */
export interface RowState {
  /** False when nothing but maybe a deletion is known. */
  readonly isKnown: boolean
  /** Whether its newest insert is newer than its newest delete; of a local table: whether it is there. */
  readonly isAlive: boolean
  /** The insert of an alive row, the newest delete of any other. */
  readonly life: Version
  /** In column order; undefined where nothing was written. */
  readonly values: readonly (StoredValue | undefined)[]
  /** Clocks of cells that have one of their own. */
  readonly versions: ReadonlyMap<string, Version>
  /** The clock of all other cells. */
  readonly birth: Version
  readonly elements: ReadonlyMap<string, Elements>
}

/** Whether a column of a row is written as a whole, with a clock of its own where there are clocks. */
export function isCell(table: TableSchema, column: ColumnSchema): boolean {
  return column !== table.primaryKey && !(table.isSynced && column.isMerged)
}

/** The version of a cell. */
export function versionOf(state: RowState, column: string): Version {
  return state.versions.get(column) ?? state.birth
}

/** The clock of a version; 0 of none. */
export function hlcOf(version: Version): number {
  return Number.parseInt(version, 10) || 0
}

/** Reads a row. Cost: one to four index seeks, one more for each set column. */
export function readRowState(scope: WriteScope, table: TableSchema, id: string): RowState {
  const { rows, streams } = scope
  const visible = rows.get(table, id)
  if (!table.isSynced) {
    const isAlive = visible !== undefined
    return { ...NOTHING, isKnown: isAlive, isAlive, values: visible?.values ?? [] }
  }
  const hasPast = rows.hasPast(table)
  const stored = visible ?? (hasPast ? rows.getHidden(table, id) : undefined)
  const death = hasPast ? rows.getTombstone(table, id) : undefined
  const textOf = (stamp: LocalStamp): Version => {
    const { hlc, stream } = streams.stampOf(stamp)
    return `${hlc} ${stream}`
  }
  const isBorn = stored !== undefined && stored.hlc > 0
  const isAlive = isBorn && (death === undefined || streams.compare(stored, death) > 0)
  const birth = isBorn ? textOf(stored) : ''
  const life = isAlive ? birth : death === undefined ? '' : textOf(death)
  if (stored === undefined) return { ...NOTHING, life }
  const clocks = decodeClockOverrides(stored, stored.overrides)
  return {
    isKnown: true,
    isAlive,
    life,
    values: visible === undefined ? stored.values : mergedValues(scope, table, id, visible.values),
    versions: new Map([...clocks].map(([column, clock]) => [column, textOf(clock)])),
    birth,
    elements: readElements(scope, table, id, textOf),
  }
}

const NOTHING: RowState = {
  isKnown: false,
  isAlive: false,
  life: '',
  values: [],
  versions: new Map(),
  birth: '',
  elements: new Map(),
}

function mergedValues(
  { rows }: WriteScope,
  table: TableSchema,
  id: string,
  values: readonly StoredValue[],
): readonly StoredValue[] {
  const shadows = rows.hasShadows() ? rows.shadowsOf(table, id) : undefined
  if (shadows === undefined || shadows.size === 0) return values
  return values.map((value, index) => shadows.get(table.columns[index]?.name ?? '') ?? value)
}

function readElements(
  { rows }: WriteScope,
  table: TableSchema,
  id: string,
  textOf: (stamp: LocalStamp) => Version,
): ReadonlyMap<string, Elements> {
  const columns = new Map<string, Map<string, Version[]>>()
  for (const column of table.hasMergedColumns ? table.columns : []) {
    if (column.kind !== 'set') continue
    const elements = new Map<string, Version[]>()
    columns.set(column.name, elements)
    for (const dot of rows.dotsOf(table, id, column)) {
      if (dot.isRemoved) continue
      elements.set(dot.element, [...(elements.get(dot.element) ?? []), textOf(dot)])
    }
  }
  return columns
}
