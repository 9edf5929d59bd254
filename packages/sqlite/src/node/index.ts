export { type NodeDatabaseOptions, openNodeDatabase } from './database.ts'
