/** The page's end of the line to a job's worker: requests out, answers in. */
import { UniverseError } from '@inner-universe/core'
import { decodeError, type TransferredError } from '../rpc/error-transfer.ts'
import type { JobChange, JobMessage, JobRequest, NumberedRequest } from './contract.ts'
import { MESSAGE_REQUESTS_MAX } from './limits.ts'

/** A worker as its page sees it. */
export interface JobPort {
  post(requests: readonly NumberedRequest[]): void
  /** Called once, at once: with each message, and with the error it died of. */
  listen(onMessage: (message: JobMessage) => void, onEnd: (error: UniverseError) => void): void
  /** Ends the thread as it is. */
  terminate(): Promise<void>
}

/** What a link needs. */
export interface JobLinkOptions {
  readonly port: JobPort
  /** Runs something after the messages that wait already. */
  readonly defer: (run: () => void) => void
  /** Runs something later; returns its cancellation. */
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  /** The worker died: nothing is answered any more. */
  readonly onEnd: () => void
  /** A watcher threw. */
  readonly onFault: (error: unknown) => void
}

interface Pending {
  resolve(value: unknown): void
  reject(error: unknown): void
}

/**
 * Requests of one turn leave as one list; their order is kept. While answers are on their way, what is
 * asked is gathered a little longer: whoever awaits queued writes in a loop asks once in a turn.
 */
export class JobLink {
  readonly #options: JobLinkOptions
  readonly #pending = new Map<number, Pending>()
  readonly #watchers = new Map<number, (changes: readonly JobChange[]) => void>()
  #outgoing: NumberedRequest[] = []
  #lastNumber = 0
  #end: UniverseError | undefined

  constructor(options: JobLinkOptions) {
    this.#options = options
    options.port.listen(
      (message) => this.#take(message),
      (error) => {
        this.#finish(error)
        options.onEnd()
      },
    )
  }

  /** @throws UniverseError why nothing can be asked any more. */
  assertOpen(): void {
    if (this.#end !== undefined) throw this.#end
  }

  /**
   * The answer to a request.
   *
   * @throws UniverseError what the worker answers; `kv/timeout` when it does not within `msMax`;
   * `kv/closed` after the end.
   */
  ask<Value>(request: JobRequest, msMax?: number): Promise<Value> {
    if (this.#end !== undefined) return Promise.reject(this.#end)
    const number = ++this.#lastNumber
    this.#outgoing.push({ number, request })
    if (this.#outgoing.length >= MESSAGE_REQUESTS_MAX) this.#post()
    else if (this.#outgoing.length === 1) {
      const gather = this.#pending.size === 0 ? queueMicrotask : this.#options.defer
      gather(() => this.#post())
    }
    return new Promise<Value>((resolve, reject) => {
      const cancel = this.#limit(number, request, msMax)
      this.#pending.set(number, {
        resolve: (value) => {
          cancel()
          resolve(value as Value)
        },
        reject: (error) => {
          cancel()
          reject(error)
        },
      })
    })
  }

  /** Has a listener told what changes under a prefix, by writes that are issued from now on. */
  watch(
    request: { readonly category: Uint8Array; readonly prefix: Uint8Array },
    listener: (changes: readonly JobChange[]) => void,
  ): () => void {
    this.assertOpen()
    // A number of its own: the one its request is about to get.
    const watchId = this.#lastNumber + 1
    this.#watchers.set(watchId, listener)
    // Neither request can fail but by the end of the worker, which whoever waits for data is told.
    this.ask({ kind: 'watch', watchId, ...request }).catch(() => undefined)
    return () => {
      if (!this.#watchers.delete(watchId)) return
      this.ask({ kind: 'unwatch', watchId }).catch(() => undefined)
    }
  }

  /** No more requests: they and those unanswered fail with `error`. Ends the worker. */
  async end(error: UniverseError): Promise<void> {
    this.#finish(error)
    await this.#options.port.terminate()
  }

  #limit(number: number, { kind }: JobRequest, msMax: number | undefined): () => void {
    if (msMax === undefined) return () => undefined
    return this.#options.setTimer(() => {
      const text = `the job's worker did not answer to "${kind}" within ${msMax} ms; its outcome is unknown`
      this.#pending.get(number)?.reject(new UniverseError('kv/timeout', text))
      this.#pending.delete(number)
    }, msMax)
  }

  #post(): void {
    const requests = this.#outgoing
    this.#outgoing = []
    if (this.#end === undefined && requests.length > 0) this.#options.port.post(requests)
  }

  #take({ answers, watched }: JobMessage): void {
    // Order matters: whoever has an answer knows that the watchers were told.
    for (const { watchId, changes } of watched) {
      try {
        this.#watchers.get(watchId)?.(changes)
      } catch (error) {
        this.#options.onFault(error)
      }
    }
    /** What failed for one reason is told one error. */
    const errors = new Map<TransferredError, Error>()
    for (const answer of answers) {
      const pending = this.#pending.get(answer.number)
      this.#pending.delete(answer.number)
      if (answer.ok) {
        pending?.resolve(answer.value)
        continue
      }
      const error = errors.get(answer.error) ?? decodeError(answer.error)
      errors.set(answer.error, error)
      pending?.reject(error)
    }
  }

  #finish(error: UniverseError): void {
    if (this.#end !== undefined) return
    this.#end = error
    this.#watchers.clear()
    for (const pending of this.#pending.values()) pending.reject(error)
    this.#pending.clear()
  }
}
