// Entry of the folds' thread (fold-thread.ts): answers calls one after the other.
import { parentPort, workerData } from 'node:worker_threads'
import { isUniverseError } from '@inner-universe/core'
import { loadModules } from '../modules.ts'
import { foldSystem } from '../system.ts'
import type { FoldReply, FoldRequest, FoldThreadData } from './fold-thread.ts'
import { createLocalFolds, type Folds } from './folds.ts'

const { folder, modulePaths } = workerData as FoldThreadData

// Listened to at once: what comes while the modules are imported waits for them.
const folds: Promise<Folds> = loadModules(modulePaths).then(({ modules }) =>
  createLocalFolds({ folder, modules, system: foldSystem }),
)
let last: Promise<void> = Promise.resolve()

parentPort?.on('message', (request: FoldRequest) => {
  last = last.then(() => answer(request))
})

async function answer({ id, method, args }: FoldRequest): Promise<void> {
  parentPort?.postMessage(await replyTo(id, method, args))
}

async function replyTo(
  id: number,
  method: keyof Folds,
  args: readonly unknown[],
): Promise<FoldReply> {
  try {
    const run = (await folds)[method] as (...args: readonly unknown[]) => Promise<unknown>
    return { id, value: await run(...args) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      id,
      error: { code: isUniverseError(error) ? error.code : 'relay/unavailable', message },
    }
  }
}
