export { loadSqlite, type Sqlite, type SqliteSource } from './load.ts'
