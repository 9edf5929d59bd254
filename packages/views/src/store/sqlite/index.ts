export type { ViewIdentity, ViewPhase, ViewRecord } from '../format.ts'
export { openSqliteStore, type SqliteStoreOptions } from './open-sqlite-store.ts'
export { openSqliteReader, type SqliteReader } from './sqlite-cache.ts'
export { dropSqliteView, sqliteViews } from './sqlite-record.ts'
export {
  CACHED_MAX,
  type FlushNotes,
  openSqliteState,
  type SqliteState,
  type SqliteStateOptions,
} from './sqlite-state.ts'
