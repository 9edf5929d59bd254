/** The worker's rim in a browser: what an app's worker script calls to serve a job. */
import { isUniverseError, UniverseError } from '@inner-universe/core'
import { deleteOpfsDatabase, loadSqlite, openWasmDatabase } from '@inner-universe/sqlite/wasm'
import { systemClock } from '../../main/clock.ts'
import type { JobPlace, NumberedRequest } from '../contract.ts'
import { createDefer } from '../defer.ts'
import { LOCKED_MS_MAX, LOCKED_RETRY_MS } from '../limits.ts'
import { hostJob } from './job-host.ts'

/** Options of {@link serveJobs}. */
export interface ServeJobsOptions {
  /** Where SQLite's wasm is, if the bundler has put it elsewhere than beside the worker script. */
  readonly wasmUrl?: string | URL
}

/**
 * Serves one key-value job from this worker. The only thing a worker script has to call, once and at
 * its top level: loading SQLite begins here.
 *
 * @throws UniverseError `client/unsupported` outside of a dedicated worker.
 */
export function serveJobs(options: ServeJobsOptions = {}): void {
  const scope = globalThis as unknown as DedicatedWorkerGlobalScope
  if (
    typeof DedicatedWorkerGlobalScope === 'undefined' ||
    !(scope instanceof DedicatedWorkerGlobalScope)
  ) {
    throw new UniverseError(
      'client/unsupported',
      'serveJobs() belongs into the script of a dedicated worker',
    )
  }
  const sqlite = loadSqlite(
    options.wasmUrl === undefined ? {} : { wasm: new URL(options.wasmUrl, scope.location.href) },
  )
  // Whoever opens is told; until then nobody waits for it.
  sqlite.catch(() => undefined)
  const take = hostJob({
    send: (message) => scope.postMessage(message),
    defer: createDefer(),
    open: (place) => {
      if (place.kind === 'memory') {
        return openWasmDatabase({ sqlite, storage: { kind: 'memory' }, durability: 'process' })
      }
      const storage = { kind: 'opfs', directory: place.path } as const
      return whenFree(() => openWasmDatabase({ sqlite, storage, durability: place.durability }))
    },
    drop: (place: JobPlace) =>
      place.kind === 'memory' ? Promise.resolve() : whenFree(() => deleteOpfsDatabase(place.path)),
  })
  scope.addEventListener('message', ({ data }: MessageEvent<readonly NumberedRequest[]>) =>
    take(data),
  )
}

/** A page that was reloaded may meet the file handles of the worker it had before. */
async function whenFree<T>(attempt: () => Promise<T>): Promise<T> {
  const endMs = systemClock.now() + LOCKED_MS_MAX
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isUniverseError(error, 'storage/locked') || systemClock.now() > endMs) throw error
      await new Promise<void>((resolve) => systemClock.setTimer(resolve, LOCKED_RETRY_MS))
    }
  }
}
