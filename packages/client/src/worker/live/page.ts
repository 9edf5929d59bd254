/**
 * What one page has of its live queries, and the cuts that bring it forward.
 *
 * A cut holds the news of all its queries as of one moment between transactions. At most one is on its
 * way; until it is acknowledged nothing is kept but which queries have news, and what leads there is
 * asked of their sources when the next cut is made. So a slow page costs no queue.
 */
import type { Row } from '@inner-universe/core'
import type { LiveNews } from '../../rpc/contract.ts'
import type { TransferredError } from '../../rpc/error-transfer.ts'
import { LIVE_PART_ROWS } from '../../rpc/limits.ts'
import { encodeRows } from '../../rpc/row-transfer.ts'
import type { Subscriber } from '../live-part.ts'
import type { LiveQuery } from './live-query.ts'
import type { LiveSource, RowsVersion } from './live-source.ts'

/** A page's part in a live query. */
export interface Subscription {
  readonly page: Page
  readonly id: number
  readonly query: LiveQuery<Subscription>
  /** What the page has; undefined: nothing that a patch could be of. */
  has: { readonly source: LiveSource; readonly version: RowsVersion } | undefined
  /** Rows being sent in parts, as of a version. */
  sending: Sending | undefined
}

interface Sending {
  readonly source: LiveSource
  readonly version: RowsVersion
  readonly rows: readonly Row[]
  sentCount: number
}

/** One page. */
export class Page {
  readonly subscriptions: Map<number, Subscription> = new Map()
  readonly #subscriber: Subscriber
  /** Those that may have something to say. */
  readonly #stirred = new Set<Subscription>()
  /** Subscriptions that could not be made. */
  #refusals: LiveNews[] = []
  #isInFlight = false

  constructor(subscriber: Subscriber) {
    this.#subscriber = subscriber
  }

  /** True while a cut is on its way and another waits for its acknowledgement. */
  get isBehind(): boolean {
    return this.#isInFlight && (this.#stirred.size > 0 || this.#refusals.length > 0)
  }

  /** There may be news of a subscription. */
  stir(subscription: Subscription): void {
    if (subscription.query.isFilling) return
    this.#stirred.add(subscription)
  }

  /** A query could not be subscribed to. */
  refuse(id: number, error: TransferredError): void {
    this.#refusals.push({ kind: 'failed', id, error })
  }

  /** Forgets a subscription. */
  drop(subscription: Subscription): void {
    this.subscriptions.delete(subscription.id)
    this.#stirred.delete(subscription)
  }

  /** The cut on its way has been applied. */
  acknowledge(): void {
    this.#isInFlight = false
  }

  /** Posts parts of long first results until a moment, one at least. True: more are to come. */
  sendParts(now: () => number, endMs: number): boolean {
    for (const subscription of this.#stirred) {
      const sending = this.#sendingOf(subscription)
      if (sending === undefined) continue
      while (isLong(sending)) {
        this.#post(subscription.id, sending)
        if (now() >= endMs) return true
      }
    }
    return false
  }

  /** Posts a cut, if there is something to say and none is on its way. */
  deliver(): void {
    if (this.#isInFlight) return
    const news = this.#refusals
    const transfer: Transferable[] = []
    for (const subscription of this.#stirred) {
      // The rows ahead of its last are sent in parts.
      const sending = this.#sendingOf(subscription)
      if (sending !== undefined && isLong(sending)) continue
      this.#stirred.delete(subscription)
      addNews(subscription, news, transfer)
    }
    if (news.length === 0) return
    this.#refusals = []
    this.#isInFlight = true
    this.#subscriber.post({ kind: 'live-cut', news }, transfer)
  }

  /** What is being sent of a subscription that has nothing, begun if it is long. */
  #sendingOf(subscription: Subscription): Sending | undefined {
    const { query, has, sending } = subscription
    const { source } = query
    if (query.error !== undefined || query.isFilling || has?.source === source) {
      subscription.sending = undefined
    } else if (sending?.source !== source && source.rowCount > LIVE_PART_ROWS) {
      const { version } = source
      subscription.sending = { source, version, rows: source.rows(), sentCount: 0 }
    }
    return subscription.sending
  }

  #post(id: number, sending: Sending): void {
    const { rows, sentCount } = sending
    const transfer: Transferable[] = []
    const part = rows.slice(sentCount, sentCount + LIVE_PART_ROWS)
    this.#subscriber.post(
      { kind: 'live-part', id, isFirst: sentCount === 0, rows: encodeRows(part, transfer) },
      transfer,
    )
    sending.sentCount += part.length
  }
}

function isLong({ rows, sentCount }: Sending): boolean {
  return rows.length - sentCount > LIVE_PART_ROWS
}

/** What the page lacks of a subscription, as of now. */
function addNews(subscription: Subscription, news: LiveNews[], transfer: Transferable[]): void {
  const { id, query } = subscription
  const { source, error } = query
  if (error !== undefined) {
    subscription.has = undefined
    news.push({ kind: 'failed', id, error })
    return
  }
  const { has, sending } = subscription
  let since = has?.source === source ? source.since(has.version) : 'all'
  if (since === 'all' && sending !== undefined) {
    subscription.sending = undefined
    since = source.since(sending.version)
    if (since !== 'all') {
      const rest = sending.rows.slice(sending.sentCount)
      news.push({ kind: 'rows', id, rows: encodeRows(rest, transfer), isRest: true })
    }
  }
  if (since === 'all') {
    news.push({ kind: 'rows', id, rows: encodeRows(source.rows(), transfer), isRest: false })
    since = 'nothing'
  }
  subscription.has = { source, version: source.version }
  if (since !== 'nothing') news.push({ kind: 'patch', id, patch: since })
}
