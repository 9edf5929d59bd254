// Thread that runs seeds: takes one number at a time and answers with its outcome.
import { parentPort, workerData } from 'node:worker_threads'
import { runSeed } from './run-seed.ts'

const { shrinkRunsMax } = workerData as { readonly shrinkRunsMax: number }

parentPort?.on('message', async (seed: number) => {
  parentPort?.postMessage(await runSeed(seed, shrinkRunsMax))
})
