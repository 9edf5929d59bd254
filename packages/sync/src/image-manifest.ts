/** The manifest of an image: what a new replica needs to fetch, check and open it. */
import type { Epoch, Hash } from '@inner-universe/core'

/** Bytes of one chunk before compression; the last may be shorter. */
export const IMAGE_CHUNK_BYTES: number = 1024 * 1024

/** A SQLite file at an offset of the log, in chunks. Encoded as canonical JSON; PROTOCOL.md. */
export interface ImageManifest {
  readonly format: 1
  readonly universe: string
  readonly module: string
  readonly schemaVersion: number
  readonly schemaHash: Hash
  readonly epoch: Epoch
  readonly offset: number
  /** Chain hash of the log at `offset`. */
  readonly hash: Hash
  readonly owner: string
  /** Digest of the visible rows. */
  readonly digest: Hash
  readonly byteCount: number
  /** Of each chunk: hash of its bytes and its compressed length. */
  readonly chunks: readonly { readonly hash: Hash; readonly byteCount: number }[]
}
