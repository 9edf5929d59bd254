/**
 * The worker's rim in a browser: what an app's worker script calls to serve a job. Of all tabs that use
 * the job: they find this worker as they find that of a universe.
 */
import { isUniverseError, UniverseError } from '@inner-universe/core'
import { deleteOpfsDatabase, loadSqlite, openWasmDatabase } from '@inner-universe/sqlite/wasm'
import { systemClock } from '../../main/clock.ts'
import { presenceLock } from '../../rpc/announcement.ts'
import { Introductions } from '../../worker/introductions.ts'
import type { JobIntroduction, JobNote, JobPlace, NumberedRequest } from '../contract.ts'
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
  let path = ''
  let introductions: Introductions | undefined
  const { connect } = hostJob({
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
    onShared: (place, leaderId) => {
      if (place.kind === 'memory') return
      path = place.path
      introductions = new Introductions({
        name: path,
        leaderId,
        onLink: ({ data }) => {
          const take = connect((message) => data.send(message))
          data.onMessage = (requests) => take(requests as readonly NumberedRequest[])
        },
        onBrokerWanted: () => scope.postMessage({ note: 'broker-wanted' } satisfies JobNote),
      })
    },
    watchPresence: (clientId, onGone) => watchPresence(presenceLock(path, clientId), onGone),
  })
  const take = connect((message) => scope.postMessage(message))
  type Told = readonly NumberedRequest[] | JobIntroduction
  scope.addEventListener('message', ({ data }: MessageEvent<Told>) => {
    if ('control' in data) introductions?.introduce(data.broker, data.brokerUrl)
    else take(data)
  })
}

/** A lock that a page holds while it lives: having it means that the page is gone. */
function watchPresence(lock: string, onGone: () => void): () => void {
  const stopping = new AbortController()
  const { signal } = stopping
  navigator.locks.request(lock, { signal }, onGone).catch((error: unknown) => {
    // Called off because the page left properly.
    if (!signal.aborted) throw error
  })
  return () => stopping.abort()
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
