/**
 * Undoes the last step of a scope, or does the last undone one again, as one delta. UNDO.md UN8–UN16.
 *
 * What is written has the stamp of that delta, while the steps before name the stamps of what they wrote.
 * So a cell that is put back to what an earlier write had made it stands for that write from then on: in
 * all steps of the scope its stamp takes the place of that write's ({@link renamed}).
 */
import {
  type MergedRows,
  mergeOperations,
  type RowOperation,
  type Stamp,
  type StoredValue,
  type StreamId,
  storedDefault,
  type TableDefinition,
  UNDO_SKIPPED_MAX,
} from '@inner-universe/core'
import type { CallScope } from '../call-scope.ts'
import type { UndoKey, UndoSkipped } from '../engine.ts'
import { writeFold } from '../merge-fold.ts'
import { noteSchedule } from '../schedule.ts'
import type { TableReader } from '../table-reader.ts'
import type { Turned } from '../undo-part.ts'
import type { RowPlan, Turn } from './row-plan.ts'
import { isCell, type Version, versionOf } from './row-state.ts'
import { planStep } from './step-plan.ts'
import { isSameVersions, type Side, type Sides, type StepRow } from './step-row.ts'
import type { UndoStore } from './undo-store.ts'

/** What turning a step needs besides the call. */
export interface UndoTurnParts {
  readonly reader: TableReader
  readonly tables: Readonly<Record<string, TableDefinition>>
  readonly steps: UndoStore
  readonly floorHlc: number
}

const NOTHING: Turned = {
  result: { isDone: false, label: null, rowCount: 0, skipped: [], skippedCount: 0 },
  operations: [],
}

/** Undoes a step or does it again, in the open transaction. Everything is merged when it returns. */
export function turnStep(
  call: CallScope,
  parts: UndoTurnParts,
  key: UndoKey,
  direction: 'undo' | 'redo',
): Turned {
  const { steps, reader, tables, floorHlc } = parts
  const step = steps.next(key, direction)
  if (step === undefined) return NOTHING
  const { scope } = call
  const [from, to]: [Side, Side] = direction === 'undo' ? ['after', 'before'] : ['before', 'after']
  const turn: Turn = { from, to, floorHlc }
  const { rows, skipped } = planStep(scope, steps.rowsOf(step), turn, (...write) =>
    steps.names(key, ...write),
  )
  call.hasWritten = true
  const operations = rows.flatMap(operationsOf)
  if (operations.length > 0) {
    const fold: MergedRows = new Map()
    const { hlc } = call.stamp
    mergeOperations(fold, { hlc, stream: scope.streams.writing.id, operations }, tables)
    writeFold(scope, fold)
  }
  for (const plan of rows) if (!plan.table.isSynced) writeLocal(call, plan)
  const version = operations.length > 0 ? versionOfCall(call) : ''
  for (const plan of rows) {
    const renames = settleRow(plan, turn, plan.table.isSynced ? version : '')
    if (plan.table.isSynced) {
      const olds = oldVersionsOf(renames)
      if (olds.size > 0) {
        steps.changeOthers(key, step, plan.row, olds, (row) => renamed(row, renames))
      }
    }
    if (plan.table.definition.schedule !== undefined) {
      noteSchedule(call, plan.table, plan.row.id, reader.get(plan.table, plan.row.id))
    }
  }
  steps.turn(step, direction, rows.map(({ row }) => row).filter(isLeft))
  steps.closeGroups(key)
  const all = [...skipped, ...hiddenOf(call, rows)]
  return {
    result: {
      isDone: true,
      label: step.label,
      rowCount: rows.filter(isWritten).length,
      skipped: all.slice(0, UNDO_SKIPPED_MAX),
      skippedCount: all.length,
    },
    operations,
  }
}

/** Whether anything of a row is still the step's. */
function isLeft({ life, cells, counters, sets }: StepRow): boolean {
  const isOfLife =
    life.before.isThere !== life.after.isThere || life.before.version !== life.after.version
  return isOfLife || cells.size + counters.size + sets.size > 0
}

function versionOfCall({ stamp, scope }: CallScope): Version {
  return `${stamp.hlc} ${scope.streams.writing.id}`
}

function isWritten({ act, cells, increments, elements }: RowPlan): boolean {
  const isMoved = cells.size + increments.size + elements.size > 0
  return act === 'insert' || act === 'delete' || isMoved
}

function operationsOf(plan: RowPlan): RowOperation[] {
  const { row, table: schema, act, cells, increments, elements } = plan
  if (!schema.isSynced) return []
  const { table, id } = row
  const operations: RowOperation[] = []
  if (act === 'insert' || (act === 'update' && cells.size > 0)) {
    operations.push({ kind: act, table, id, cells: Object.fromEntries(cells) })
  }
  for (const [column, by] of increments) {
    operations.push({ kind: 'increment', table, id, column, by })
  }
  for (const [column, { added, removed }] of elements) {
    if (removed.length > 0) {
      const dots = removed.map(({ element, versions }) => ({
        element,
        dots: versions.map(stampOf),
      }))
      operations.push({ kind: 'remove', table, id, column, elements: dots })
    }
    if (added.length > 0) operations.push({ kind: 'add', table, id, column, elements: added })
  }
  if (act === 'delete') operations.push({ kind: 'delete', table, id })
  return operations
}

function stampOf(version: Version): Stamp {
  const [hlc, stream] = version.split(' ')
  return { hlc: Number(hlc), stream: stream as StreamId }
}

function writeLocal({ scope }: CallScope, { row: { id }, table, act, cells }: RowPlan): void {
  const { rows, changes } = scope
  const held = rows.get(table, id)
  if (act === 'insert') {
    const values = table.columns.map((column): StoredValue => {
      if (column === table.primaryKey) return id
      return cells.get(column.name) ?? storedDefault(column.definition) ?? null
    })
    rows.insert(table, values, { hlc: 0, streamIndex: 0 }, null)
    changes.note(table, id, undefined, values)
  } else if (held !== undefined && act === 'delete') {
    rows.remove(table, held.n)
    changes.note(table, id, held.values, undefined)
  } else if (held !== undefined && cells.size > 0) {
    const written = table.columns.filter(({ name }) => cells.has(name))
    const values = held.values.map((value, index) => {
      const cell = cells.get(table.columns[index]?.name ?? '')
      return cell === undefined ? value : cell
    })
    const indexes = written.map(({ index }) => index)
    rows.patch(
      table,
      held.n,
      indexes,
      indexes.map((index) => values[index] ?? null),
      null,
    )
    changes.note(table, id, held.values, values)
  }
}

/** Rows that came back and are not seen. */
function hiddenOf({ scope }: CallScope, plans: readonly RowPlan[]): UndoSkipped[] {
  return plans.flatMap(({ act, table, row: { id } }): UndoSkipped[] => {
    if (act !== 'insert' || scope.rows.has(table, id)) return []
    return [{ table: table.name, id, column: null, why: 'hidden' }]
  })
}

/** Which writes stand for which others from now on, in one row. */
interface Renames {
  readonly life: readonly [Version, Version]
  readonly cells: ReadonlyMap<string, readonly [Version, Version]>
  readonly sets: ReadonlyMap<
    string,
    ReadonlyMap<string, readonly [readonly Version[], readonly Version[]]>
  >
}

/** Notes in the step's own row what was written, and gives what that means for the others. */
function settleRow(plan: RowPlan, { from, to }: Turn, version: Version): Renames {
  const { row, table, act, kept } = plan
  const cells = new Map<string, readonly [Version, Version]>()
  for (const [name, cell] of row.cells) {
    const target = cell[to]
    if (kept.has(name)) {
      if (act === 'update') row.cells.delete(name)
      continue
    }
    // A row that goes keeps its cells as they are.
    const isLeft = act === 'delete'
    const isRewritten = act === 'insert' || plan.cells.has(name)
    const current = isRewritten ? version : isLeft ? cell[from].version : versionNow(plan, name)
    const value = isLeft ? cell[from].value : (plan.cells.get(name) ?? target.value)
    cells.set(name, [target.version, current])
    cell[to] = { value, version: current }
  }
  const sets = new Map<string, Map<string, readonly [readonly Version[], readonly Version[]]>>()
  for (const [name, parts] of row.sets) {
    const added = plan.elements.get(name)?.added
    const elements = new Map<string, readonly [readonly Version[], readonly Version[]]>()
    for (const [element, dots] of parts) {
      const target = dots[to]
      if (target.length === 0) {
        if (isTakenAway(plan, name, element, dots[from])) parts.delete(element)
        continue
      }
      const now = added?.includes(element) ? [version] : dots[from]
      elements.set(element, [target, now])
      dots[to] = now
    }
    sets.set(name, elements)
    if (parts.size === 0) row.sets.delete(name)
  }
  const target = row.life[to]
  const isTurned = act === 'insert' || act === 'delete'
  // A row that was inserted over itself lives on by the later insert.
  const now = isTurned ? version : plan.state.life
  row.life[to] = { isThere: target.isThere, version: now }
  // Cells without a place of their own in the step were written too.
  for (const column of act === 'insert' ? table.columns : []) {
    if (!isCell(table, column) || row.cells.has(column.name)) continue
    cells.set(column.name, [versionNow(plan, column.name), version])
  }
  return { life: [target.version, now], cells, sets }
}

/** Whether somebody else removed an element that the step would: the step is not to bring it back. */
function isTakenAway(
  { act, state }: RowPlan,
  column: string,
  element: string,
  left: readonly Version[],
): boolean {
  if (act === 'delete' || !state.isKnown || left.length === 0) return false
  const shown = state.elements.get(column)?.get(element) ?? []
  return !left.some((version) => shown.includes(version))
}

function versionNow({ state }: RowPlan, column: string): Version {
  return versionOf(state, column)
}

/** The versions that others stand for from now on. */
function oldVersionsOf({ life, cells, sets }: Renames): Set<Version> {
  const olds = new Set<Version>()
  for (const [old, now] of [life, ...cells.values()]) if (old !== '' && old !== now) olds.add(old)
  for (const elements of sets.values()) {
    for (const [dots, now] of elements.values()) {
      if (!isSameVersions(dots, now)) for (const version of dots) olds.add(version)
    }
  }
  return olds
}

/** A row of another step with its writes renamed; undefined: it names none of them. */
function renamed(row: StepRow, renames: Renames): StepRow | undefined {
  let isChanged = false
  const rename = (
    sides: Sides<{ readonly version: Version }>,
    [old, now]: readonly [Version, Version],
  ) => {
    for (const side of ['before', 'after'] as const) {
      if (old === '' || old === now || sides[side].version !== old) continue
      sides[side] = { ...sides[side], version: now }
      isChanged = true
    }
  }
  rename(row.life, renames.life)
  for (const [name, versions] of renames.cells) {
    const cell = row.cells.get(name)
    if (cell !== undefined) rename(cell, versions)
  }
  for (const [name, elements] of renames.sets) {
    for (const [element, [old, now]] of elements) {
      const dots = row.sets.get(name)?.get(element)
      if (dots === undefined || isSameVersions(old, now)) continue
      for (const side of ['before', 'after'] as const) {
        const rest = dots[side].filter((version) => !old.includes(version))
        if (rest.length === dots[side].length) continue
        // An addition of somebody else is among them: the element is not this scope's alone.
        const isWhole = old.every((version) => dots[side].includes(version))
        dots[side] = isWhole ? [...rest, ...now] : rest
        isChanged = true
      }
    }
  }
  return isChanged ? row : undefined
}
