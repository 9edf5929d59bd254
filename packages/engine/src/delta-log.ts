/**
 * The delta log: what this file knows of every stream, in segments. STORAGE.md ST7–ST8.
 *
 * A transaction's own deltas are one segment and one row (several when they are many). Segments from
 * elsewhere are kept as they came. The outbox is the part of own streams above `acked_seq`: there is
 * no second copy.
 */
import {
  type ByteWriter,
  createSegmentBuffer,
  createSegmentWriter,
  type SegmentEntry,
  type SegmentWriter,
  type StreamId,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { LogSegment, StreamHead } from './engine.ts'
import type { StreamEntry, Streams } from './streams.ts'

/** Bytes after which a transaction begins another segment: about what one batch on the wire holds. */
export const LOG_SEGMENT_BYTES: number = 256 * 1024

/** Writes the log of one open database. */
export class DeltaLog {
  readonly #driver: Driver
  readonly #streams: Streams
  readonly #schemaVersion: number
  /** One transaction is open at a time, and writes one segment at a time. */
  readonly buffer: ByteWriter = createSegmentBuffer()

  constructor(driver: Driver, streams: Streams, schemaVersion: number) {
    this.#driver = driver
    this.#streams = streams
    this.#schemaVersion = schemaVersion
  }

  /** Starts collecting a transaction's deltas. Nothing is written before `finish`. */
  begin(stream: StreamEntry): LogTransaction {
    return new LogTransaction(this, stream, this.#schemaVersion)
  }

  /** Keeps one segment; the caller moves the stream's head. */
  put(stream: StreamEntry, firstSeq: number, count: number, bytes: Uint8Array): void {
    this.#driver
      .prepare('INSERT INTO _log (stream, first_seq, count, bytes) VALUES (?1, ?2, ?3, ?4)')
      .run([stream.index, firstSeq, count, bytes])
  }

  /** Moves a stream's head to the last delta kept of it. */
  moveHead(stream: StreamEntry, seq: number, hlc: number): void {
    this.#streams.moveHead(stream, seq, hlc)
  }

  /** Segments from the one that holds `fromSeq` on, up to about `bytesMax`; at least one if there is. */
  read(id: StreamId, fromSeq: number, bytesMax: number): LogSegment[] {
    const stream = this.#streams.find(id)
    if (stream === undefined) return []
    const segments: LogSegment[] = []
    let byteCount = 0
    this.#driver
      .prepare(
        `SELECT first_seq, count, bytes FROM _log
          WHERE stream = ?1 AND first_seq >= coalesce(
            (SELECT max(first_seq) FROM _log WHERE stream = ?1 AND first_seq <= ?2), 0)
          ORDER BY first_seq`,
      )
      .each([stream.index, fromSeq], ([firstSeq, deltaCount, bytes]) => {
        const segment = bytes as Uint8Array
        if ((firstSeq as number) + (deltaCount as number) <= fromSeq) return undefined
        if (segments.length > 0 && byteCount + segment.length > bytesMax) return false
        byteCount += segment.length
        segments.push({
          stream: id,
          firstSeq: firstSeq as number,
          deltaCount: deltaCount as number,
          bytes: segment,
        })
        return undefined
      })
    return segments
  }

  /** The streams of which anything is held. */
  heads(): StreamHead[] {
    return [...this.#streams.all()]
      .filter(({ headSeq }) => headSeq > 0)
      .map(({ id, headSeq }) => ({ stream: id, seq: headSeq }))
  }

  /** Deltas of own streams that no relay has acknowledged. */
  unsyncedCount(): number {
    let count = 0
    for (const { isOwn, headSeq, ackedSeq } of this.#streams.all()) {
      if (isOwn) count += headSeq - ackedSeq
    }
    return count
  }
}

/** The deltas of one transaction. */
export class LogTransaction {
  readonly #log: DeltaLog
  readonly #stream: StreamEntry
  readonly #schemaVersion: number
  readonly #full: {
    readonly firstSeq: number
    readonly count: number
    readonly bytes: Uint8Array
  }[] = []
  #writer: SegmentWriter | undefined
  #firstSeq: number
  #lastHlc = 0

  constructor(log: DeltaLog, stream: StreamEntry, schemaVersion: number) {
    this.#log = log
    this.#stream = stream
    this.#schemaVersion = schemaVersion
    this.#firstSeq = stream.headSeq + 1
  }

  /**
   * Appends one call's delta. When it throws, nothing of the delta is left.
   *
   * @throws UniverseError `table/invalid-value` when the delta is too large.
   */
  append(entry: SegmentEntry): void {
    if (this.#writer !== undefined && this.#writer.byteCount > LOG_SEGMENT_BYTES) this.#seal()
    this.#writer ??= createSegmentWriter(
      {
        stream: this.#stream.id,
        schemaVersion: this.#schemaVersion,
        firstSeq: this.#firstSeq,
      },
      this.#log.buffer,
    )
    this.#writer.append(entry)
    this.#lastHlc = entry.hlc
  }

  /** Writes the log rows and moves the head, in the open transaction. */
  finish(): void {
    this.#seal()
    if (this.#full.length === 0) return
    for (const { firstSeq, count, bytes } of this.#full) {
      this.#log.put(this.#stream, firstSeq, count, bytes)
    }
    this.#log.moveHead(this.#stream, this.#firstSeq - 1, this.#lastHlc)
  }

  #seal(): void {
    const writer = this.#writer
    if (writer === undefined || writer.deltaCount === 0) return
    this.#full.push({
      firstSeq: this.#firstSeq,
      count: writer.deltaCount,
      bytes: writer.finish(),
    })
    this.#firstSeq += writer.deltaCount
    this.#writer = undefined
  }
}
