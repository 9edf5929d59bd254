/** The client: what an app holds in a page (or in Node) for one open universe. */
import type {
  InputOfReducer,
  Module,
  Queries,
  Query,
  QueryValue,
  Reducers,
  ResultOfReducer,
  Row,
  RowOf,
  Tables,
  UniverseError,
} from '@inner-universe/core'

/** Options of anything that may take long. */
export interface Cancellable {
  /** Fails the operation with `call/aborted` when it fires before the work was begun. */
  readonly signal?: AbortSignal
}

/** Options of one reducer call. */
export interface CallOptions extends Cancellable {
  /** Fails the promise with `call/timed-out` after this many ms; the call may still take effect. */
  readonly timeoutMs?: number
}

/**
 * A reducer call under way. Awaiting it means *durable*: on this device's disk.
 *
 * `applied` resolves when queries can see it; `durable` when it is flushed. Both reject with the
 * same typed error when the reducer refuses.
 */
export interface ReducerCall<Result> extends PromiseLike<Result> {
  readonly callId: string
  readonly applied: Promise<Result>
  readonly durable: Promise<Result>
}

/** The reducers of a module as functions. */
export type ReducerFunctions<R extends Reducers> = {
  readonly [K in keyof R]: (
    args: InputOfReducer<R[K]>,
    options?: CallOptions,
  ) => ReducerCall<ResultOfReducer<R[K]>>
}

/** State of a live query. Rows keep their identity between states while they are unchanged. */
export interface LiveState<R> {
  readonly rows: readonly R[]
  /** False until the first result has come. */
  readonly isReady: boolean
  readonly error: UniverseError | undefined
}

/** Rows that entered, changed and left between two states. */
export interface LivePatch<R> {
  readonly inserted: readonly R[]
  readonly updated: readonly { readonly before: R; readonly after: R }[]
  readonly deleted: readonly R[]
}

/** A query kept up to date, shared by all its subscribers. Runs while it has at least one. */
export interface LiveQuery<R> extends AsyncIterable<readonly R[]> {
  /** Calls back with the state now (if ready) and after every change. Returns the unsubscribe. */
  subscribe(onState: (state: LiveState<R>, patch: LivePatch<R> | undefined) => void): () => void
  /** The last state; stable identity while nothing changes. */
  readonly state: LiveState<R>
}

/** One committed change of one row, local or remote. */
export interface TableChange {
  readonly table: string
  readonly id: string
  readonly before: Row | undefined
  readonly after: Row | undefined
}

/** The changes of one transaction to the tables asked for. */
export interface TransactionChanges {
  readonly origin: 'local' | 'remote'
  readonly changes: readonly TableChange[]
}

/** Options of `onChanges`. */
export interface ChangeListenerOptions {
  /**
   * Transactions may have been missed: another tab took over from one that died, or the universe
   * was replaced by an import. Read again what you follow.
   */
  readonly onGap?: () => void
}

/** Where the data lives and how safe it is there. */
export interface StorageState {
  /**
   * `memory` means: gone when the tab that leads closes; `reason` says why it came to that, unless
   * it was asked for.
   */
  readonly kind: 'opfs' | 'file' | 'memory'
  readonly reason: string | undefined
  /** True when the browser has promised not to evict the origin's storage. */
  readonly isPersistent: boolean
  readonly usedBytes: number | undefined
  readonly quotaBytes: number | undefined
}

/** How this tab reaches the database. A dead leader is replaced by another tab by itself. */
export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open'; readonly role: 'leader' | 'follower' }
  | { readonly kind: 'failed'; readonly error: UniverseError }
  | { readonly kind: 'closed' }

/** Progress of long work. `totalBytes` is undefined where it cannot be known. */
export interface Progress {
  readonly doneBytes: number
  readonly totalBytes: number | undefined
}

/** Options of work with progress. */
export interface ProgressOptions extends Cancellable {
  readonly onProgress?: (progress: Progress) => void
}

/** An open universe. Every method fails with `client/closed` after `close`. */
export interface Universe<T extends Tables = Tables, R extends Reducers = Reducers> {
  readonly name: string
  readonly module: Module<T, R>
  /** This tab's identity, as reducers see it in `ctx.sender`. */
  readonly identity: string
  readonly connectionId: string
  readonly reducers: ReducerFunctions<R>
  /** Runs a typed query once. */
  query<Q>(build: (q: Queries<T>) => Query<Q>, options?: Cancellable): Promise<readonly Q[]>
  count<Q>(build: (q: Queries<T>) => Query<Q>, options?: Cancellable): Promise<number>
  /** The row of a primary key, or undefined. */
  get<K extends keyof T & string>(
    table: K,
    id: string,
    options?: Cancellable,
  ): Promise<RowOf<T[K]> | undefined>
  /** Full-text search of a table declared with `.search()`, best matches first. */
  search<K extends keyof T & string>(
    table: K,
    text: string,
    options?: Cancellable & { readonly limit?: number; readonly offset?: number },
  ): Promise<readonly RowOf<T[K]>[]>
  /** Read-only SQL. Booleans and JSON come as SQLite stores them. */
  sql<R2 = Readonly<Record<string, unknown>>>(
    text: string,
    params?: readonly QueryValue[],
    options?: Cancellable,
  ): Promise<readonly R2[]>
  /** A typed query kept up to date. */
  live<Q>(build: (q: Queries<T>) => Query<Q>): LiveQuery<Q>
  /** SQL kept up to date: run again when a table it reads has changed. */
  liveSql<R2 = Readonly<Record<string, unknown>>>(
    text: string,
    params?: readonly QueryValue[],
  ): LiveQuery<R2>
  /** A full-text search kept up to date. */
  liveSearch<K extends keyof T & string>(
    table: K,
    text: string,
    options?: { readonly limit?: number; readonly offset?: number },
  ): LiveQuery<RowOf<T[K]>>
  /** Row changes of the named tables, one call per transaction, in commit order. */
  onChanges(
    tables: readonly (keyof T & string)[],
    listener: (changes: TransactionChanges) => void,
    options?: ChangeListenerOptions,
  ): () => void
  readonly connection: ConnectionState
  /** Calls back at each change of `connection`. */
  onConnection(listener: (state: ConnectionState) => void): () => void
  /** Where the data lives, asked anew. */
  storage(): Promise<StorageState>
  /** Asks the browser not to evict the data. True when it promised. */
  requestPersistence(): Promise<boolean>
  /** Deltas not acknowledged by a relay. */
  unsyncedCount(): Promise<number>
  /** The database file, streamed. A write meanwhile fails it with `storage/changed`. */
  exportFile(options?: ProgressOptions): ReadableStream<Uint8Array>
  /** Replaces the whole universe by a file of `exportFile`, after checking it. All tabs follow. */
  importFile(file: Blob | ReadableStream<Uint8Array>, options?: ProgressOptions): Promise<void>
  /** SQLite's and the engine's own checks; empty when sound. */
  verify(): Promise<readonly string[]>
  /** Closes this tab's use of it; answers calls under way first. Idempotent. */
  close(): Promise<void>
}
