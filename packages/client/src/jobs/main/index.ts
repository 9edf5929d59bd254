export {
  decodeKey,
  encodeKey,
  isUniverseError,
  type KeyPart,
  type KeyRange,
  k,
  prefixRange,
  UniverseError,
} from '@inner-universe/core'
export type { KvRow } from '@inner-universe/engine/kv'
export type { JobChange } from '../contract.ts'
export type { IterateOptions, Job } from '../job.ts'
export type { StoredJob } from '../job-home.ts'
export type { JobOperation, JobRange, KeyInput, ScanOptions } from '../key-input.ts'
export type { Persistencies, RootOptions } from '../persistencies.ts'
export type { JobInfo, JobsById } from '../persistency.ts'
export { type BrowserJobsOptions, Persistency } from './opfs-home.ts'
