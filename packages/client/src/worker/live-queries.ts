/**
 * The live queries of all tabs: each distinct query is run once, whoever subscribes.
 *
 * After a transaction every query that reads a changed table takes one step and its subscribers get
 * the patch. A subscriber has at most one patch on the way: what happens before it acknowledges is
 * gathered into the next one, so a slow page costs memory for one list of rows, not for a queue.
 */
import type { Row, RowChange } from '@inner-universe/core'
import type { LiveRead, WorkerItem } from '../rpc/contract.ts'
import { encodeError, type TransferredError } from '../rpc/error-transfer.ts'
import { LIVE_CHANGES_MAX, LIVE_RUN_MS_MAX } from '../rpc/limits.ts'
import { diffRows, type KeyedRows, type RowsPatch } from '../rpc/row-patch.ts'
import { encodeRows } from '../rpc/row-transfer.ts'
import type { LiveSource, SourceStep } from './live-source.ts'

/** Who is sent patches. Compared by identity. */
export interface Subscriber {
  post(item: WorkerItem, transfer?: readonly Transferable[]): void
}

interface Subscription {
  readonly subscriber: Subscriber
  readonly id: number
  /** Rows the page has, or is about to have; undefined: none, or they failed. */
  sent: KeyedRows<Row> | undefined
  isInFlight: boolean
}

interface LiveQuery {
  readonly key: string
  readonly read: LiveRead
  source: LiveSource
  rows: KeyedRows<Row> | undefined
  error: TransferredError | undefined
  readonly subscriptions: Set<Subscription>
  /** What a step costs in ms, averaged: one step that met a busy machine decides nothing. */
  costMs: number
  notBeforeMs: number
  /** Changes waiting for an expensive query's turn; `many`: more than are kept. */
  waiting: RowChange[] | 'many' | undefined
}

/** Where sources and time come from. */
export interface LiveQueriesOptions {
  readonly createSource: (read: LiveRead) => LiveSource
  /** Milliseconds, rising. */
  readonly now: () => number
}

/** Weight of the newest step in the average. */
const COST_WEIGHT = 0.1

/** The registry of live queries of one open universe. */
export class LiveQueries {
  #options: LiveQueriesOptions
  readonly #queryByKey = new Map<string, LiveQuery>()
  readonly #subscriptions = new Map<
    Subscriber,
    Map<number, { query: LiveQuery; entry: Subscription }>
  >()

  constructor(options: LiveQueriesOptions) {
    this.#options = options
  }

  /** Subscribes; the first rows are posted at once. A wrong query is answered with its error. */
  subscribe(subscriber: Subscriber, id: number, read: LiveRead): void {
    this.unsubscribe(subscriber, id)
    const key = keyOf(read)
    let query = this.#queryByKey.get(key)
    if (query === undefined) {
      try {
        query = this.#open(key, read)
      } catch (error) {
        subscriber.post({ kind: 'live-failed', id, error: encodeError(error) })
        return
      }
    } else if (query.waiting !== undefined) {
      // A new subscriber is never shown rows older than its own calls.
      this.#take(query)
    }
    const entry: Subscription = { subscriber, id, sent: undefined, isInFlight: false }
    query.subscriptions.add(entry)
    let own = this.#subscriptions.get(subscriber)
    if (own === undefined) {
      own = new Map()
      this.#subscriptions.set(subscriber, own)
    }
    own.set(id, { query, entry })
    this.#publish(query, entry)
  }

  /** Ends a subscription. An unknown id is one that failed or has ended already. */
  unsubscribe(subscriber: Subscriber, id: number): void {
    const own = this.#subscriptions.get(subscriber)
    const found = own?.get(id)
    if (own === undefined || found === undefined) return
    own.delete(id)
    if (own.size === 0) this.#subscriptions.delete(subscriber)
    found.query.subscriptions.delete(found.entry)
    if (found.query.subscriptions.size === 0) this.#queryByKey.delete(found.query.key)
  }

  /** Ends all subscriptions of one that is gone. */
  removeSubscriber(subscriber: Subscriber): void {
    for (const id of [...(this.#subscriptions.get(subscriber)?.keys() ?? [])]) {
      this.unsubscribe(subscriber, id)
    }
  }

  /** The page has applied what was last posted: what gathered since may follow. */
  acknowledge(subscriber: Subscriber, id: number): void {
    const found = this.#subscriptions.get(subscriber)?.get(id)
    if (found === undefined) return
    found.entry.isInFlight = false
    this.#publish(found.query, found.entry)
  }

  /** True while a patch for this subscriber waits for an acknowledgement: answers wait behind it. */
  isBehind(subscriber: Subscriber): boolean {
    const own = this.#subscriptions.get(subscriber)
    if (own === undefined) return false
    for (const { query, entry } of own.values()) {
      if (entry.isInFlight && entry.sent !== query.rows) return true
    }
    return false
  }

  /** Takes one transaction's changes; posts patches, expensive queries' ones maybe later. */
  onChanges(changes: readonly RowChange[]): void {
    for (const query of this.#queryByKey.values()) {
      if (query.rows !== undefined && !query.source.isTouchedBy(changes)) continue
      if (
        query.rows === undefined &&
        !changes.some(({ table }) => query.source.tables.has(table))
      ) {
        continue
      }
      addWaiting(query, changes)
      if (query.costMs > LIVE_RUN_MS_MAX && this.#options.now() < query.notBeforeMs) continue
      this.#take(query)
    }
  }

  /** Runs the expensive query whose turn has come, if any: one at a time, so calls get between. */
  runDue(): void {
    const nowMs = this.#options.now()
    for (const query of this.#queryByKey.values()) {
      if (query.waiting === undefined || query.notBeforeMs > nowMs) continue
      this.#take(query)
      return
    }
  }

  /** When `runDue` has something to do, on the clock of `now`; undefined: never yet. */
  nextDueMs(): number | undefined {
    let next: number | undefined
    for (const { waiting, notBeforeMs } of this.#queryByKey.values()) {
      if (waiting !== undefined && (next === undefined || notBeforeMs < next)) next = notBeforeMs
    }
    return next
  }

  /** Runs every query anew on another database; subscribers get what differs. */
  replaceSources(createSource: (read: LiveRead) => LiveSource): void {
    this.#options = { ...this.#options, createSource }
    for (const query of this.#queryByKey.values()) {
      query.waiting = 'many'
      try {
        query.source = createSource(query.read)
      } catch (error) {
        this.#fail(query, error)
        continue
      }
      this.#take(query)
    }
  }

  #open(key: string, read: LiveRead): LiveQuery {
    const source = this.#options.createSource(read)
    const query: LiveQuery = {
      key,
      read,
      source,
      rows: source.hydrate(),
      error: undefined,
      subscriptions: new Set(),
      costMs: 0,
      notBeforeMs: 0,
      waiting: undefined,
    }
    this.#queryByKey.set(key, query)
    return query
  }

  /** One step of a query, published to its subscribers. */
  #take(query: LiveQuery): void {
    const { rows: before, waiting } = query
    query.waiting = undefined
    const startMs = this.#options.now()
    let step: SourceStep
    try {
      step =
        before === undefined
          ? { rows: query.source.hydrate(), patch: undefined }
          : query.source.step(before, waiting === 'many' ? undefined : (waiting ?? []))
    } catch (error) {
      this.#fail(query, error)
      return
    }
    const endMs = this.#options.now()
    query.costMs += COST_WEIGHT * (endMs - startMs - query.costMs)
    query.notBeforeMs = endMs + 3 * query.costMs
    query.rows = step.rows
    query.error = undefined
    for (const entry of query.subscriptions) {
      this.#publish(query, entry, entry.sent === before ? step.patch : undefined)
    }
  }

  #fail(query: LiveQuery, error: unknown): void {
    query.rows = undefined
    query.error = encodeError(error)
    for (const entry of query.subscriptions) this.#publish(query, entry)
  }

  /** Posts what the page lacks. `patch`, if given, leads from what it has to what is. */
  #publish(query: LiveQuery, entry: Subscription, patch?: RowsPatch<Row>): void {
    if (entry.isInFlight) return
    const { subscriber, id, sent } = entry
    const { rows, error } = query
    if (rows === undefined) {
      if (error === undefined) return
      entry.sent = undefined
      subscriber.post({ kind: 'live-failed', id, error })
      return
    }
    if (sent === rows) return
    entry.sent = rows
    if (sent === undefined) {
      const transfer: Transferable[] = []
      subscriber.post({ kind: 'live-rows', id, rows: encodeRows(rows.rows, transfer) }, transfer)
    } else {
      const difference = patch ?? diffRows(sent, rows).patch
      // The rows went back to what the page has: nothing to say.
      if (difference === undefined) return
      subscriber.post({ kind: 'live-patch', id, patch: difference })
    }
    entry.isInFlight = true
  }
}

function addWaiting(query: LiveQuery, changes: readonly RowChange[]): void {
  if (query.waiting === 'many') return
  const own = changes.filter((change) => query.source.tables.has(change.table))
  const waiting = query.waiting ?? []
  if (waiting.length + own.length > LIVE_CHANGES_MAX) query.waiting = 'many'
  else query.waiting = waiting.length === 0 ? own : [...waiting, ...own]
}

/** Equal reads have equal keys; bytes are told from text. */
function keyOf(read: LiveRead): string {
  return JSON.stringify(read, (_name, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Array.from(value) } : value,
  )
}
