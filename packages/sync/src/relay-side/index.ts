export { entryBytes } from './entry-bytes.ts'
export { chunkMissing, chunksOf } from './image-chunks.ts'
export type {
  Append,
  LogStore,
  NewUniverse,
  StoredCursor,
  StoredEntry,
  StoredImage,
  StoredOrigin,
  StoredStream,
  UniverseRecord,
} from './log-store.ts'
export { createMemoryLogStore, type MemoryLogStore } from './memory-log-store.ts'
export { Rate } from './rate.ts'
export {
  type Policy,
  type PolicyContext,
  type RelayCounters,
  type RelayEvent,
  type RelayLimits,
  type RelaySide,
  type RelaySideOptions,
  rightsIn,
  type SessionLimits,
  type TokenClaims,
} from './relay-options.ts'
export { createRelaySide } from './relay-side.ts'
