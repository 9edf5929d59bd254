/** Where the jobs of a root live, and what serves them: the one thing that Node and browsers differ in. */
import type { JobPlace } from './contract.ts'
import type { JobPort } from './job-link.ts'

/** A job that is kept, open or not. */
export interface StoredJob {
  readonly id: string
  /** Bytes of its database with what SQLite keeps beside it. */
  readonly bytes: number
}

/** The home of one root. */
export interface JobHome {
  /** What serves one job: a worker of its own, or where tabs share jobs that of another tab. */
  start(jobId: string): JobPort
  /** As `start`, for dropping the job: a worker that nobody else uses. */
  startAlone(jobId: string): JobPort
  /** Where a job's database is. */
  placeOf(jobId: string): JobPlace
  /** The jobs that are kept, in the order of their ids. Makes nothing. */
  list(): Promise<readonly StoredJob[]>
}

/** What a commit of a job survives; an acknowledgement means as much. */
export interface JobDurability {
  /**
   * `power` (default): a power cut, at the price of a flush for each group of writes. `process`: a
   * killed process only.
   */
  readonly durability?: 'power' | 'process'
}

/** The root whose jobs are private databases in memory. */
export const MEMORY_ROOT = ':memory:'

/** A home in memory: nothing is kept. */
export function memoryHome(start: () => JobPort): JobHome {
  return { start, startAlone: start, placeOf: () => ({ kind: 'memory' }), list: async () => [] }
}
