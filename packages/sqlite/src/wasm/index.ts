export {
  deleteOpfsDatabase,
  hasOpfs,
  openWasmDatabase,
  readOpfsDatabase,
  type WasmDatabaseOptions,
  type WasmStorage,
} from './files.ts'
export { importOpfsDatabase, type OpfsImportOptions } from './import.ts'
export { loadSqlite, type Sqlite, type SqliteSource } from './load.ts'
