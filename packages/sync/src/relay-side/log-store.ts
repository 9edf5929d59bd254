/**
 * Where a relay keeps its universes. Implementations pass one contract suite
 * (`relay/src/storage/testing`); the relay side knows nothing else of storage.
 *
 * Everything is asynchronous so that a database over the network fits.
 */
import type { BatchHead, Epoch, Floor, Hash, StreamId } from '@inner-universe/core'
import type { WireBatch } from '../messages.ts'

/** What is known of a universe. */
export interface UniverseRecord {
  readonly universe: string
  readonly module: string
  readonly owner: string
  readonly epoch: Epoch
  /** Wall time at which it began, ms since 1970. */
  readonly epochMs: number
  /** Earlier epochs: each shares the log up to `lastOffset` with the one after it. */
  readonly pastEpochs: readonly { readonly epoch: Epoch; readonly lastOffset: number }[]
  /** Last offset; 0 when empty. */
  readonly head: number
  /** Chain hash of the log at the head. */
  readonly hash: Hash
  /** Entries up to and including this offset are no longer kept. */
  readonly truncatedThrough: number
  readonly floor: { readonly offset: number; readonly baseOffset: number } | undefined
  readonly schemaVersion: number
  readonly schemaHash: Hash
  readonly minReader: number
  readonly minWriter: number
  /** Bytes of the entries kept. */
  readonly byteCount: number
}

/** One kept entry. */
export type StoredEntry =
  | {
      readonly kind: 'batch'
      readonly offset: number
      readonly stream: StreamId
      readonly firstSeq: number
      readonly deltaCount: number
      readonly hash: Hash
      /** Chain hash of the log at this entry. */
      readonly logHash: Hash
      readonly batch: WireBatch
    }
  | {
      readonly kind: 'floor'
      readonly offset: number
      readonly logHash: Hash
      readonly floor: Floor
    }

/** Entries to append to one universe, with the facts they change. */
export interface Append {
  readonly universe: string
  /** Consecutive offsets from the head on. */
  readonly entries: readonly StoredEntry[]
  /** Origins of re-authored deltas among them. */
  readonly origins: readonly StoredOrigin[]
  /** Who wrote the streams that appear for the first time. */
  readonly newStreams: readonly { readonly stream: StreamId; readonly identity: string }[]
}

/** A delta that another one of the log stands for: its stream, and its hash alone (`originHash`). */
export interface StoredOrigin {
  readonly stream: StreamId
  readonly hash: Hash
}

/** A stream as the relay knows it. */
export interface StoredStream extends BatchHead {
  readonly identity: string
}

/** How far a replica has durably read. */
export interface StoredCursor {
  readonly stream: StreamId
  readonly offset: number
  readonly atMs: number
}

/** Facts of a new universe. */
export interface NewUniverse {
  readonly universe: string
  readonly module: string
  readonly owner: string
  readonly epoch: Epoch
  readonly epochMs: number
}

/** An image that is kept. */
export interface StoredImage {
  readonly manifest: Hash
  readonly offset: number
  readonly byteCount: number
  readonly createdMs: number
}

/**
 * A relay's storage.
 *
 * @throws UniverseError `storage/…`: nothing of the call was done.
 */
export interface LogStore {
  find(universe: string): Promise<UniverseRecord | undefined>
  /** Creates it, or gives the one that is there. */
  create(universe: NewUniverse): Promise<UniverseRecord>
  list(): Promise<readonly UniverseRecord[]>
  /**
   * Appends to any number of universes at once: all or nothing, durable when it resolves. A floor
   * among the entries becomes the universe's. Asserts that the offsets follow the head.
   */
  append(appends: readonly Append[]): Promise<void>
  /** Entries after an offset, about `bytesMax` of them; at least one if there is. In order. */
  read(universe: string, afterOffset: number, bytesMax: number): Promise<readonly StoredEntry[]>
  /** Chain hash at an offset that is still kept, or at `truncatedThrough`; undefined elsewhere. */
  hashAt(universe: string, offset: number): Promise<Hash | undefined>
  stream(universe: string, stream: StreamId): Promise<StoredStream | undefined>
  streams(universe: string): Promise<readonly StoredStream[]>
  /** The batch that holds a seq, while it is kept. */
  batchOf(
    universe: string,
    stream: StreamId,
    seq: number,
  ): Promise<Extract<StoredEntry, { kind: 'batch' }> | undefined>
  hasOrigin(universe: string, origin: StoredOrigin): Promise<boolean>
  /** True when any delta of the stream is an origin. Asked of every stream that is written. */
  hasOriginsOf(universe: string, stream: StreamId): Promise<boolean>
  setSchema(
    universe: string,
    schema: {
      readonly version: number
      readonly hash: Hash
      readonly text: string
      readonly minReader: number
      readonly minWriter: number
    },
  ): Promise<void>
  schemaText(universe: string): Promise<string | undefined>
  /** Begins a new epoch from the present head on. */
  startEpoch(universe: string, epoch: Epoch, epochMs: number): Promise<void>
  /** Notes cursors of replicas; the newest of each counts. */
  putCursors(universe: string, cursors: readonly StoredCursor[]): Promise<void>
  cursors(universe: string): Promise<readonly StoredCursor[]>
  /** Forgets entries up to an offset, a slice at a time; gives how many are left to forget. */
  truncate(universe: string, throughOffset: number, entriesMax: number): Promise<number>
  putImage(universe: string, image: StoredImage & { readonly text: string }): Promise<void>
  images(universe: string): Promise<readonly StoredImage[]>
  manifestText(universe: string, manifest: Hash): Promise<string | undefined>
  /** Removes images, and the chunks none of the others names. */
  dropImages(universe: string, manifests: readonly Hash[]): Promise<void>
  hasChunk(chunk: Hash): Promise<boolean>
  /** Keeps compressed bytes under the hash of the inflated ones. */
  putChunk(chunk: Hash, bytes: Uint8Array): Promise<void>
  chunk(chunk: Hash): Promise<Uint8Array | undefined>
  close(): Promise<void>
}
