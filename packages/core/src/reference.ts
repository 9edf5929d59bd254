/**
 * Which rows are visible: the referential rules of MERGE.md (MR8–MR10) as pure functions.
 *
 * A row is present when it was ever inserted and its required cells are there; a present row is
 * alive or dead. Let P be the present rows and, for sets X and Y of rows,
 *
 *     G(X, Y) = { r ∈ P : every cascade target of r is in X,
 *                         and r is alive or some s in Y refers to r by a keep reference }
 *
 *     visible = μY. νX. G(X, Y)
 *
 * the least Y that is the greatest X with X = G(X, Y). G grows with X and with Y, so both exist.
 * Greatest for cascade: rows that cascade on each other in a ring stand. Least for keep: dead rows
 * that keep each other in a ring do not, and neither does one that is kept only by what hangs on it.
 * MERGE.md has the proof of termination and worked examples.
 */
import { assert } from './assert.ts'
import { storedDefault } from './cell-form.ts'
import type { ColumnDefinition, OnDelete } from './column.ts'
import type { StoredValue } from './delta.ts'
import { compareStamp, type Stamp } from './hlc.ts'
import {
  elementsOf,
  isAlive,
  type MergedRow,
  type MergedRows,
  type TableDefinitions,
} from './merge.ts'
import { setText } from './merged-value.ts'
import type { TableDefinition } from './table.ts'

/** Names a row among all tables. No table name holds a zero byte, so keys are unambiguous. */
export type RowKey = string

/** The key of a row. */
export function rowKey(table: string, id: string): RowKey {
  return `${table}\0${id}`
}

/** A present row as the referential rules see it. */
export interface ReferenceNode {
  readonly isAlive: boolean
  /** Rows it refers to by `cascade` references. */
  readonly cascadeTargets: readonly RowKey[]
  /** Rows it refers to by `keep` references. */
  readonly keepTargets: readonly RowKey[]
}

/**
 * The visible ones of all present rows, computed from the definition and nothing else. Quadratic:
 * the model, not the machinery.
 */
export function visibleKeys(present: ReadonlyMap<RowKey, ReferenceNode>): Set<RowKey> {
  let visible = new Set<RowKey>()
  for (;;) {
    const kept = new Set<RowKey>()
    for (const key of visible)
      for (const target of present.get(key)?.keepTargets ?? []) kept.add(target)
    const standing = new Set<RowKey>()
    for (const [key, node] of present) if (node.isAlive || kept.has(key)) standing.add(key)
    for (let isFalling = true; isFalling; ) {
      isFalling = false
      for (const key of standing) {
        const node = present.get(key) as ReferenceNode
        if (node.cascadeTargets.every((target) => standing.has(target))) continue
        standing.delete(key)
        isFalling = true
      }
    }
    if (standing.size === visible.size) return visible
    visible = standing
  }
}

/** What is settled outside a region, as {@link settleRegion} asks. */
export interface RegionBoundary {
  /** Whether a row outside the region is visible. */
  isVisible(key: RowKey): boolean
  /** Whether some visible row outside the region keeps this row of it. */
  isKept(key: RowKey): boolean
}

/** A row of a region while it is being settled. */
interface Settling {
  readonly key: RowKey
  readonly node: ReferenceNode
  /** Alive, or kept by a visible row. */
  isEligible: boolean
  isVisible: boolean
  /** Cascade targets that are not visible so far; Infinity when one outside never will be. */
  missingCount: number
  readonly cascadeReferrers: Settling[]
}

/**
 * The visible ones of a region of present rows, everything outside it standing still. Equal to
 * {@link visibleKeys} of the whole, if no row outside depends on the region.
 *
 * Cost: O(rows + references), once more for every ring of cascades in it.
 */
export function settleRegion(
  region: ReadonlyMap<RowKey, ReferenceNode>,
  boundary: RegionBoundary,
): Set<RowKey> {
  const rows = linkRegion(region, boundary)
  const visible = new Set<RowKey>()
  const ready = [...rows.values()].filter(isReady)
  for (;;) {
    for (let row = ready.pop(); row !== undefined; row = ready.pop()) {
      if (row.isVisible) continue
      row.isVisible = true
      visible.add(row.key)
      for (const referrer of row.cascadeReferrers) {
        referrer.missingCount -= 1
        if (isReady(referrer)) ready.push(referrer)
      }
      for (const target of row.node.keepTargets) {
        const kept = rows.get(target)
        if (kept === undefined || kept.isEligible) continue
        kept.isEligible = true
        if (isReady(kept)) ready.push(kept)
      }
    }
    // What is left waits for targets that wait themselves: only rings of cascades can stand.
    const ring = standingRing(rows)
    if (ring.length === 0) return visible
    ready.push(...ring)
  }
}

function linkRegion(
  region: ReadonlyMap<RowKey, ReferenceNode>,
  boundary: RegionBoundary,
): Map<RowKey, Settling> {
  const rows = new Map<RowKey, Settling>()
  for (const [key, node] of region) {
    const isEligible = node.isAlive || boundary.isKept(key)
    rows.set(key, {
      key,
      node,
      isEligible,
      isVisible: false,
      missingCount: 0,
      cascadeReferrers: [],
    })
  }
  for (const row of rows.values()) {
    for (const target of row.node.cascadeTargets) {
      const inside = rows.get(target)
      if (inside !== undefined) {
        row.missingCount += 1
        inside.cascadeReferrers.push(row)
      } else if (!boundary.isVisible(target)) {
        row.missingCount = Number.POSITIVE_INFINITY
      }
    }
  }
  return rows
}

function isReady(row: Settling): boolean {
  return row.isEligible && row.missingCount === 0
}

/** The greatest set of eligible waiting rows whose cascade targets are visible or in the set. */
function standingRing(rows: ReadonlyMap<RowKey, Settling>): Settling[] {
  const waiting = new Set<Settling>()
  for (const row of rows.values()) {
    if (row.isEligible && !row.isVisible && row.missingCount < Number.POSITIVE_INFINITY) {
      waiting.add(row)
    }
  }
  const falling: Settling[] = []
  for (const row of waiting) {
    const stands = row.node.cascadeTargets.every((target) => {
      const inside = rows.get(target)
      return inside === undefined || inside.isVisible || waiting.has(inside)
    })
    if (!stands) falling.push(row)
  }
  for (let row = falling.pop(); row !== undefined; row = falling.pop()) {
    if (waiting.delete(row)) falling.push(...row.cascadeReferrers)
  }
  return [...waiting]
}

/** The stored form of a visible row, by column name; every column is there. */
export type VisibleCells = Readonly<Record<string, StoredValue>>

/** Offset in the relay's log of the batch with the delta of a stamp; undefined: not there yet. */
export type OffsetOf = (stamp: Stamp) => number | undefined

/** [MR9] Reads every row of a merged state that is visible: table → id → cells. */
export function visibleRows(
  rows: MergedRows,
  tables: TableDefinitions,
  offsetOf: OffsetOf = () => undefined,
): Map<string, Map<string, VisibleCells>> {
  const present = new Map<RowKey, ReferenceNode>()
  const cellsByKey = new Map<RowKey, { row: MergedRow; cells: Record<string, StoredValue> }>()
  for (const [table, byId] of rows) {
    const definition = tables[table]
    if (definition === undefined) continue
    for (const row of byId.values()) {
      const cells = presentCells(row, definition)
      if (cells === undefined) continue
      const key = rowKey(table, row.id)
      cellsByKey.set(key, { row, cells })
      present.set(key, {
        isAlive: isAlive(row.birth, row.death),
        cascadeTargets: targetsOf(tables, table, cells, 'cascade'),
        keepTargets: targetsOf(tables, table, cells, 'keep'),
      })
    }
  }
  const visible = visibleKeys(present)
  const result = new Map<string, Map<string, Record<string, StoredValue>>>()
  for (const key of visible) {
    const { row, cells } = cellsByKey.get(key) as {
      row: MergedRow
      cells: Record<string, StoredValue>
    }
    // [MR10] A reference to what is not visible reads as NULL, whatever its rule.
    for (const [column, target] of referencesOf(tables, row.table, cells)) {
      if (!visible.has(target)) cells[column] = null
    }
    let byId = result.get(row.table)
    if (byId === undefined) {
      byId = new Map()
      result.set(row.table, byId)
    }
    byId.set(row.id, cells)
  }
  for (const [table, byId] of result) {
    for (const [column, { isUnique }] of Object.entries(tables[table]?.columns ?? {})) {
      if (isUnique) hideLostClaims(byId, column, (id) => claimOf(rows, table, id, column, offsetOf))
    }
  }
  return result
}

/** A row's claim to its value of a unique column. */
export interface Claim {
  /** In the relay's log; undefined: own and not there yet. */
  readonly offset: number | undefined
  /** Of the cell. */
  readonly stamp: Stamp
  /** Of the row: one delta may have written two. */
  readonly id: string
}

/** [MR17] Orders claims of one value: negative when `a` comes first and holds it. */
export function compareClaims(a: Claim, b: Claim): number {
  const [first, second] = [
    a.offset ?? Number.POSITIVE_INFINITY,
    b.offset ?? Number.POSITIVE_INFINITY,
  ]
  if (first !== second) return first < second ? -1 : 1
  return compareStamp(a.stamp, b.stamp) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

function claimOf(
  rows: MergedRows,
  table: string,
  id: string,
  column: string,
  offsetOf: OffsetOf,
): Claim {
  const cell = rows.get(table)?.get(id)?.cells.get(column)
  assert(cell !== undefined, 'a value of a unique column was written: it has no default')
  return { offset: offsetOf(cell.stamp), stamp: cell.stamp, id }
}

/** Lets all but the holder of each value read NULL. */
function hideLostClaims(
  visible: ReadonlyMap<string, Record<string, StoredValue>>,
  column: string,
  claim: (id: string) => Claim,
): void {
  const holders = new Map<StoredValue, Claim>()
  const values = [...visible].map(([id, cells]) => [id, cells[column] ?? null] as const)
  for (const [id, value] of values) {
    if (value === null) continue
    const time = claim(id)
    const holder = holders.get(value)
    if (holder === undefined || compareClaims(time, holder) < 0) holders.set(value, time)
  }
  for (const [id, value] of values) {
    const cells = visible.get(id) as Record<string, StoredValue>
    if (value !== null && holders.get(value)?.id !== id) cells[column] = null
  }
}

/** [MR8] The merged cells of a row, or undefined when it is not present. */
function presentCells(
  row: MergedRow,
  table: TableDefinition,
): Record<string, StoredValue> | undefined {
  if (row.birth === undefined) return undefined
  const cells: Record<string, StoredValue> = {}
  for (const [name, definition] of Object.entries(table.columns)) {
    const value = mergedValue(row, name, definition, table.primaryKey)
    if (value === undefined) return undefined
    cells[name] = value
  }
  return cells
}

function mergedValue(
  row: MergedRow,
  column: string,
  definition: ColumnDefinition,
  primaryKey: string,
): StoredValue | undefined {
  if (column === primaryKey) return row.id
  if (definition.kind === 'counter') return row.counters.get(column) ?? 0
  if (definition.kind === 'set') return setText(elementsOf(row.sets.get(column)))
  const cell = row.cells.get(column)
  // [MR4] An insert writes every column: what is older than the birth is of an earlier life.
  if (cell === undefined || compareStamp(cell.stamp, row.birth as Stamp) < 0) {
    return storedDefault(definition)
  }
  return cell.value
}

/** [MR13] References that the rules are about: those of a synced table to a synced table. */
export function* referencesOf(
  tables: TableDefinitions,
  table: string,
  cells: Readonly<Record<string, StoredValue>>,
): Iterable<readonly [column: string, target: RowKey, onDelete: OnDelete]> {
  const columns = tables[table]?.columns ?? {}
  for (const [name, { kind, table: target = '', onDelete = 'keep' }] of Object.entries(columns)) {
    const value = cells[name]
    if (kind !== 'ref' || typeof value !== 'string') continue
    if (tables[target]?.scope === 'synced') yield [name, rowKey(target, value), onDelete]
  }
}

function targetsOf(
  tables: TableDefinitions,
  table: string,
  cells: Readonly<Record<string, StoredValue>>,
  onDelete: OnDelete,
): RowKey[] {
  const targets: RowKey[] = []
  for (const [, target, rule] of referencesOf(tables, table, cells)) {
    if (rule === onDelete) targets.push(target)
  }
  return targets
}
