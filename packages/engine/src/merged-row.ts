/**
 * Joins what arrived about one row with what the file holds of it, and writes the outcome with as
 * few statements as it takes. MERGE.md MR3–MR8.
 *
 * Where a row lies is settled afterwards (`visibility.ts`): here a row keeps its side, and a new one
 * lies among the visible if it is alive and has its required cells.
 */
import {
  addCounter,
  type ClockOverrides,
  decodeClockOverrides,
  encodeClockOverrides,
  isUniverseError,
  type LocalStamp,
  type MergedCell,
  type MergedRow,
  type Stamp,
  type StoredValue,
  storedDefault,
} from '@inner-universe/core'
import { claimsOf, moveClaim } from './claims.ts'
import type { HiddenRow } from './hidden-cells.ts'
import type { VisibleRow } from './row-store.ts'
import type { ColumnSchema, TableSchema } from './schema.ts'
import { mergeSetDots } from './set-dots.ts'
import type { ClaimedValue, TouchedRow, WriteScope } from './write-scope.ts'

/** What writing a row asks of those who settle visibility. */
export interface MergedWrite {
  /** Rows whose life or references were written, and those referred to no longer. */
  readonly touched: readonly TouchedRow[]
  /**
   * Values of a row that nothing was known of and that is visible: to be settled only if its
   * references miss or someone waits for it.
   */
  readonly fresh: readonly StoredValue[] | undefined
  /** Values of unique columns whose claims were written, or whose row went out of sight. */
  readonly claims: readonly ClaimedValue[]
}

const NONE: readonly ClaimedValue[] = []
const NOTHING: MergedWrite = { touched: [], fresh: undefined, claims: NONE }
const NO_STAMP: LocalStamp = { hlc: 0, streamIndex: 0 }

/** A row's cells and clocks, wherever it lies. */
interface JoinedRow {
  readonly values: (StoredValue | undefined)[]
  readonly birth: LocalStamp
  readonly clocks: ClockOverrides
  readonly overrides: Uint8Array | null
  /** Indexes of the columns written, ascending. */
  readonly written: readonly number[]
}

/** Writes one row of a fold of deltas that were never merged here before. */
export function writeMergedRow(
  scope: WriteScope,
  table: TableSchema,
  arrived: MergedRow,
): MergedWrite {
  const { rows } = scope
  const { id } = arrived
  const hasPast = rows.hasPast(table)
  const death = writeDeath(scope, table, arrived, hasPast)
  if (arrived.birth === undefined && !hasCells(arrived)) {
    if (arrived.death === undefined) return NOTHING
    return { touched: [{ table, id }], fresh: undefined, claims: NONE }
  }
  const hidden = hasPast ? rows.getHidden(table, id) : undefined
  if (hidden !== undefined) {
    const joined = joinRow(scope, table, hidden, arrived)
    rows.putHidden(table, id, hiddenOf(joined))
    const claims = moveClaims(scope, table, id, hidden.values, joined)
    return { touched: [{ table, id }], fresh: undefined, claims }
  }
  // Most rows with a birth are new: the insert itself finds out whether one is there.
  const mayBeNew = arrived.birth !== undefined && arrived.sets.size === 0
  const visible = mayBeNew ? undefined : rows.get(table, id)
  if (visible !== undefined) return writeVisible(scope, table, visible, arrived)
  const joined = joinRow(scope, table, undefined, arrived)
  const isAlive =
    joined.birth.hlc > 0 && (death === undefined || scope.streams.compare(joined.birth, death) > 0)
  const values = isAlive ? withDefaults(table, joined.values) : undefined
  if (values === undefined) {
    const there = mayBeNew ? rows.get(table, id) : undefined
    if (there !== undefined) return writeVisible(scope, table, there, arrived)
    rows.putHidden(table, id, hiddenOf(joined))
    const claims = moveClaims(scope, table, id, [], joined)
    return { touched: [{ table, id }], fresh: undefined, claims }
  }
  if (!insertNew(scope, table, values, joined)) {
    return writeVisible(scope, table, rows.get(table, id) as VisibleRow, arrived)
  }
  scope.changes.note(table, id, undefined, values)
  return { touched: [], fresh: values, claims: moveClaims(scope, table, id, [], joined) }
}

/** Moves the claims of the unique columns that were written; `before` are merged values. */
function moveClaims(
  scope: WriteScope,
  table: TableSchema,
  id: string,
  before: readonly (StoredValue | undefined)[],
  { values, birth, clocks, written }: JoinedRow,
): readonly ClaimedValue[] {
  if (table.uniqueColumns.length === 0) return NONE
  return table.uniqueColumns.flatMap((column) => {
    const { index, name } = column
    if (!written.includes(index)) return []
    const clock = clocks.get(name) ?? birth
    return moveClaim(scope, { table, column }, id, {
      before: before[index],
      after: values[index],
      clock,
    })
  })
}

/** Writes a newer deletion; gives the newest known. */
function writeDeath(
  { rows, streams }: WriteScope,
  table: TableSchema,
  { id, death }: MergedRow,
  hasPast: boolean,
): LocalStamp | undefined {
  const held = hasPast ? rows.getTombstone(table, id) : undefined
  if (death === undefined) return held
  const arrived = localStamp(streams, death)
  if (held !== undefined && streams.compare(arrived, held) <= 0) return held
  rows.putTombstone(table, id, arrived)
  return arrived
}

function hasCells({ cells, counters, sets }: MergedRow): boolean {
  return cells.size > 0 || counters.size > 0 || sets.size > 0
}

function localStamp(streams: WriteScope['streams'], { hlc, stream }: Stamp): LocalStamp {
  return { hlc, streamIndex: streams.intern(stream, false).index }
}

/** SQLite's extended codes for a UNIQUE and a PRIMARY KEY that is there already. */
const UNIQUE_CODES: ReadonlySet<unknown> = new Set([2067, 1555])

function insertNew(
  { rows }: WriteScope,
  table: TableSchema,
  values: readonly StoredValue[],
  { birth, overrides }: JoinedRow,
): boolean {
  try {
    rows.insert(table, values, birth, overrides)
    return true
  } catch (error) {
    // The row is visible already: it is merged into instead.
    if (isUniverseError(error) && UNIQUE_CODES.has(error.details.sqliteCode)) return false
    throw error
  }
}

function writeVisible(
  scope: WriteScope,
  table: TableSchema,
  row: VisibleRow,
  arrived: MergedRow,
): MergedWrite {
  const { rows, changes } = scope
  const { id } = arrived
  const joined = joinRow(scope, table, row, arrived)
  const touched: TouchedRow[] = []
  if (arrived.birth !== undefined || arrived.death !== undefined) touched.push({ table, id })
  const shadows = rows.hasShadows() ? rows.shadowsOf(table, id) : undefined
  for (const { column, target } of table.references) {
    if (!joined.written.includes(column.index)) continue
    // One that reads NULL is not visible, and losing a referrer does not change that.
    const former = row.values[column.index]
    if (typeof former === 'string') touched.push({ table: target, id: former })
    touched.push({ table, id })
    if (shadows?.has(column.name)) rows.removeShadow(table, id, column.name)
  }
  for (const { index, name } of table.uniqueColumns) {
    if (joined.written.includes(index) && shadows?.has(name)) rows.removeShadow(table, id, name)
  }
  const before = mergedValues(table, row.values, shadows)
  const claims = moveClaims(scope, table, id, before, joined)
  const values = withDefaults(table, joined.values)
  if (values === undefined) {
    // An insert that lacks a required cell made the row incomplete.
    for (const name of shadows?.keys() ?? []) {
      rows.removeShadow(table, id, name)
      const index = table.columnsByName.get(name)?.index ?? -1
      if (!joined.written.includes(index)) joined.values[index] = before[index]
    }
    rows.remove(table, row.n)
    rows.putHidden(table, id, hiddenOf(joined))
    changes.note(table, id, row.values, undefined)
    return { touched, fresh: undefined, claims: [...claims, ...claimsOf(table, joined.values)] }
  }
  if (joined.birth.hlc !== row.hlc || joined.birth.streamIndex !== row.streamIndex) {
    rows.replace(table, row.n, values, joined.birth, joined.overrides)
  } else if (joined.written.length > 0) {
    const changed = joined.written.map((index) => values[index] as StoredValue)
    rows.patch(table, row.n, joined.written, changed, joined.overrides)
  } else {
    return { touched, fresh: undefined, claims }
  }
  changes.note(table, id, row.values, values)
  return { touched, fresh: undefined, claims }
}

/** The values of a visible row with those that read NULL now. */
function mergedValues(
  table: TableSchema,
  values: readonly StoredValue[],
  shadows: ReadonlyMap<string, StoredValue> | undefined,
): readonly StoredValue[] {
  if (shadows === undefined || shadows.size === 0) return values
  return values.map((value, index) => shadows.get(table.columns[index]?.name ?? '') ?? value)
}

function hiddenOf({ values, birth, overrides }: JoinedRow): HiddenRow {
  return { values, hlc: birth.hlc, streamIndex: birth.streamIndex, overrides }
}

/** The row with defaults where nothing was written; undefined when a required cell is missing. */
function withDefaults(
  table: TableSchema,
  values: readonly (StoredValue | undefined)[],
): StoredValue[] | undefined {
  const full: StoredValue[] = new Array(values.length)
  for (let index = 0; index < values.length; index++) {
    let value = values[index]
    if (value === undefined) {
      value = storedDefault((table.columns[index] as ColumnSchema).definition)
      if (value === undefined) return undefined
    }
    full[index] = value
  }
  return full
}

/** The join of a row's stored cells with those that arrived. Dots are written on the way. */
function joinRow(
  scope: WriteScope,
  table: TableSchema,
  stored: VisibleRow | HiddenRow | undefined,
  arrived: MergedRow,
): JoinedRow {
  const { streams } = scope
  const storedBirth = stored !== undefined && stored.hlc > 0 ? stored : undefined
  const arrivedBirth = arrived.birth && localStamp(streams, arrived.birth)
  const isReborn =
    arrivedBirth !== undefined &&
    (storedBirth === undefined || streams.compare(arrivedBirth, storedBirth) > 0)
  const birth = isReborn ? arrivedBirth : storedBirth
  const base = birth ?? NO_STAMP
  const before = decodeClockOverrides(stored ?? NO_STAMP, stored?.overrides ?? null)
  const clocks = new Map<string, LocalStamp>()
  const values =
    stored?.values.slice() ?? new Array<undefined>(table.columns.length).fill(undefined)
  const written: number[] = []
  for (const column of table.columns) {
    const { index, name } = column
    if (column.isMerged) {
      const value = joinMerged(scope, table, column, values[index] ?? undefined, arrived)
      if (value === undefined) continue
      values[index] = value
      written.push(index)
      continue
    }
    if (column === table.primaryKey) {
      values[index] = arrived.id
      continue
    }
    const cell = joinCell(streams, before.get(name) ?? storedBirth, arrived.cells.get(name), birth)
    if (cell.value !== undefined) values[index] = cell.value
    else if (cell.isOfEarlierLife) values[index] = undefined
    if (cell.value !== undefined || cell.isOfEarlierLife) written.push(index)
    const { clock } = cell
    if (clock === undefined) continue
    if (clock.hlc !== base.hlc || clock.streamIndex !== base.streamIndex) clocks.set(name, clock)
  }
  return { values, birth: base, clocks, overrides: overridesOf(base, clocks), written }
}

function overridesOf(base: LocalStamp, clocks: ClockOverrides): Uint8Array | null {
  return clocks.size === 0 ? null : encodeClockOverrides(base, clocks)
}

interface JoinedCell {
  readonly clock: LocalStamp | undefined
  /** The value that arrived, if it won. */
  readonly value: StoredValue | undefined
  /** True when a newer insert that does not name the column takes its value away. */
  readonly isOfEarlierLife: boolean
}

/** [MR4] The newer of a stored and an arrived cell, neither of them older than the birth. */
function joinCell(
  streams: WriteScope['streams'],
  held: LocalStamp | undefined,
  arrived: MergedCell | undefined,
  birth: LocalStamp | undefined,
): JoinedCell {
  let clock = held
  let value: StoredValue | undefined
  if (arrived !== undefined) {
    const stamp = localStamp(streams, arrived.stamp)
    if (clock === undefined || streams.compare(stamp, clock) >= 0) {
      clock = stamp
      value = arrived.value
    }
  }
  if (birth !== undefined && (clock === undefined || streams.compare(clock, birth) < 0)) {
    return { clock: birth, value: undefined, isOfEarlierLife: true }
  }
  return { clock, value, isOfEarlierLife: false }
}

/** The value of a counter or set after what arrived; undefined when nothing did. */
function joinMerged(
  scope: WriteScope,
  table: TableSchema,
  column: ColumnSchema,
  held: StoredValue | undefined,
  arrived: MergedRow,
): StoredValue | undefined {
  if (column.kind === 'set') {
    const dots = arrived.sets.get(column.name)
    if (dots !== undefined) return mergeSetDots(scope, table, arrived.id, column, dots)
  } else {
    const by = arrived.counters.get(column.name)
    if (by !== undefined) return addCounter((held as number | undefined) ?? 0, by)
  }
  return held === undefined ? storedDefault(column.definition) : undefined
}
