/** Where a replica lives, and how it is replaced by a rebuilt one. */
import type { AdoptedDelta, KeptConflict, Replica, StreamSeq } from '@inner-universe/core'
import type { ImageManifest } from '../image-manifest.ts'

/** Why a replica is built anew from the relay. */
export type RebuildReason =
  | 'join' // first contact with a universe that others have written
  | 'behind' // too far behind for the log, or much quicker from an image
  | 'rebase' // own deltas were written below the floor
  | 'fork' // own stream was continued by a copy, or this storage was rolled back
  | 'restored' // the relay lost what this replica has read
  | 'denied' // the relay refused own deltas
  | 'clock' // own deltas are stamped too far in the future

/** What becomes of own deltas that the relay does not have. */
export interface AdoptionPlan {
  readonly reason: RebuildReason
  /** True: they keep their stream, seq and stamp; false: they are authored anew. */
  readonly keepsStream: boolean
  /** Deltas to leave out, and why. */
  readonly denied: readonly (StreamSeq & { readonly reason: string })[]
  /** Deltas that are in the log under another name. */
  readonly settled: readonly StreamSeq[]
  /** Relay time − own time, ms: what own clocks are corrected by. */
  readonly clockOffsetMs: number
}

/** The home of one replica. */
export interface ReplicaHome {
  /** The one in use. Another object after a rebuild. */
  readonly replica: Replica
  /** Begins a rebuild beside it, or goes on with one that was broken off. */
  stage(): Promise<StagedReplica>
}

/** A replica being built. Ends with `takeOver` or `drop`. */
export interface StagedReplica {
  /** Chunks of the image kept from an earlier attempt, verified: their indexes. */
  keptChunks(manifest: ImageManifest): Promise<ReadonlySet<number>>
  /** Keeps one chunk of the image, inflated. Its hash has been checked. */
  writeChunk(manifest: ImageManifest, index: number, bytes: Uint8Array): Promise<void>
  /** Opens the image that was written, or an empty replica. It takes in the rest of the log. */
  open(start: { readonly manifest: ImageManifest } | { readonly owner: string }): Promise<Replica>
  /**
   * Stops calls, carries over what is local to this device and the pending deltas, and puts the
   * staged replica in place of the other: all or nothing. Tells what became of each pending delta.
   */
  takeOver(plan: AdoptionPlan): Promise<TakeOverResult>
  drop(): Promise<void>
}

/** What carrying over did. */
export interface TakeOverResult {
  readonly adopted: readonly AdoptedDelta[]
  readonly conflicts: readonly KeptConflict[]
}
