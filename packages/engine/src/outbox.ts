/**
 * Own deltas on their way to the relay: sealed into batches, pushed, acknowledged. STORAGE.md SY2–SY4.
 */
import {
  assert,
  createSegmentWriter,
  decodeSegment,
  decodeSegmentHeader,
  type Hash,
  NO_EPOCH,
  type Origin,
  type SealedBatch,
  type StreamId,
  type StreamSeq,
  type UnsealedDeltas,
  ZERO_HASH,
} from '@inner-universe/core'
import type { LogRow } from './delta-log.ts'
import type { HeldLog } from './held-log.ts'
import type { StreamEntry, Streams } from './streams.ts'

/** The base of a delta written before any relay's log was read. */
const NO_BASE = { epoch: NO_EPOCH, offset: 0 } as const

/** Reads and seals the own part of the log. */
export class Outbox {
  readonly #streams: Streams
  readonly #log: HeldLog

  constructor(streams: Streams, log: HeldLog) {
    this.#streams = streams
    this.#log = log
  }

  /** See {@link Replica.nextUnsealed}. Cost: one row as it is; several are encoded anew. */
  nextUnsealed(contentBytesMax: number): UnsealedDeltas | undefined {
    const stream = this.#streams.own().find(({ headSeq, batchSeq }) => headSeq > batchSeq)
    if (stream === undefined) return undefined
    const rows: LogRow[] = []
    let byteCount = 0
    let schemaVersion = 0
    this.#log.eachAfter(stream, stream.batchSeq, (row) => {
      const header = decodeSegmentHeader(row.bytes)
      const isFull = byteCount + row.bytes.length > contentBytesMax
      if (rows.length > 0 && (isFull || header.schemaVersion !== schemaVersion)) return false
      byteCount += row.bytes.length
      schemaVersion = header.schemaVersion
      rows.push(row)
      return undefined
    })
    return unsealed(stream, rows, schemaVersion)
  }

  /** See {@link Replica.seal}: one row takes the place of those that were grouped. */
  seal(deltas: UnsealedDeltas, header: Uint8Array, hash: Hash): void {
    const { firstSeq, deltaCount, content, base, firstHlc } = deltas
    const stream = this.#streams.find(deltas.stream)
    assert(stream?.isOwn === true, 'only own deltas are sealed')
    const lastSeq = firstSeq + deltaCount - 1
    assert(
      firstSeq === stream.batchSeq + 1 && lastSeq <= stream.headSeq,
      'deltas are sealed once, in their order',
    )
    const rows = this.#rows(stream, firstSeq, lastSeq)
    this.#log.remove(stream, firstSeq, lastSeq)
    this.#log.put(stream, {
      firstSeq,
      deltaCount,
      firstHlc,
      offset: undefined,
      base,
      hash,
      header,
      origins: joinLists(rows, ({ origins }) => origins),
      calls: joinLists(rows, ({ calls }) => calls),
      bytes: content,
    })
    this.#streams.setBatch(stream, lastSeq, hash)
  }

  /** See {@link Replica.sealedBatches}. */
  sealedBatches(after: StreamSeq | undefined, bytesMax: number): SealedBatch[] {
    const batches: SealedBatch[] = []
    const start = after === undefined ? undefined : this.#streams.find(after.stream)
    let byteCount = 0
    for (const stream of this.#streams.own()) {
      if (start !== undefined && stream.index < start.index) continue
      const from = stream === start ? Math.max(after?.seq ?? 0, stream.ackedSeq) : stream.ackedSeq
      if (stream.batchSeq <= from) continue
      byteCount = this.#collect(batches, stream, from, { byteCount, bytesMax })
      if (byteCount > bytesMax) break
    }
    return batches
  }

  /** See {@link Replica.batchesAfter}. */
  batchesAfter(id: StreamId, seq: number, bytesMax: number): SealedBatch[] {
    const batches: SealedBatch[] = []
    const stream = this.#streams.find(id)
    if (stream !== undefined) this.#collect(batches, stream, seq, { byteCount: 0, bytesMax })
    return batches
  }

  /** See {@link Replica.unacknowledge}: the batches above become pending again. */
  unacknowledge(id: StreamId, seq: number): readonly LogRow[] {
    const stream = this.#streams.find(id)
    if (stream?.isOwn !== true || seq >= stream.ackedSeq) return []
    const { ackedSeq } = stream
    const lost: LogRow[] = []
    this.#log.eachAfter(stream, seq, (row) => {
      if (row.firstSeq > ackedSeq) return false
      lost.push(row)
      return undefined
    })
    const [first] = lost
    if (first === undefined) return []
    const kept = first.firstSeq - 1
    const before = kept === 0 ? undefined : this.#log.rowAt(stream, kept)
    this.#streams.setAcked(stream, kept, before?.hash ?? ZERO_HASH)
    for (const { firstSeq } of lost) this.#log.setOffset(stream, firstSeq, undefined)
    return lost
  }

  #rows(stream: StreamEntry, firstSeq: number, lastSeq: number): LogRow[] {
    const rows: LogRow[] = []
    this.#log.eachAfter(stream, firstSeq - 1, (row) => {
      if (row.firstSeq > lastSeq) return false
      rows.push(row)
      return undefined
    })
    return rows
  }

  /** Adds batches until their bytes exceed the limit; at least one. Gives the bytes then. */
  #collect(
    batches: SealedBatch[],
    stream: StreamEntry,
    afterSeq: number,
    { byteCount, bytesMax }: { readonly byteCount: number; readonly bytesMax: number },
  ): number {
    let bytes = byteCount
    this.#log.eachAfter(stream, afterSeq, (row) => {
      const { firstSeq, deltaCount, hash, header, bytes: content } = row
      if (hash === undefined || header === undefined) return false
      bytes += content.length + header.length
      if (batches.length > 0 && bytes > bytesMax) return false
      batches.push({ stream: stream.id, firstSeq, deltaCount, hash, header, content })
      return undefined
    })
    return bytes
  }
}

function unsealed(
  stream: StreamEntry,
  rows: readonly LogRow[],
  schemaVersion: number,
): UnsealedDeltas {
  const [first] = rows
  assert(first !== undefined, 'the log holds what its head says')
  const deltas = rows.flatMap(({ bytes }) => decodeSegment(bytes).deltas)
  const lastHlc = deltas.at(-1)?.hlc ?? 0
  return {
    stream: stream.id,
    firstSeq: first.firstSeq,
    deltaCount: deltas.length,
    previous: stream.batchHash,
    // Positions only rise: the oldest delta has the oldest base.
    base: first.base ?? NO_BASE,
    schemaVersion,
    firstHlc: first.firstHlc,
    lastHlc,
    origins: joinLists(rows, ({ origins }) => origins) ?? [],
    content: rows.length === 1 ? first.bytes : oneSegment(stream.id, first, schemaVersion, deltas),
  }
}

function oneSegment(
  stream: StreamId,
  { firstSeq }: LogRow,
  schemaVersion: number,
  deltas: readonly Parameters<ReturnType<typeof createSegmentWriter>['append']>[0][],
): Uint8Array {
  const writer = createSegmentWriter({ stream, schemaVersion, firstSeq })
  for (const delta of deltas) writer.append(delta)
  return writer.finish()
}

/** One list for several rows; undefined when none of them has one. */
function joinLists<T extends Origin | object>(
  rows: readonly LogRow[],
  read: (row: LogRow) => readonly (T | undefined)[] | undefined,
): (T | undefined)[] | undefined {
  if (rows.every((row) => read(row) === undefined)) return undefined
  return rows.flatMap((row) => read(row) ?? new Array<undefined>(row.deltaCount).fill(undefined))
}
