/** What undoing a step, or doing it again, writes to all its rows together. UNDO.md UN10, UN13, UN14. */
import type { StoredValue } from '@inner-universe/core'
import type { UndoSkipped } from '../engine.ts'
import type { ColumnSchema, TableSchema } from '../schema.ts'
import type { WriteScope } from '../write-scope.ts'
import { planRow, type RowPlan, type Turn } from './row-plan.ts'
import { hlcOf, readRowState, type Version, versionOf } from './row-state.ts'
import type { StepRow } from './step-row.ts'

/** What is written, and what is not. */
export interface StepPlan {
  readonly rows: readonly RowPlan[]
  readonly skipped: readonly UndoSkipped[]
}

/** Whether a step of the scope names a write of a row. */
export type IsNamed = (table: string, id: string, version: Version) => boolean

/** Plans a step. Cost: what reading its rows costs, and those that refer to rows that go. */
export function planStep(
  scope: WriteScope,
  rows: readonly StepRow[],
  turn: Turn,
  isNamed: IsNamed,
): StepPlan {
  const skipped: UndoSkipped[] = []
  const plans = new Map<TableSchema, Map<string, RowPlan>>()
  for (const row of rows) {
    const table = scope.schema.get(row.table)
    if (table === undefined) continue
    const plan = planRow(table, row, readRowState(scope, table, row.id), turn)
    if (typeof plan === 'string') {
      skipped.push({ table: row.table, id: row.id, column: null, why: plan })
      continue
    }
    for (const column of plan.kept) {
      skipped.push({ table: row.table, id: row.id, column, why: 'changed' })
    }
    const byId = plans.get(table) ?? new Map<string, RowPlan>()
    plans.set(table, byId.set(row.id, plan))
  }
  keepReferenced(scope, plans, skipped, { isAgain: turn.to === 'after', isNamed })
  keepUnique(scope, plans, skipped)
  return { rows: [...plans.values()].flatMap((byId) => [...byId.values()]), skipped }
}

/** Whether rows go that went before, and how to know the scope's own writes. */
interface Going {
  readonly isAgain: boolean
  readonly isNamed: IsNamed
}

type Plans = ReadonlyMap<TableSchema, Map<string, RowPlan>>

/** Leaves rows alone that are to go and that others refer to. One that stays may itself refer to another. */
function keepReferenced(
  scope: WriteScope,
  plans: Plans,
  skipped: UndoSkipped[],
  going: Going,
): void {
  for (let isStable = false; !isStable; ) {
    isStable = true
    for (const [table, byId] of plans) {
      for (const [id, plan] of byId) {
        if (plan.act !== 'delete' || !isReferenced(scope, plans, plan, going)) continue
        byId.delete(id)
        skipped.push({ table: table.name, id, column: null, why: 'referenced' })
        isStable = false
      }
    }
  }
}

/** Whether a row is kept by others, or somebody has come to refer to it since the step. */
function isReferenced(
  scope: WriteScope,
  plans: Plans,
  { table, row: { id, sinceHlc } }: RowPlan,
  { isAgain, isNamed }: Going,
): boolean {
  return table.referrers.some((reference) => {
    const { from, column, onDelete } = reference
    return scope.rows.visibleReferrers(reference, id).some((referrer) => {
      if (from === table && referrer === id) return false
      const plan = plans.get(from)?.get(referrer)
      if (plan?.act === 'delete' || plan?.cells.has(column.name) === true) return false
      // A new row would be kept, however old the reference (MERGE.md MR9); one deleted before was deleted so.
      if (onDelete === 'keep' && !isAgain) return true
      const version = versionOf(readRowState(scope, from, referrer), column.name)
      return hlcOf(version) > sinceHlc && !isNamed(from.name, referrer, version)
    })
  })
}

/** Leaves values out that another row has, as a reducer would be refused them. */
function keepUnique(scope: WriteScope, plans: Plans, skipped: UndoSkipped[]): void {
  for (let isStable = false; !isStable; ) {
    isStable = true
    for (const [table, byId] of plans) {
      for (const [id, plan] of byId) {
        for (const column of table.isSynced ? table.uniqueColumns : []) {
          const value = plan.cells.get(column.name) ?? null
          if (value === null || !isTaken(scope, byId, { table, column, id, value })) continue
          if (plan.act === 'insert') plan.cells.set(column.name, null)
          else plan.cells.delete(column.name)
          if (plan.act === 'update') plan.row.cells.delete(column.name)
          skipped.push({ table: table.name, id, column: column.name, why: 'duplicate' })
          isStable = false
        }
      }
    }
  }
}

interface WantedValue {
  readonly table: TableSchema
  readonly column: ColumnSchema
  readonly id: string
  readonly value: StoredValue
}

function isTaken(
  { driver, rows }: WriteScope,
  plans: ReadonlyMap<string, RowPlan>,
  { table, column, id, value }: WantedValue,
): boolean {
  return driver
    .prepare('SELECT id FROM _claim WHERE tbl = ?1 AND col = ?2 AND value = ?3 AND id <> ?4')
    .all([table.name, column.name, String(value), id])
    .some(([other]) => {
      const plan = plans.get(other as string)
      if (plan?.act === 'delete' || plan?.cells.has(column.name) === true) return false
      return rows.has(table, other as string)
    })
}
