/**
 * The delta log: what this file holds of every stream, in segments. STORAGE.md ST7–ST8, SY2–SY4. Here it
 * is written, `held-log.ts` reads it.
 *
 * A transaction's own deltas are one segment and one row (several when they are many) until they are
 * sealed into a batch. Batches from elsewhere are kept as they came. The outbox is the part of own
 * streams above `acked_seq`: there is no second copy.
 */
import {
  type Base,
  type ByteWriter,
  createSegmentBuffer,
  createSegmentWriter,
  DELTA_BYTES_MAX,
  type Hash,
  isUniverseError,
  type Origin,
  type SegmentEntry,
  type SegmentWriter,
  UniverseError,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { AuthoringCall, StreamHead } from './engine.ts'
import type { StreamEntry, Streams } from './streams.ts'

/** Bytes after which a transaction begins another segment: about what one batch on the wire holds. */
export const LOG_SEGMENT_BYTES: number = 256 * 1024

/** How an own delta came to be, where the delta itself does not say it. */
export interface Authoring {
  /** The delta it was authored anew from. */
  readonly origin?: Origin | undefined
  /** The call that wrote it, if it is to be run again should the delta be authored anew. */
  readonly call?: AuthoringCall | undefined
}

/** One row of the log. */
export interface LogRow {
  readonly firstSeq: number
  readonly deltaCount: number
  readonly firstHlc: number
  /** Place in the relay's log; undefined: not known to be there. */
  readonly offset: number | undefined
  /** Of own rows: what had been read when the first delta was written; undefined: nothing. */
  readonly base: Base | undefined
  /** Undefined until sealed. */
  readonly hash: Hash | undefined
  readonly header: Uint8Array | undefined
  /** Of own rows: one entry per delta, or undefined when there is nothing to say of any. */
  readonly origins: readonly (Origin | undefined)[] | undefined
  readonly calls: readonly (AuthoringCall | undefined)[] | undefined
  readonly bytes: Uint8Array
}

/** Columns of a {@link LogRow}, in its order. */
export const LOG_COLUMNS =
  'first_seq, count, first_hlc, offset, base_epoch, base_offset, hash, header, origins, calls, bytes'

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
  begin(stream: StreamEntry, base: Base | undefined): LogTransaction {
    return new LogTransaction(this, stream, this.#schemaVersion, base)
  }

  /** Keeps one row; the caller moves the stream's head. */
  put(stream: StreamEntry, row: LogRow): void {
    this.#driver
      .prepare(
        `INSERT INTO _log (stream, ${LOG_COLUMNS})
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
      )
      .run([
        stream.index,
        row.firstSeq,
        row.deltaCount,
        row.firstHlc,
        row.offset ?? null,
        row.base?.epoch ?? null,
        row.base?.offset ?? null,
        row.hash ?? null,
        row.header ?? null,
        encodeList(row.origins),
        encodeList(row.calls),
        row.bytes,
      ])
  }

  /** Keeps the bytes of a segment that is no batch. Cheaper than {@link DeltaLog.put}. */
  putSegment(
    stream: StreamEntry,
    segment: Pick<LogRow, 'firstSeq' | 'deltaCount' | 'firstHlc' | 'base' | 'bytes'>,
  ): void {
    const { firstSeq, deltaCount, firstHlc, base, bytes } = segment
    this.#driver
      .prepare(
        `INSERT INTO _log (stream, first_seq, count, first_hlc, base_epoch, base_offset, bytes)
          VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
      )
      .run([
        stream.index,
        firstSeq,
        deltaCount,
        firstHlc,
        base?.epoch ?? null,
        base?.offset ?? null,
        bytes,
      ])
  }

  /** Moves a stream's head to the last delta kept of it. */
  moveHead(stream: StreamEntry, seq: number, hlc: number): void {
    this.#streams.moveHead(stream, seq, hlc)
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
    for (const { headSeq, ackedSeq } of this.#streams.own()) count += headSeq - ackedSeq
    return count
  }
}

function encodeList(list: readonly unknown[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list.map((entry) => entry ?? null))
}

/** The deltas of one transaction. */
export class LogTransaction {
  readonly #log: DeltaLog
  readonly #stream: StreamEntry
  readonly #schemaVersion: number
  readonly #base: Base | undefined
  readonly #full: LogRow[] = []
  #writer: SegmentWriter | undefined
  #firstSeq: number
  #firstHlc = 0
  #lastHlc = 0
  /** Of the segment being written, delta index → what is to be noted of it. */
  #authoring = new Map<number, Authoring>()

  constructor(log: DeltaLog, stream: StreamEntry, schemaVersion: number, base: Base | undefined) {
    this.#log = log
    this.#stream = stream
    this.#schemaVersion = schemaVersion
    this.#base = base
    this.#firstSeq = stream.headSeq + 1
  }

  /**
   * Appends one call's delta and gives its seq. When it throws, nothing of the delta is left.
   *
   * @throws UniverseError `reducer/delta-too-large` above {@link DELTA_BYTES_MAX}.
   */
  append(entry: SegmentEntry, authoring?: Authoring): number {
    if (this.#writer !== undefined && this.#writer.byteCount > LOG_SEGMENT_BYTES) this.#seal()
    this.#writer ??= createSegmentWriter(
      {
        stream: this.#stream.id,
        schemaVersion: this.#schemaVersion,
        firstSeq: this.#firstSeq,
      },
      this.#log.buffer,
    )
    const writer = this.#writer
    const { deltaCount, byteCount } = writer
    try {
      writer.append(entry)
    } catch (error) {
      if (isBufferFull(error)) throw tooLarge(entry)
      throw error
    }
    if (writer.byteCount - byteCount > DELTA_BYTES_MAX) {
      writer.dropLast()
      throw tooLarge(entry)
    }
    if (deltaCount === 0) this.#firstHlc = entry.hlc
    if (authoring !== undefined) this.#authoring.set(deltaCount, authoring)
    this.#lastHlc = entry.hlc
    return this.#firstSeq + deltaCount
  }

  /** Writes the log rows and moves the head, in the open transaction. */
  finish(): void {
    this.#seal()
    if (this.#full.length === 0) return
    for (const row of this.#full) {
      if (row.origins === undefined && row.calls === undefined) {
        this.#log.putSegment(this.#stream, row)
      } else {
        this.#log.put(this.#stream, row)
      }
    }
    this.#log.moveHead(this.#stream, this.#firstSeq - 1, this.#lastHlc)
  }

  #seal(): void {
    const writer = this.#writer
    if (writer === undefined || writer.deltaCount === 0) return
    const { deltaCount } = writer
    this.#full.push({
      firstSeq: this.#firstSeq,
      deltaCount,
      firstHlc: this.#firstHlc,
      offset: undefined,
      base: this.#base,
      hash: undefined,
      header: undefined,
      origins: this.#listOf(deltaCount, ({ origin }) => origin),
      calls: this.#listOf(deltaCount, ({ call }) => call),
      bytes: writer.finish(),
    })
    this.#firstSeq += deltaCount
    this.#writer = undefined
    if (this.#authoring.size > 0) this.#authoring = new Map()
  }

  #listOf<T>(
    deltaCount: number,
    read: (authoring: Authoring) => T | undefined,
  ): (T | undefined)[] | undefined {
    if (this.#authoring.size === 0) return undefined
    const list = new Array<T | undefined>(deltaCount).fill(undefined)
    for (const [index, authoring] of this.#authoring) list[index] = read(authoring)
    return list.some((entry) => entry !== undefined) ? list : undefined
  }
}

/** Whether encoding failed for size alone: the buffer holds less than three of the largest deltas. */
function isBufferFull(error: unknown): boolean {
  return (
    isUniverseError(error, 'table/invalid-value') &&
    /bytes in one buffer/.test(String(error.details.reason))
  )
}

function tooLarge({ reducer }: SegmentEntry): UniverseError {
  return new UniverseError(
    'reducer/delta-too-large',
    `reducer "${reducer}" wrote more than ${DELTA_BYTES_MAX} bytes; split the work into several calls`,
    { details: { reducer, deltaBytesMax: DELTA_BYTES_MAX } },
  )
}
