/**
 * The end of the event log as it grows: each event is told once, also across a gap.
 *
 * Row changes tell of events as they are written. After a gap (another tab took over, the universe
 * was replaced by an import) some may have been missed, so the log itself is read on. Its order is by
 * timestamp and id, and that is not the order of writing: a call keeps its time while it waits, and
 * what is merged from elsewhere may be of any age. So reading begins {@link EVENT_LATE_MS} before
 * the newest event seen, and what was seen from there on is remembered by its id.
 */
import type { EventLogRow } from './module/tables.ts'
import { subscribeChanges } from './row-changes.ts'
import type { StandardUniverse } from './standard-universe.ts'

/**
 * An event missed in a gap is found if it is at most this much older than the newest seen before, in
 * ms. Calls wait far shorter than that for another tab to take over.
 */
export const EVENT_LATE_MS = 60_000

/** Newest ids remembered whatever their age: a row may become visible twice (a merge may hide it). */
const IDS_MAX = 10_000

/** Rows of one read. */
const PAGE_ROWS = 500

/** What the tail of an event log is made of. */
export interface EventTailOptions {
  readonly universe: StandardUniverse
  /** The clock of the universe. */
  readonly now: () => number
  readonly onEvent: (row: EventLogRow) => void
  /** Gets why the log could not be read; the next gap makes up for it. */
  readonly onError: (error: unknown) => void
}

/** Tells of every event that enters the log from now on. */
export class EventTail {
  readonly #options: EventTailOptions
  readonly #startMs: number
  readonly #stopListening: () => void
  /** Timestamps of events seen by id, in the order of arrival. */
  readonly #seen = new Map<string, number>()
  #pruneAtSize = 2 * IDS_MAX
  #newestMs: number
  /** No event older than this is looked for. */
  #sinceMs: number
  /** Where reading must begin to make up for gaps; undefined when there is nothing to make up. */
  #owedFromMs: number | undefined
  #isStale = false
  #isReading = false
  #isClosed = false
  /** Events that came while older ones were read. */
  #held: EventLogRow[] = []

  constructor(options: EventTailOptions) {
    this.#options = options
    this.#startMs = options.now()
    this.#newestMs = this.#startMs
    this.#sinceMs = this.#startMs - EVENT_LATE_MS
    this.#stopListening = subscribeChanges(
      options.universe,
      'event_log',
      (change, row) => {
        if (change !== 'INSERTED') return
        if (this.#isReading && this.#owedFromMs !== undefined) this.#held.push(row)
        else this.#take(row)
      },
      { onGap: () => this.#noteGap() },
    )
    void this.#read(() => this.#noteStart())
  }

  /** Tells of nothing any more. */
  close(): void {
    this.#isClosed = true
    this.#held = []
    this.#stopListening()
  }

  /** Where reading would have to begin now. */
  get #floorMs(): number {
    // A replica whose clock is ahead must not make this one skip what it missed.
    const newestMs = Math.min(this.#newestMs, this.#options.now())
    return Math.max(this.#sinceMs, newestMs - EVENT_LATE_MS)
  }

  #take(row: EventLogRow): void {
    if (this.#isClosed || this.#seen.has(row.event_id)) return
    this.#remember(row)
    this.#options.onEvent(row)
  }

  #remember({ event_id: id, timestamp }: EventLogRow): void {
    this.#seen.set(id, timestamp)
    this.#newestMs = Math.max(this.#newestMs, timestamp)
    if (this.#seen.size < this.#pruneAtSize) return
    const floorMs = Math.min(this.#owedFromMs ?? Number.POSITIVE_INFINITY, this.#floorMs)
    let excess = this.#seen.size - IDS_MAX
    for (const [seenId, seenMs] of this.#seen) {
      if (excess-- <= 0) break
      if (seenMs < floorMs) this.#seen.delete(seenId)
    }
    this.#pruneAtSize = this.#seen.size + IDS_MAX
  }

  #noteGap(): void {
    this.#owedFromMs = Math.min(this.#owedFromMs ?? Number.POSITIVE_INFINITY, this.#floorMs)
    this.#isStale = true
    if (!this.#isReading) void this.#read(async () => undefined)
  }

  /** Does what comes first, then makes up for gaps until there is none. */
  async #read(first: () => Promise<void>): Promise<void> {
    this.#isReading = true
    try {
      await first()
      while (this.#isStale && this.#owedFromMs !== undefined) {
        this.#isStale = false
        await this.#readFrom(this.#owedFromMs, (row) => this.#take(row))
        if (!this.#isStale) this.#owedFromMs = undefined
      }
    } catch (error) {
      if (!this.#isClosed) this.#options.onError(error)
    } finally {
      this.#isReading = false
      for (const row of this.#held.splice(0)) this.#take(row)
    }
  }

  /** Remembers what is there already and would be found after a gap. */
  async #noteStart(): Promise<void> {
    const sinceMs = this.#sinceMs
    // Until it is known (or if it cannot be), what is older is not looked for.
    this.#sinceMs = this.#startMs
    await this.#readFrom(sinceMs, (row) => {
      const isAfterGap = this.#isStale && row.timestamp >= this.#startMs
      if (!isAfterGap && !this.#seen.has(row.event_id)) this.#seen.set(row.event_id, row.timestamp)
    })
    this.#sinceMs = sinceMs
  }

  async #readFrom(fromMs: number, onRow: (row: EventLogRow) => void): Promise<void> {
    let after: EventLogRow | undefined
    while (!this.#isClosed) {
      const last = after
      const rows: readonly EventLogRow[] = await this.#options.universe.query((q) => {
        const page = q.event_log
          .where({ timestamp: { gte: fromMs } })
          .orderBy('timestamp')
          .limit(PAGE_ROWS)
        return last === undefined ? page : page.after([last.timestamp, last.event_id])
      })
      for (const row of rows) onRow(row)
      if (rows.length < PAGE_ROWS) return
      after = rows.at(-1)
    }
  }
}
