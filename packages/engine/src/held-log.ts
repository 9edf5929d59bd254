/** The delta log as those read it who exchange deltas. STORAGE.md SY2–SY4. */
import type { Epoch, Hash, Origin, StreamId } from '@inner-universe/core'
import type { Driver, SqlRow } from '@inner-universe/sqlite'
import { DeltaLog, LOG_COLUMNS, type LogRow } from './delta-log.ts'
import type { AuthoringCall, LogSegment } from './engine.ts'
import type { StreamEntry, Streams } from './streams.ts'

/** A log that is read, too. */
export class HeldLog extends DeltaLog {
  readonly #driver: Driver
  readonly #streams: Streams

  constructor(driver: Driver, streams: Streams, schemaVersion: number) {
    super(driver, streams, schemaVersion)
    this.#driver = driver
    this.#streams = streams
  }

  /** Rows of a stream that begin above a seq, in order, until `onRow` returns false. */
  eachAfter(stream: StreamEntry, seq: number, onRow: (row: LogRow) => undefined | boolean): void {
    this.#driver
      .prepare(
        `SELECT ${LOG_COLUMNS} FROM _log WHERE stream = ?1 AND first_seq > ?2 ORDER BY first_seq`,
      )
      .each([stream.index, seq], (row) => onRow(decodeRow(row)))
  }

  /** The row that holds a seq. */
  rowAt(stream: StreamEntry, seq: number): LogRow | undefined {
    const found = this.#driver
      .prepare(
        `SELECT ${LOG_COLUMNS} FROM _log WHERE stream = ?1 AND first_seq <= ?2
          ORDER BY first_seq DESC LIMIT 1`,
      )
      .get([stream.index, seq])
    const row = found && decodeRow(found)
    return row !== undefined && row.firstSeq + row.deltaCount > seq ? row : undefined
  }

  /** Notes where a batch is in the relay's log; undefined: no longer. */
  setOffset(stream: StreamEntry, firstSeq: number, offset: number | undefined): void {
    this.#driver
      .prepare('UPDATE _log SET offset = ?1 WHERE stream = ?2 AND first_seq = ?3')
      .run([offset ?? null, stream.index, firstSeq])
  }

  /** Takes rows away that begin within a range of seqs. */
  remove(stream: StreamEntry, firstSeq: number, lastSeq: number): void {
    this.#driver
      .prepare('DELETE FROM _log WHERE stream = ?1 AND first_seq BETWEEN ?2 AND ?3')
      .run([stream.index, firstSeq, lastSeq])
  }

  /** Segments from the one that holds `fromSeq` on, up to about `bytesMax`; at least one if there is. */
  read(id: StreamId, fromSeq: number, bytesMax: number): LogSegment[] {
    const stream = this.#streams.find(id)
    if (stream === undefined) return []
    const segments: LogSegment[] = []
    let byteCount = 0
    const first = this.rowAt(stream, fromSeq)?.firstSeq ?? fromSeq
    this.eachAfter(stream, first - 1, ({ firstSeq, deltaCount, bytes }) => {
      if (segments.length > 0 && byteCount + bytes.length > bytesMax) return false
      byteCount += bytes.length
      segments.push({ stream: id, firstSeq, deltaCount, bytes })
      return undefined
    })
    return segments
  }
}

function decodeList<T>(text: string | null): (T | undefined)[] | undefined {
  if (text === null) return undefined
  return (JSON.parse(text) as (T | null)[]).map((entry) => entry ?? undefined)
}

function decodeRow(row: SqlRow): LogRow {
  const [firstSeq, deltaCount, firstHlc, offset, epoch, baseOffset] = row
  const [hash, header, origins, calls, bytes] = row.slice(6)
  const hasBase = typeof epoch === 'string'
  return {
    firstSeq: firstSeq as number,
    deltaCount: deltaCount as number,
    firstHlc: firstHlc as number,
    offset: (offset as number | null) ?? undefined,
    base: hasBase ? { epoch: epoch as Epoch, offset: baseOffset as number } : undefined,
    hash: (hash as Hash | null) ?? undefined,
    header: (header as Uint8Array | null) ?? undefined,
    origins: decodeList<Origin>(origins as string | null),
    calls: decodeList<AuthoringCall>(calls as string | null),
    bytes: bytes as Uint8Array,
  }
}
