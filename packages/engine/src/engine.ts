/**
 * The engine: the only writer of a universe's database. Synchronous throughout.
 *
 * It wires schema, transactions, reducers, delta log, apply and queries together over a
 * {@link Driver}; each of those is a file of its own. See STORAGE.md for what it keeps where.
 */
import type {
  AdoptedDelta,
  Base,
  CallId,
  Changeset,
  Delta,
  Hash,
  KeptConflict,
  Origin,
  QueryValue,
  Relation,
  Replica,
  Row,
  SealedBatch,
  StreamId,
  StreamSeq,
  TableDefinitions,
  TableQuery,
  UniverseError,
  ViewState,
} from '@inner-universe/core'
import type { EngineHistory } from './history-contract.ts'
import type { KvStore } from './kv/kv-store.ts'
import type { CompileRelation } from './relation-sql.ts'
import type { SqlResult } from './sql-result.ts'

/** One invocation of a reducer. Identity, time and sender are fixed before it crossed a thread. */
export interface Call {
  readonly callId: CallId
  readonly reducer: string
  /** Plain data: JSON values and `Uint8Array`. Validated by the reducer's declaration. */
  readonly args: unknown
  /** Wall time of the call, ms since 1970. */
  readonly timestampMs: number
  readonly sender: string
  readonly connectionId: string | null
  /**
   * The lowest call number of this client still waiting for an answer: stored answers below it are
   * forgotten. Numbers of one client rise by one.
   */
  readonly oldestPendingNumber: number
  /** What it has to do with undo, if anything (UNDO.md). */
  readonly undo?: CallUndo | undefined
}

/** A call that can be undone, or one that undoes: then no reducer runs, and the value is an {@link UndoResult}. */
export type CallUndo =
  | {
      readonly kind: 'record'
      readonly scope: string
      /** Names the step to people. Default: the reducer's name. */
      readonly label?: string | undefined
      /** Calls in a row of one group are one step, however far apart in time. */
      readonly group?: string | undefined
      /** Calls without a group this close in time are one step. Default {@link UNDO_GROUP_MS}. */
      readonly groupMs?: number | undefined
    }
  | { readonly kind: 'undo' | 'redo'; readonly scope: string }

/** Whose steps, and of which part of the app. */
export interface UndoKey {
  readonly identity: string
  readonly scope: string
}

/** What can be undone and done again in a scope. */
export interface UndoState {
  readonly canUndo: boolean
  readonly canRedo: boolean
  /** Null: nothing can. */
  readonly undoLabel: string | null
  readonly redoLabel: string | null
}

/** A part of a step that was left as it is, and is the step's no more. */
export interface UndoSkipped {
  readonly table: string
  readonly id: string
  /** Null: the whole row. */
  readonly column: string | null
  /**
   * `changed`: somebody wrote it since. `deleted`, `exists`: somebody deleted the row, or inserted it
   * anew. `referenced`: somebody refers to the row that would go. `duplicate`: another row has the value
   * of a unique column. `hidden`: it is back, but what it hangs on is not.
   */
  readonly why: 'changed' | 'deleted' | 'exists' | 'referenced' | 'duplicate' | 'hidden'
}

/** What undoing a step, or doing it again, came to. */
export interface UndoResult {
  /** False when there was no step. */
  readonly isDone: boolean
  /** Of the step. */
  readonly label: string | null
  /** Rows that were written. */
  readonly rowCount: number
  /** The first {@link UNDO_SKIPPED_MAX} of them. */
  readonly skipped: readonly UndoSkipped[]
  readonly skippedCount: number
}

/** How one call ended. `isRepeated`: it had run before; this is the stored answer. */
export type CallOutcome =
  | {
      readonly callId: CallId
      readonly ok: true
      readonly value: unknown
      readonly isRepeated: boolean
      /** Place of the delta it left (of a later one, when repeated); undefined: nothing to sync. */
      readonly delta: StreamSeq | undefined
    }
  | {
      readonly callId: CallId
      readonly ok: false
      readonly error: UniverseError
      readonly isRepeated: boolean
    }

/** One committed transaction. The changeset is undefined when nothing visible changed. */
export interface Commit {
  readonly outcomes: readonly CallOutcome[]
  readonly changeset: Changeset | undefined
}

/** A connection of a tab, as the lifecycle reducers see it. */
export interface Connection {
  readonly connectionId: string
  readonly identity: string
}

/** Deltas of one stream with consecutive seqs, encoded (CODEC.md, DS rules). Immutable once written. */
export interface LogSegment {
  readonly stream: StreamId
  readonly firstSeq: number
  readonly deltaCount: number
  readonly bytes: Uint8Array
}

/** The last seq held of a stream. */
export interface StreamHead {
  readonly stream: StreamId
  readonly seq: number
}

/** What became of one segment given to `apply`. `gap`: deltas before it are missing; nothing done. */
export type ApplyOutcome =
  | { readonly kind: 'applied'; readonly deltaCount: number }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'gap'; readonly stream: StreamId; readonly heldSeq: number }

/** One transaction of remote deltas. */
export interface ApplyResult {
  readonly outcomes: readonly ApplyOutcome[]
  readonly changeset: Changeset | undefined
}

/** An own delta that the relay does not have, with what sealing it fixed. */
export interface PendingDelta {
  readonly delta: Delta
  readonly base: Base
  readonly origin: Origin | undefined
  /** Call that wrote it, kept for reducers of mode `recheck`: they are run again as that call. */
  readonly call: AuthoringCall | undefined
}

/** What running a reducer again keeps of its call: same ids, same sender, same time. */
export interface AuthoringCall {
  readonly callId: CallId
  readonly sender: string
  readonly timestampMs: number
}

/** What a rebuilt replica takes over from the file it replaces. Plain data. */
export interface CarryOver {
  readonly pending: readonly PendingDelta[]
  /** Sealed batches among them, whose bytes must not change while they keep their stream. */
  readonly sealed: readonly SealedBatch[]
  readonly stream: StreamId
  /** Rows of local tables, answers of calls, timers, connections, conflicts; the engine's own form. */
  readonly local: unknown
}

/** How a replica takes over what another one had pending. */
export interface AdoptOptions {
  /** True: pending deltas keep stream, seq and stamp; false: they are authored anew. */
  readonly keepsStream: boolean
  readonly denied: readonly (StreamSeq & { readonly reason: string })[]
  readonly settled: readonly StreamSeq[]
}

/** A row that is dead for every replica that has read as far as this one. */
export interface DeadRow {
  readonly table: string
  readonly id: string
  /** Changes whenever anything is merged into the row. */
  readonly fingerprint: string
}

/** Facts that do not change while an engine is open. */
export interface EngineInfo {
  /** Random id of this database file's universe; copies share it. */
  readonly universeId: string
  readonly owner: string
  /** Stream this engine writes. */
  readonly stream: StreamId
  readonly moduleName: string
  readonly schemaVersion: number
  /** True when this open created the universe. */
  readonly isNew: boolean
}

/**
 * An open universe database.
 *
 * Every method throws `engine/closed` after `close`, and `storage/…` when the disk refuses; a failed
 * transaction leaves the data as it was. `replica`, `apply`, `readLog`, `digest`, `carryOver`, `adopt`,
 * `dropLog`, `deadRows` and `stripForImage` throw `sync/not-configured` without {@link EngineOptions.replication}.
 */
export interface Engine {
  readonly info: EngineInfo
  /** Everything that queries may name: tables, and declared views as tables of their rows. */
  readonly definitions: TableDefinitions
  /**
   * Runs calls in one transaction: a failing call is rolled back and answered with its error, its
   * neighbours are kept (STORAGE.md TX1–TX16). Durable when it returns. A reducer may be run more
   * than once for one call; only its last run counts.
   *
   * When the disk refuses, nothing is thrown: every call is answered with that error.
   */
  commit(calls: readonly Call[]): Commit
  /**
   * Keeps the connection and runs the `connected` lifecycle reducer. Throws what it throws; the
   * connection is not kept then.
   */
  connect(connection: Connection): Commit
  /**
   * Forgets the connection and runs the `disconnected` lifecycle reducer; its failure is returned,
   * not thrown, and the connection is forgotten all the same.
   */
  disconnect(connection: Connection): Commit
  /** Connections not disconnected yet, those left over from before this engine was opened included. */
  connections(): readonly Connection[]
  /** Wall time at which the next scheduled row is due, or undefined. */
  nextDueMs(): number | undefined
  /** Runs scheduled rows due at `nowMs`, each in its own transaction; at most {@link SCHEDULED_RUNS_MAX}. */
  runDue(nowMs: number): readonly Commit[]
  /**
   * Rows of a typed query over a table or a declared view, decoded (JSON parsed, booleans as booleans).
   *
   * @throws UniverseError `views/not-ready`, as do `count` and `sql`.
   */
  query(query: TableQuery): readonly Row[]
  /**
   * Rows of a query over several tables, by one statement, decoded alike. The relation may come from
   * anywhere. `compile` is `compileRelation` of the package's `relations`: code that is only there
   * where it is needed.
   *
   * @throws UniverseError `query/invalid`, `views/not-ready`.
   */
  queryRelation(relation: Relation, compile: CompileRelation): readonly Row[]
  count(query: TableQuery): number
  /** The row of a primary key. */
  get(table: string, id: string): Row | undefined
  /**
   * Full-text search of a table declared with `.search()`: best matches first, prefix match on the
   * last word.
   */
  search(
    table: string,
    text: string,
    options: { readonly limit: number; readonly offset?: number },
  ): readonly Row[]
  /** Read-only SQL over the module's tables and views by their names. */
  sql(text: string, params?: readonly QueryValue[]): SqlResult
  /** Tables and views of the module that a read-only statement reads. */
  tablesRead(text: string): ReadonlySet<string>
  /** Merges deltas from elsewhere in one transaction (MERGE.md). Order, repeats do not matter. */
  apply(segments: readonly Uint8Array[]): ApplyResult
  /** Segments of a stream from a seq on, up to about `bytesMax`. */
  readLog(stream: StreamId, fromSeq: number, bytesMax: number): readonly LogSegment[]
  streamHeads(): readonly StreamHead[]
  /** Deltas of own streams that no relay has acknowledged. */
  unsyncedCount(): number
  /** The outbox, and what takes in the relay's log. */
  readonly replica: Replica
  /**
   * Digest of the visible rows of synced tables: equal on replicas that show the same. Cost: reads
   * every row.
   */
  digest(): Hash
  /** What a replica built to replace this one must take over. */
  carryOver(): CarryOver
  /**
   * Takes over from the replaced file, in one transaction: local tables and answers as they were,
   * pending deltas as `options` say. Re-authoring runs `recheck` reducers again and re-issues the
   * effects of the others; deltas of `init` are left out where the universe has one already.
   */
  adopt(
    carryOver: CarryOver,
    options: AdoptOptions,
  ): { readonly adopted: readonly AdoptedDelta[]; readonly conflicts: readonly KeptConflict[] }
  /**
   * Key-value entries of this device (KV.md KS16–KS19), outside of reducers: a batch is a transaction
   * of its own.
   */
  readonly kv: Pick<KvStore, 'get' | 'exists' | 'count' | 'scan' | 'scanPrefix' | 'batch'>
  /** The steps of undo of an identity in a scope; undoing is a call, see {@link CallUndo}. */
  readonly undo: {
    /** Whether a call was ever recorded in this file; known without {@link EngineOptions.undo}. */
    isUsed(): boolean
    state(key: UndoKey): UndoState
    /** Forgets all steps of the scope. */
    clear(key: UndoKey): void
  }
  /**
   * States of the universe that were named.
   *
   * @throws UniverseError `history/not-configured` without {@link EngineOptions.history}, and for a
   * module that does not declare `versions`.
   */
  readonly history: EngineHistory
  /** Conflicts noticed and not dismissed, oldest first. */
  conflicts(): readonly KeptConflict[]
  dismissConflicts(conflictIds: readonly number[]): void
  /**
   * Forgets segments of the log that are in the relay's log up to an offset, at most about
   * `bytesMax` of them, and a slice of the clocks that the last floor made needless; gives how much
   * more it saw, 0: nothing is left. What waits for a newer schema stays. For idle time, after a floor.
   */
  dropLog(throughOffset: number, bytesMax: number): number
  /** Rows that nothing shows and nothing refers to, with all their clocks at or below `hlc`. */
  deadRows(hlc: number): readonly DeadRow[]
  /** Removes what an image must not carry: log, answers, timers, connections, local rows, conflicts. */
  stripForImage(): void
  /** How far each declared view is; none without {@link EngineOptions.views}. */
  viewStates(): readonly ViewState[]
  /** How a declared view is kept, as what keeps it says; undefined before it was begun. */
  explainView(view: string): unknown
  /** Fills a slice of the views that are not ready, for idle time; false when all are. */
  fillViews(): boolean
  /** `ok`, or faults found by SQLite and by the engine's own invariants (STORAGE.md). */
  verify(): readonly string[]
  /** Idempotent. */
  close(): void
}
