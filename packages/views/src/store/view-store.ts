/**
 * Where a view lives, as the functional API sees it: memory, SQLite or Postgres behind one contract.
 *
 * A store holds one view: the state of its operators, the time of the last batch, and the digest that
 * tells whether the state is what was written. STORES.md has the formats and the rules.
 */
import type { Circuit, Deltas } from '../circuit.ts'
import type { Datum, StateName, StateStore } from '../state.ts'

/** What a store needs to know of a graph. */
export interface ViewDefinition {
  /** Hash of all that decides about the outputs. State of another hash is never read. */
  readonly definitionHash: string
  createCircuit(store: StateStore): Circuit
}

/**
 * When a batch happens, in a count that the caller gives out (a sequence: 0, 1, 2, …). Batch `i` that
 * builds on the one before it has `inputTime: i, frontier: i - 1`, whichever process brings it.
 */
export interface Time {
  /** Once the batch is committed, the store's time is at least this. */
  readonly inputTime: number
  /** The batch waits until the store's time is at least this. −1 waits for nothing. */
  readonly frontier: number
  /**
   * When what the step wrote is handed to the database. Whichever: a step that fails leaves nothing.
   * `false` (the default): once, at the end, then committed. `true`: at every stateful operator, which
   * bounds memory, then committed at the end. `null`: not committed; the transaction stays open (others
   * wait) until a later run of this store commits both, or `close` takes both back.
   */
  readonly flushEverySet?: boolean | null
  /** Longest wait for the frontier and for other writers. Default: the store's. */
  readonly timeoutMs?: number
}

/** Where a store stands. */
export interface StoreStatus {
  /** Highest input time of all batches that were committed or skipped; −1 before the first. */
  readonly inputTime: number
  /** The frontier of the last committed batch. */
  readonly frontier: number
  /** Input times of batches that failed or were skipped, and have not been run since. Ascending. */
  readonly skipped: readonly number[]
}

/** A row of a cache and how many copies there are. Of one value per key: the value, once. */
export interface CacheEntry<R = unknown> {
  readonly key: Datum
  readonly row: R
  readonly weight: number
}

/** Which rows under a key are wanted. */
export interface CacheRange {
  /** Distinct rows to leave out at the start. Default 0. */
  readonly from?: number
  /** Default: all. */
  readonly rowsMax?: number
}

/**
 * One piece of a view's state, for reading. It shows what is committed (and what this store has run
 * since without committing); rows must not be changed.
 */
export interface ReadonlyCache<R = unknown> {
  /** The rows under a key, in the order of the piece. Cost: an index seek, then O(rows). */
  get(key: Datum, range?: CacheRange): Promise<readonly CacheEntry<R>[]>
  /** All rows; keys in no particular order. */
  entries(): AsyncIterable<CacheEntry<R>>
}

/** A view that takes batches. Batches of one store run one after the other, in the order of the calls. */
export interface ViewStore {
  readonly kind: 'memory' | 'sqlite' | 'postgres'
  /**
   * Takes one step, all or nothing, and gives the changes of the outputs. Without a time it waits for
   * nothing and leaves the store's time as it is.
   *
   * A batch with a time that fails after its wait is marked as skipped, so that those which wait for it
   * go on; run again with the same time it counts as run.
   *
   * @throws UniverseError `views/timed-out`, `views/backend`, `views/store-changed` (another process
   * has built the view anew from another definition), what an operator throws; nothing of the batch
   * is kept then.
   */
  run(inputs: Deltas, time?: Time): Promise<Deltas>
  /** Lets those go on that wait for a batch which will never come. */
  skip(inputTime: number): Promise<void>
  status(): Promise<StoreStatus>
  /**
   * A piece of state by its full name (`byProduct/rows`).
   *
   * @throws UniverseError `views/invalid-graph` when the view has no piece of that name.
   */
  cache<R>(name: StateName): ReadonlyCache<R>
  /**
   * Reads the whole state and compares it with its digest; true when they agree. Cost: O(state).
   * After false, open the view again with `rebuild`.
   */
  verify(): Promise<boolean>
  /** Waits for the batch under way; takes back what was not committed. Idempotent. */
  close(): Promise<void>
}

/** Why a view is filled from the start. */
export type RebuildReason = 'missing' | 'changed' | 'corrupt'

/** How far a rebuild has come. */
export interface RebuildProgress {
  readonly reason: RebuildReason
  readonly batches: number
  /** Entries of all inputs so far. */
  readonly rows: number
}

/** The time that a store waits by. Timers are passed in. */
export interface StoreClock {
  /** Milliseconds, from any start, never going back. */
  nowMs(): number
  wait(ms: number): Promise<void>
}

/** What the stores are opened with. */
export interface ViewStoreOptions {
  /** Names the view in its database: `[A-Za-z0-9_-]`, at most 64 characters. */
  readonly view: string
  readonly definition: ViewDefinition
  /**
   * Gives all inputs from the start, batch by batch, in whatever slices: asked for when there is no
   * state (`missing`), when the state belongs to another definition (`changed`) or does not fit its
   * digest (`corrupt`). Without it a missing state starts empty and the others are refused.
   */
  readonly rebuild?: (reason: RebuildReason) => Iterable<Deltas> | AsyncIterable<Deltas>
  readonly onProgress?: (progress: RebuildProgress) => void
  /** Compares the state with its digest before it is served: O(state). Default false. */
  readonly verifies?: boolean
  readonly clock: StoreClock
  /** Longest wait of a batch that names none. Default {@link WAIT_MS_MAX}. */
  readonly timeoutMs?: number
}

/** Longest wait for other batches unless told otherwise: a long batch of another process. */
export const WAIT_MS_MAX = 30_000
