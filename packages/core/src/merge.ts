/**
 * Merging deltas: the rules of MERGE.md as plain functions over plain Maps.
 *
 * The state of a row is the join of all operations on it, in any order: maxima of stamps, unions of
 * dots, sums of increments counted once. `engine/apply.ts` folds arriving deltas with these very
 * functions and joins the outcome with what is stored; the property tests hold the whole engine
 * against {@link mergeDelta} and `visibleRows` (reference.ts) as the model.
 */
import { fitOf, fitsElement, storedDefault } from './cell-form.ts'
import type { ColumnDefinition } from './column.ts'
import type { Cells, Delta, RowOperation, StoredValue } from './delta.ts'
import { compareStamp, type Stamp } from './hlc.ts'
import type { StreamId } from './id.ts'
import { deriveCells } from './lens.ts'
import { addCounter, sortElements } from './merged-value.ts'
import type { TableDefinition } from './table.ts'

/** A scalar cell: the newest write and when it was. */
export interface MergedCell {
  readonly value: StoredValue
  readonly stamp: Stamp
}

/** One addition to a set. It stays known when removed: the removal may arrive first. */
export interface Dot {
  readonly stamp: Stamp
  readonly isRemoved: boolean
}

/** Additions by element (canonical JSON text), then by {@link dotKey}. */
export type SetDots = Map<string, Map<string, Dot>>

/** Everything merged about one row id. */
export interface MergedRow {
  readonly table: string
  readonly id: string
  /** Newest insert. */
  birth: Stamp | undefined
  /** Newest delete. */
  death: Stamp | undefined
  readonly cells: Map<string, MergedCell>
  readonly counters: Map<string, number>
  readonly sets: Map<string, SetDots>
}

/** Merged rows by table, then by id. */
export type MergedRows = Map<string, Map<string, MergedRow>>

/** What deltas have been merged, and the rows they gave. */
export interface MergeState {
  readonly rows: MergedRows
  /** Seqs merged, by stream: a delta counts once. */
  readonly applied: Map<StreamId, Set<number>>
}

/** Table definitions by name. Must have no other keys than tables: looked up with `hasOwn`. */
export type TableDefinitions = Readonly<Record<string, TableDefinition>>

/** A state that nothing was merged into. */
export function createMergeState(): MergeState {
  return { rows: new Map(), applied: new Map() }
}

/**
 * Merges one delta, and says whether it was new. [MR1] any order, any repetition gives one state.
 *
 * Operations that do not fit the definitions are left out, see {@link fitOf}.
 */
export function mergeDelta(state: MergeState, delta: Delta, tables: TableDefinitions): boolean {
  let seqs = state.applied.get(delta.stream)
  if (seqs === undefined) {
    seqs = new Set()
    state.applied.set(delta.stream, seqs)
  }
  if (seqs.has(delta.seq)) return false
  seqs.add(delta.seq)
  mergeOperations(state.rows, delta, tables)
  return true
}

/**
 * Says which columns a delta is merged into for the first time: all, unless the delta is merged again
 * because the schema has grown. A table is new when its primary key is.
 */
export type NewColumns = (table: string, column: string) => boolean

/**
 * Merges the operations of one delta, whether or not they were merged before: cells can be repeated, all
 * else counts only where `isNew` says so. Gives true when some were
 * left out that a newer schema may take (MERGE.md MR12).
 */
export function mergeOperations(
  rows: MergedRows,
  delta: Pick<Delta, 'hlc' | 'stream' | 'operations'>,
  tables: TableDefinitions,
  isNew: NewColumns = () => true,
): boolean {
  const stamp: Stamp = { hlc: delta.hlc, stream: delta.stream }
  let isAwaiting = false
  let inserted: Set<string> | undefined
  for (const operation of delta.operations) {
    const table = Object.hasOwn(tables, operation.table) ? tables[operation.table] : undefined
    if (table === undefined) {
      isAwaiting = true
      continue
    }
    if (table.scope !== 'synced') continue
    if (table.isAppendOnly && operation.kind !== 'delete') {
      // [MR18] What comes with the row's own insert is part of it; all else would change a row.
      const key = `${operation.table}\0${operation.id}`
      if (operation.kind === 'insert') inserted = (inserted ?? new Set()).add(key)
      else if (inserted?.has(key) !== true) continue
    }
    if (mergeOperation(rows, operation, stamp, table, isNew)) isAwaiting = true
  }
  return isAwaiting
}

function mergeOperation(
  rows: MergedRows,
  operation: RowOperation,
  stamp: Stamp,
  table: TableDefinition,
  isNew: NewColumns,
): boolean {
  const { kind, table: name, id } = operation
  const row = rowOf(rows, name, id)
  switch (kind) {
    case 'insert':
    case 'update': {
      if (kind === 'insert' && isNew(name, table.primaryKey)) {
        row.birth = laterStamp(row.birth, stamp)
      }
      let isAwaiting = false
      const cells = deriveCells(
        table,
        operation.cells,
        kind === 'insert' ? (column) => unnamedCell(row, stamp, table, column) : undefined,
      )
      for (const column in cells) {
        const value = cells[column] as StoredValue
        const fit = fitOf(columnOf(table, column), value)
        if (fit === 'fits') {
          mergeCell(row.cells, column, { value, stamp })
        } else if (fit === 'awaits-schema') {
          isAwaiting = true
        }
      }
      // What a lens put in its place has not settled it.
      if (cells !== operation.cells && awaitsSchema(table, operation.cells)) isAwaiting = true
      return isAwaiting
    }
    case 'delete':
      if (isNew(name, table.primaryKey)) row.death = laterStamp(row.death, stamp)
      return false
    case 'increment': {
      const definition = columnOf(table, operation.column)
      if (definition === undefined) return true
      if (definition.kind === 'counter' && isNew(name, operation.column)) {
        const sum = row.counters.get(operation.column) ?? 0
        row.counters.set(operation.column, addCounter(sum, operation.by))
      }
      return false
    }
    case 'add':
    case 'remove': {
      const definition = columnOf(table, operation.column)
      if (definition === undefined) return true
      if (definition.kind !== 'set' || !isNew(name, operation.column)) return false
      if (operation.kind === 'add') {
        for (const element of operation.elements) {
          if (fitsElement(definition, element)) {
            mergeDot(dotsOf(row, operation.column, element), { stamp, isRemoved: false })
          }
        }
      } else {
        for (const { element, dots } of operation.elements) {
          if (!fitsElement(definition, element)) continue
          for (const dot of dots) {
            mergeDot(dotsOf(row, operation.column, element), { stamp: dot, isRemoved: true })
          }
        }
      }
      return false
    }
  }
}

/** What an insert does to a column it does not name: nothing, where the same delta wrote it before. */
function unnamedCell(
  row: MergedRow,
  stamp: Stamp,
  table: TableDefinition,
  column: string,
): StoredValue | undefined {
  const cell = row.cells.get(column)
  if (cell !== undefined && compareStamp(cell.stamp, stamp) === 0) return cell.value
  const definition = columnOf(table, column)
  return definition && storedDefault(definition)
}

function awaitsSchema(table: TableDefinition, cells: Cells): boolean {
  return Object.entries(cells).some(
    ([column, value]) => fitOf(columnOf(table, column), value) === 'awaits-schema',
  )
}

function columnOf(table: TableDefinition, column: string): ColumnDefinition | undefined {
  return Object.hasOwn(table.columns, column) ? table.columns[column] : undefined
}

/** The row's entry, made when there is none. */
export function rowOf(rows: MergedRows, table: string, id: string): MergedRow {
  let byId = rows.get(table)
  if (byId === undefined) {
    byId = new Map()
    rows.set(table, byId)
  }
  let row = byId.get(id)
  if (row === undefined) {
    row = {
      table,
      id,
      birth: undefined,
      death: undefined,
      cells: new Map(),
      counters: new Map(),
      sets: new Map(),
    }
    byId.set(id, row)
  }
  return row
}

/** Forgets a row of which nothing is left. */
export function dropRow(rows: MergedRows, { table, id }: MergedRow): void {
  rows.get(table)?.delete(id)
}

function dotsOf(row: MergedRow, column: string, element: string): Map<string, Dot> {
  let elements = row.sets.get(column)
  if (elements === undefined) {
    elements = new Map()
    row.sets.set(column, elements)
  }
  let dots = elements.get(element)
  if (dots === undefined) {
    dots = new Map()
    elements.set(element, dots)
  }
  return dots
}

/** [MR2] The later of two stamps, of which either may be missing. */
export function laterStamp(a: Stamp | undefined, b: Stamp | undefined): Stamp | undefined {
  if (a === undefined) return b
  if (b === undefined) return a
  return compareStamp(b, a) > 0 ? b : a
}

/** [MR4] Keeps the newer of two writes. Equal stamps are one delta's own: its last write counts. */
function mergeCell(cells: Map<string, MergedCell>, column: string, cell: MergedCell): void {
  const held = cells.get(column)
  if (held === undefined || compareStamp(cell.stamp, held.stamp) >= 0) cells.set(column, cell)
}

/** Names an addition among those of one element. */
export function dotKey(stamp: Stamp): string {
  return `${stamp.hlc} ${stamp.stream}`
}

/** [MR6] An addition that was removed stays removed, whichever of the two came first. */
function mergeDot(dots: Map<string, Dot>, dot: Dot): void {
  const key = dotKey(dot.stamp)
  const held = dots.get(key)
  if (held === undefined || (dot.isRemoved && !held.isRemoved)) dots.set(key, dot)
}

/** Joins what was merged elsewhere from *other* deltas into a row; `from` is not changed. */
export function joinRow(into: MergedRow, from: MergedRow): void {
  into.birth = laterStamp(into.birth, from.birth)
  into.death = laterStamp(into.death, from.death)
  for (const [column, cell] of from.cells) mergeCell(into.cells, column, cell)
  for (const [column, by] of from.counters) {
    into.counters.set(column, addCounter(into.counters.get(column) ?? 0, by))
  }
  for (const [column, elements] of from.sets) {
    for (const [element, dots] of elements) {
      const held = dotsOf(into, column, element)
      for (const dot of dots.values()) mergeDot(held, dot)
    }
  }
}

/** [MR3] Whether the newest insert is newer than the newest delete. */
export function isAlive(birth: Stamp | undefined, death: Stamp | undefined): boolean {
  if (birth === undefined) return false
  return death === undefined || compareStamp(birth, death) > 0
}

/** The elements a set shows: canonical JSON texts with an addition that was not removed, sorted. */
export function elementsOf(dots: SetDots | undefined): string[] {
  const elements: string[] = []
  for (const [element, byKey] of dots ?? []) {
    for (const { isRemoved } of byKey.values()) {
      if (isRemoved) continue
      elements.push(element)
      break
    }
  }
  return sortElements(elements)
}
