export type {
  Append,
  LogStore,
  NewUniverse,
  StoredCursor,
  StoredEntry,
  StoredImage,
  StoredStream,
  UniverseRecord,
} from './log-store.ts'
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
