/**
 * The write path of synced and local rows: what a call does to the file, noted as effects for its
 * delta and as changes for listeners. STORAGE.md TX5–TX9, MERGE.md.
 *
 * A local write has the newest stamp there is, so merging it is a plain write: `apply` of its delta
 * elsewhere comes to the same (property-tested).
 */
import {
  assert,
  isUniverseError,
  overrideClocks,
  type StoredValue,
  UniverseError,
} from '@inner-universe/core'
import type { CallScope } from './call-scope.ts'
import { isSameValue } from './changes.ts'
import { claimsOf, dropClaims, moveClaim, refuseDuplicate, settleClaims } from './claims.ts'
import type { RowEffect } from './effects.ts'
import { insertMerged, noteElements, noteIncrement } from './merged-columns.ts'
import type { VisibleRow } from './row-store.ts'
import type { ColumnSchema, Reference, TableSchema } from './schema.ts'
import type { SettleVisibility, TouchedRow, WriteScope } from './write-scope.ts'

/** SQLite's extended codes for a UNIQUE and a PRIMARY KEY that is there already. */
const UNIQUE_CODES: ReadonlySet<unknown> = new Set([2067, 1555])

const NO_STAMP = { hlc: 0, streamIndex: 0 } as const

/** A column's new value. */
export interface CellWrite {
  readonly column: ColumnSchema
  readonly value: StoredValue
}

/** Writes rows for one call after the other. */
export class RowWriter {
  readonly #settle: SettleVisibility

  constructor(settle: SettleVisibility) {
    this.#settle = settle
  }

  /**
   * Inserts a row. `isNewId`: its id was made just now, so nothing can be known of it.
   *
   * Gives true when the referential rules were asked: the row may read otherwise than it was written.
   *
   * @throws UniverseError `table/duplicate-id`.
   */
  insert(
    call: CallScope,
    table: TableSchema,
    values: readonly StoredValue[],
    isNewId: boolean,
  ): boolean {
    const id = values[table.primaryKey.index] as string
    const { scope } = call
    call.recorder?.touch(table, id)
    if (!table.isSynced) {
      insertVisible(call, table, values)
      scope.changes.note(table, id, undefined, values)
      return false
    }
    for (const claimed of claimsOf(table, values)) refuseDuplicate(scope, claimed, id)
    const mayBeKnown = !isNewId && scope.rows.hasPast(table)
    if (mayBeKnown && this.#insertOverPast(call, table, id, values)) return true
    insertVisible(call, table, values)
    insertClaims(call, table, id, values)
    scope.changes.note(table, id, undefined, values)
    const effect = call.effects.addNew(table, id, values)
    if (table.hasMergedColumns) insertMerged(call, effect, values, undefined)
    return this.#settleInsert(call, table, id, values)
  }

  /**
   * Writes cells of a visible row; those that are the same already are left out. `counter` cells move
   * by the difference, `set` cells by the elements added and removed. Gives the values now.
   */
  update(
    call: CallScope,
    table: TableSchema,
    row: VisibleRow,
    writes: readonly CellWrite[],
  ): readonly StoredValue[] {
    const { scope } = call
    const id = row.values[table.primaryKey.index] as string
    const changed = writes
      .filter(({ column, value }) => !isSameValue(mergedCell(scope, table, id, row, column), value))
      .sort((a, b) => a.column.index - b.column.index)
    if (changed.length === 0) return row.values
    for (const { column, value } of changed) {
      if (!column.definition.isUnique || value === null) continue
      refuseDuplicate(scope, { table, column, value }, id)
    }
    call.recorder?.touch(table, id)
    const values = withWrites(row.values, changed)
    const effect = table.isSynced ? call.effects.touch(table, id, row.values) : undefined
    if (effect !== undefined) noteUpdate(call, effect, row, changed)
    call.hasWritten = true
    scope.rows.patch(
      table,
      row.n,
      changed.map(({ column }) => column.index),
      changed.map(({ value }) => value),
      effect === undefined ? null : overridesAfter(call, row, changed),
    )
    scope.changes.note(table, id, row.values, values)
    if (effect === undefined) return values
    // On top of what the call wrote, not of what the row reads: a written reference may read NULL.
    effect.values = withWrites(effect.values, changed)
    const written = new Set(changed.map(({ column }) => column))
    if (table.uniqueColumns.length > 0) moveClaims(call, table, id, row, changed)
    const references = table.references.filter(({ column }) => written.has(column))
    if (references.length === 0) return values
    if (scope.rows.hasShadows()) {
      for (const { column } of references) scope.rows.removeShadow(table, id, column.name)
    }
    const kept = deadTargets(scope, references, row.values)
    // A row moved under another may now hang on what only it keeps.
    const isMoved = references.some(({ onDelete }) => onDelete === 'cascade')
    if (!isMoved && kept.length === 0 && !hasInvisibleTarget(scope, references, values)) {
      return values
    }
    this.#settle(scope, [{ table, id }, ...kept])
    return scope.rows.get(table, id)?.values ?? values
  }

  /** Deletes a visible row. It stays visible where live rows keep it (MERGE.md MR9). */
  delete(call: CallScope, table: TableSchema, row: VisibleRow): void {
    const { scope } = call
    const { rows } = scope
    const id = row.values[table.primaryKey.index] as string
    call.recorder?.touch(table, id)
    call.hasWritten = true
    if (!table.isSynced) {
      rows.remove(table, row.n)
      scope.changes.note(table, id, row.values, undefined)
      return
    }
    const effect = call.effects.touch(table, id, row.values)
    if (effect.isNew && table.references.length === 0 && table.referrers.length === 0) {
      leaveNothing(call, effect, row)
      return
    }
    if (!effect.isGone) effect.tombstoneBefore = rows.getTombstone(table, id)
    effect.isGone = true
    rows.putTombstone(table, id, call.stamp)
    if (table.referrers.length > 0) {
      this.#settle(scope, [{ table, id }])
      return
    }
    const merged = rows.hasShadows() ? withShadows(scope, table, id, row.values) : row.values
    const { hlc, streamIndex, overrides } = row
    rows.remove(table, row.n)
    rows.putHidden(table, id, { values: merged.slice(), hlc, streamIndex, overrides })
    scope.changes.note(table, id, row.values, undefined)
    settleClaims(scope, claimsOf(table, merged))
    const kept = deadTargets(scope, table.references, merged)
    if (kept.length > 0) this.#settle(scope, kept)
  }

  /** Inserts over what is known of an id: hidden cells, a tombstone. False when nothing is known. */
  #insertOverPast(
    call: CallScope,
    table: TableSchema,
    id: string,
    values: readonly StoredValue[],
  ): boolean {
    const { scope } = call
    const { rows } = scope
    const hidden = rows.getHidden(table, id)
    const tombstone = rows.getTombstone(table, id)
    if (hidden === undefined && tombstone === undefined) return false
    if (hidden === undefined && rows.has(table, id)) throw duplicateId(table, id)
    const effect = call.effects.touch(table, id, values)
    if (effect.isGone) {
      // Deleted by this very call: its stamp cannot be both birth and death, so the death is undone.
      if (effect.tombstoneBefore === undefined) rows.dropTombstone(table, id)
      else rows.putTombstone(table, id, effect.tombstoneBefore)
      effect.isGone = false
    }
    effect.isBorn = true
    effect.written = undefined
    if (hidden !== undefined) {
      rows.removeHidden(table, id)
      dropClaims(scope, table, id, hidden.values)
    }
    insertVisible(call, table, values)
    insertClaims(call, table, id, values)
    scope.changes.note(table, id, undefined, values)
    insertMerged(call, effect, values, hidden?.values)
    effect.values = values
    this.#settle(scope, [{ table, id }])
    return true
  }

  #settleInsert(
    call: CallScope,
    table: TableSchema,
    id: string,
    values: readonly StoredValue[],
  ): boolean {
    const { scope } = call
    const { rows } = scope
    // Rows that were waiting for this one are hidden or have shadows; few tables ever have any.
    const isConcerned =
      (table.referrers.length > 0 &&
        (rows.hasShadows() || table.referrers.some(({ from }) => rows.hasPast(from)))) ||
      hasInvisibleTarget(scope, table.references, values)
    if (isConcerned) this.#settle(scope, [{ table, id }])
    return isConcerned
  }
}

/** The merged value of a cell of a visible row, which may read NULL instead. */
function mergedCell(
  { rows }: WriteScope,
  table: TableSchema,
  id: string,
  row: VisibleRow,
  column: ColumnSchema,
): StoredValue {
  const value = row.values[column.index] as StoredValue
  const mayBeShadowed = column.kind === 'ref' || column.definition.isUnique === true
  if (!mayBeShadowed || value !== null || !rows.hasShadows()) return value
  return rows.shadowsOf(table, id).get(column.name) ?? null
}

/** Claims what a row inserted by a call writes. Nobody visible claims the same: it was refused. */
function insertClaims(
  { scope, stamp }: CallScope,
  table: TableSchema,
  id: string,
  values: readonly StoredValue[],
): void {
  for (const { column, value } of claimsOf(table, values)) {
    moveClaim(scope, { table, column }, id, { before: null, after: value, clock: stamp })
  }
}

/** Claims what a call wrote to a visible row, and lets others have what it claimed before. */
function moveClaims(
  { scope, stamp }: CallScope,
  table: TableSchema,
  id: string,
  row: VisibleRow,
  writes: readonly CellWrite[],
): void {
  const moved = writes.flatMap(({ column, value }) => {
    if (!column.definition.isUnique) return []
    const before = mergedCell(scope, table, id, row, column)
    scope.rows.removeShadow(table, id, column.name)
    return moveClaim(scope, { table, column }, id, { before, after: value, clock: stamp })
  })
  settleClaims(scope, moved)
}

function withWrites(values: readonly StoredValue[], writes: readonly CellWrite[]): StoredValue[] {
  const after = values.slice()
  for (const { column, value } of writes) after[column.index] = value
  return after
}

function insertVisible(call: CallScope, table: TableSchema, values: readonly StoredValue[]): void {
  call.hasWritten = true
  try {
    call.scope.rows.insert(table, values, table.isSynced ? call.stamp : NO_STAMP, null)
  } catch (error) {
    if (isUniverseError(error) && UNIQUE_CODES.has(error.details.sqliteCode)) {
      throw duplicateId(table, values[table.primaryKey.index] as string)
    }
    throw error
  }
}

function duplicateId(table: TableSchema, id: string): UniverseError {
  return new UniverseError(
    'table/duplicate-id',
    `table "${table.name}" has a row "${id.slice(0, 64)}" already; use upsert, or a new id`,
    { details: { table: table.name, id } },
  )
}

function noteUpdate(
  call: CallScope,
  effect: RowEffect,
  row: VisibleRow,
  writes: readonly CellWrite[],
): void {
  for (const { column, value } of writes) {
    const before = row.values[column.index] as StoredValue
    if (column.kind === 'counter') {
      noteIncrement(effect, column, value as number, before as number)
    } else if (column.kind === 'set') {
      noteElements(call, effect, column, before, value)
    } else if (!effect.isBorn) {
      effect.written ??= new Set()
      effect.written.add(column.index)
    }
  }
}

/** Notes by how much a counter moved; differences beyond 53 bits wrap round as sums do. */
function overridesAfter(
  call: CallScope,
  row: VisibleRow,
  writes: readonly CellWrite[],
): Uint8Array | null {
  const scalars = writes.filter(({ column }) => !column.isMerged).map(({ column }) => column.name)
  if (scalars.length === 0) return row.overrides
  return overrideClocks(row, row.overrides, scalars, call.stamp)
}

/** Takes a row back that this call inserted and nobody else knows of. */
function leaveNothing(call: CallScope, effect: RowEffect, row: VisibleRow): void {
  const { table, id } = effect
  const { rows, changes } = call.scope
  for (const [columnIndex, { added }] of effect.sets ?? []) {
    const column = table.columns[columnIndex]
    assert(column !== undefined, 'a set effect names a column')
    for (const element of added) {
      rows.dropDot(table, id, column, { element, ...call.stamp, isRemoved: false })
    }
  }
  const merged = rows.hasShadows() ? withShadows(call.scope, table, id, row.values) : row.values
  const freed = dropClaims(call.scope, table, id, merged)
  rows.remove(table, row.n)
  changes.note(table, id, row.values, undefined)
  call.effects.drop(effect)
  settleClaims(call.scope, freed)
}

/** The merged cells of a visible row: those that read NULL by their values. */
function withShadows(
  { rows }: WriteScope,
  table: TableSchema,
  id: string,
  values: readonly StoredValue[],
): readonly StoredValue[] {
  const shadows = rows.shadowsOf(table, id)
  if (shadows.size === 0) return values
  for (const column of shadows.keys()) rows.removeShadow(table, id, column)
  return values.map((value, index) => shadows.get(table.columns[index]?.name ?? '') ?? value)
}

/** Whether a reference names a row that queries do not see: it must then read NULL, or more. */
function hasInvisibleTarget(
  { rows }: WriteScope,
  references: readonly Reference[],
  values: readonly StoredValue[],
): boolean {
  return references.some(({ column, target }) => {
    const id = values[column.index]
    return typeof id === 'string' && !rows.has(target, id)
  })
}

/** Targets that were deleted: they may be visible only because of the row that referred to them. */
function deadTargets(
  { rows }: WriteScope,
  references: readonly Reference[],
  values: readonly StoredValue[],
): TouchedRow[] {
  return references.flatMap(({ column, target }) => {
    const id = values[column.index]
    const isDead =
      typeof id === 'string' && rows.hasPast(target) && rows.getTombstone(target, id) !== undefined
    return isDead ? [{ table: target, id }] : []
  })
}
