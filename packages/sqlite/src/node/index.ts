export { type NodeDatabaseOptions, openNodeDatabase } from './database.ts'
export { deleteNodeDatabase, importNodeDatabase, type NodeImportOptions } from './files.ts'
