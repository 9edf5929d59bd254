/**
 * What pages and the worker say to each other on the batched port. The whole of it; what checks the
 * messages is in parse-page-message.ts and parse-worker-message.ts.
 *
 *     page                                    worker
 *     hello ────────────────────────────────▶ connects the client (lifecycle `connected`) unless it is
 *           ◀──────────────────────────────── welcome, or refused and nothing after it
 *     batch of calls, reads, subscriptions ─▶ runs calls in groups, one transaction each
 *           ◀──────────────────────────────── batch: changes, then one cut, then answers
 *     acknowledge ──────────────────────────▶ has applied the cut; what gathered since may follow
 *     bye   ────────────────────────────────▶ disconnects the client
 *           ◀──────────────────────────────── left
 *
 * A page that meets a new worker (fail-over) says hello again, is connected still, and sends every call
 * without an answer again, under the same number: the engine answers repeats from its store.
 * Within one batch from the worker the order is: what changed, then who caused it; so a caller's
 * live queries show its call before its promise resolves. A cut is the news of all live queries of a
 * page as of one transaction; at most one is on its way, and the next says all that happened since.
 * Peers are not trusted: whatever arrives is checked, and a message that does not fit ends that link
 * with `client/protocol`.
 */
import type {
  DraftCall,
  JsonValue,
  KeptConflict,
  KeyRange,
  QueryValue,
  Relation,
  StreamSeq,
  TableQuery,
} from '@inner-universe/core'
import type { CallUndo, VersionInfo, VersionRef } from '@inner-universe/engine'
import type { KvOperation, KvScanOptions } from '@inner-universe/engine/kv'
import type { SyncStatus as ReplicaStatus } from '@inner-universe/sync'
import type { Explanation } from '@inner-universe/views'
import type { TransferredError } from './error-transfer.ts'
import type { RowsPatch } from './row-patch.ts'
import type { EncodedRows } from './row-transfer.ts'

/** Raised with every change of the messages. Tabs of different contracts cannot talk. */
export const CONTRACT_VERSION = 5

/** One read, once. */
export type Read =
  | { readonly kind: 'query'; readonly query: TableQuery }
  | { readonly kind: 'count'; readonly query: TableQuery }
  | { readonly kind: 'get'; readonly table: string; readonly id: string }
  | {
      readonly kind: 'search'
      readonly table: string
      readonly text: string
      readonly limit: number
      readonly offset: number
    }
  | { readonly kind: 'sql'; readonly text: string; readonly params: readonly QueryValue[] }
  /** Rows of a query over several tables. Not checked by the contract, but by who plans it. */
  | { readonly kind: 'relation'; readonly relation: Relation }
  /** How a read would be kept up to date, as {@link LiveExplanation}. */
  | { readonly kind: 'explain'; readonly read: LiveRead }
  | KvRead
  | UndoRead
  | HistoryRead

/** What is asked of the key-value entries; a write sent again after a fail-over does the same again. */
export type KvRead =
  | { readonly kind: 'kv-get'; readonly category: Uint8Array; readonly key: Uint8Array }
  | ({ readonly kind: 'kv-count'; readonly category: Uint8Array } & KeyRange)
  | ({ readonly kind: 'kv-scan'; readonly category: Uint8Array } & KeyRange & KvScanOptions)
  | { readonly kind: 'kv-write'; readonly operations: readonly KvOperation[] }

/** What is asked of the steps of undo of the client's identity. Clearing again does no more. */
export type UndoRead =
  | { readonly kind: 'undo-state'; readonly scope: string }
  | { readonly kind: 'undo-clear'; readonly scope: string }

/** A read of the versions of the universe. */
export interface HistoryRead {
  readonly kind: 'history'
  readonly request: HistoryRequest
}

/** What is read as of a version, or on top of one. */
export type PastRead = Extract<Read, { kind: 'query' | 'count' | 'get' | 'relation' | 'sql' }>

/** What is asked of versions: see what answers it, `EngineHistory` of the engine. */
export type HistoryRequest =
  /** All of them with their names, as {@link KnownVersions}. */
  | { readonly kind: 'versions' }
  /** How much of the content of a version is here, as {@link Arrival}. */
  | { readonly kind: 'arrival'; readonly version: string }
  | { readonly kind: 'past'; readonly version: string; readonly read: PastRead }
  /** Null: the present. */
  | {
      readonly kind: 'diff'
      readonly from: string | null
      readonly to: string | null
      readonly tables?: readonly string[] | undefined
      readonly limit: number
      readonly after?: readonly [table: string, id: string] | undefined
    }
  | { readonly kind: 'digest'; readonly version: string | null }
  /** Runs calls on top of a version, reads, and takes all of it back. */
  | {
      readonly kind: 'draft'
      readonly version: string
      readonly calls: readonly DraftCall[]
      readonly read?: PastRead | undefined
    }
  /** Undefined: all. */
  | { readonly kind: 'export'; readonly versions?: readonly string[] | undefined }

/** The versions that are known here, oldest first, and their names. */
export interface KnownVersions {
  readonly versions: readonly VersionInfo[]
  readonly refs: readonly VersionRef[]
}

/** How far the content of a version has come. It comes in chunks of about 256 KiB. */
export interface Arrival {
  readonly chunkCount: number
  /** Undefined until the last one is here. */
  readonly chunkTotal: number | undefined
}

/** A read that can be kept up to date. */
export type LiveRead = Extract<Read, { kind: 'query' | 'relation' | 'search' | 'sql' }>

/** How a query is kept up to date. Plain data. */
export interface LiveExplanation {
  /**
   * `incremental`: what a change costs follows the change. `rerun`: the query is run again, for the
   * reason given, when a row it may read has changed.
   */
  readonly mode: 'incremental' | 'rerun'
  readonly reason: string | undefined
  /** Tables whose changes it takes in. */
  readonly tables: readonly string[]
  /** Its operators and what they keep; undefined where it is run again. */
  readonly graph: Explanation | undefined
  /** All of this to be read by people, several lines. */
  readonly text: string
}

/** The first message of a page on a link. */
export interface Hello {
  readonly kind: 'hello'
  readonly contractVersion: number
  /** Client id and connection id are one: 32 hex digits, new with every open. */
  readonly clientId: string
  /** Undefined: the owner's. */
  readonly identity: string | undefined
  readonly moduleName: string
  readonly schemaVersion: number
  /** Whether it can be asked for a token of the relay. */
  readonly hasToken: boolean
}

/** Where synchronisation stands; `off`: the universe was opened without. Plain data. */
export type SyncStatus =
  | ReplicaStatus
  | { readonly kind: 'off'; readonly unsyncedCount: number; readonly lastContactMs: undefined }

/** What another tab or device says of itself. */
export interface Peer {
  /** The `connectionId` of its tab. */
  readonly sessionId: string
  readonly state: JsonValue
}

/** One thing a page wants. Ids and call numbers are the page's own, unique within a client. */
export type PageItem =
  | {
      readonly kind: 'call'
      readonly number: number
      readonly reducer: string
      readonly args: unknown
      readonly timestampMs: number
      /** What it has to do with undo. */
      readonly undo?: CallUndo | undefined
      /** True when it was sent before, to a worker that is gone. */
      readonly isResent: boolean
    }
  | { readonly kind: 'cancel-call'; readonly number: number }
  | { readonly kind: 'read'; readonly id: number; readonly read: Read }
  | { readonly kind: 'cancel-read'; readonly id: number }
  | { readonly kind: 'subscribe'; readonly id: number; readonly read: LiveRead }
  | { readonly kind: 'unsubscribe'; readonly id: number }
  /** The last cut has been applied; the next may come. */
  | { readonly kind: 'acknowledge' }
  /** Tables whose changes are wanted from now on, replacing those before. */
  | { readonly kind: 'watch'; readonly tables: readonly string[] }
  | SyncItem

/** What a page has to do with the relay. */
export type SyncItem =
  /** Tell when that delta is in the relay's log, or will never be. */
  | { readonly kind: 'confirm'; readonly id: number; readonly delta: StreamSeq }
  | { readonly kind: 'pause'; readonly isPaused: boolean }
  /** What the tab says of itself; undefined: nothing any more. */
  | { readonly kind: 'presence'; readonly state: JsonValue | undefined }
  /** What its open documents say beside it. Peers are told again, as whoever begins needs them. */
  | { readonly kind: 'documents'; readonly state: JsonValue | undefined }
  | { readonly kind: 'network'; readonly isOnline: boolean }
  /** The answer to `token-wanted`. */
  | { readonly kind: 'token'; readonly id: number; readonly token: string }
  | { readonly kind: 'token-failed'; readonly id: number; readonly error: TransferredError }

/** Everything a page sends. */
export type PageMessage =
  | Hello
  | {
      readonly kind: 'batch'
      /** Lowest call number without an answer; answers below it may be forgotten. */
      readonly oldestPendingNumber: number
      readonly items: readonly PageItem[]
    }
  | { readonly kind: 'bye' }

/** What the worker says of itself to a client it has connected. */
export interface Welcome {
  readonly kind: 'welcome'
  /** The client's identity, as reducers see it. */
  readonly identity: string
  readonly storage: 'opfs' | 'file' | 'memory'
  /** Why it came to memory, if it was not asked for. */
  readonly storageReason: string | undefined
}

/** One changed row as it crosses. */
export interface ChangeItem {
  readonly table: string
  readonly id: string
  readonly before: Readonly<Record<string, unknown>> | undefined
  readonly after: Readonly<Record<string, unknown>> | undefined
}

/** What is new of one subscription. Where a cut has several of one, they are taken in order. */
export type LiveNews =
  /** All rows: its first, or anew; or the rest of them after its parts. */
  | {
      readonly kind: 'rows'
      readonly id: number
      readonly rows: EncodedRows
      readonly isRest: boolean
    }
  | { readonly kind: 'patch'; readonly id: number; readonly patch: RowsPatch }
  | { readonly kind: 'failed'; readonly id: number; readonly error: TransferredError }

/** One thing the worker tells a page. */
export type WorkerItem =
  | {
      readonly kind: 'answer'
      readonly number: number
      readonly value: unknown
      /** Place of the delta it left; undefined: it wrote nothing that is synced. */
      readonly delta: StreamSeq | undefined
    }
  | { readonly kind: 'refusal'; readonly number: number; readonly error: TransferredError }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: EncodedRows }
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'read-failed'; readonly id: number; readonly error: TransferredError }
  /** Rows of a long first result, ahead of the cut that has the rest of them. Not acknowledged. */
  | {
      readonly kind: 'live-part'
      readonly id: number
      /** Parts before it, if any, were of something else. */
      readonly isFirst: boolean
      readonly rows: EncodedRows
    }
  /** A cut: applied as one, then acknowledged. */
  | { readonly kind: 'live-cut'; readonly news: readonly LiveNews[] }
  | {
      readonly kind: 'changes'
      readonly origin: 'local' | 'remote'
      readonly changes: readonly ChangeItem[]
    }
  /** The database was replaced: transactions were missed, read again. */
  | { readonly kind: 'gap' }
  | SyncNews

/** What the worker tells of the relay. */
export type SyncNews =
  | { readonly kind: 'sync-status'; readonly status: SyncStatus }
  /** All others that say something of themselves, and what their documents say; replacing those before. */
  | {
      readonly kind: 'peers'
      readonly peers: readonly Peer[]
      readonly documents: readonly JsonValue[]
    }
  /** Conflicts noticed just now. */
  | { readonly kind: 'conflicts'; readonly conflicts: readonly KeptConflict[] }
  | { readonly kind: 'confirmed'; readonly id: number }
  | { readonly kind: 'unconfirmed'; readonly id: number; readonly error: TransferredError }
  /** The relay wants a token, which the page's function gives. */
  | { readonly kind: 'token-wanted'; readonly id: number }

/** Everything the worker sends. */
export type WorkerMessage =
  | Welcome
  | { readonly kind: 'refused'; readonly error: TransferredError }
  | { readonly kind: 'batch'; readonly items: readonly WorkerItem[] }
  | { readonly kind: 'left' }
