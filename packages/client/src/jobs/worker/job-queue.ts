/**
 * The requests of one job, served in the order in which they came.
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
import { Watches } from './watches.ts'

/** What a queue works on. */
export interface JobQueueOptions {
  readonly store: KvStore
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
  readonly send: (message: JobMessage) => void
}

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

/** The queue of one open job. */
export class JobQueue {
  readonly #options: JobQueueOptions
  readonly #watches = new Watches()
  #waiting: NumberedRequest[] = []
  #isDeferred = false

  constructor(options: JobQueueOptions) {
    this.#options = options
  }

  push(requests: readonly NumberedRequest[]): void {
    this.#waiting.push(...requests)
    if (this.#isDeferred || this.#waiting.length === 0) return
    this.#isDeferred = true
    this.#options.defer(() => {
      this.#isDeferred = false
      this.#serveGroup(this.#waiting.splice(0, GROUP_REQUESTS_MAX))
      this.push([])
    })
  }

  /** Serves all that waits, now. */
  drain(): void {
    while (this.#waiting.length > 0) this.#serveGroup(this.#waiting.splice(0, GROUP_REQUESTS_MAX))
  }

  #serveGroup(group: readonly NumberedRequest[]): void {
    if (group.length === 0) return
    const outcomes = this.#serveTogether(group) ?? group.map(({ request }) => this.#serve(request))
    const answers = group.map(({ number }, index): JobAnswer => {
      const outcome = outcomes[index] as Outcome
      return outcome.ok
        ? { number, ok: true, value: outcome.value }
        : { number, ok: false, error: encodeError(outcome.error) }
    })
    for (const [index, { request }] of group.entries()) {
      const outcome = outcomes[index] as Outcome
      if (outcome.ok) this.#watches.note(request, outcome.value)
    }
    this.#options.send({ answers, watched: this.#watches.take() })
  }

  /** The outcomes of one transaction; undefined when there is nothing to share or it failed. */
  #serveTogether(group: readonly NumberedRequest[]): Outcome[] | undefined {
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
