/** A job over the line to its worker. */
import {
  encodeKey,
  inputBytes,
  inputRange,
  type KeyInput,
  type KeyInputRange,
  type KeyPart,
  type KeyRange,
  type KvRow,
  type KvWrite,
  prefixRange,
  UniverseError,
} from '@inner-universe/core'
import type { KvPage, KvScanOptions } from '@inner-universe/engine/kv'
import type { IterateOptions, Job, JobScanOptions } from './job.ts'
import type { JobLink } from './job-link.ts'
import { PAGE_BYTES, PAGE_ROWS, QUEUED_BYTES_MAX } from './limits.ts'
import { packOperations, weigh } from './packed-operations.ts'

/** What a job is made of. */
export interface OpenJobOptions {
  readonly id: string
  readonly link: JobLink
  /** Limit of one answer in ms, if there is one. */
  readonly timeoutMs: number | undefined
  /** A write that nobody waits for has failed. */
  readonly onFault: (error: unknown) => void
}

/** See {@link Job}. */
export class OpenJob implements Job {
  readonly id: string
  readonly #link: JobLink
  readonly #timeoutMs: number | undefined
  readonly #onFault: (error: unknown) => void
  #queuedBytes = 0
  #waitingForRoom: (() => void)[] = []
  #fault: { readonly error: unknown } | undefined

  constructor({ id, link, timeoutMs, onFault }: OpenJobOptions) {
    this.id = id
    this.#link = link
    this.#timeoutMs = timeoutMs
    this.#onFault = onFault
  }

  async persist(operations: KvWrite | readonly KvWrite[]): Promise<void> {
    this.#link.assertOpen()
    this.#write(operations)?.catch((error: unknown) => {
      // All that were on their way when a worker died failed for one reason.
      if (this.#fault?.error === error) return
      this.#fault ??= { error }
      this.#onFault(error)
    })
    if (this.#queuedBytes > QUEUED_BYTES_MAX) {
      await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve))
    }
  }

  async persistAcked(operations: KvWrite | readonly KvWrite[]): Promise<readonly number[]> {
    return (await this.#write(operations, this.#timeoutMs)) ?? []
  }

  persistPut(category: KeyInput, key: KeyInput, payload: KeyInput): Promise<void> {
    return this.persist({ kind: 'put', category, key, payload })
  }

  async persistPutAcked(category: KeyInput, key: KeyInput, payload: KeyInput): Promise<void> {
    await this.persistAcked({ kind: 'put', category, key, payload })
  }

  async persistEncoded(category: KeyInput, key: KeyInput, payload: KeyPart): Promise<void> {
    await this.persistPut(category, key, encodeKey(payload))
  }

  async persistEncodedAcked(category: KeyInput, key: KeyInput, payload: KeyPart): Promise<void> {
    await this.persistPutAcked(category, key, encodeKey(payload))
  }

  persistDelete(category: KeyInput, key: KeyInput): Promise<void> {
    return this.persist({ kind: 'delete', category, key })
  }

  async deleteAcked(category: KeyInput, key: KeyInput): Promise<boolean> {
    const [count = 0] = await this.persistAcked({ kind: 'delete', category, key })
    return count > 0
  }

  persistDeletePrefix(category: KeyInput, prefix: KeyInput): Promise<void> {
    return this.persist({ kind: 'deletePrefix', category, key: prefix })
  }

  async persistDeletePrefixAcked(category: KeyInput, prefix: KeyInput): Promise<number> {
    const [count = 0] = await this.persistAcked({ kind: 'deletePrefix', category, key: prefix })
    return count
  }

  async get(category: KeyInput, key: KeyInput): Promise<Uint8Array | undefined> {
    const place = { category: inputBytes(category), key: inputBytes(key) }
    return this.#link.ask({ kind: 'get', ...place }, this.#timeoutMs)
  }

  async exists(category: KeyInput, key: KeyInput): Promise<boolean> {
    const place = { category: inputBytes(category), key: inputBytes(key) }
    return this.#link.ask({ kind: 'exists', ...place }, this.#timeoutMs)
  }

  async scan(
    category: KeyInput,
    range: KeyInputRange = {},
    options: JobScanOptions = {},
  ): Promise<readonly KvRow[]> {
    return this.#scan(inputBytes(category), inputRange(range), options)
  }

  async scanPrefix(
    category: KeyInput,
    prefix: KeyInput,
    options: JobScanOptions = {},
  ): Promise<readonly KvRow[]> {
    return this.#scan(inputBytes(category), prefixRange(inputBytes(prefix)), options)
  }

  async count(category: KeyInput, range: KeyInputRange = {}): Promise<number> {
    const asked = { category: inputBytes(category), range: inputRange(range) }
    return this.#link.ask({ kind: 'count', ...asked }, this.#timeoutMs)
  }

  iterate(
    category: KeyInput,
    range: KeyInputRange = {},
    options: IterateOptions = {},
  ): AsyncIterable<KvRow> {
    return this.#iterate(inputBytes(category), inputRange(range), options)
  }

  iteratePrefix(
    category: KeyInput,
    prefix: KeyInput,
    options: IterateOptions = {},
  ): AsyncIterable<KvRow> {
    return this.#iterate(inputBytes(category), prefixRange(inputBytes(prefix)), options)
  }

  async flush(): Promise<void> {
    await this.#link.ask({ kind: 'flush' }, this.#timeoutMs)
    const fault = this.#fault
    this.#fault = undefined
    if (fault !== undefined) throw fault.error
  }

  watch(category: KeyInput, prefix: KeyInput, listener: Parameters<Job['watch']>[2]): () => void {
    const watched = { category: inputBytes(category), prefix: inputBytes(prefix) }
    return this.#link.watch(watched, listener)
  }

  /** Size of the database in bytes. */
  bytes(): Promise<number> {
    return this.#link.ask({ kind: 'bytes' }, this.#timeoutMs)
  }

  /** The answer of a write; undefined when there is nothing to write. Queued when this returns. */
  #write(
    given: KvWrite | readonly KvWrite[],
    timeoutMs?: number,
  ): Promise<readonly number[]> | undefined {
    const operations = packOperations('kind' in given ? [given] : given)
    if (operations.kinds.length === 0) return undefined
    const bytes = weigh(operations)
    this.#queuedBytes += bytes
    const answer = this.#link.ask<readonly number[]>({ kind: 'write', operations }, timeoutMs)
    const leave = (): void => {
      this.#queuedBytes -= bytes
      if (this.#queuedBytes > QUEUED_BYTES_MAX) return
      for (const resolve of this.#waitingForRoom.splice(0)) resolve()
    }
    answer.then(leave, leave)
    return answer
  }

  async #scan(
    category: Uint8Array,
    range: KeyRange,
    { after, limit, reverse = false, signal }: JobScanOptions,
  ): Promise<readonly KvRow[]> {
    // Only what is known crosses, and it must be able to.
    const options = {
      reverse: reverse === true,
      ...(limit !== undefined && { limit: Number(limit) }),
      ...(after !== undefined && { after: inputBytes(after) }),
    }
    return (await this.#page(category, range, options, signal)).rows
  }

  async *#iterate(
    category: Uint8Array,
    range: KeyRange,
    { pageRows = PAGE_ROWS, after, reverse = false, signal }: IterateOptions,
  ): AsyncGenerator<KvRow> {
    let next = after === undefined ? undefined : inputBytes(after)
    do {
      const options = {
        reverse: reverse === true,
        limit: Math.max(1, Math.floor(Number(pageRows))),
        bytesMax: PAGE_BYTES,
        ...(next !== undefined && { after: next }),
      }
      const page: KvPage = await this.#page(category, range, options, signal)
      for (const row of page.rows) {
        throwIfAborted(signal)
        yield row
      }
      next = page.next
    } while (next !== undefined)
  }

  async #page(
    category: Uint8Array,
    range: KeyRange,
    options: KvScanOptions,
    signal: AbortSignal | undefined,
  ): Promise<KvPage> {
    throwIfAborted(signal)
    const page = this.#link.ask<KvPage>({ kind: 'scan', category, range, options }, this.#timeoutMs)
    if (signal === undefined) return page
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(aborted(signal))
      signal.addEventListener('abort', abort, { once: true })
      page.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    })
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal)
}

function aborted({ reason }: AbortSignal): UniverseError {
  return new UniverseError('call/aborted', 'the reading was aborted by its caller', {
    cause: reason,
  })
}
