/**
 * What a replica's store offers to the sync half that keeps it up to date: its outbox, its place in
 * the relay's log, and a way to take in what comes from there.
 *
 * The engine implements {@link Replica}; `sync` works against it and knows no storage. Everything is
 * synchronous and durable when it returns.
 */

import type { StreamId } from './id.ts'
import type { JsonValue } from './json.ts'
import type { Changeset } from './row-change.ts'

declare const brand: unique symbol

/** The first 16 bytes of a SHA-256, as 32 hex digits. */
export type Hash = string & { readonly [brand]: 'hash' }

/** What a chain of hashes begins from. */
export const ZERO_HASH: Hash = '0'.repeat(32) as Hash

/** Identity of one life of a relay's log: another one after a restore. 16 hex digits; `''`: none. */
export type Epoch = string & { readonly [brand]: 'epoch' }

/** No relay's log has been read yet. */
export const NO_EPOCH: Epoch = '' as Epoch

/** A place in the relay's log of a universe: everything up to and including `offset`. */
export interface LogPosition {
  readonly epoch: Epoch
  /** The first entry has offset 1; 0: nothing. */
  readonly offset: number
  /** Chain of the hashes of all entries up to there; {@link ZERO_HASH} at 0. */
  readonly hash: Hash
}

/** What the author of deltas had durably read of the log when it wrote the first of them. */
export interface Base {
  readonly epoch: Epoch
  readonly offset: number
}

/** Names the delta that a re-authored one stands for. */
export interface Origin {
  readonly stream: StreamId
  readonly seq: number
  /** Of the original alone, encoded as a segment of one. */
  readonly hash: Hash
}

/** Own deltas that are ready to be sealed: consecutive, of one stream, encoded as one segment. */
export interface UnsealedDeltas {
  readonly stream: StreamId
  readonly firstSeq: number
  readonly deltaCount: number
  /** Hash of the batch before in this stream. */
  readonly previous: Hash
  /** The oldest of their bases. */
  readonly base: Base
  readonly schemaVersion: number
  readonly firstHlc: number
  readonly lastHlc: number
  /** Empty, or one entry per delta: what it was re-authored from. */
  readonly origins: readonly (Origin | undefined)[]
  /** The segment (CODEC.md DS). */
  readonly content: Uint8Array
}

/** Deltas of one stream sealed together: header and content never change again. */
export interface SealedBatch {
  readonly stream: StreamId
  readonly firstSeq: number
  readonly deltaCount: number
  readonly hash: Hash
  /** PROTOCOL.md's batch header; opaque to the engine. */
  readonly header: Uint8Array
  /** The segment, not compressed. */
  readonly content: Uint8Array
}

/** Rows that nothing can bring back: every replica forgets them at the same offset. */
export interface Forgotten {
  readonly table: string
  readonly ids: readonly string[]
}

/** Below a floor the log may be replaced by an image. MERGE.md. */
export interface Floor {
  /** Nothing later in the log is accepted whose base is below this offset. */
  readonly baseOffset: number
  /** Greatest hlc up to `baseOffset`: all that comes later is above it. */
  readonly hlc: number
  readonly forgotten: readonly Forgotten[]
}

/** One entry of the relay's log, as a replica takes it in. */
export type LogEntry =
  | {
      readonly kind: 'batch'
      readonly offset: number
      readonly batch: SealedBatch
      /** Hash of the batch before in its stream, as its header says. */
      readonly previous: Hash
      readonly base: Base
      readonly origins: readonly (Origin | undefined)[]
    }
  /** A batch this session pushed, named only. */
  | {
      readonly kind: 'own'
      readonly offset: number
      readonly stream: StreamId
      readonly firstSeq: number
      readonly deltaCount: number
      readonly hash: Hash
    }
  | { readonly kind: 'floor'; readonly offset: number; readonly floor: Floor }

/** One cell (or row) on which concurrent writes of this replica and another met. */
export interface Conflict {
  /**
   * `overridden`: one of two concurrent writes to a cell won. `deleted`: a row that one side changed
   * was deleted by the other. `claim-lost`: a unique value was claimed by another row first.
   * `dropped`: a delta that had to be authored again found nothing to apply to, or its reducer
   * refused. `denied`: the relay refused the delta.
   */
  readonly kind: 'overridden' | 'deleted' | 'claim-lost' | 'dropped' | 'denied'
  readonly table: string
  readonly id: string
  readonly column: string | null
  /** Value written here, as queries give it; null for whole rows. */
  readonly ours: JsonValue
  readonly theirs: JsonValue
  readonly winner: 'ours' | 'theirs'
  readonly reducer: string | null
  readonly reason: string | null
  /** Wall time at which it was noticed, ms since 1970. */
  readonly atMs: number
}

/** A conflict as it is kept, newest last, until the app dismisses it or {@link CONFLICTS_MAX} push it out. */
export interface KeptConflict extends Conflict {
  readonly conflictId: number
}

/** What taking in entries did. */
export type ReceiveResult =
  | {
      readonly kind: 'received'
      readonly changeset: Changeset | undefined
      readonly conflicts: readonly KeptConflict[]
      /** Own deltas now known to be in the log, by stream: the last seq. */
      readonly confirmed: readonly StreamSeq[]
    }
  /**
   * The log holds what this replica cannot have written or read: its storage was rolled back or
   * copied, or the relay restored. Nothing was taken in; the replica must be rebuilt.
   */
  | { readonly kind: 'forked'; readonly stream: StreamId; readonly reason: string }

/** A position in a stream. */
export interface StreamSeq {
  readonly stream: StreamId
  readonly seq: number
}

/** The last batch held of a stream. For own streams: the last sealed one. */
export interface BatchHead {
  readonly stream: StreamId
  /** Last seq of that batch. */
  readonly seq: number
  readonly hash: Hash
}

/** How a pending delta fared when its replica was rebuilt. */
export type AdoptedDelta =
  | { readonly kind: 'kept'; readonly from: StreamSeq }
  | { readonly kind: 'reauthored'; readonly from: StreamSeq; readonly to: StreamSeq }
  /** It is in the log already, or changes nothing any more. */
  | { readonly kind: 'settled'; readonly from: StreamSeq }
  | {
      readonly kind: 'dropped'
      readonly from: StreamSeq
      readonly code: 'sync/denied' | 'sync/dropped'
      readonly reason: string
    }

/** A replica's store, as `sync` sees it. */
export interface Replica {
  readonly stream: StreamId
  readonly moduleName: string
  readonly schemaVersion: number
  /** The module's tables as canonical JSON, for a relay that folds without the module's code. */
  readonly schema: string
  readonly minReader: number
  readonly minWriter: number
  /** Durable place in the relay's log. */
  position(): LogPosition
  /** Offset and base of the last floor taken in; undefined: none. */
  lastFloor(): { readonly offset: number; readonly baseOffset: number } | undefined
  /** Own deltas the relay has not acknowledged. Cost: none. */
  unsyncedCount(): number
  /** Own streams with deltas not acknowledged, oldest first, with the last acknowledged batch. */
  pendingStreams(): readonly { readonly stream: StreamId; readonly acknowledged: BatchHead }[]
  /** The oldest own deltas not sealed yet, about `contentBytesMax` of them; at least one if there is. */
  nextUnsealed(contentBytesMax: number): UnsealedDeltas | undefined
  /** Fixes their header. They are one batch from now on. */
  seal(deltas: UnsealedDeltas, header: Uint8Array, hash: Hash): void
  /** Own sealed batches not acknowledged, in order, from after `after` (or the first) on. */
  sealedBatches(after: StreamSeq | undefined, bytesMax: number): readonly SealedBatch[]
  /**
   * Notes that own deltas up to `seq` are in the relay's log, durable there. Repeats do no harm.
   * An offset that is not known yet (the relay said so by its head only) is undefined.
   */
  acknowledge(stream: StreamId, seq: number, offset: number | undefined): ReceiveResult
  /**
   * The relay lost what it had acknowledged above `seq`: it becomes pending again. Of a stream of others
   * nothing is changed.
   */
  unacknowledge(stream: StreamId, seq: number): void
  /** Takes in entries in offset order, in one transaction, and moves the position. */
  receive(entries: readonly LogEntry[], position: LogPosition): ReceiveResult
  /** Begins a new own stream for whatever is written from now on. */
  startStream(): StreamId
  /** The last batch held of every stream. */
  batchHeads(): readonly BatchHead[]
  /** Batches of any stream held above a seq, for a relay that lost them. */
  batchesAfter(stream: StreamId, seq: number, bytesMax: number): readonly SealedBatch[]
}
