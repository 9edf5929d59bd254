export { createMemoryLogStore, type MemoryLogStore } from '@inner-universe/sync/relay-side'
export { openSqliteLogStore, type SqliteLogStoreOptions } from './sqlite.ts'
