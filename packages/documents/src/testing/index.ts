export { ManualTimers, settle } from './manual-timers.ts'
export { MemoryHome, MemoryReplica, type RowsDelta } from './memory-home.ts'
