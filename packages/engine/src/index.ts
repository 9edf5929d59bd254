export type {
  ApplyOutcome,
  ApplyResult,
  Call,
  CallOutcome,
  Commit,
  Connection,
  Engine,
  EngineInfo,
  EngineOptions,
  LogSegment,
  SqlResult,
  StreamHead,
} from './engine.ts'
export { openEngine, REDUCER_MS_MAX } from './open-engine.ts'
export { SCHEDULED_RUNS_MAX } from './run-timers.ts'
