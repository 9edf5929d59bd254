/** The client: what an app holds in a page (or in Node) for one open universe. */
import type {
  DocumentColumnsOf,
  Hash,
  InputOfReducer,
  JsonValue,
  KeptConflict,
  KeyInput,
  KeyInputRange,
  KvRow,
  KvWrite,
  Module,
  ModuleQueries,
  Query,
  QueryValue,
  Reducers,
  RelationQuery,
  ResultOfReducer,
  Row,
  RowOf,
  ScanOptions,
  Tables,
  UniverseError,
  ViewState,
  Views,
} from '@inner-universe/core'
import type { DocumentOptions, OpenDocument } from '@inner-universe/documents'
import type { UndoResult, UndoState } from '@inner-universe/engine'
import type { LiveExplanation, Peer, SyncStatus } from '../rpc/contract.ts'
import type { Cancellable } from './cancellable.ts'
import type { Versions } from './versions.ts'

export type { DocumentOptions, DocumentStatus, OpenDocument } from '@inner-universe/documents'
export type { UndoResult, UndoSkipped, UndoState } from '@inner-universe/engine'
export type { LiveExplanation, Peer, SyncStatus } from '../rpc/contract.ts'
export type { Cancellable } from './cancellable.ts'

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
  /**
   * Resolves when the relay has what the call wrote on its disk; at once when that is nothing that
   * is synced. It may take as long as this device is offline, and the app may be closed meanwhile.
   * Made when it is first asked for, so that nobody has to handle its failure who does not.
   *
   * Rejects with `sync/denied` when the relay refused the change and it was undone, with
   * `sync/dropped` when it could not be made again on a newer state, with `sync/not-configured`
   * without sync, and as the call does.
   */
  readonly confirmed: Promise<Result>
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

/** With which relay a universe is kept in sync. */
export interface SyncOptions {
  /** Address of the relay, `wss://relay.example`. */
  readonly url: string
  /** Name of the universe at the relay. Default: the name it is opened by. */
  readonly universe?: string
  /**
   * The relay's token for this universe, or a function that fetches one: it is called whenever the
   * relay wants a fresh one, in any of the tabs that have the universe open.
   */
  readonly token: string | (() => string | Promise<string>)
  /** True: nothing is sent or read until `resume`. */
  readonly paused?: boolean
}

/** Who else is here. What is said is not kept and is gone when the speaker is. */
export interface Presence {
  /**
   * Says something of this tab to all others, in place of what it said before; undefined: nothing.
   * A device's tabs share 4 KiB of JSON; when all together is more, those who spoke last are heard.
   *
   * @throws UniverseError `sync/not-configured`, `call/too-large`.
   */
  set(state: JsonValue | undefined): void
  /** All other tabs and devices; the same array while nothing changes. */
  readonly others: readonly Peer[]
  /** Calls back when `others` has changed. Returns the end of it. */
  onChange(listener: (others: readonly Peer[]) => void): () => void
}

/** A universe's part in keeping several devices in sync. */
export interface UniverseSync {
  /** The same object while nothing changes. `off` without `sync`. */
  readonly status: SyncStatus
  /** Calls back at each change of `status`. Returns the end of it. */
  onStatus(listener: (status: SyncStatus) => void): () => void
  /** Stops sending and reading, in all tabs. @throws UniverseError `sync/not-configured`. */
  pause(): void
  /** Goes on. @throws UniverseError `sync/not-configured`. */
  resume(): void
  readonly presence: Presence
  /** Conflicts noticed and not dismissed, oldest first. */
  conflicts(): Promise<readonly KeptConflict[]>
  /** Calls back with conflicts when they are noticed. Returns the end of it. */
  onConflicts(listener: (conflicts: readonly KeptConflict[]) => void): () => void
  dismissConflicts(conflictIds: readonly number[]): Promise<void>
}

/**
 * Key-value entries of this device in one category, as `ctx.kv` in reducers has them. Writes resolve when
 * they are durable; await one before a call that is to see it.
 *
 * @throws UniverseError `kv/invalid-argument`, `storage/…`.
 */
export interface UniverseKvCategory {
  /** The payload of a key, or undefined. */
  get(key: KeyInput): Promise<Uint8Array | undefined>
  exists(key: KeyInput): Promise<boolean>
  /** The entries of a range in the order of their keys, all in memory: see `iterate`. */
  scan(range?: KeyInputRange, options?: ScanOptions): Promise<readonly KvRow[]>
  /** The entries whose keys begin with the bytes of `prefix`. */
  scanPrefix(prefix: KeyInput, options?: ScanOptions): Promise<readonly KvRow[]>
  /** Number of entries of a range. */
  count(range?: KeyInputRange): Promise<number>
  /** The entries of a range, a page in memory at a time; each page is what is there when it is read. */
  iterate(range?: KeyInputRange, options?: { readonly reverse?: boolean }): AsyncIterable<KvRow>
  put(key: KeyInput, payload: KeyInput): Promise<void>
  /** Whether it was there. */
  delete(key: KeyInput): Promise<boolean>
  /** Deletes the keys that begin with the bytes of `prefix`; of none: all. Gives their number. */
  deletePrefix(prefix: KeyInput): Promise<number>
}

/** The key-value entries of this device beside the rows: never synced, in no image, one file with them. */
export interface UniverseKv {
  category(name: KeyInput): UniverseKvCategory
  /** All or none of the writes, in their order; gives for each the number of entries put or deleted. */
  write(operations: readonly KvWrite[]): Promise<readonly number[]>
}

/** Which steps are undone. */
export interface UndoOptions {
  /** Part of the app that has steps of its own, at most 256 characters: an editor, a board. */
  readonly scope: string
  /** Calls this close in time are one step, in ms. Default 500; 0: each is one. */
  readonly groupMs?: number
}

/** Options of a call that can be undone. */
export interface UndoCallOptions extends CallOptions {
  /** Calls in a row of one group are one step, however far apart in time: a drag. */
  readonly undoGroup?: string
  /** Names the step to people. Default: the reducer's name. */
  readonly undoLabel?: string
}

/**
 * The steps of one scope, kept in the universe's file for each identity: all its tabs on this device have
 * the same ones, also after a restart.
 *
 * Undoing is a call like any other, which writes what was before: also offline, and to all other devices. What
 * somebody else wrote since stays, and is told in the result.
 */
export interface UniverseUndo<R extends Reducers = Reducers> {
  readonly scope: string
  /** The reducers, each call of which is a step or part of one. */
  readonly reducers: {
    readonly [K in keyof R]: (
      args: InputOfReducer<R[K]>,
      options?: UndoCallOptions,
    ) => ReducerCall<ResultOfReducer<R[K]>>
  }
  /** Undoes the last step. Its result says when there was none. */
  undo(options?: CallOptions): ReducerCall<UndoResult>
  /** Does the step again that was undone last. */
  redo(options?: CallOptions): ReducerCall<UndoResult>
  /** The same object while nothing changes. */
  readonly state: UndoState
  /** Calls back at each change of `state`, from whatever tab. Returns the end of it. */
  onState(listener: (state: UndoState) => void): () => void
  /** Forgets all steps of the scope. */
  clear(): Promise<void>
  /** Ends following `state`. Steps stay. */
  close(): void
}

/** An open universe. Every method fails with `client/closed` after `close`. */
export interface Universe<
  T extends Tables = Tables,
  R extends Reducers = Reducers,
  // biome-ignore lint/complexity/noBannedTypes: no views are an object without members
  V extends Views = {},
> {
  readonly name: string
  readonly module: Module<T, R, V>
  /** This tab's identity, as reducers see it in `ctx.sender`. */
  readonly identity: string
  readonly connectionId: string
  readonly reducers: ReducerFunctions<R>
  /** Runs a typed query once: over one table or several, as one SQL statement. */
  query<Q>(
    build: (q: ModuleQueries<T, V>) => RelationQuery<Q>,
    options?: Cancellable,
  ): Promise<readonly Q[]>
  count<Q>(build: (q: ModuleQueries<T, V>) => Query<Q>, options?: Cancellable): Promise<number>
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
  /** A typed query, over one table or several, kept up to date by what changes. */
  live<Q>(build: (q: ModuleQueries<T, V>) => RelationQuery<Q>): LiveQuery<Q>
  /** How `live` keeps a query up to date, what it keeps for that and which indexes would help. */
  explain(
    build: (q: ModuleQueries<T, V>) => RelationQuery<unknown>,
    options?: Cancellable,
  ): Promise<LiveExplanation>
  /** The same of `liveSql`. */
  explainSql(
    text: string,
    params?: readonly QueryValue[],
    options?: Cancellable,
  ): Promise<LiveExplanation>
  /**
   * SQL kept up to date: run again when a table it reads has changed. Of a plain SELECT from one table
   * only rows count that its WHERE, as far as it compares columns with values, lets through.
   */
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
  /** Row changes of the named tables and views, one call per transaction, in commit order. */
  onChanges(
    tables: readonly ((keyof T | keyof V) & string)[],
    listener: (changes: TransactionChanges) => void,
    options?: ChangeListenerOptions,
  ): () => void
  /**
   * Opens a document: a document column of one row, which all who have it open edit at once. Those of
   * one tab share it; close each when it is not shown any more. Its code, with Yjs, is fetched with the
   * first use. `options` count for the first who opens it.
   *
   * @throws UniverseError `document/not-found`, `table/row-not-found`.
   */
  doc<K extends keyof T & string>(
    table: K,
    row: string,
    document: keyof DocumentColumnsOf<T[K]> & string,
    options?: DocumentOptions,
  ): Promise<OpenDocument>
  readonly connection: ConnectionState
  /** Calls back at each change of `connection`. */
  onConnection(listener: (state: ConnectionState) => void): () => void
  /** Where the data lives, asked anew. */
  storage(): Promise<StorageState>
  /** Asks the browser not to evict the data. True when it promised. */
  requestPersistence(): Promise<boolean>
  /**
   * How far each declared view is. Reads of one that is still being filled, as it is when it is new or
   * was changed, fail with `views/not-ready`; live queries of it begin when it is filled.
   */
  viewStates(): Promise<readonly ViewState[]>
  /** How a declared view is kept up to date; undefined before filling it has begun. */
  explainView(view: keyof V & string): Promise<LiveExplanation | undefined>
  /** Deltas not acknowledged by a relay. */
  unsyncedCount(): Promise<number>
  readonly sync: UniverseSync
  readonly kv: UniverseKv
  /**
   * Steps that can be undone and done again.
   *
   * @throws UniverseError `call/too-large` for a scope that is too long a name.
   */
  undo(options: UndoOptions): Promise<UniverseUndo<R>>
  /** Named states of the universe, of modules with `versions: true`. Its code is fetched with the first use. */
  readonly versions: Versions<T, R, V>
  /**
   * Digest of the rows of synced tables: equal on devices that show the same. Cost: reads every row.
   *
   * @throws UniverseError `sync/not-configured` in a browser for a universe opened without `sync`.
   */
  digest(): Promise<Hash>
  /** The database file, streamed. A write meanwhile fails it with `storage/changed`. */
  exportFile(options?: ProgressOptions): ReadableStream<Uint8Array>
  /** Replaces the whole universe by a file of `exportFile`, after checking it. All tabs follow. */
  importFile(file: Blob | ReadableStream<Uint8Array>, options?: ProgressOptions): Promise<void>
  /** SQLite's and the engine's own checks; empty when sound. */
  verify(): Promise<readonly string[]>
  /** Closes this tab's use of it; answers calls under way first. Idempotent. */
  close(): Promise<void>
}
