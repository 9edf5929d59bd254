/** How segments of the delta log begin, and the tags in them. CODEC.md DS. */
import { ByteReader } from './byte-reader.ts'
import { UniverseError } from './error.ts'
import { type StreamId, streamIdFromBytes } from './id.ts'
import { ID_BYTES, SEGMENT_BYTES_MAX } from './limits.ts'

/** First byte of every segment. */
export const SEGMENT_FORMAT = 1

/** What a segment says of itself before its deltas. */
export interface SegmentHeader {
  readonly stream: StreamId
  readonly schemaVersion: number
  readonly firstSeq: number
  readonly deltaCount: number
}

/** A row's id: 0 a text, 1 to 16 a new UUID sharing 0 to 15 bytes, from here on one of before. */
export const ID_KNOWN = 17

/**
 * Tags of a cell beside the value codec's own. From here: a new UUID sharing 0 to 15 bytes with the
 * one before.
 */
export const CELL_NEW_ID = 0x10

/** From here: the id of 0 to 63 different ids ago. */
export const CELL_KNOWN_ID = 0x20

/** An id of longer ago: a varint follows. */
export const CELL_OLD_ID = 0x60

/**
 * Reads what a segment says of itself, without its deltas.
 *
 * @throws UniverseError `engine/delta-invalid`.
 */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader {
  return readSegmentHeader(openSegment(bytes))
}

/**
 * The clock of a segment's first delta.
 *
 * @throws UniverseError `engine/delta-invalid`.
 */
export function decodeFirstHlc(bytes: Uint8Array): number {
  const reader = openSegment(bytes)
  readSegmentHeader(reader)
  return reader.readVarint()
}

/** Begins reading a segment. */
export function openSegment(bytes: Uint8Array): ByteReader {
  if (bytes.length > SEGMENT_BYTES_MAX) {
    throw new UniverseError(
      'engine/delta-invalid',
      `a segment of ${bytes.length} bytes; ${SEGMENT_BYTES_MAX} are allowed`,
    )
  }
  return new ByteReader(bytes, 'engine/delta-invalid')
}

/** Reads the header, with which a segment begins. */
export function readSegmentHeader(reader: ByteReader): SegmentHeader {
  const format = reader.readByte()
  if (format !== SEGMENT_FORMAT) reader.fail(`a segment of format ${format}`)
  const stream = streamIdFromBytes(reader.readRaw(ID_BYTES))
  const schemaVersion = reader.readVarint()
  const firstSeq = reader.readVarint()
  const deltaCount = reader.readVarint()
  if (schemaVersion < 1) reader.fail('schema version 0')
  if (firstSeq < 1) reader.fail('seq 0')
  // A delta takes at least two bytes.
  if (deltaCount < 1 || deltaCount > reader.remaining / 2) reader.fail(`${deltaCount} deltas`)
  if (!Number.isSafeInteger(firstSeq + deltaCount)) reader.fail('a seq of more than 53 bits')
  return { stream, schemaVersion, firstSeq, deltaCount }
}
