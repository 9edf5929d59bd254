/**
 * The seam between an engine and the versions of its universe, which are code of their own (entry
 * `engine/history`): whoever opens a universe whose module keeps none need not load it. HISTORY.md HI4.
 */
import type { Module, Reducers } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { EngineParts } from './engine-parts.ts'
import type { EngineHistory } from './history-contract.ts'
import type { HistoryStep } from './history-step.ts'
import type { Session } from './table-access.ts'

/** What versions work with; lives as long as the engine. */
export interface HistoryParts {
  readonly driver: Driver
  readonly module: Module
  readonly universeId: string
  readonly session: Session
}

/** The versions of one open universe, as the engine sees them. */
export interface HistoryPart extends HistoryStep {
  /** The reducers `history:…`. */
  readonly reducers: Reducers
  /**
   * Makes the file fit the module, in the open transaction. `isOlder`: it was made for an older version
   * of the module, and has been migrated.
   */
  open(options: { readonly isOlder: boolean }): void
  /** What {@link Engine.history} is. `open` gives the parts, or throws when the engine is closed. */
  connect(open: () => EngineParts): EngineHistory
}

/** Makes that part for an engine. Reads and writes nothing yet. */
export interface History {
  create(parts: HistoryParts): HistoryPart
}
