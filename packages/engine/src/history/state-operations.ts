/** The operations that make one row what is wanted of it, from whatever was merged into it. Reads only. */
import {
  addCounter,
  lensesOf,
  type RowOperation,
  type Stamp,
  type StoredValue,
  type StreamId,
} from '@inner-universe/core'
import { isSameValue, type StoredRow } from '../changes.ts'
import { setElements } from '../row-codec.ts'
import type { ColumnSchema, TableSchema } from '../schema.ts'
import { isCell, type RowState, readRowState, type Version } from '../undo/row-state.ts'
import type { WriteScope } from '../write-scope.ts'

/** A reference to no row at all: it reads NULL where nothing else may stand. */
const NOWHERE = '00000000-0000-7000-8000-000000000000'

/**
 * Plans one row of a synced table. What reads NULL for now is written over as well: whether it will go on
 * reading so is for others to decide. Cost: reading the row.
 */
export function rowOperations(
  scope: WriteScope,
  table: TableSchema,
  id: string,
  wanted: StoredRow | undefined,
): RowOperation[] {
  const state = readRowState(scope, table, id)
  const { name } = table
  if (wanted === undefined) return state.isAlive ? [{ kind: 'delete', table: name, id }] : []
  const cells = changedCells(table, state, wanted)
  const merged = mergedOperations(table, id, state, wanted)
  // Rows of such tables are only ever inserted: anew over themselves, where another state has other cells.
  const isAppendOnly = table.definition.isAppendOnly === true
  if (!state.isAlive || (isAppendOnly && cells.size + merged.length > 0)) {
    const all = table.columns.filter((column) => isCell(table, column))
    const values = Object.fromEntries(cellsOf(all, state, wanted))
    return [{ kind: 'insert', table: name, id, cells: values }, ...merged]
  }
  if (cells.size === 0) return merged
  return [{ kind: 'update', table: name, id, cells: Object.fromEntries(cells) }, ...merged]
}

function changedCells(
  table: TableSchema,
  state: RowState,
  wanted: StoredRow,
): Map<string, StoredValue> {
  const changed = table.columns.filter(
    (column) =>
      isCell(table, column) && !isSameValue(state.values[column.index], wanted[column.index]),
  )
  const cells = cellsOf(changed, state, wanted)
  const related = lensesOf(table.definition).flatMap(({ name, lens }) => [name, lens.column])
  if (!related.some((name) => cells.has(name))) return cells
  // A cell that is not named would follow from the one that is.
  const others = table.columns.filter(({ name }) => related.includes(name) && !cells.has(name))
  return new Map([...cells, ...cellsOf(others, state, wanted)])
}

/** The cells as they are written; without those that cannot be, which stay what they are. */
function cellsOf(
  columns: readonly ColumnSchema[],
  state: RowState,
  wanted: StoredRow,
): Map<string, StoredValue> {
  const cells = new Map<string, StoredValue>()
  for (const { name, index, kind, definition } of columns) {
    const value = wanted[index] ?? null
    if (value !== null || definition.isOptional === true) cells.set(name, value)
    else if (kind === 'ref') cells.set(name, NOWHERE)
    else if (!state.isAlive && state.values[index] !== undefined) {
      cells.set(name, state.values[index] ?? null)
    }
  }
  return cells
}

/** Counters move by the difference, sets by the elements that are added and removed. */
function mergedOperations(
  table: TableSchema,
  id: string,
  state: RowState,
  wanted: StoredRow,
): RowOperation[] {
  const operations: RowOperation[] = []
  const of = { table: table.name, id }
  for (const { kind, name: column, index } of table.hasMergedColumns ? table.columns : []) {
    if (kind === 'counter') {
      const by = addCounter(Number(wanted[index] ?? 0), -Number(state.values[index] ?? 0))
      if (by !== 0) operations.push({ kind: 'increment', ...of, column, by })
    } else if (kind === 'set') {
      const held = state.elements.get(column)
      const elements = new Set(setElements(wanted[index] ?? '[]'))
      const removed = [...(held ?? [])]
        .filter(([element]) => !elements.has(element))
        .map(([element, versions]) => ({ element, dots: versions.map(stampOf) }))
      const added = [...elements].filter((element) => held?.has(element) !== true)
      if (removed.length > 0) {
        operations.push({ kind: 'remove', ...of, column, elements: removed })
      }
      if (added.length > 0) operations.push({ kind: 'add', ...of, column, elements: added })
    }
  }
  return operations
}

function stampOf(version: Version): Stamp {
  const [hlc, stream] = version.split(' ')
  return { hlc: Number(hlc), stream: stream as StreamId }
}
