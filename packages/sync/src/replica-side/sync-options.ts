/** What a replica's sync is made of, and what it tells. */
import type {
  AdoptedDelta,
  Changeset,
  HashFunction,
  KeptConflict,
  StreamSeq,
} from '@inner-universe/core'
import type { Compression, Connect, Scheduler } from '../transport.ts'
import type { ChunkHash, ImageSource } from './image-fetch.ts'
import type { RebuildReason, ReplicaHome } from './replica-home.ts'
import type { SyncStatus } from './sync-status.ts'

/** A replica was replaced by one built anew. */
export interface RebuiltEvent {
  readonly reason: RebuildReason
  /** What became of each delta that was pending. */
  readonly adopted: readonly AdoptedDelta[]
}

/** What a {@link ReplicaSync} is made of. */
export interface ReplicaSyncOptions {
  /** The universe's name at the relay. */
  readonly universe: string
  readonly home: ReplicaHome
  readonly connect: Connect
  readonly images: ImageSource
  readonly scheduler: Scheduler
  /** A number in [0, 1): jitter of waits. */
  readonly randomFloat: () => number
  readonly compression: Compression
  /** {@link hashOf} unless a quicker one is at hand. */
  readonly hash?: HashFunction
  /**
   * The same hash of one chunk of an image, where a quicker one may be asynchronous. Default: `hash`,
   * which takes a second for every 60 MB in plain JavaScript.
   */
  readonly hashChunk?: ChunkHash
  /** A fresh token. A failure with `sync/unauthorized` means that the app has none. */
  readonly getToken: () => string | Promise<string>
  /** Name and version of the program, for the relay's log. */
  readonly agent: string
  /** Told of every change, and only then. */
  readonly onStatus?: (status: SyncStatus) => void
  /** Own deltas that are in the relay's log now, with all before them in their stream. */
  readonly onConfirmed?: (confirmed: readonly StreamSeq[]) => void
  /** What changed by taking in, for live queries. */
  readonly onChangeset?: (changeset: Changeset) => void
  readonly onConflicts?: (conflicts: readonly KeptConflict[]) => void
  /** Part of the log was taken in, or own deltas were acknowledged: there may be a new floor. */
  readonly onTakenIn?: () => void
  /** `home.replica` is another one now: everything read from the old one is out of date. */
  readonly onRebuilt?: (event: RebuiltEvent) => void
  /** What another session says of itself; undefined: it is gone. */
  readonly onAware?: (sessionId: string, state: Uint8Array | undefined) => void
  /** Relay's time − own time, ms, whenever it was measured anew. */
  readonly onClockOffset?: (offsetMs: number) => void
}
