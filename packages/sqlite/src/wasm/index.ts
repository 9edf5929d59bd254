export {
  deleteOpfsDatabase,
  hasOpfs,
  openWasmDatabase,
  readOpfsDatabase,
  type WasmDatabaseOptions,
  type WasmStorage,
} from './files.ts'
export { importOpfsDatabase, type OpfsImportOptions } from './import.ts'
export { loadSqlite, type SqliteSource } from './load.ts'
export type { Sqlite } from './sqlite-module.ts'
export { dropStagedOpfs, type OpfsStaging, stageOpfsDatabase } from './staging.ts'
export { warmUpSqlite } from './warm-up.ts'
