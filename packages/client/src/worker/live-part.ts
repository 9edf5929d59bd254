/**
 * The seam between a host and what keeps queries up to date, which is loaded when it is first needed,
 * or when the worker has nothing else to do.
 */
import type { Module, RowChange } from '@inner-universe/core'
import type { Engine } from '@inner-universe/engine'
import type { LiveRead, Read, WorkerItem } from '../rpc/contract.ts'

/** Reads that are planned. */
export type PlannedRead = Extract<Read, { kind: 'explain' | 'relation' }>

/** Who is told of live queries. Compared by identity. */
export interface Subscriber {
  post(item: WorkerItem, transfer?: readonly Transferable[]): void
}

/** What the host tells. */
export interface LivePart {
  /** Subscribes; the rows come with a cut. A wrong query is answered with its error. */
  subscribe(subscriber: Subscriber, id: number, read: LiveRead): void
  /** Ends a subscription. An unknown id is one that failed or has ended already. */
  unsubscribe(subscriber: Subscriber, id: number): void
  /** The page has applied the last cut: what gathered since may follow. */
  acknowledge(subscriber: Subscriber): void
  /** Ends all subscriptions of one that is gone. */
  leave(subscriber: Subscriber): void
  /** Takes in the changes of one transaction. Posts nothing. */
  onChanges(changes: readonly RowChange[]): void
  /** Gives queries that are being filled, or wait for their turn, their share of time. */
  run(): void
  /** Posts to each subscriber that has acknowledged the last cut what is new. */
  deliver(): void
  /** True while a cut is on its way and there is more to say: answers wait behind it. */
  isBehind(subscriber: Subscriber): boolean
  /** True when `run` has something to do at once. */
  readonly isBusy: boolean
  /** When `run` has something to do, on the clock of `now`; undefined: never yet. */
  nextDueMs(): number | undefined
  /** The host goes on with another engine: fills every query anew. */
  reopen(): void
  /** What queries failed of may have changed without any row: begins those anew. */
  retry(): void
  /** The answer to a read that needs its code. @throws UniverseError what is wrong with it. */
  answer(id: number, read: PlannedRead, transfer: Transferable[]): WorkerItem
}

/** What it needs of the host. */
export interface LiveHost {
  readonly module: Module
  readonly engine: Engine
  /** A rising clock in ms. */
  readonly now: () => number
  /** Runs reads of the engine within the time that one read may take. */
  withDeadline<Value>(body: () => Value): Value
}

/** Makes the part, over the host's engine of the moment. */
export type CreateLive = (host: LiveHost) => LivePart
