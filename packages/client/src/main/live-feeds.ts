/**
 * The live queries of one client: one feed per distinct query, shared by all who subscribe.
 *
 * A feed outlives its last subscriber for a moment, so that a component that unmounts and mounts
 * again finds its rows. After a fail-over a feed gets all rows anew; subscribers hear only of what
 * differs, and unchanged rows stay the objects they were.
 */
import type { Row, UniverseError } from '@inner-universe/core'
import type { LiveNews, LiveRead, PageItem } from '../rpc/contract.ts'
import { decodeUniverseError } from '../rpc/error-transfer.ts'
import { applyPatch, diffRows, keysByValue, type RowsPatch } from '../rpc/row-patch.ts'
import { decodeRows, type EncodedRows } from '../rpc/row-transfer.ts'
import { callSafely } from './call-safely.ts'
import type { LivePatch, LiveQuery, LiveState } from './universe.ts'

type Listener = (state: LiveState<Row>, patch: LivePatch<Row> | undefined) => void

interface Feed {
  readonly id: number
  readonly read: LiveRead
  state: LiveState<Row>
  /** Rows of a long result that came ahead of the cut they belong to. */
  parts: Row[]
  readonly listeners: Set<Listener>
  stopLingering: (() => void) | undefined
}

/** How feeds reach the worker, and what they know of tables. */
export interface LiveFeedsOptions {
  readonly send: (item: PageItem) => void
  readonly setTimer: (run: () => void, delayMs: number) => () => void
  /** Primary key column of a table; undefined where the module has no such table. */
  readonly primaryKeyOf: (table: string) => string | undefined
}

/** Time a feed is kept without subscribers, in ms: a remount, a step back in the history. */
const LINGER_MS = 500

const EMPTY: LiveState<never> = { rows: [], isReady: false, error: undefined }

/** The register of feeds. */
export class LiveFeeds {
  readonly #options: LiveFeedsOptions
  readonly #feedByKey = new Map<string, Feed>()
  readonly #feedById = new Map<number, Feed>()
  #lastId = 0
  /** State of a query nobody subscribes to. */
  #idle: LiveState<never> = EMPTY
  #isRefused = false

  constructor(options: LiveFeedsOptions) {
    this.#options = options
  }

  /** The live query of a read. Costs nothing until it is subscribed to. */
  query<R>(read: LiveRead): LiveQuery<R> {
    const key = JSON.stringify(read, (_name, value: unknown) =>
      value instanceof Uint8Array ? { bytes: Array.from(value) } : value,
    )
    const feeds = this
    const subscribe = (listener: Listener): (() => void) => feeds.#subscribe(key, read, listener)
    const query: LiveQuery<Row> = {
      get state() {
        return feeds.#feedByKey.get(key)?.state ?? feeds.#idle
      },
      subscribe,
      [Symbol.asyncIterator]: () => iterate(subscribe),
    }
    return query as unknown as LiveQuery<R>
  }

  /** Takes rows that are ahead of their cut. */
  receivePart(id: number, { isFirst, rows }: { isFirst: boolean; rows: EncodedRows }): void {
    const feed = this.#feedById.get(id)
    if (feed === undefined) return
    if (isFirst) feed.parts = []
    for (const row of decodeRows(rows)) feed.parts.push(row)
  }

  /** Takes a cut: all states are those of one moment before anybody hears of any. */
  receive(cut: readonly LiveNews[]): void {
    const next = new Map<Feed, Next>()
    for (const news of cut) {
      const feed = this.#feedById.get(news.id)
      // Unsubscribed while it was on its way.
      if (feed !== undefined) next.set(feed, nextOf(feed, next.get(feed), news))
    }
    const told: (() => void)[] = []
    for (const [feed, step] of next) {
      const patch = this.#take(feed, step)
      if (patch !== 'nothing') told.push(() => tell(feed, patch))
    }
    for (const run of told) run()
    this.#options.send({ kind: 'acknowledge' })
  }

  /** Every feed with subscribers or lingering. */
  itemsToSend(): PageItem[] {
    return [...this.#feedById.values()].map(({ id, read }) => ({ kind: 'subscribe', id, read }))
  }

  /** Gives all feeds the error, and all later ones. */
  fail(error: UniverseError): void {
    this.#isRefused = true
    for (const feed of this.#feedById.values()) {
      feed.stopLingering?.()
      feed.state = { ...feed.state, error }
    }
    const feeds = [...this.#feedById.values()]
    this.#feedByKey.clear()
    this.#feedById.clear()
    this.#idle = { ...EMPTY, error }
    for (const feed of feeds) tell(feed, undefined)
  }

  #subscribe(key: string, read: LiveRead, listener: Listener): () => void {
    if (this.#isRefused) {
      listener(this.#idle, undefined)
      return () => undefined
    }
    let feed = this.#feedByKey.get(key)
    if (feed === undefined) {
      feed = {
        id: ++this.#lastId,
        read,
        state: EMPTY,
        parts: [],
        listeners: new Set(),
        stopLingering: undefined,
      }
      this.#feedByKey.set(key, feed)
      this.#feedById.set(feed.id, feed)
      this.#options.send({ kind: 'subscribe', id: feed.id, read })
    }
    feed.stopLingering?.()
    feed.stopLingering = undefined
    // One function may subscribe twice and unsubscribe once.
    const own: Listener = (state, patch) => listener(state, patch)
    feed.listeners.add(own)
    if (feed.state.isReady || feed.state.error !== undefined) own(feed.state, undefined)
    const subscribed = feed
    return () => {
      if (subscribed.listeners.delete(own) && subscribed.listeners.size === 0) {
        subscribed.stopLingering ??= this.#options.setTimer(
          () => this.#end(key, subscribed),
          LINGER_MS,
        )
      }
    }
  }

  #end(key: string, feed: Feed): void {
    if (this.#feedById.get(feed.id) !== feed) return
    this.#feedByKey.delete(key)
    this.#feedById.delete(feed.id)
    this.#options.send({ kind: 'unsubscribe', id: feed.id })
  }

  /** Sets a feed's next state; gives what its listeners are told of the way there. */
  #take(feed: Feed, { rows, patch, error }: Next): LivePatch<Row> | undefined | 'nothing' {
    const { state } = feed
    if (error !== undefined) {
      feed.state = { ...state, error }
      return undefined
    }
    if (!state.isReady || patch !== undefined) {
      feed.state = { rows, isReady: true, error: undefined }
      return patch && patchOf(state.rows, patch)
    }
    // All rows anew, maybe from another worker: those that are the same stay the same objects.
    const before = { keys: this.#keysOf(feed.read, state.rows), rows: state.rows }
    const difference = diffRows(before, { keys: this.#keysOf(feed.read, rows), rows })
    if (difference.patch === undefined && state.error === undefined) return 'nothing'
    feed.state = { rows: difference.rows.rows, isReady: true, error: undefined }
    return difference.patch && patchOf(state.rows, difference.patch)
  }

  #keysOf(read: LiveRead, rows: readonly Row[]): readonly string[] {
    const table =
      read.kind === 'query' ? read.query.table : read.kind === 'search' ? read.table : undefined
    const primaryKey = table === undefined ? undefined : this.#options.primaryKeyOf(table)
    return primaryKey === undefined ? keysByValue(rows) : rows.map((row) => String(row[primaryKey]))
  }
}

function patchOf(before: readonly Row[], patch: RowsPatch<Row>): LivePatch<Row> {
  return {
    inserted: patch.inserted.map(({ row }) => row),
    updated: patch.updated.map(({ from, row }) => ({ before: before[from] as Row, after: row })),
    deleted: patch.removed.map((index) => before[index] as Row),
  }
}

/** Where a cut leads: rows anew, or those of now and the way from them. */
interface Next {
  readonly rows: readonly Row[]
  /** Undefined: rows anew. */
  readonly patch: RowsPatch<Row> | undefined
  readonly error: UniverseError | undefined
}

function nextOf(feed: Feed, before: Next | undefined, news: LiveNews): Next {
  switch (news.kind) {
    case 'failed': {
      const error = decodeUniverseError(news.error, 'storage/io')
      return { rows: feed.state.rows, patch: undefined, error }
    }
    case 'rows': {
      const rows = decodeRows(news.rows)
      const next = news.isRest ? feed.parts.concat(rows) : rows
      feed.parts = []
      return { rows: next, patch: undefined, error: undefined }
    }
    case 'patch': {
      const patch = news.patch as RowsPatch<Row>
      const rows = applyPatch(before?.rows ?? feed.state.rows, patch)
      // After rows anew there is no one patch that leads here.
      return { rows, patch: before === undefined ? patch : undefined, error: undefined }
    }
  }
}

function tell(feed: Feed, patch: LivePatch<Row> | undefined): void {
  const { state } = feed
  for (const listener of [...feed.listeners]) callSafely(() => listener(state, patch))
}

/** The rows after each change; what a slow reader missed in between is left out. */
function iterate(subscribe: (listener: Listener) => () => void): AsyncIterator<readonly Row[]> {
  let latest: LiveState<Row> | undefined
  let isEnded = false
  let wake: (() => void) | undefined
  const unsubscribe = subscribe((state) => {
    latest = state
    wake?.()
  })
  const end = (): void => {
    isEnded = true
    unsubscribe()
    wake?.()
  }
  return {
    async next() {
      while (latest === undefined && !isEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (isEnded || latest === undefined) return { done: true, value: undefined }
      const { rows, error } = latest
      latest = undefined
      if (error === undefined) return { done: false, value: rows }
      end()
      throw error
    },
    async return() {
      end()
      return { done: true, value: undefined }
    },
  }
}
