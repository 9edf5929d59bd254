export type { Call } from './call.ts'
export {
  createUniverseHooks,
  type LiveSearchOptions,
  type ReducersOf,
  type TablesOf,
  type UniverseHooks,
  type UniverseProviderProps,
} from './hooks.ts'
export type { LiveOptions, LiveResult } from './live.ts'
export type { Status } from './status.ts'
export type { ConflictsState, PresenceState } from './sync.ts'
export type { Undo } from './undo.ts'
export type { DocumentState } from './use-document.ts'
export type { VersionsState } from './versions.ts'
