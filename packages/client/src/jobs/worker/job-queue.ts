/**
 * The requests of one job, of one page or several, served in the order in which they came.
 *
 * What waits is served in groups. A group with writes is one transaction: one flush for all of them,
 * each batch whole by itself (a savepoint), reads between them seeing what was written before them.
 * Answers go out after the commit. If the transaction as a whole fails, which a full disk may do to
 * it, its requests are served once more one by one: a batch fails by itself or not at all.
 */
import type { KvStore } from '@inner-universe/engine/kv'
import { encodeError } from '../../rpc/error-transfer.ts'
import type { JobAnswer, JobMessage, JobRequest, NumberedRequest } from '../contract.ts'
import { GROUP_REQUESTS_MAX } from '../limits.ts'
import { unpackOperations } from '../packed-operations.ts'
import type { Watches } from './watches.ts'

/** What a queue works on. */
export interface JobQueueOptions {
  readonly store: KvStore
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
}

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

/** A page that uses the job. */
export interface JobClient {
  readonly send: (message: JobMessage) => void
  readonly watches: Watches
}

/** A request and whose it is. */
interface Waiting extends NumberedRequest {
  readonly client: JobClient
}

/** The queue of one open job. */
export class JobQueue {
  readonly clients: Set<JobClient> = new Set()
  readonly #options: JobQueueOptions
  #waiting: Waiting[] = []
  #isDeferred = false

  constructor(options: JobQueueOptions) {
    this.#options = options
  }

  push(client: JobClient, requests: readonly NumberedRequest[]): void {
    for (const { number, request } of requests) this.#waiting.push({ client, number, request })
    this.#goOn()
  }

  #goOn(): void {
    if (this.#isDeferred || this.#waiting.length === 0) return
    this.#isDeferred = true
    this.#options.defer(() => {
      this.#isDeferred = false
      this.#serveGroup(this.#waiting.splice(0, GROUP_REQUESTS_MAX))
      this.#goOn()
    })
  }

  /** Serves all that waits, now. */
  drain(): void {
    while (this.#waiting.length > 0) this.#serveGroup(this.#waiting.splice(0, GROUP_REQUESTS_MAX))
  }

  #serveGroup(group: readonly Waiting[]): void {
    if (group.length === 0) return
    const outcomes = this.#serveTogether(group) ?? group.map(({ request }) => this.#serve(request))
    const answersOf = new Map<JobClient, JobAnswer[]>()
    for (const [index, { client, number, request }] of group.entries()) {
      const outcome = outcomes[index] as Outcome
      const answers = answersOf.get(client) ?? []
      answersOf.set(client, answers)
      if (!outcome.ok) {
        answers.push({ number, ok: false, error: encodeError(outcome.error) })
        continue
      }
      answers.push({ number, ok: true, value: outcome.value })
      for (const { watches } of request.kind === 'write' ? this.clients : [client]) {
        watches.note(request, outcome.value)
      }
    }
    for (const client of this.clients) {
      const answers = answersOf.get(client) ?? []
      const watched = client.watches.take()
      if (answers.length + watched.length > 0) client.send({ answers, watched })
    }
  }

  /** The outcomes of one transaction; undefined when there is nothing to share or it failed. */
  #serveTogether(group: readonly Waiting[]): Outcome[] | undefined {
    const writeCount = group.filter(({ request }) => request.kind === 'write').length
    if (writeCount < 2) return undefined
    const { store } = this.#options
    try {
      return store.transaction(() =>
        group.map(({ request }) => {
          const outcome = this.#serve(request)
          if (!outcome.ok && !store.isInTransaction) throw outcome.error
          return outcome
        }),
      )
    } catch {
      // Nothing of it was kept. Served one by one, each request gets an answer of its own.
      return undefined
    }
  }

  #serve(request: JobRequest): Outcome {
    try {
      return { ok: true, value: this.#result(request) }
    } catch (error) {
      return { ok: false, error }
    }
  }

  #result(request: JobRequest): unknown {
    const { store } = this.#options
    switch (request.kind) {
      case 'write':
        return store.batch(unpackOperations(request.operations))
      case 'get':
        return store.get(request.category, request.key)
      case 'exists':
        return store.exists(request.category, request.key)
      case 'scan':
        return store.scan(request.category, request.range, request.options)
      case 'count':
        return store.count(request.category, request.range)
      case 'bytes':
        return store.bytes()
      default:
        // Flushed by its place in the order; watches are noted when the group is committed.
        return undefined
    }
  }
}
