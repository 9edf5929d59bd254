/** The two tables of undo, made when a call is first recorded. UNDO.md UN2. */
import type { Driver, SqlRow } from '@inner-universe/sqlite'
import { hasUndoTables } from '../undo-part.ts'
import type { Version } from './row-state.ts'
import { withNewVersionsIn } from './step-row.ts'

/** The tables with their columns, in the order in which they are read and written. */
export const UNDO_TABLES: Readonly<Record<string, readonly string[]>> = {
  _undo: ['step', 'identity', 'scope', 'is_undone', 'label', 'grp', 'time_ms', 'bytes'],
  _undo_row: ['tbl', 'id', 'step', 'change'],
}

const STATEMENTS: readonly string[] = [
  `CREATE TABLE _undo (step INTEGER PRIMARY KEY AUTOINCREMENT, identity TEXT NOT NULL,
    scope TEXT NOT NULL, is_undone INTEGER NOT NULL, label TEXT NOT NULL, grp TEXT, time_ms INTEGER,
    bytes INTEGER NOT NULL)`,
  'CREATE INDEX _undo_scope ON _undo (identity, scope, is_undone, step, bytes)',
  `CREATE TABLE _undo_row (tbl TEXT NOT NULL, id TEXT NOT NULL, step INTEGER NOT NULL,
    change TEXT NOT NULL, PRIMARY KEY (tbl, id, step)) WITHOUT ROWID`,
  'CREATE INDEX _undo_row_step ON _undo_row (step)',
]

/** Makes the tables where they are not there, in the open transaction. */
export function makeUndoTables(driver: Driver): void {
  if (hasUndoTables(driver)) return
  for (const sql of STATEMENTS) driver.exec(sql)
}

/** Removes what is kept for undo: an image has nothing of it. */
export function removeUndoTables(driver: Driver): void {
  if (!hasUndoTables(driver)) return
  for (const table of Object.keys(UNDO_TABLES)) driver.exec(`DROP TABLE ${table}`)
}

/** Rows of one of the tables with the stamps that the writes have which were authored anew. */
export function withNewStamps(
  table: string,
  rows: readonly SqlRow[],
  newOf: (version: Version) => Version,
): readonly SqlRow[] {
  if (table !== '_undo_row') return rows
  return rows.map(([name = null, id = null, step = null, change]) => [
    name,
    id,
    step,
    withNewVersionsIn(change as string, newOf),
  ])
}
