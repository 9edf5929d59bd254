/** Rows of a relay's database as what they stand for. sqlite-schema.ts has the tables. */
import { type Epoch, type Hash, type StreamId, streamIdFromBytes } from '@inner-universe/core'
import type { SqlRow, SqlValue } from '@inner-universe/sqlite'
import { decodeFloor, hashFromBytes } from '@inner-universe/sync'
import type { StoredEntry, StoredStream, UniverseRecord } from '@inner-universe/sync/relay-side'

/** What {@link entryOf} reads, of `log` with its `stream` joined. */
export const ENTRY_COLUMNS = `log."offset", log.log_hash, stream.stream, log.first_seq,
  log.delta_count, log.hash, log.header, log.content_bytes, log.is_deflated, log.body`

/** An entry of the log. */
export function entryOf(row: SqlRow): StoredEntry {
  const [
    offset,
    logHash,
    stream,
    firstSeq,
    deltaCount,
    hash,
    header,
    contentBytes,
    deflated,
    body,
  ] = row
  const place = { offset: offset as number, logHash: storedHash(logHash) }
  if (stream === null) {
    return { kind: 'floor', ...place, floor: decodeFloor(body as Uint8Array) }
  }
  return {
    kind: 'batch',
    ...place,
    stream: streamIdOf(stream),
    firstSeq: firstSeq as number,
    deltaCount: deltaCount as number,
    hash: storedHash(hash),
    batch: {
      header: header as Uint8Array,
      contentBytes: contentBytes as number,
      encoding: deflated === 1 ? 'deflate' : 'raw',
      body: body as Uint8Array,
    },
  }
}

/** What {@link streamOf} reads, of `stream`. */
export const STREAM_COLUMNS = 'stream, identity, seq, hash'

/** A stream. */
export function streamOf([stream, identity, seq, hash]: SqlRow): StoredStream {
  return {
    stream: streamIdOf(stream),
    identity: identity as string,
    seq: seq as number,
    hash: storedHash(hash),
  }
}

/** What {@link recordOf} reads, of `universe`; its number comes first. */
export const RECORD_COLUMNS = `no, name, module, owner, epoch, epoch_ms, head, hash,
  truncated_through, floor_offset, floor_base, schema_version, schema_hash, min_reader, min_writer,
  byte_count`

/** A universe, with its past epochs (epoch, last offset) in order. */
export function recordOf(row: SqlRow, pastEpochs: readonly SqlRow[]): UniverseRecord {
  const [, universe, module, owner, epoch, epochMs, head, hash, truncatedThrough, ...rest] = row
  const [floorOffset, floorBase, schemaVersion, schemaHash, minReader, minWriter, byteCount] = rest
  const floor = { offset: floorOffset as number, baseOffset: floorBase as number }
  return {
    universe: universe as string,
    module: module as string,
    owner: owner as string,
    epoch: epoch as Epoch,
    epochMs: epochMs as number,
    pastEpochs: pastEpochs.map(([past, lastOffset]) => ({
      epoch: past as Epoch,
      lastOffset: lastOffset as number,
    })),
    head: head as number,
    hash: storedHash(hash),
    truncatedThrough: truncatedThrough as number,
    floor: floorOffset === null ? undefined : floor,
    schemaVersion: schemaVersion as number,
    schemaHash: storedHash(schemaHash),
    minReader: minReader as number,
    minWriter: minWriter as number,
    byteCount: byteCount as number,
  }
}

/** A hash kept as 16 bytes. */
export function storedHash(value: SqlValue | undefined): Hash {
  return hashFromBytes(value as Uint8Array)
}

/** A stream id kept as 16 bytes. */
export function streamIdOf(value: SqlValue | undefined): StreamId {
  return streamIdFromBytes(value as Uint8Array)
}
