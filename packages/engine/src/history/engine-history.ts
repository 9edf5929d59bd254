/** The versions of a universe: given to `openEngine` by whoever keeps them. HISTORY.md. */
export type { EngineHistory, History, HistoryPart } from '../history-part.ts'
