/** What the browser tests of jobs share: opening a root. */
import { Persistency } from '../jobs/main/index.ts'

/** The worker of one job. */
export function jobsWorker(): Worker {
  return new Worker(new URL('./jobs.worker.ts', import.meta.url), { type: 'module' })
}

/** Opens a root of the tab that this runs in. */
export function openJobs(
  root: string,
  options: { readonly onFault?: (error: unknown) => void } = {},
): Promise<Persistency> {
  return Persistency.open(root, { worker: jobsWorker, ...options })
}
