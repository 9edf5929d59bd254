/**
 * Floors: what a replica may forget when nothing older can arrive any more. MERGE.md MR19–MR21.
 *
 * {@link applyFloor} does what every replica must have done at the same offset. Clocks of single cells
 * may go at any time after, {@link dropOverrides}: that changes no comparison, only the file's size.
 */
import {
  decodeClockOverrides,
  encodeClockOverrides,
  type Floor,
  type LocalStamp,
  type StoredValue,
} from '@inner-universe/core'
import { claimsOf, moveClaim, settleClaims } from './claims.ts'
import type { HiddenRow } from './hidden-cells.ts'
import { quoteName, type TableSchema } from './schema.ts'
import { setTextOf } from './set-dots.ts'
import { hideRow, settleVisibility } from './visibility.ts'
import type { TouchedRow, WriteScope } from './write-scope.ts'

/**
 * Takes in a floor: forgets its rows as far as their clocks are at or below its hlc, deletions of rows
 * that live again, and additions to sets that were removed.
 *
 * Cost: that of the forgotten rows, and of the deletions and removed additions at or below the hlc.
 */
export function applyFloor(scope: WriteScope, { hlc, forgotten }: Floor): void {
  const touched: TouchedRow[] = []
  for (const { table: name, ids } of forgotten) {
    const table = scope.schema.get(name)
    if (table?.isSynced !== true) continue
    for (const id of ids) if (forgetRow(scope, table, id, hlc)) touched.push({ table, id })
  }
  if (touched.length > 0) settleVisibility(scope, touched)
  dropNeedlessTombstones(scope, hlc)
  scope.driver.prepare('DELETE FROM _set_dot WHERE removed = 1 AND h <= ?1').run([hlc])
}

/** Forgets what is known of a row up to `hlc`; true when something is left, or was visible. */
function forgetRow(scope: WriteScope, table: TableSchema, id: string, hlc: number): boolean {
  const { rows } = scope
  const visible = rows.get(table, id)
  // Only own writes that are not in the log yet can show a row that everybody forgets.
  if (visible !== undefined) hideRow(scope, table, id, visible)
  const hidden = rows.getHidden(table, id)
  const death = rows.getTombstone(table, id)
  if (death !== undefined && death.hlc <= hlc) rows.dropTombstone(table, id)
  forgetDots(scope, table, id, hlc)
  if (hidden === undefined) return false
  const kept = keptCells(scope, table, id, hidden, hlc)
  const claims = claimsOf(table, hidden.values).flatMap(({ column, value }) => {
    if (kept?.values[column.index] !== undefined) return []
    return moveClaim(scope, { table, column }, id, { before: value, after: null, clock: undefined })
  })
  if (kept === undefined) rows.removeHidden(table, id)
  else rows.putHidden(table, id, kept)
  settleClaims(scope, claims)
  return kept !== undefined || visible !== undefined
}

function forgetDots({ driver }: WriteScope, { name }: TableSchema, id: string, hlc: number): void {
  driver.prepare('DELETE FROM _set_dot WHERE tbl = ?1 AND id = ?2 AND h <= ?3').run([name, id, hlc])
}

/** What is left of a row's cells: those written after `hlc`. Undefined when none is. */
function keptCells(
  scope: WriteScope,
  table: TableSchema,
  id: string,
  row: HiddenRow,
  hlc: number,
): HiddenRow | undefined {
  const clocks = decodeClockOverrides(row, row.overrides)
  const isBorn = row.hlc > hlc
  const base: LocalStamp = isBorn ? row : { hlc: 0, streamIndex: 0 }
  const kept = new Map<string, LocalStamp>()
  let isLeft = isBorn
  const values = table.columns.map((column): StoredValue | undefined => {
    if (column === table.primaryKey) return row.values[column.index]
    if (column.kind === 'counter') return undefined
    if (column.kind === 'set') {
      const dots = scope.rows.dotsOf(table, id, column)
      isLeft ||= dots.length > 0
      return dots.length > 0 ? setTextOf(dots) : undefined
    }
    const clock = clocks.get(column.name) ?? row
    if (clock.hlc <= hlc) return undefined
    if (clocks.has(column.name) || !isBorn) kept.set(column.name, clock)
    isLeft = true
    return row.values[column.index]
  })
  if (!isLeft) return undefined
  return {
    values,
    hlc: base.hlc,
    streamIndex: base.streamIndex,
    overrides: encodeClockOverrides(base, kept),
  }
}

/** A deletion is needed only as long as the row is dead: what arrives from now on is newer. */
function dropNeedlessTombstones(scope: WriteScope, hlc: number): void {
  const { driver, rows, schema, streams } = scope
  const old = driver.prepare('SELECT tbl, id, h, r FROM _tombstone WHERE h <= ?1').all([hlc])
  for (const [name, id, h, r] of old as [string, string, number, number][]) {
    const table = schema.get(name)
    if (table === undefined) continue
    const row = rows.get(table, id) ?? rows.getHidden(table, id)
    if (row === undefined || row.hlc === 0) continue
    if (streams.compare(row, { hlc: h, streamIndex: r }) > 0) rows.dropTombstone(table, id)
  }
}

/** Where {@link dropOverrides} goes on. */
export interface OverrideCursor {
  readonly table: string
  /** The last `_n` looked at. */
  readonly n: number
}

/** How much {@link dropOverrides} does at a time, and where it begins. */
export interface OverrideSlice {
  /** Rows looked at. */
  readonly rowsMax: number
  /** Rows written, which takes about ten times as long. */
  readonly writesMax: number
  readonly from?: OverrideCursor | undefined
}

/**
 * Drops clocks of single cells at or below a floor's hlc from visible rows, a slice at a time: begin
 * without a cursor, go on with the one given back until it is undefined.
 *
 * Cost: reads the clocks of up to `rowsMax` rows, writes those that have any to drop.
 */
export function dropOverrides(
  scope: WriteScope,
  hlc: number,
  { rowsMax, writesMax, from }: OverrideSlice,
): OverrideCursor | undefined {
  // What waits for a newer schema is older than the floor, and will be compared with these clocks.
  if (scope.driver.prepare('SELECT 1 FROM _unapplied LIMIT 1').get() !== undefined) return undefined
  const tables = [...scope.schema.values()].filter(({ isSynced }) => isSynced)
  const start = from === undefined ? 0 : tables.findIndex(({ name }) => name === from.table)
  let left = rowsMax
  let writesLeft = writesMax
  for (const table of tables.slice(Math.max(0, start))) {
    const after = table.name === from?.table ? from.n : 0
    const rows = scope.driver
      .prepare(
        `SELECT _n, _h, _r, _o FROM ${quoteName(`_rows_${table.name}`)} WHERE _n > ?1 ORDER BY _n LIMIT ?2`,
      )
      .all([after, left])
    for (const [n, h, r, blob] of rows) {
      if (blob === null) continue
      const base = { hlc: h as number, streamIndex: r as number }
      const clocks = decodeClockOverrides(base, blob as Uint8Array)
      const kept = new Map([...clocks].filter(([, clock]) => clock.hlc > hlc))
      if (kept.size === clocks.size) continue
      scope.rows.patch(table, n as number, [], [], encodeClockOverrides(base, kept))
      writesLeft -= 1
      if (writesLeft === 0) return { table: table.name, n: n as number }
    }
    left -= rows.length
    if (left <= 0) return { table: table.name, n: rows.at(-1)?.[0] as number }
  }
  return undefined
}
