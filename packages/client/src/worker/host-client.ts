/** One client as the host sees it: its link, what it waits for, and what is to be sent to it. */
import { UniverseError } from '@inner-universe/core'
import type { WorkerItem, WorkerMessage } from '../rpc/contract.ts'
import { encodeError } from '../rpc/error-transfer.ts'
import { BATCH_ITEMS_MAX } from '../rpc/limits.ts'
import type { Lane } from '../rpc/link.ts'
import type { Subscriber } from './live-part.ts'

/** What a client is made of. */
export interface HostClientOptions {
  readonly clientId: string
  readonly identity: string
  readonly hasToken: boolean
  readonly lane: Lane
  readonly onGone: () => void
}

/** A connected client. Items gather until `flush`; answers stay behind what they caused. */
export class HostClient implements Subscriber {
  readonly clientId: string
  readonly identity: string
  /** Whether it can be asked for a token of the relay. */
  readonly hasToken: boolean
  /** Lets go of what was kept for it besides its link. */
  readonly onGone: () => void
  /** Tables whose changes it wants. */
  watched: ReadonlySet<string> = new Set()
  /** Lowest call number it waits for. */
  oldestPendingNumber = 1
  /** Calls it has sent on this link, and how many of them have ended. */
  callsReceived = 0
  callsEnded = 0
  readonly cancelledCalls: Set<number> = new Set()
  /** Ends the watch over its presence. */
  stopWatching: () => void = () => undefined
  #lane: Lane
  #items: WorkerItem[] = []
  #answers: WorkerItem[] = []
  #transfer: Transferable[] = []

  constructor(options: HostClientOptions) {
    this.clientId = options.clientId
    this.identity = options.identity
    this.hasToken = options.hasToken
    this.onGone = options.onGone
    this.#lane = options.lane
  }

  /** Gathers an item. */
  post(item: WorkerItem, transfer: readonly Transferable[] = []): void {
    this.#items.push(item)
    if (transfer.length > 0) this.#transfer.push(...transfer)
  }

  /** Gathers the end of a call. */
  answer(item: WorkerItem): void {
    this.#answers.push(item)
  }

  /** Sends what has gathered; answers only when no patch waits for an acknowledgement. */
  flush(options: { readonly withAnswers: boolean }): void {
    let items = this.#items
    if (options.withAnswers && this.#answers.length > 0) {
      items = items.length === 0 ? this.#answers : [...items, ...this.#answers]
      this.#answers = []
    }
    if (items.length === 0) return
    const transfer = this.#transfer
    this.#items = []
    this.#transfer = []
    for (let start = 0; start < items.length; start += BATCH_ITEMS_MAX) {
      const part =
        items.length <= BATCH_ITEMS_MAX ? items : items.slice(start, start + BATCH_ITEMS_MAX)
      // Memory handed over may belong to any part: a long batch is copied.
      this.#send(part, items.length <= BATCH_ITEMS_MAX ? transfer : [])
    }
  }

  /** Sends one message at once. */
  send(message: WorkerMessage): void {
    this.#lane.send(message)
  }

  /** Closes the lane. */
  close(): void {
    this.#lane.close()
  }

  #send(items: readonly WorkerItem[], transfer: readonly Transferable[]): void {
    try {
      this.#lane.send({ kind: 'batch', items } satisfies WorkerMessage, transfer)
    } catch (error) {
      if (items.length > 1) {
        for (const item of items) this.#send([item], [])
        return
      }
      // One value that cannot cross must not take its neighbours with it, nor be waited for forever.
      const [item] = items
      const refusal = item && withoutValue(item, error)
      if (refusal === undefined) throw error
      this.#lane.send({ kind: 'batch', items: [refusal] } satisfies WorkerMessage)
    }
  }
}

function withoutValue(item: WorkerItem, cause: unknown): WorkerItem | undefined {
  const error = encodeError(
    new UniverseError(
      'reducer/invalid-result',
      'the result cannot cross threads; return plain data',
      {
        cause,
      },
    ),
  )
  switch (item.kind) {
    case 'answer':
      return { kind: 'refusal', number: item.number, error }
    case 'rows':
    case 'value':
      return { kind: 'read-failed', id: item.id, error }
    default:
      return undefined
  }
}
