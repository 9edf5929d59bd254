/** What undoing a step, or doing it again, writes to one row. UNDO.md UN8–UN14. Reads only. */
import { addCounter, type StoredValue } from '@inner-universe/core'
import type { UndoSkipped } from '../engine.ts'
import type { ColumnSchema, TableSchema } from '../schema.ts'
import {
  type Elements,
  hlcOf,
  isCell,
  type RowState,
  type Version,
  versionOf,
} from './row-state.ts'
import { type CellSide, isSame, type Side, type Sides, type StepRow } from './step-row.ts'

/** Which side of a step is left, and which is gone to. */
export interface Turn {
  readonly from: Side
  readonly to: Side
  /** Writes up to this hlc may have lost the clocks of their cells to a floor; 0: none. */
  readonly floorHlc: number
}

/** Elements of one set column. */
export interface ElementsPlan {
  readonly added: readonly string[]
  readonly removed: readonly { readonly element: string; readonly versions: readonly Version[] }[]
}

/** What is written to one row. */
export interface RowPlan {
  readonly row: StepRow
  readonly table: TableSchema
  readonly state: RowState
  readonly act: 'update' | 'insert' | 'delete'
  /** Values by column; of an insert all of them. */
  readonly cells: Map<string, StoredValue>
  /** Sums by column. */
  readonly increments: ReadonlyMap<string, number>
  readonly elements: ReadonlyMap<string, ElementsPlan>
  /** Cells that somebody else wrote since. */
  readonly kept: ReadonlySet<string>
}

/** Why a row is left as it is. */
export type RowRefusal = UndoSkipped['why']

/** Plans one row of a step; or says why nothing of it can be written. */
export function planRow(
  table: TableSchema,
  row: StepRow,
  state: RowState,
  turn: Turn,
): RowPlan | RowRefusal {
  const from = row.life[turn.from]
  const to = row.life[turn.to]
  const kept = new Set<string>()
  for (const [name, cell] of row.cells) {
    const column = table.columnsByName.get(name)
    if (column !== undefined && state.isKnown && !isAsLeft(table, column, cell, state, turn)) {
      kept.add(name)
    }
  }
  const plan = { row, table, state, kept }
  if (from.isThere && to.isThere) {
    if (!state.isAlive) return 'deleted'
    if (table.definition.isAppendOnly === true) {
      // Deleted and inserted anew within the step: nothing else changes such a row (MERGE.md MR18).
      if (state.life !== from.version) return 'exists'
      return { ...plan, act: 'insert', cells: allCells(plan, turn), ...merged(plan, turn) }
    }
    return { ...plan, act: 'update', cells: changedCells(plan, turn), ...merged(plan, turn) }
  }
  if (from.isThere) {
    const refusal = refusalToDelete(plan, turn)
    if (refusal !== undefined) return refusal
    return { ...plan, act: 'delete', cells: new Map(), ...merged(plan, turn) }
  }
  if (state.isAlive) return 'exists'
  const isForgotten = !state.isKnown && state.life === '' && hlcOf(from.version) <= turn.floorHlc
  if (state.life !== from.version && !isForgotten) return 'deleted'
  // A row may be dead and yet seen, and be written: because others keep it (MERGE.md MR9).
  if (!to.isThere)
    return { ...plan, act: 'update', cells: changedCells(plan, turn), ...merged(plan, turn) }
  return { ...plan, act: 'insert', cells: allCells(plan, turn), ...merged(plan, turn) }
}

type Given = Pick<RowPlan, 'row' | 'table' | 'state' | 'kept'>

/** Whether a cell is as the step left it. Where a floor has dropped its clock, its value tells. */
function isAsLeft(
  table: TableSchema,
  column: ColumnSchema,
  cell: Sides<CellSide>,
  state: RowState,
  { from, floorHlc }: Turn,
): boolean {
  const { value, version } = cell[from]
  const isValue = isSame(state.values[column.index], value)
  if (!table.isSynced) return isValue
  const current = versionOf(state, column.name)
  const mayBeDropped = !state.versions.has(column.name) && hlcOf(current) <= floorHlc
  return mayBeDropped ? hlcOf(version) <= floorHlc && isValue : current === version
}

function changedCells({ row, table, state, kept }: Given, { to }: Turn): Map<string, StoredValue> {
  const cells = new Map<string, StoredValue>()
  for (const [name, cell] of state.isKnown ? row.cells : []) {
    const column = table.columnsByName.get(name)
    const { value } = cell[to]
    if (column === undefined || kept.has(name) || value === undefined) continue
    if (!isSame(state.values[column.index], value)) cells.set(name, value)
  }
  return cells
}

/** Of a row that is to be there again: what others wrote meanwhile stays. */
function allCells({ row, table, state, kept }: Given, { to }: Turn): Map<string, StoredValue> {
  const cells = new Map<string, StoredValue>()
  for (const column of table.columns) {
    if (!isCell(table, column)) continue
    const { name, index } = column
    const cell = row.cells.get(name)
    const value = cell === undefined || kept.has(name) ? state.values[index] : cell[to].value
    if (value !== undefined) cells.set(name, value)
  }
  return cells
}

/** A row goes only as the step left it: nobody else shall lose what they wrote to it. */
function refusalToDelete(
  { row, table, state, kept }: Given,
  { from }: Turn,
): RowRefusal | undefined {
  if (!state.isAlive) return 'deleted'
  if (state.life !== row.life[from].version || kept.size > 0) return 'changed'
  for (const { name, kind, index } of table.isSynced ? table.columns : []) {
    const sums = row.counters.get(name)
    if (sums !== undefined && sums[from] !== Number(state.values[index] ?? 0)) return 'changed'
    if (kind !== 'set') continue
    const shown = [...(row.sets.get(name) ?? [])].filter(([, dots]) => dots[from].length > 0)
    const current = state.elements.get(name)
    const isAsLeft = shown.every(([element]) => current?.has(element))
    if (!isAsLeft || shown.length !== (current?.size ?? 0)) return 'changed'
  }
  return undefined
}

function merged(given: Given, turn: Turn): Pick<RowPlan, 'increments' | 'elements'> {
  const { row, table, state } = given
  const increments = new Map<string, number>()
  const elements = new Map<string, ElementsPlan>()
  const isAppendOnly = table.definition.isAppendOnly === true
  const isGoing = !row.life[turn.to].isThere
  // Only what comes with an insert counts there (MERGE.md MR18); so it is reckoned from what there is.
  if (isGoing && (isAppendOnly || !state.isKnown)) return { increments, elements }
  const isWhole = isAppendOnly || !state.isKnown
  for (const [name, sums] of row.counters) {
    const column = table.columnsByName.get(name)
    if (column === undefined) continue
    const left = isWhole ? Number(state.values[column.index] ?? 0) : sums[turn.from]
    const by = addCounter(sums[turn.to], -left)
    if (by !== 0) increments.set(name, by)
  }
  for (const [name, parts] of row.sets) {
    if (!table.columnsByName.has(name)) continue
    const plan = planElements(state.elements.get(name), parts, turn, isWhole)
    if (plan.added.length + plan.removed.length > 0) elements.set(name, plan)
  }
  return { increments, elements }
}

function planElements(
  current: Elements | undefined,
  parts: ReadonlyMap<string, Sides<readonly Version[]>>,
  { from, to }: Turn,
  isWhole: boolean,
): ElementsPlan {
  const added: string[] = []
  const removed: { readonly element: string; readonly versions: readonly Version[] }[] = []
  for (const [element, dots] of parts) {
    const shown = current?.get(element) ?? []
    const wasShown = isWhole ? shown.length > 0 : dots[from].length > 0
    if (dots[to].length > 0) {
      if (!wasShown && shown.length === 0) added.push(element)
    } else if (wasShown) {
      // Additions of others stand, and the element with them.
      const versions = isWhole ? shown : shown.filter((version) => dots[from].includes(version))
      if (versions.length > 0) removed.push({ element, versions })
    }
  }
  return { added, removed }
}
