/**
 * Versions as bytes that leave the universe: HISTORY.md HI60–HI63.
 *
 * ```
 * export   = magic (8 bytes) · count · universe ids (16 bytes each) · record count · hash of all that (16 bytes) · record…
 * record   = size of the payload (varint) · payload · hash of the payload (16 bytes)
 * payload  = kind (byte) · fields
 *   1 version   id · parents (count, texts) · branch (optional) · description · author · created (varint) · cut
 *   2 content   id · version · basis (optional)
 *   3 chunk     id · content · ordinal (varint) · rows (bytes) · seal (optional)
 *   4 ref       id · version
 * ```
 *
 * Texts are UTF-8 behind their size; an optional one is behind a byte 0 or 1. Each record has a hash of its
 * own, so what lies before damage can be told from what does not. A version stands before its contents, those
 * before their chunks, a content after that of the version it is based on, refs come last.
 */
import {
  ByteReader,
  ByteWriter,
  bytesToHex,
  HASH_BYTES,
  hashOf,
  hexToBytes,
  ID_BYTES,
  isUniverseError,
  TEXT_BYTES_MAX,
} from '@inner-universe/core'

/** One row of a table of versions. */
export type ExportRecord =
  | {
      readonly kind: 'version'
      readonly id: string
      readonly parents: readonly string[]
      readonly branch: string | null
      readonly description: string
      readonly author: string
      readonly created: number
      readonly cut: string
    }
  | {
      readonly kind: 'content'
      readonly id: string
      readonly version: string
      readonly basis: string | null
    }
  | {
      readonly kind: 'chunk'
      readonly id: string
      readonly content: string
      readonly ordinal: number
      readonly rows: Uint8Array
      readonly seal: string | null
    }
  | { readonly kind: 'ref'; readonly id: string; readonly version: string }

/** What an export says. */
export interface DecodedExport {
  /** Ids that its universe goes by. */
  readonly universeIds: readonly string[]
  /** Those before the damage, where there is any. */
  readonly records: readonly ExportRecord[]
  readonly isDamaged: boolean
}

const MAGIC = new TextEncoder().encode('IUvers01')
const KINDS = ['version', 'content', 'chunk', 'ref'] as const

/** Largest record, in bytes: a chunk holds one row of the largest size at least. */
const RECORD_BYTES_MAX: number = 64 * 1024 * 1024

/** The bytes of an export. Cost: hashing them, about 16 µs per KiB. */
export function encodeExport(
  universeIds: readonly string[],
  records: readonly ExportRecord[],
): Uint8Array<ArrayBuffer> {
  const head = new ByteWriter()
  head.writeRaw(MAGIC)
  head.writeVarint(universeIds.length)
  for (const id of universeIds) head.writeRaw(hexToBytes(id) ?? new Uint8Array(ID_BYTES))
  head.writeVarint(records.length)
  const parts = [withHash(head.finish())]
  for (const record of records) {
    const payload = encodeRecord(record)
    const size = new ByteWriter()
    size.writeVarint(payload.length)
    parts.push(size.finish(), withHash(payload))
  }
  return joined(parts)
}

/**
 * Reads an export up to its end, or to where it is damaged. Chunks are views into the bytes.
 *
 * @throws UniverseError `history/invalid-export` for bytes that do not begin as one.
 */
export function decodeExport(bytes: Uint8Array): DecodedExport {
  const reader = new ByteReader(bytes, 'history/invalid-export')
  if (bytes.length < MAGIC.length || !MAGIC.every((byte, index) => bytes[index] === byte)) {
    reader.fail('no export of versions')
  }
  reader.readRaw(MAGIC.length)
  const idCount = reader.readVarintUpTo(bytes.length / ID_BYTES, 'number of universe ids')
  const universeIds = Array.from({ length: idCount }, () => bytesToHex(reader.readRaw(ID_BYTES)))
  const count = reader.readVarint()
  if (!hasHash(reader, bytes.subarray(0, reader.offset))) reader.fail('its beginning is damaged')
  const records: ExportRecord[] = []
  try {
    while (records.length < count) records.push(readRecord(reader))
    reader.expectEnd()
  } catch (error) {
    if (!isUniverseError(error, 'history/invalid-export')) throw error
    return { universeIds, records, isDamaged: true }
  }
  return { universeIds, records, isDamaged: false }
}

function readRecord(reader: ByteReader): ExportRecord {
  const payload = reader.readRaw(reader.readVarintUpTo(RECORD_BYTES_MAX, 'size of a record'))
  if (!hasHash(reader, payload)) reader.fail('a record is damaged')
  return decodeRecord(payload)
}

function hasHash(reader: ByteReader, payload: Uint8Array): boolean {
  return bytesToHex(reader.readRaw(HASH_BYTES)) === hashOf(payload)
}

function withHash(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return joined([payload, hexToBytes(hashOf(payload)) ?? new Uint8Array(HASH_BYTES)])
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function encodeRecord(record: ExportRecord): Uint8Array {
  const writer = new ByteWriter({ bytesMax: RECORD_BYTES_MAX })
  const writeOptional = (text: string | null) => {
    writer.writeByte(text === null ? 0 : 1)
    if (text !== null) writer.writeText(text)
  }
  writer.writeByte(KINDS.indexOf(record.kind) + 1)
  writer.writeText(record.id)
  switch (record.kind) {
    case 'version':
      writer.writeVarint(record.parents.length)
      for (const parent of record.parents) writer.writeText(parent)
      writeOptional(record.branch)
      writer.writeText(record.description)
      writer.writeText(record.author)
      writer.writeVarint(record.created)
      writer.writeText(record.cut)
      break
    case 'content':
      writer.writeText(record.version)
      writeOptional(record.basis)
      break
    case 'chunk':
      writer.writeText(record.content)
      writer.writeVarint(record.ordinal)
      writer.writeBytes(record.rows)
      writeOptional(record.seal)
      break
    case 'ref':
      writer.writeText(record.version)
      break
  }
  return writer.finish()
}

function decodeRecord(payload: Uint8Array): ExportRecord {
  const reader = new ByteReader(payload, 'history/invalid-export')
  const readText = () => reader.readText(TEXT_BYTES_MAX)
  const readOptional = () => (reader.readByte() === 0 ? null : readText())
  const kind = KINDS[reader.readByte() - 1]
  const id = readText()
  const record = (): ExportRecord => {
    switch (kind) {
      case 'version': {
        const parentCount = reader.readVarintUpTo(payload.length, 'number of parents')
        const parents = Array.from({ length: parentCount }, readText)
        return {
          kind,
          id,
          parents,
          branch: readOptional(),
          description: readText(),
          author: readText(),
          created: reader.readVarint(),
          cut: readText(),
        }
      }
      case 'content':
        return { kind, id, version: readText(), basis: readOptional() }
      case 'chunk': {
        const content = readText()
        const ordinal = reader.readVarint()
        const rows = reader.readBytes(RECORD_BYTES_MAX)
        return { kind, id, content, ordinal, rows, seal: readOptional() }
      }
      case 'ref':
        return { kind, id, version: readText() }
      default:
        return reader.fail('a record of an unknown kind')
    }
  }
  const decoded = record()
  reader.expectEnd()
  return decoded
}
