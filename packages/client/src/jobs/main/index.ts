export {
  decodeKey,
  encodeKey,
  isUniverseError,
  type KeyInput,
  type KeyInputRange,
  type KeyPart,
  type KeyRange,
  type KvRow,
  type KvWrite,
  k,
  prefixRange,
  type ScanOptions,
  UniverseError,
} from '@inner-universe/core'
export type { JobChange } from '../contract.ts'
export type { IterateOptions, Job, JobScanOptions } from '../job.ts'
export type { StoredJob } from '../job-home.ts'
export type { Persistencies, RootOptions } from '../persistencies.ts'
export type { JobInfo, JobsById } from '../persistency.ts'
export { type BrowserJobsOptions, Persistency } from './opfs-home.ts'
