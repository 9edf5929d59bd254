/**
 * The live queries of a client, whose code (`live-feeds.ts`) is loaded with the first subscription: a page
 * without live queries has none of it.
 */
import type { Row, UniverseError } from '@inner-universe/core'
import type { LiveRead } from '../rpc/contract.ts'
import { loaded } from '../rpc/loaded.ts'
import type { LiveFeeds, LiveFeedsOptions } from './live-feeds.ts'
import type { LiveQuery, LiveState } from './universe.ts'

const EMPTY: LiveState<never> = { rows: [], isReady: false, error: undefined }

/** The register of feeds, once it is there. */
export class LateFeeds {
  readonly #options: LiveFeedsOptions
  #loading: Promise<LiveFeeds> | undefined
  #feeds: LiveFeeds | undefined
  /** State of any query while there are no feeds. */
  #idle: LiveState<never> = EMPTY

  constructor(options: LiveFeedsOptions) {
    this.#options = options
  }

  /** Undefined while nobody has subscribed. */
  get feeds(): LiveFeeds | undefined {
    return this.#feeds
  }

  /** The live query of a read. Costs nothing until it is subscribed to. */
  query<R>(read: LiveRead): LiveQuery<R> {
    const late = this
    const query: LiveQuery<Row> = {
      get state() {
        return late.#feeds?.query<Row>(read).state ?? late.#idle
      },
      subscribe(listener) {
        if (late.#feeds !== undefined) return late.#feeds.query<Row>(read).subscribe(listener)
        let end: (() => void) | undefined
        let isEnded = false
        late.#load().then(
          (feeds) => {
            if (!isEnded) end = feeds.query<Row>(read).subscribe(listener)
          },
          (error: UniverseError) => {
            if (!isEnded) listener({ ...EMPTY, error }, undefined)
          },
        )
        return () => {
          isEnded = true
          end?.()
        }
      },
      [Symbol.asyncIterator]() {
        const iterator = late.#load().then((feeds) => {
          const rows = feeds.query<Row>(read)[Symbol.asyncIterator]()
          return rows as Required<AsyncIterator<readonly Row[]>>
        })
        // Whoever asks for the next is told.
        iterator.catch(() => undefined)
        return {
          next: async () => (await iterator).next(),
          return: async () => (await iterator).return(),
        }
      },
    }
    return query as unknown as LiveQuery<R>
  }

  /** Gives it its code, where that is there anyway. */
  fillWith(Feeds: typeof LiveFeeds): LiveFeeds {
    this.#feeds ??= new Feeds(this.#options)
    if (this.#idle.error !== undefined) this.#feeds.fail(this.#idle.error)
    return this.#feeds
  }

  /** Gives all feeds the error, and all later ones. */
  fail(error: UniverseError): void {
    this.#idle = { ...EMPTY, error }
    this.#feeds?.fail(error)
  }

  #load(): Promise<LiveFeeds> {
    this.#loading ??= loaded(import('./live-feeds.ts')).then(
      ({ LiveFeeds }) => this.fillWith(LiveFeeds),
      (error: unknown) => {
        // The next who subscribes tries again.
        this.#loading = undefined
        throw error
      },
    )
    return this.#loading
  }
}
