export type { Changes, NotedRow } from './changes.ts'
export type {
  AdoptOptions,
  ApplyOutcome,
  ApplyResult,
  AuthoringCall,
  Call,
  CallOutcome,
  CallUndo,
  CarryOver,
  Commit,
  Connection,
  DeadRow,
  Engine,
  EngineInfo,
  LogSegment,
  PendingDelta,
  StreamHead,
  UndoKey,
  UndoResult,
  UndoSkipped,
  UndoState,
} from './engine.ts'
export type { EngineOptions } from './engine-options.ts'
export type {
  DiffOptions,
  DraftResult,
  EngineHistory,
  Past,
  RowDifference,
  VersionInfo,
  VersionRef,
} from './history-contract.ts'
export type { History, HistoryPart, HistoryParts } from './history-part.ts'
export { openEngine } from './open-any.ts'
export { isPrepared, openPrepared, REDUCER_MS_MAX } from './open-engine.ts'
export type { Preparation } from './preparation-part.ts'
export { SCHEDULED_RUNS_MAX } from './run-timers.ts'
export { encodeSchema } from './schema-text.ts'
export type { SqlResult } from './sql-result.ts'
export { moduleOfSchema } from './stored-schema.ts'
export type { Undo, UndoPart, UndoParts } from './undo-part.ts'
export { compileView, viewStatements } from './view-tables.ts'
export type { Views, ViewsPart, ViewsParts } from './views-part.ts'
