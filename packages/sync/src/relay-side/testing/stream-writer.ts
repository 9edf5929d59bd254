/** A stream written by a test: real segments, sealed and chained as a replica does. */
import {
  type Base,
  createSegmentWriter,
  type Hash,
  hlcFromMs,
  type RowOperation,
  type SealedBatch,
  type StreamId,
  type StreamSeq,
  ZERO_HASH,
} from '@inner-universe/core'
import { sealBatch } from '../../batch.ts'
import type { WireBatch } from '../../messages.ts'

/** What the next batch is to say; the rest follows from the one before. */
export interface NextBatch {
  readonly base?: Base
  /** Of its first delta. */
  readonly hlc?: number
  /** One delta per list. */
  readonly operations?: readonly (readonly RowOperation[])[]
  readonly origins?: readonly ((StreamSeq & { readonly hash: Hash }) | undefined)[]
  readonly schemaVersion?: number
  /** Written into the first cell: to make it as large as wanted. */
  readonly text?: string
}

/** Writes one stream. */
export interface StreamWriter {
  readonly stream: StreamId
  /** Last seq sealed. */
  readonly seq: number
  next(batch?: NextBatch): SealedBatch
  /** A writer that goes on from here on its own: the same stream on a copied disk. */
  fork(): StreamWriter
}

/** The stream of a number, for tests. */
export function streamOf(number: number): StreamId {
  return number.toString(16).padStart(32, '0') as StreamId
}

/** Starts a stream whose clock begins at a wall time. */
export function createStreamWriter(stream: StreamId, nowMs: number): StreamWriter {
  return continued(stream, { seq: 0, previous: ZERO_HASH, hlc: hlcFromMs(nowMs) })
}

interface Place {
  seq: number
  previous: Hash
  hlc: number
}

function continued(stream: StreamId, place: Place): StreamWriter {
  return {
    stream,
    get seq() {
      return place.seq
    },
    next(batch = {}) {
      const { base = { epoch: '' as Base['epoch'], offset: 0 }, schemaVersion = 1 } = batch
      const firstSeq = place.seq + 1
      const operations = batch.operations ?? [[insertOf('item', `${firstSeq}`, batch.text ?? '')]]
      const firstHlc = batch.hlc ?? place.hlc + 1
      const segment = createSegmentWriter({ stream, schemaVersion, firstSeq })
      for (const [index, each] of operations.entries()) {
        segment.append({ hlc: firstHlc + index, reducer: 'write', operations: each })
      }
      const deltaCount = operations.length
      const lastHlc = firstHlc + deltaCount - 1
      const sealed = sealBatch({
        stream,
        firstSeq,
        deltaCount,
        previous: place.previous,
        base,
        schemaVersion,
        firstHlc,
        lastHlc,
        origins: batch.origins ?? [],
        content: segment.finish(),
      })
      place.seq += deltaCount
      place.previous = sealed.hash
      place.hlc = Math.max(place.hlc, lastHlc)
      return sealed
    },
    fork: () => continued(stream, { ...place }),
  }
}

/** An insert of a row with one text. */
export function insertOf(table: string, id: string, text: string): RowOperation {
  return { kind: 'insert', table, id, cells: { text } }
}

/** A batch as it travels without compression. */
export function rawWire(batch: SealedBatch): WireBatch {
  const { header, content } = batch
  return { header, contentBytes: content.length, encoding: 'raw', body: content }
}
