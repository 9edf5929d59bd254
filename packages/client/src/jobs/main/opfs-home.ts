/** Jobs in a browser: databases of OPFS, each served by a worker that the app gives the script of. */
import { randomId } from '../../main/random-id.ts'
import {
  type JobDurability,
  type JobHome,
  MEMORY_ROOT,
  memoryHome,
  type StoredJob,
} from '../job-home.ts'
import type { JobPort } from '../job-link.ts'
import { createPersistencies, type Persistencies, type RootOptions } from '../persistencies.ts'
import type { Persistency as Root } from '../persistency.ts'
import { SharedJob, workerFailed } from './shared-job.ts'

/** How a root is opened in a browser. */
export interface BrowserJobsOptions extends RootOptions, JobDurability {
  /** Makes the worker of one job: its script calls `serveJobs()`. */
  readonly worker: () => Worker
}

/** A root and its jobs. */
export type Persistency = Root

/** Roots in a browser: a directory of OPFS for each, in it one for each job. See {@link Persistencies}. */
export const Persistency: Persistencies<readonly [options: BrowserJobsOptions]> =
  createPersistencies((root: string, { worker, durability = 'power' }: BrowserJobsOptions) => {
    return root === MEMORY_ROOT
      ? memoryHome(() => startWorker(worker))
      : opfsHome(root, durability, worker)
  })

/** The OPFS directory of all roots. */
const ROOTS_DIRECTORY = 'inner-universe-jobs'

function opfsHome(
  root: string,
  durability: 'power' | 'process',
  createWorker: () => Worker,
): JobHome {
  // A dot alone, or two, would be another directory; a slash a deeper one.
  const directory = encodeURIComponent(root).replaceAll('.', '%2E')
  const pathOf = (jobId: string): string => `${ROOTS_DIRECTORY}/${directory}/${jobId}`
  const share = (jobId: string, isAlone: boolean): JobPort =>
    new SharedJob({ path: pathOf(jobId), createWorker, createId: randomId, isAlone })
  return {
    start: (jobId) => share(jobId, false),
    startAlone: (jobId) => share(jobId, true),
    placeOf: (jobId) => ({ kind: 'stored', path: pathOf(jobId), durability }),
    list: async () => {
      const found = await findRoot(directory)
      const jobs: StoredJob[] = []
      if (found === undefined) return jobs
      for await (const [id, handle] of found.entries()) {
        if (handle.kind !== 'directory') continue
        jobs.push({ id, bytes: await bytesIn(handle as FileSystemDirectoryHandle) })
      }
      return jobs.sort((a, b) => (a.id < b.id ? -1 : 1))
    },
  }
}

/** The directory of a root; undefined where there is none yet, or no OPFS. */
async function findRoot(name: string): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const origin = await navigator.storage.getDirectory()
    const roots = await origin.getDirectoryHandle(ROOTS_DIRECTORY)
    return await roots.getDirectoryHandle(name)
  } catch {
    // Not made yet, or denied: nothing is kept either way.
    return undefined
  }
}

async function bytesIn(directory: FileSystemDirectoryHandle): Promise<number> {
  let bytes = 0
  try {
    for await (const handle of directory.values()) {
      if (handle.kind === 'file') bytes += (await (handle as FileSystemFileHandle).getFile()).size
    }
  } catch {
    // Dropped meanwhile: what is gone has no size.
  }
  return bytes
}

function startWorker(create: () => Worker): JobPort {
  const worker = create()
  return {
    post: (requests) => worker.postMessage(requests),
    listen: (onMessage, onEnd) => {
      worker.addEventListener('message', ({ data }) => onMessage(data))
      worker.addEventListener('error', (event) => {
        event.preventDefault()
        worker.terminate()
        onEnd(workerFailed(event))
      })
    },
    terminate: async () => worker.terminate(),
  }
}
