/** The worker's side of one job: its database is opened, served to one page or several, closed, dropped. */
import { type KvStore, kvError, openKvStore } from '@inner-universe/engine/kv'
import type { Driver } from '@inner-universe/sqlite'
import { encodeError } from '../../rpc/error-transfer.ts'
import type { JobMessage, JobPlace, NumberedRequest } from '../contract.ts'
import { type JobClient, JobQueue } from './job-queue.ts'
import { Watches } from './watches.ts'

/** What a job's host needs of the thread it runs in. */
export interface JobHostOptions {
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
  readonly open: (place: JobPlace) => Promise<Driver>
  /** The job of a place is open: other pages may find this thread under the id, and join. */
  readonly onShared?: (place: JobPlace, leaderId: string) => void
  /** Removes the database of a place. Nothing to remove is fine. */
  readonly drop: (place: JobPlace) => Promise<void>
  /** Calls `onGone` when a page that has joined is no more. Returns the end of it. */
  readonly watchPresence?: (clientId: string, onGone: () => void) => () => void
}

/** A job's thread as pages reach it. */
export interface JobHost {
  /** A page's line to it. Gives what is to be called with each list of the page's requests. */
  connect(send: (message: JobMessage) => void): (requests: readonly NumberedRequest[]) => void
}

/** Serves one job. */
export function hostJob(options: JobHostOptions): JobHost {
  let opened: { readonly store: KvStore; readonly queue: JobQueue } | undefined

  const open = async (
    client: JobClient,
    place: JobPlace,
    leaderId: string | undefined,
  ): Promise<void> => {
    const store = openKvStore(await options.open(place))
    opened = { store, queue: new JobQueue({ store, defer: options.defer }) }
    opened.queue.clients.add(client)
    if (leaderId !== undefined) options.onShared?.(place, leaderId)
  }
  const close = (client: JobClient): void => {
    if (opened === undefined) return
    const { queue, store } = opened
    opened = undefined
    try {
      queue.drain()
      store.close()
    } finally {
      queue.clients.delete(client)
      for (const { send } of queue.clients) send({ answers: [], watched: [], hasMoved: true })
    }
  }
  const leave = (client: JobClient): void => {
    opened?.queue.drain()
    opened?.queue.clients.delete(client)
  }

  return {
    connect(send) {
      const client: JobClient = { send, watches: new Watches() }
      let stopWatching = (): void => undefined
      const answer = async (number: number, body: () => Promise<void> | void): Promise<void> => {
        try {
          await body()
          send({ answers: [{ number, ok: true, value: undefined }], watched: [] })
        } catch (error) {
          const refused = encodeError(kvError(error))
          send({ answers: [{ number, ok: false, error: refused }], watched: [] })
        }
      }
      const join = (number: number, clientId: string): void => {
        // Not open any more: there is no answer here, but from the page that opens it next.
        if (opened === undefined) return
        const { queue } = opened
        queue.clients.add(client)
        stopWatching =
          options.watchPresence?.(clientId, () => queue.clients.delete(client)) ?? stopWatching
        void answer(number, () => undefined)
      }
      return (requests) => {
        let waiting: NumberedRequest[] = []
        const push = (): void => {
          opened?.queue.push(client, waiting)
          waiting = []
        }
        for (const numbered of requests) {
          const { number, request } = numbered
          // A page sends nothing but this until it is answered, and nothing after `close` or `leave`.
          if (request.kind === 'open') {
            void answer(number, () => open(client, request.place, request.leaderId))
          } else if (request.kind === 'join') join(number, request.clientId)
          else if (request.kind === 'drop') void answer(number, () => options.drop(request.place))
          else if (request.kind === 'close' || request.kind === 'leave') {
            push()
            stopWatching()
            void answer(number, () => (request.kind === 'close' ? close(client) : leave(client)))
          } else if (opened?.queue.clients.has(client)) waiting.push(numbered)
        }
        push()
      }
    },
  }
}
