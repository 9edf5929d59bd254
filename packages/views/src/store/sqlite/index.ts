export type { ViewIdentity, ViewPhase, ViewRecord } from '../format.ts'
export { dropSqliteView, sqliteViews } from './sqlite-record.ts'
export type { FlushNotes, SqliteState, SqliteStateOptions } from './sqlite-state.ts'
export { CACHED_MAX, openSqliteState } from './sqlite-state.ts'
