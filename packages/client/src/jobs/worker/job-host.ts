/** The worker's side of one job: its database is opened, served, closed, dropped. */
import { UniverseError } from '@inner-universe/core'
import { type KvStore, kvError, openKvStore } from '@inner-universe/engine/kv'
import type { Driver } from '@inner-universe/sqlite'
import { encodeError } from '../../rpc/error-transfer.ts'
import type { JobMessage, JobPlace, NumberedRequest } from '../contract.ts'
import { JobQueue } from './job-queue.ts'

/** What a job's host needs of the thread it runs in. */
export interface JobHostOptions {
  readonly send: (message: JobMessage) => void
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
  readonly open: (place: JobPlace) => Promise<Driver>
  /** Removes the database of a place. Nothing to remove is fine. */
  readonly drop: (place: JobPlace) => Promise<void>
}

/** Serves one job. Gives what is to be called with each list of requests. */
export function hostJob(options: JobHostOptions): (requests: readonly NumberedRequest[]) => void {
  const { send, defer } = options
  let opened: { readonly store: KvStore; readonly queue: JobQueue } | undefined

  const answer = async (number: number, body: () => Promise<void> | void): Promise<void> => {
    try {
      await body()
      send({ answers: [{ number, ok: true, value: undefined }], watched: [] })
    } catch (error) {
      const refused = encodeError(kvError(error))
      send({ answers: [{ number, ok: false, error: refused }], watched: [] })
    }
  }
  const open = async (place: JobPlace): Promise<void> => {
    const store = openKvStore(await options.open(place))
    opened = { store, queue: new JobQueue({ store, defer, send }) }
  }
  const close = (): void => {
    opened?.queue.drain()
    opened?.store.close()
    opened = undefined
  }

  return (requests) => {
    let waiting: NumberedRequest[] = []
    const push = (): void => {
      opened?.queue.push(waiting)
      waiting = []
    }
    for (const numbered of requests) {
      const { number, request } = numbered
      // The page sends nothing else until it knows that the job is open, and nothing after `close`.
      if (request.kind === 'open') void answer(number, () => open(request.place))
      else if (request.kind === 'drop') void answer(number, () => options.drop(request.place))
      else if (request.kind === 'close') {
        push()
        void answer(number, close)
      } else if (opened !== undefined) waiting.push(numbered)
      else {
        void answer(number, () => {
          throw new UniverseError('kv/closed', 'the job is not open; open it first')
        })
      }
    }
    push()
  }
}
