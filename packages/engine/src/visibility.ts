/**
 * Keeps the visible rows what the referential rules say, at the cost of what changed. MERGE.md
 * MR8–MR13; `core/reference.ts` has the definition, and the property tests hold this against it.
 *
 * Three steps:
 *
 * 1. Collect the region: the rows whose visibility may change. It begins with the touched rows that
 *    do not obviously stand, and grows along references in one direction per row: a visible row can
 *    only fall, and takes with it visible rows that cascade on it and dead rows that it keeps; a
 *    hidden row can only rise, and raises hidden rows that cascade on it and dead rows it would keep.
 * 2. Settle the region with all around it standing still, and move rows that changed sides.
 * 3. Set references to what is not visible to NULL, with their merged value in `_shadow`, and bring
 *    back those whose target is visible again; only at the rows touched or moved.
 *
 * MERGE.md proves that every row whose visibility changes is in the region.
 */
import {
  type ReferenceNode,
  type RowKey,
  rowKey,
  type StoredValue,
  settleRegion,
  storedDefault,
} from '@inner-universe/core'
import { claimsOf, settleClaims } from './claims.ts'
import type { HiddenRow } from './hidden-cells.ts'
import type { VisibleRow } from './row-store.ts'
import { quoteName, type Reference, type TableSchema } from './schema.ts'
import type { ClaimedValue, SettleVisibility, TouchedRow, WriteScope } from './write-scope.ts'

/** A row as it lies in the file before step 2. */
interface PlacedRow extends ReferenceNode {
  readonly table: TableSchema
  readonly id: string
  readonly visible: VisibleRow | undefined
  readonly hidden: HiddenRow | undefined
  /** Merged references by column name, shadows included. */
  readonly references: ReadonlyMap<Reference, string>
}

/** See {@link SettleVisibility}. */
export const settleVisibility: SettleVisibility = (scope, touched) => {
  const settlement = new Settlement(scope)
  for (const row of touched) settlement.seed(row)
  settlement.grow()
  const moved = settlement.move()
  const last = new Map<RowKey, TouchedRow>()
  for (const row of [...touched, ...moved]) last.set(rowKey(row.table.name, row.id), row)
  for (const row of last.values()) readReferences(scope, row)
  settleClaims(
    scope,
    moved.flatMap(({ table, id }) => claimsOfRow(scope, table, id)),
  )
}

/** Values that a row claims, wherever it lies. */
function claimsOfRow({ rows }: WriteScope, table: TableSchema, id: string): ClaimedValue[] {
  if (table.uniqueColumns.length === 0) return []
  const visible = rows.get(table, id)
  const values = visible?.values ?? rows.getHidden(table, id)?.values
  return values === undefined ? [] : claimsOf(table, values)
}

class Settlement {
  readonly #scope: WriteScope
  readonly #placed = new Map<RowKey, PlacedRow | undefined>()
  readonly #region = new Map<RowKey, PlacedRow>()

  constructor(scope: WriteScope) {
    this.#scope = scope
  }

  /** Begins the region at a row that was written. */
  seed({ table, id }: TouchedRow): void {
    const row = this.#load(table, id)
    if (row?.visible === undefined) {
      // It may have been visible before: what hangs on it may fall.
      this.#addVisibleCascades(table, id)
      if (row !== undefined) this.#add(row)
      return
    }
    if (!row.isAlive || !this.#standsOnLiving(row)) this.#add(row)
    // It may have been hidden before, or refer to rows it did not refer to.
    this.#addHiddenCascades(table, id)
    this.#addDeadTargets(row, 'hidden')
  }

  /** Adds what depends on the rows of the region, and on those in turn. */
  grow(): void {
    // Rows added while iterating are visited too.
    for (const row of this.#region.values()) {
      if (row.visible === undefined) {
        this.#addHiddenCascades(row.table, row.id)
        this.#addDeadTargets(row, 'hidden')
      } else {
        this.#addVisibleCascades(row.table, row.id)
        this.#addDeadTargets(row, 'visible')
      }
    }
  }

  /** Settles the region and moves rows that changed sides; gives those. */
  move(): readonly TouchedRow[] {
    if (this.#region.size === 0) return []
    const visible = settleRegion(this.#region, {
      isVisible: (key) => this.#isVisible(key),
      isKept: (key) => this.#isKeptOutside(this.#region.get(key) as PlacedRow),
    })
    const moved: PlacedRow[] = []
    for (const [key, row] of this.#region) {
      if (visible.has(key) === (row.visible !== undefined)) continue
      moved.push(row)
      if (row.visible === undefined) show(this.#scope, row, row.hidden as HiddenRow)
      else hideRow(this.#scope, row.table, row.id, row.visible)
    }
    return moved
  }

  #add(row: PlacedRow): void {
    this.#region.set(rowKey(row.table.name, row.id), row)
  }

  #addVisibleCascades(table: TableSchema, id: string): void {
    for (const reference of table.referrers) {
      if (reference.onDelete !== 'cascade') continue
      for (const from of this.#scope.rows.visibleReferrers(reference, id)) {
        const row = this.#load(reference.from, from)
        if (row?.visible !== undefined) this.#add(row)
      }
    }
  }

  #addHiddenCascades(table: TableSchema, id: string): void {
    const { rows } = this.#scope
    for (const reference of table.referrers) {
      if (reference.onDelete !== 'cascade' || !rows.hasPast(reference.from)) continue
      for (const from of rows.hiddenReferrers(reference, id)) {
        const row = this.#load(reference.from, from)
        if (row !== undefined) this.#add(row)
      }
    }
  }

  #addDeadTargets(row: PlacedRow, side: 'visible' | 'hidden'): void {
    for (const [{ target, onDelete }, id] of row.references) {
      if (onDelete !== 'keep' || !this.#scope.rows.hasPast(target)) continue
      const found = this.#load(target, id)
      if (found === undefined || found.isAlive) continue
      if ((found.visible !== undefined) === (side === 'visible')) this.#add(found)
    }
  }

  /**
   * Whether all a visible row hangs on by cascades, up to the roots, is visible and alive. If so the
   * row needs no support from rows that are only kept, which might be kept by itself.
   */
  #standsOnLiving(row: PlacedRow): boolean {
    const seen = new Set<PlacedRow>([row])
    for (const { references } of seen) {
      for (const [{ target, onDelete }, id] of references) {
        if (onDelete !== 'cascade') continue
        const above = this.#load(target, id)
        if (above?.visible === undefined || !above.isAlive) return false
        seen.add(above)
      }
    }
    return true
  }

  #isVisible(key: RowKey): boolean {
    const placed = this.#placed.get(key)
    if (placed !== undefined) return placed.visible !== undefined
    const at = key.indexOf('\0')
    const table = this.#scope.schema.get(key.slice(0, at))
    return table !== undefined && this.#scope.rows.has(table, key.slice(at + 1))
  }

  /** Whether a visible row that is not of the region keeps this one of it. */
  #isKeptOutside({ table, id }: PlacedRow): boolean {
    const { driver, rows } = this.#scope
    for (const { onDelete, from, column } of table.referrers) {
      if (onDelete !== 'keep') continue
      let isKept = false
      const key = quoteName(from.primaryKey.name)
      // Row by row: the first that is outside is enough, and there may be thousands.
      driver
        .prepare(`SELECT ${key} FROM ${from.rowsSql} WHERE ${quoteName(column.name)} = ?1`)
        .each([id], ([referrer]) => {
          isKept = !this.#region.has(rowKey(from.name, referrer as string))
          return !isKept
        })
      if (isKept) return true
    }
    if (!rows.hasShadows()) return false
    return rows.shadowsFor(id).some((shadow) => {
      const reference = referenceOf(table, shadow.table, shadow.column)
      return reference?.onDelete === 'keep' && !this.#region.has(rowKey(shadow.table, shadow.id))
    })
  }

  /** A present row; undefined for one that is not there, or lacks its birth or a required cell. */
  #load(table: TableSchema, id: string): PlacedRow | undefined {
    const key = rowKey(table.name, id)
    if (this.#placed.has(key)) return this.#placed.get(key)
    const placed = this.#read(table, id)
    this.#placed.set(key, placed)
    return placed
  }

  #read(table: TableSchema, id: string): PlacedRow | undefined {
    const { rows, streams } = this.#scope
    const visible = rows.get(table, id)
    const hasPast = rows.hasPast(table)
    const hidden = visible === undefined && hasPast ? rows.getHidden(table, id) : undefined
    const row = visible ?? hidden
    if (row === undefined || (hidden !== undefined && !isPresent(table, hidden))) return undefined
    const death = hasPast ? rows.getTombstone(table, id) : undefined
    const references = mergedReferences(this.#scope, table, id, row)
    const targetsOf = (rule: Reference['onDelete']): RowKey[] => {
      const targets: RowKey[] = []
      for (const [{ target, onDelete }, targetId] of references) {
        if (onDelete === rule) targets.push(rowKey(target.name, targetId))
      }
      return targets
    }
    return {
      table,
      id,
      visible,
      hidden,
      references,
      isAlive: death === undefined || streams.compare(row, death) > 0,
      cascadeTargets: targetsOf('cascade'),
      keepTargets: targetsOf('keep'),
    }
  }
}

/** [MR8] Whether a hidden row was ever inserted and has all its required cells. */
export function isPresent(table: TableSchema, row: HiddenRow): boolean {
  if (row.hlc === 0) return false
  return table.columns.every(
    ({ index, definition }) =>
      row.values[index] !== undefined || storedDefault(definition) !== undefined,
  )
}

function mergedReferences(
  { rows }: WriteScope,
  table: TableSchema,
  id: string,
  row: VisibleRow | HiddenRow,
): Map<Reference, string> {
  const merged = new Map<Reference, string>()
  let mayHaveShadows = 'n' in row && rows.hasShadows()
  let shadows: ReadonlyMap<string, StoredValue> | undefined
  for (const reference of table.references) {
    let value = row.values[reference.column.index]
    if (value === null && mayHaveShadows) {
      shadows ??= rows.shadowsOf(table, id)
      mayHaveShadows = shadows.size > 0
      value = shadows.get(reference.column.name)
    }
    if (typeof value === 'string') merged.set(reference, value)
  }
  return merged
}

/** The reference that a column of a table makes to a row of `target`, if it does. */
function referenceOf(target: TableSchema, from: string, column: string): Reference | undefined {
  return target.referrers.find(
    (reference) => reference.from.name === from && reference.column.name === column,
  )
}

function show(
  { rows, changes }: WriteScope,
  { table, id }: TouchedRow,
  { values: cells, hlc, streamIndex, overrides }: HiddenRow,
): void {
  const values = table.columns.map(({ index, definition }) => {
    const cell = cells[index]
    return cell === undefined ? (storedDefault(definition) ?? null) : cell
  })
  rows.removeHidden(table, id)
  rows.insert(table, values, { hlc, streamIndex }, overrides)
  changes.note(table, id, undefined, values)
}

/** Takes a visible row out of sight, with its merged cells. The caller settles. */
export function hideRow(
  { rows, changes }: WriteScope,
  table: TableSchema,
  id: string,
  { n, values, hlc, streamIndex, overrides }: VisibleRow,
): void {
  const merged = values.slice()
  const mayBeShadowed = table.references.length > 0 || table.uniqueColumns.length > 0
  if (mayBeShadowed && rows.hasShadows()) {
    for (const [name, value] of rows.shadowsOf(table, id)) {
      rows.removeShadow(table, id, name)
      const column = table.columnsByName.get(name)
      if (column !== undefined) merged[column.index] = value
    }
  }
  rows.remove(table, n)
  rows.putHidden(table, id, { values: merged, hlc, streamIndex, overrides })
  changes.note(table, id, values, undefined)
}

/** [MR10] Lets a row's references, and those to it, read NULL or their value. */
function readReferences(scope: WriteScope, { table, id }: TouchedRow): void {
  const { rows } = scope
  const row = table.references.length === 0 ? undefined : rows.get(table, id)
  if (row !== undefined) {
    for (const [{ column, target }, value] of mergedReferences(scope, table, id, row)) {
      const isRead = row.values[column.index] !== null
      if (rows.has(target, value) === isRead) continue
      writeReference(scope, table, id, column.name, isRead ? null : value, value)
    }
  }
  if (table.referrers.length === 0) return
  if (row !== undefined || rows.has(table, id)) {
    if (!rows.hasShadows()) return
    for (const shadow of rows.shadowsFor(id)) {
      const reference = referenceOf(table, shadow.table, shadow.column)
      if (reference === undefined) continue
      writeReference(scope, reference.from, shadow.id, shadow.column, id, id)
    }
    return
  }
  for (const reference of table.referrers) {
    for (const from of rows.visibleReferrers(reference, id)) {
      writeReference(scope, reference.from, from, reference.column.name, null, id)
    }
  }
}

/** Makes a reference of a visible row read `shown`; `merged` is its value. */
function writeReference(
  { rows, changes }: WriteScope,
  table: TableSchema,
  id: string,
  name: string,
  shown: string | null,
  merged: string,
): void {
  const row = rows.get(table, id)
  const column = table.columnsByName.get(name)
  if (row === undefined || column === undefined) return
  const values = row.values.slice()
  values[column.index] = shown
  rows.patch(table, row.n, [column.index], [shown], row.overrides)
  if (shown === null) rows.putShadow({ table: table.name, id, column: name, value: merged })
  else rows.removeShadow(table, id, name)
  changes.note(table, id, row.values, values)
}
