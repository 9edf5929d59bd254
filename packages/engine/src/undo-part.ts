/**
 * The seam between an engine and its part that records and undoes calls, which is code of its own
 * (`undo/engine-undo.ts`): apps without undo need not load it, and others only when the first call asks
 * for it. UNDO.md UN1, UN8.
 */
import type { RowOperation } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { CallScope } from './call-scope.ts'
import type { CallUndo, UndoKey, UndoResult, UndoState } from './engine.ts'
import type { SyncState } from './sync-state.ts'
import type { TableReader } from './table-reader.ts'

/** What undo works with; lives as long as the engine. */
export interface UndoParts {
  readonly driver: Driver
  readonly reader: TableReader
  readonly sync: SyncState
}

/** What turning a step came to, and the operations of its delta. */
export interface Turned {
  readonly result: UndoResult
  readonly operations: readonly RowOperation[]
}

/** The steps of one open universe. Writes need the transaction that is open. */
export interface UndoPart {
  /** What can be undone and done again. Cost: two index seeks. */
  state(key: UndoKey): UndoState
  /** Forgets all steps of a scope. */
  clear(key: UndoKey): void
  /** Runs a call and keeps what it did to rows as a step, or as part of one. */
  record<T>(call: CallScope, undo: Extract<CallUndo, { kind: 'record' }>, run: () => T): T
  /** Undoes the last step, or does it again. Everything is merged when it returns. */
  turn(call: CallScope, undo: Exclude<CallUndo, { kind: 'record' }>): Turned
}

/** Makes that part for an engine. Reads and writes nothing yet. */
export interface Undo {
  create(parts: UndoParts): UndoPart
}

/** Whether a call was ever recorded in a file. */
export function hasUndoTables(driver: Driver): boolean {
  return driver.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_undo'").get() !== undefined
}
