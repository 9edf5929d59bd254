/** Reads and subscriptions that wait for their turn: none overtakes the calls its client sent before. */
import type { PageItem } from '../rpc/contract.ts'
import { READS_MS } from '../rpc/limits.ts'
import type { HostClient } from './host-client.ts'

type ReadItem = Extract<PageItem, { kind: 'read' | 'subscribe' }>

interface WaitingRead {
  readonly client: HostClient
  readonly item: ReadItem
  /** Calls of the client that must have ended first. */
  readonly callsBefore: number
}

/** The queue of all clients' reads, in the order they came. */
export class ReadQueue {
  readonly #now: () => number
  #waiting: WaitingRead[] = []

  /** @param now a rising clock in ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  push(client: HostClient, item: ReadItem): void {
    this.#waiting.push({ client, item, callsBefore: client.callsReceived })
  }

  /** Forgets a read or a subscription that was not begun. */
  cancel(client: HostClient, kind: ReadItem['kind'], id: number): void {
    this.#waiting = this.#waiting.filter(
      (read) => read.client !== client || read.item.kind !== kind || read.item.id !== id,
    )
  }

  /** Forgets the reads of a client that is gone. */
  drop(client: HostClient): void {
    this.#waiting = this.#waiting.filter((read) => read.client !== client)
  }

  /** Whether a subscription of the client has not begun. */
  isSubscribing(client: HostClient): boolean {
    return this.#waiting.some((read) => read.client === client && read.item.kind === 'subscribe')
  }

  /**
   * Runs those whose calls have ended and that can be run, for at most {@link READS_MS}; the others
   * stay. True: some stay only because the time was up.
   */
  run(
    read: (client: HostClient, item: ReadItem) => void,
    canRun: (item: ReadItem) => boolean,
  ): boolean {
    if (this.#waiting.length === 0) return false
    let isTimeUp = false
    const endMs = this.#now() + READS_MS
    const later: WaitingRead[] = []
    for (const waiting of this.#waiting) {
      const { client, item, callsBefore } = waiting
      isTimeUp ||= this.#now() > endMs
      if (!isTimeUp && client.callsEnded >= callsBefore && canRun(item)) read(client, item)
      else later.push(waiting)
    }
    this.#waiting = later
    return isTimeUp
  }
}
