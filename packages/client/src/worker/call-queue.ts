/** Calls that wait for their transaction, of all clients in the order they came. */
import { type ClientId, formatCallId, HISTORY_REDUCERS, UniverseError } from '@inner-universe/core'
import type { Call } from '@inner-universe/engine'
import type { PageItem } from '../rpc/contract.ts'
import { encodeError } from '../rpc/error-transfer.ts'
import { GroupSize } from './group-size.ts'
import type { HostClient } from './host-client.ts'

type CallItem = Extract<PageItem, { kind: 'call' }>

interface Waiting {
  readonly client: HostClient
  readonly item: CallItem
}

/** A call with the client that waits for it. */
export interface WaitingCall extends Waiting {
  readonly call: Call
}

/** What is known of calls that came before a worker hung. */
export interface CallQueueOptions {
  /** Calls sent again run one by one: one of them may hang. */
  readonly isSuspicious: boolean
  /** Calls known to hang: refused, not run. */
  readonly condemnedCallIds: ReadonlySet<string>
}

/** The queue, and the sizes of groups taken off it. */
export class CallQueue {
  readonly #options: CallQueueOptions
  readonly #size = new GroupSize()
  #waiting: Waiting[] = []
  #hasMore = false

  constructor(options: CallQueueOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Whether the last group left calls that could be the next. */
  get hasMore(): boolean {
    return this.#hasMore
  }

  push(client: HostClient, item: CallItem): void {
    this.#waiting.push({ client, item })
  }

  /** Has a waiting call refused in its turn. Unless it waits it has begun: its answer is on the way. */
  cancel(client: HostClient, number: number): void {
    if (this.#waiting.some((call) => call.client === client && call.item.number === number)) {
      client.cancelledCalls.add(number)
    }
  }

  /** Forgets the calls of a client that is gone. */
  drop(client: HostClient): void {
    this.#waiting = this.#waiting.filter((call) => call.client !== client)
  }

  /**
   * Takes the next group; cancelled and condemned calls are answered on the way. A call that cannot run
   * yet stays, with all that its client called after it.
   */
  take(canRun: (item: CallItem) => boolean): WaitingCall[] {
    const group: WaitingCall[] = []
    const held: Waiting[] = []
    const heldClients = new Set<HostClient>()
    let seen = 0
    while (seen < this.#waiting.length && group.length < this.#size.callsMax) {
      const waiting = this.#waiting[seen] as Waiting
      const { client, item } = waiting
      const isAlone = this.#options.isSuspicious && item.isResent
      if (isAlone && group.length > 0) break
      seen += 1
      const call = callOf(client, item)
      const refusal = heldClients.has(client)
        ? undefined
        : this.#refusalOf(client, item, call.callId)
      if (refusal !== undefined) {
        client.callsEnded += 1
        client.answer({ kind: 'refusal', number: item.number, error: encodeError(refusal) })
      } else if (heldClients.has(client) || !canRun(item)) {
        heldClients.add(client)
        held.push(waiting)
      } else {
        group.push({ client, item, call })
        // What it does to the past is done at the end of its transaction.
        if (isAlone || item.reducer.startsWith(HISTORY_REDUCERS)) break
      }
    }
    this.#hasMore = seen < this.#waiting.length
    if (seen > 0) this.#waiting = [...held, ...this.#waiting.slice(seen)]
    return group
  }

  /** Takes note of what a group cost. */
  learn(callCount: number, elapsedMs: number): void {
    this.#size.learn(callCount, elapsedMs)
  }

  #refusalOf(client: HostClient, item: CallItem, callId: string): UniverseError | undefined {
    const { number, reducer } = item
    if (client.cancelledCalls.delete(number)) {
      return new UniverseError(
        'call/aborted',
        `the call of "${reducer}" was aborted before it began`,
      )
    }
    if (!this.#options.condemnedCallIds.has(callId)) return undefined
    return new UniverseError(
      'reducer/time-limit',
      `reducer "${reducer}" did not end within its time limit and was stopped; nothing it did is kept`,
      { details: { reducer } },
    )
  }
}

function callOf(client: HostClient, item: CallItem): Call {
  return {
    callId: formatCallId(client.clientId as ClientId, item.number),
    reducer: item.reducer,
    args: item.args,
    timestampMs: item.timestampMs,
    sender: client.identity,
    connectionId: client.clientId,
    oldestPendingNumber: client.oldestPendingNumber,
    undo: item.undo,
  }
}
