/** Notes what a recorded call does to rows. UNDO.md UN1. */

import type { RowWatch } from '../row-watch.ts'
import type { TableSchema } from '../schema.ts'
import type { WriteScope } from '../write-scope.ts'
import { type RowState, readRowState } from './row-state.ts'
import { type StepRow, stepRowOf } from './step-row.ts'

/** Lives for one recorded call, its nested calls included. */
export class UndoRecorder implements RowWatch {
  readonly #scope: WriteScope
  readonly #before = new Map<TableSchema, Map<string, RowState>>()

  constructor(scope: WriteScope) {
    this.#scope = scope
  }

  /** Cost: the first time, reading the row. */
  touch(table: TableSchema, id: string): void {
    let rows = this.#before.get(table)
    if (rows === undefined) {
      rows = new Map()
      this.#before.set(table, rows)
    }
    if (!rows.has(id)) rows.set(id, readRowState(this.#scope, table, id))
  }

  /** What became of the rows by a call of that clock, those that are as before left out: a nested call may have failed. */
  changes(hlc: number): StepRow[] {
    const changes: StepRow[] = []
    for (const [table, rows] of this.#before) {
      for (const [id, before] of rows) {
        const after = readRowState(this.#scope, table, id)
        const row = stepRowOf(table, id, before, after, hlc)
        if (row !== undefined) changes.push(row)
      }
    }
    return changes
  }
}
