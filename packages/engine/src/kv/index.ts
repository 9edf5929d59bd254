export { kvError } from './kv-error.ts'
export type { KvOperation, KvPage, KvScanOptions } from './kv-operation.ts'
export { KV_USER_VERSION } from './kv-schema.ts'
export { KvStore, openKvStore } from './kv-store.ts'
