/** Runs many seeds on several threads. */
import { Worker } from 'node:worker_threads'
import type { SeedOutcome } from './run-seed.ts'

/** Which seeds, and what is done with each outcome. */
export interface SeedRun {
  readonly from: number
  readonly count: number
  /** Runs spent on making each failing plan smaller. */
  readonly shrinkRunsMax: number
  /** Stops after so many failures. */
  readonly failuresMax: number
  readonly threadsMax: number
  readonly onOutcome: (outcome: SeedOutcome) => void
}

/** Resolves when all have run, or enough have failed. */
export async function runSeeds(run: SeedRun): Promise<void> {
  const end = run.from + run.count
  let next = run.from
  let failureCount = 0
  const threadCount = Math.min(run.threadsMax, run.count)
  const runThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./seed-thread.ts', import.meta.url), {
        workerData: { shrinkRunsMax: run.shrinkRunsMax },
      })
      const give = (): void => {
        if (next >= end || failureCount >= run.failuresMax) {
          thread.terminate().then(() => resolve(), reject)
        } else {
          thread.postMessage(next)
          next += 1
        }
      }
      thread.on('message', (outcome: SeedOutcome) => {
        if (outcome.violation !== undefined) failureCount += 1
        run.onOutcome(outcome)
        give()
      })
      thread.on('error', reject)
      give()
    })
  await Promise.all(Array.from({ length: threadCount }, runThread))
}
