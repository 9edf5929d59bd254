/** A root and its jobs. JOBS.md KJ… */
import { UniverseError } from '@inner-universe/core'
import type { Job } from './job.ts'
import type { JobHome, StoredJob } from './job-home.ts'
import { checkJobId } from './job-id.ts'
import { JobLink, type JobPort } from './job-link.ts'
import { JOBS_OPEN_MAX, OPEN_MS_MAX } from './limits.ts'
import { OpenJob } from './open-job.ts'

/** The methods of a job, with the id of the job first. */
export type JobsById = {
  readonly [Name in Exclude<keyof Job, 'id'>]: (
    jobId: string,
    ...args: Parameters<Job[Name]>
  ) => ReturnType<Job[Name]>
}

/** A job in the list of a root. */
export interface JobInfo extends StoredJob {
  readonly isOpen: boolean
}

/**
 * One root directory of jobs, of which any number may be open. Whoever opens it closes it.
 *
 * Each job can be used by its handle or by its id: `root.get(jobId, category, key)`. By the id of a
 * job that is not open everything fails with `kv/job-not-found`, writes too.
 */
export interface Persistency extends JobsById {
  readonly root: string
  /**
   * Opens a job, making the root and its database if they are not there. The same handle as long as it
   * is open.
   *
   * Tabs of a browser share it.
   *
   * @throws UniverseError `kv/invalid-argument` for an id that is none or too many open jobs,
   * `storage/locked` when in Node another process, thread or root has it open, `kv/backend`,
   * `kv/timeout`, `client/worker-failed`.
   */
  openJob(jobId: string): Promise<Job>
  /** Stores what is queued, then closes the job and ends its thread. Nothing happens if it is not open. */
  closeJob(jobId: string): Promise<void>
  /**
   * Closes the job and removes its database. Nothing happens if there is none.
   *
   * @throws UniverseError `storage/locked` when another tab or process has it open; it then stays.
   */
  dropJob(jobId: string): Promise<void>
  /**
   * An open job.
   *
   * @throws UniverseError `kv/job-not-found`, `kv/closed` after `close`.
   */
  job(jobId: string): Job
  /** True while the job is open. */
  hasJob(jobId: string): boolean
  /** All jobs of the root, open or not, in the order of their ids. */
  jobs(): Promise<readonly JobInfo[]>
  /** Closes all jobs. Idempotent; the root cannot be used afterwards. */
  close(): Promise<void>
}

/** What a root is made with. */
export interface PersistencyOptions {
  readonly root: string
  readonly home: JobHome
  /** Limit of one answer of a job in ms. Default: 20 s for opening and dropping, none for the rest. */
  readonly timeoutMs?: number
  /** Told of writes that failed and nobody waits for, and of watchers that throw. */
  readonly onFault: (error: unknown, jobId: string) => void
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
}

interface Opened {
  readonly job: OpenJob
  readonly link: JobLink
}

/** Makes a root. Nothing is written before a job is opened. */
export function createPersistency(options: PersistencyOptions): Persistency {
  const { root, home, timeoutMs, onFault, setTimer, defer } = options
  const openedById = new Map<string, Opened>()
  /** The last step in the life of each job: opening, closing and dropping wait for each other. */
  const lastStepById = new Map<string, Promise<unknown>>()
  let isClosed = false

  const rootClosed = (): UniverseError =>
    new UniverseError('kv/closed', `the root "${root}" was closed; open it again`)
  const jobClosed = (jobId: string): UniverseError =>
    new UniverseError('kv/closed', `job "${jobId}" was closed; open it again`)

  const inTurn = <T>(jobId: string, step: () => Promise<T>): Promise<T> => {
    const before = lastStepById.get(jobId) ?? Promise.resolve()
    const result = before.then(step)
    const settled = result.catch(() => undefined)
    lastStepById.set(jobId, settled)
    // The map holds only what is under way.
    settled.then(() => lastStepById.get(jobId) === settled && lastStepById.delete(jobId))
    return result
  }

  const startLink = (jobId: string, port: JobPort): JobLink => {
    const link: JobLink = new JobLink({
      port,
      setTimer,
      defer,
      onFault: (error) => onFault(error, jobId),
      onEnd: () => {
        if (openedById.get(jobId)?.link === link) openedById.delete(jobId)
      },
    })
    return link
  }

  const open = async (jobId: string): Promise<Job> => {
    if (isClosed) throw rootClosed()
    const opened = openedById.get(jobId)
    if (opened !== undefined) return opened.job
    if (openedById.size >= JOBS_OPEN_MAX) {
      throw new UniverseError(
        'kv/invalid-argument',
        `${openedById.size} jobs of "${root}" are open, each a thread of its own; close some first`,
      )
    }
    const link = startLink(jobId, home.start(jobId))
    try {
      await link.ask({ kind: 'open', place: home.placeOf(jobId) }, timeoutMs ?? OPEN_MS_MAX)
    } catch (error) {
      await link.end(jobClosed(jobId))
      throw error
    }
    const job = new OpenJob({
      id: jobId,
      link,
      timeoutMs,
      onFault: (error) => onFault(error, jobId),
    })
    openedById.set(jobId, { job, link })
    return job
  }

  const close = async (jobId: string): Promise<void> => {
    const opened = openedById.get(jobId)
    if (opened === undefined) return
    // From here on the job is not found; what was issued before is still served.
    openedById.delete(jobId)
    try {
      await opened.link.ask({ kind: 'close' }, timeoutMs)
    } finally {
      await opened.link.end(jobClosed(jobId))
    }
  }

  const drop = async (jobId: string): Promise<void> => {
    await close(jobId)
    const place = home.placeOf(jobId)
    if (place.kind === 'memory') return
    const link = startLink(jobId, home.startAlone(jobId))
    try {
      await link.ask({ kind: 'drop', place }, timeoutMs ?? OPEN_MS_MAX)
    } finally {
      await link.end(jobClosed(jobId))
    }
  }

  const find = (jobId: string): OpenJob => {
    if (isClosed) throw rootClosed()
    const opened = openedById.get(jobId)
    if (opened !== undefined) return opened.job
    throw new UniverseError(
      'kv/job-not-found',
      `there is no open job ${JSON.stringify(jobId)} in "${root}"; open it first`,
    )
  }

  return {
    ...jobsById(find),
    root,
    openJob: async (jobId) => {
      checkJobId(jobId)
      return inTurn(jobId, () => open(jobId))
    },
    closeJob: async (jobId) => inTurn(jobId, () => close(jobId)),
    dropJob: async (jobId) => {
      checkJobId(jobId)
      if (isClosed) throw rootClosed()
      return inTurn(jobId, () => drop(jobId))
    },
    job: find,
    hasJob: (jobId) => openedById.has(jobId),
    jobs: async () => {
      if (isClosed) throw rootClosed()
      const infoById = new Map<string, JobInfo>()
      for (const stored of await home.list()) {
        infoById.set(stored.id, { ...stored, isOpen: openedById.has(stored.id) })
      }
      for (const [id, { job }] of openedById) {
        if (!infoById.has(id)) infoById.set(id, { id, bytes: await job.bytes(), isOpen: true })
      }
      return [...infoById.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    },
    close: async () => {
      isClosed = true
      const jobIds = new Set([...openedById.keys(), ...lastStepById.keys()])
      await Promise.all([...jobIds].map((jobId) => inTurn(jobId, () => close(jobId))))
    },
  }
}

/** The methods that answer with a promise, and so also refuse with one. */
const ASKING = [
  'persist',
  'persistAcked',
  'persistPut',
  'persistPutAcked',
  'persistEncoded',
  'persistEncodedAcked',
  'persistDelete',
  'deleteAcked',
  'persistDeletePrefix',
  'persistDeletePrefixAcked',
  'get',
  'exists',
  'scan',
  'scanPrefix',
  'count',
  'flush',
] as const

/** The others. */
const IMMEDIATE = ['iterate', 'iteratePrefix', 'watch'] as const

/** Each method on the job of the id that comes first. A name missing here is a type error. */
function jobsById(find: (jobId: string) => OpenJob): JobsById {
  type Method = (...args: unknown[]) => unknown
  const call = (name: string, jobId: string, args: unknown[]): unknown => {
    const job = find(jobId)
    return (job[name as keyof OpenJob] as unknown as Method).apply(job, args)
  }
  const methods: Record<(typeof ASKING)[number] | (typeof IMMEDIATE)[number], unknown> =
    Object.fromEntries([
      ...ASKING.map((name) => [
        name,
        async (jobId: string, ...args: unknown[]) => call(name, jobId, args),
      ]),
      ...IMMEDIATE.map((name) => [
        name,
        (jobId: string, ...args: unknown[]) => call(name, jobId, args),
      ]),
    ])
  return methods satisfies Record<keyof JobsById, unknown> as JobsById
}
