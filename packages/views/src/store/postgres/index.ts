export type { PostgresClient, PostgresPool, PostgresSource } from './connection.ts'
export { openPostgresStore, type PostgresStoreOptions } from './open-postgres-store.ts'
export { openPostgresReader, type PostgresReader } from './postgres-cache.ts'
