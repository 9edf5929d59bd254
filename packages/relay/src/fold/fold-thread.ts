/** Folds in a thread of their own: a relay goes on answering while they work. */
import { Worker } from 'node:worker_threads'
import { type ErrorCode, UniverseError } from '@inner-universe/core'
import type { Folds } from './folds.ts'

/** What the thread is started with. */
export interface FoldThreadData {
  readonly folder: string | undefined
  /** Files of modules, absolute. */
  readonly modulePaths: readonly string[]
}

/** A call of a method of {@link Folds}, on its way to the thread. */
export interface FoldRequest {
  readonly id: number
  readonly method: keyof Folds
  readonly args: readonly unknown[]
}

/** Its answer. */
export type FoldReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string } }

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Starts the thread. When it ends for whatever reason, what is under way fails with
 * `relay/unavailable`, and the next call starts another.
 */
export function startFoldThread(data: FoldThreadData): Folds {
  const waiting = new Map<number, Waiting>()
  let thread: Worker | undefined
  let lastId = 0
  let isClosed = false

  const fail = (ended: Worker, cause: unknown): void => {
    if (thread !== ended) return
    thread = undefined
    for (const { reject } of waiting.values()) {
      reject(new UniverseError('relay/unavailable', 'the thread of the folds ended', { cause }))
    }
    waiting.clear()
  }

  const start = (): Worker => {
    const started = new Worker(new URL('./fold-worker.ts', import.meta.url), { workerData: data })
    started.on('message', (reply: FoldReply) => {
      const call = waiting.get(reply.id)
      waiting.delete(reply.id)
      if ('error' in reply) call?.reject(new UniverseError(reply.error.code, reply.error.message))
      else call?.resolve(reply.value)
    })
    started.on('error', (error) => fail(started, error))
    started.on('exit', (code) => fail(started, code))
    return started
  }

  const call = <M extends keyof Folds>(
    method: M,
    ...args: Parameters<Folds[M]>
  ): ReturnType<Folds[M]> => {
    const answer = new Promise<unknown>((resolve, reject) => {
      if (isClosed) throw new UniverseError('relay/unavailable', 'the folds were closed')
      thread ??= start()
      lastId += 1
      waiting.set(lastId, { resolve, reject })
      thread.postMessage({ id: lastId, method, args } satisfies FoldRequest)
    })
    return answer as ReturnType<Folds[M]>
  }

  return {
    open: (universe) => call('open', universe),
    receive: (universe, entries, epoch) => call('receive', universe, entries, epoch),
    reset: (universe) => call('reset', universe),
    addChunk: (universe, bytes) => call('addChunk', universe, bytes),
    noteMark: (universe, atMs) => call('noteMark', universe, atMs),
    dropMark: (universe) => call('dropMark', universe),
    floor: (universe) => call('floor', universe),
    beginImage: (universe) => call('beginImage', universe),
    nextChunk: (universe) => call('nextChunk', universe),
    endImage: (universe) => call('endImage', universe),
    async close() {
      isClosed = true
      // In the middle of whatever it does: what a fold has not written is read from the log again.
      await thread?.terminate()
    },
  }
}
