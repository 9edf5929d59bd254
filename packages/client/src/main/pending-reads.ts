/** The reads of one client that have no answer yet. They are sent again after a fail-over. */
import type { UniverseError } from '@inner-universe/core'
import type { PageItem, Read, WorkerItem } from '../rpc/contract.ts'
import { decodeUniverseError } from '../rpc/error-transfer.ts'
import { decodeRows } from '../rpc/row-transfer.ts'
import { callAborted } from './call-errors.ts'
import type { Cancellable } from './universe.ts'

interface PendingRead {
  readonly read: Read
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** The register of pending reads. */
export class PendingReads {
  readonly #send: (item: PageItem) => void
  readonly #pending = new Map<number, PendingRead>()
  #lastId = 0
  #refusal: UniverseError | undefined

  constructor(send: (item: PageItem) => void) {
    this.#send = send
  }

  /** Runs a read: rows, or the single value of a `count` or `get`. */
  read(read: Read, { signal }: Cancellable = {}): Promise<unknown> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal)
    if (signal?.aborted) return Promise.reject(callAborted(signal))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#pending.delete(id)
        this.#send({ kind: 'cancel-read', id })
        reject(callAborted(signal))
      }
      const end = (): void => signal?.removeEventListener('abort', abort)
      signal?.addEventListener('abort', abort, { once: true })
      this.#pending.set(id, {
        read,
        resolve: (value) => {
          end()
          resolve(value)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      })
      this.#send({ kind: 'read', id, read })
    })
  }

  /** Takes an answer. One that is not waited for was aborted. */
  settle(item: Extract<WorkerItem, { kind: 'rows' | 'value' | 'read-failed' }>): void {
    const pending = this.#pending.get(item.id)
    if (pending === undefined) return
    this.#pending.delete(item.id)
    if (item.kind === 'rows') pending.resolve(decodeRows(item.rows))
    else if (item.kind === 'value') pending.resolve(item.value)
    else pending.reject(decodeUniverseError(item.error, 'storage/io'))
  }

  /** A read that could not be put on the wire. */
  reject(id: number, error: unknown): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.reject(error)
  }

  /** Every pending read. */
  itemsToSend(): PageItem[] {
    return [...this.#pending].map(([id, { read }]) => ({ kind: 'read', id, read }))
  }

  /** Refuses pending reads and all later ones. */
  fail(error: UniverseError): void {
    this.#refusal = error
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const read of pending) read.reject(error)
  }
}
