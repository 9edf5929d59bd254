/**
 * The live queries of all pages: each distinct query is kept once, whoever subscribes.
 *
 * After a transaction every query that it touches takes one step; then each page is given one cut of
 * all its queries (see page.ts). Queries that are being filled get slices of time between turns, and
 * go into the cuts when they are filled.
 */
import type { Relation, Row, RowChange } from '@inner-universe/core'
import { UniverseError } from '@inner-universe/core'
import type { LiveRead, WorkerItem } from '../../rpc/contract.ts'
import { encodeError } from '../../rpc/error-transfer.ts'
import { LIVE_QUERIES_MAX, LIVE_SLICE_MS } from '../../rpc/limits.ts'
import { encodeRows } from '../../rpc/row-transfer.ts'
import type { LivePart, PlannedRead, Subscriber } from '../live-part.ts'
import { LiveQuery, type LiveQueryOptions } from './live-query.ts'
import { Page, type Subscription } from './page.ts'

type Query = LiveQuery<Subscription>

/** Where sources, rows and time come from. */
export interface LiveQueriesOptions extends LiveQueryOptions {
  /** Runs a query over several tables once. */
  readonly query: (relation: Relation) => readonly Row[]
}

/** The registry of live queries of one open universe. See {@link LivePart}. */
export class LiveQueries implements LivePart {
  readonly #options: LiveQueriesOptions
  readonly #queryByKey = new Map<string, Query>()
  readonly #pages = new Map<Subscriber, Page>()
  /** Being filled, in the order in which they were asked for. */
  readonly #filling = new Set<Query>()
  /** Queries that stepped since all pages were last seen to be up to date. */
  readonly #stepped = new Set<Query>()
  #hasParts = false

  constructor(options: LiveQueriesOptions) {
    this.#options = options
  }

  get isBusy(): boolean {
    return this.#filling.size > 0 || this.#hasParts
  }

  subscribe(subscriber: Subscriber, id: number, read: LiveRead): void {
    this.unsubscribe(subscriber, id)
    const page = this.#pageOf(subscriber)
    let query: Query
    try {
      checkCount(page.subscriptions.size)
      query = this.#queryOf(read)
    } catch (error) {
      page.refuse(id, encodeError(error))
      return
    }
    // A new subscriber is never shown rows older than its own calls.
    if (query.dueMs !== undefined) {
      query.run()
      this.#stir(query)
    }
    const subscription: Subscription = { page, id, query, has: undefined, sending: undefined }
    query.subscriptions.add(subscription)
    page.subscriptions.set(id, subscription)
    page.stir(subscription)
  }

  unsubscribe(subscriber: Subscriber, id: number): void {
    const subscription = this.#pages.get(subscriber)?.subscriptions.get(id)
    if (subscription === undefined) return
    const { page, query } = subscription
    page.drop(subscription)
    query.subscriptions.delete(subscription)
    if (query.subscriptions.size > 0) return
    this.#queryByKey.delete(query.key)
    this.#filling.delete(query)
    this.#stepped.delete(query)
  }

  acknowledge(subscriber: Subscriber): void {
    this.#pages.get(subscriber)?.acknowledge()
  }

  leave(subscriber: Subscriber): void {
    for (const id of [...(this.#pages.get(subscriber)?.subscriptions.keys() ?? [])]) {
      this.unsubscribe(subscriber, id)
    }
    this.#pages.delete(subscriber)
  }

  onChanges(changes: readonly RowChange[]): void {
    for (const query of this.#queryByKey.values()) {
      if (query.onChanges(changes)) this.#stir(query)
    }
  }

  run(): void {
    const { now } = this.#options
    const endMs = now() + LIVE_SLICE_MS
    for (const query of [...this.#filling]) {
      this.#filling.delete(query)
      // Behind the others: a long one shall not keep short ones waiting.
      if (query.fill(endMs)) this.#stir(query)
      else this.#filling.add(query)
      if (now() >= endMs) break
    }
    // One at a time, so that calls get between.
    for (const query of this.#queryByKey.values()) {
      if (!query.isDue(now())) continue
      query.run()
      this.#stir(query)
      break
    }
    this.#hasParts = false
    for (const page of this.#pages.values()) {
      if (page.sendParts(now, endMs)) this.#hasParts = true
    }
  }

  deliver(): void {
    for (const page of this.#pages.values()) page.deliver()
    for (const query of this.#stepped) {
      if (!isEverywhere(query)) continue
      query.source.forget()
      this.#stepped.delete(query)
    }
  }

  isBehind(subscriber: Subscriber): boolean {
    return this.#pages.get(subscriber)?.isBehind ?? false
  }

  nextDueMs(): number | undefined {
    let next: number | undefined
    for (const { dueMs } of this.#queryByKey.values()) {
      if (dueMs !== undefined && (next === undefined || dueMs < next)) next = dueMs
    }
    return next
  }

  reopen(): void {
    for (const query of this.#queryByKey.values()) {
      query.reopen()
      this.#stir(query)
    }
  }

  retry(): void {
    for (const query of this.#queryByKey.values()) {
      if (query.error === undefined) continue
      query.reopen()
      this.#stir(query)
    }
  }

  answer(id: number, read: PlannedRead, transfer: Transferable[]): WorkerItem {
    if (read.kind === 'relation') {
      return { kind: 'rows', id, rows: encodeRows(this.#options.query(read.relation), transfer) }
    }
    const known = this.#queryByKey.get(keyOf(read.read))
    const { explanation } = known?.source ?? this.#options.createSource(read.read)
    return { kind: 'value', id, value: explanation }
  }

  /** The query of a read, the one that is there or a new one. @throws what is wrong with it. */
  #queryOf(read: LiveRead): Query {
    const key = keyOf(read)
    let query = this.#queryByKey.get(key)
    if (query === undefined) {
      query = new LiveQuery(key, read, this.#options)
      this.#queryByKey.set(key, query)
      this.#filling.add(query)
    }
    return query
  }

  #pageOf(subscriber: Subscriber): Page {
    let page = this.#pages.get(subscriber)
    if (page === undefined) {
      page = new Page(subscriber)
      this.#pages.set(subscriber, page)
    }
    return page
  }

  /** There may be news of a query, or it has to be filled (again). */
  #stir(query: Query): void {
    if (query.isFilling) this.#filling.add(query)
    else this.#filling.delete(query)
    this.#stepped.add(query)
    for (const subscription of query.subscriptions) subscription.page.stir(subscription)
  }
}

/** Whether all its pages have what is now. */
function isEverywhere({ source, subscriptions }: Query): boolean {
  for (const { has } of subscriptions) {
    if (has?.source !== source || has.version !== source.version) return false
  }
  return true
}

function checkCount(queryCount: number): void {
  if (queryCount < LIVE_QUERIES_MAX) return
  throw new UniverseError(
    'query/too-large',
    `a page has ${queryCount} live queries; ${LIVE_QUERIES_MAX} are allowed: unsubscribe from some`,
    { details: { queryCountMax: LIVE_QUERIES_MAX } },
  )
}

/** Equal reads have equal keys; bytes are told from text. */
function keyOf(read: LiveRead): string {
  return JSON.stringify(read, (_name, value: unknown) =>
    value instanceof Uint8Array ? { bytes: Array.from(value) } : value,
  )
}
