/**
 * Values as bytes: one tag byte, then what the tag says. CODEC.md VC1–VC9 has the table.
 *
 *     00 null · 01 false · 02 true · 03 integer · 04 bigint · 05 float · 06 text · 07 bytes
 *     08 UUID text · 09 JSON · 80–bf text of 0–63 bytes · c0–ff integer 0–63
 *
 * Every value has exactly one encoding, and the decoder refuses all others: equal values are equal
 * bytes, and what is decoded and encoded again is the same bytes.
 */
import type { ByteWriter } from './byte-writer.ts'
import { UniverseError } from './error.ts'
import { canonicalJson, type JsonValue } from './json.ts'
import { BLOB_BYTES_MAX, JSON_BYTES_MAX } from './limits.ts'
import { utf8Length } from './utf8.ts'
import { packUuid } from './uuid.ts'
import {
  BIGINT,
  BYTES,
  FALSE,
  FLOAT,
  INTEGER,
  JSON_TEXT,
  NULL,
  SHORT_MAX,
  SHORT_TEXT,
  SMALL_INTEGER,
  TEXT,
  TRUE,
  UUID,
} from './value-tag.ts'

/** What one cell, argument or answer can be. Objects and arrays are JSON. */
export type Value = JsonValue | bigint | Uint8Array

/**
 * Writes one value.
 *
 * Cost: about 0.1 µs for numbers and short texts, that of `canonicalJson` for JSON.
 *
 * @throws UniverseError `table/invalid-value` (the writer's code for texts) for NaN, infinities,
 * bigints beyond 64 bits, lone surrogates, what JSON cannot hold, and what is over its limit. Part of
 * the value may be written by then: reset the writer to the length it had.
 */
export function encodeValue(writer: ByteWriter, value: Value): void {
  switch (typeof value) {
    case 'string':
      encodeText(writer, value)
      return
    case 'number':
      encodeNumber(writer, value)
      return
    case 'boolean':
      writer.writeByte(value ? TRUE : FALSE)
      return
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) refuse('a bigint of more than 64 bits')
      writer.writeByte(BIGINT)
      writer.writeInt64(value)
      return
    case 'object':
      if (value === null) writer.writeByte(NULL)
      else if (value instanceof Uint8Array) encodeBytes(writer, value)
      else encodeJson(writer, value)
      return
    default:
      refuse(`a ${typeof value}`)
  }
}

function encodeNumber(writer: ByteWriter, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0 && value <= SHORT_MAX) {
      writer.writeByte(SMALL_INTEGER | value)
    } else {
      writer.writeByte(INTEGER)
      writer.writeZigzag(value)
    }
  } else {
    if (!Number.isFinite(value)) refuse(`the number ${value}`)
    writer.writeByte(FLOAT)
    writer.writeFloat64(value)
  }
}

function encodeText(writer: ByteWriter, text: string): void {
  if (text.length === 36 && packUuid(text)) {
    writer.writeByte(UUID)
    writer.writeUuid(text)
    return
  }
  // UTF-8 is never shorter than the text's units, so longer texts are not counted here.
  const byteCount = text.length <= SHORT_MAX ? utf8Length(text) : SHORT_MAX + 1
  if (byteCount <= SHORT_MAX) {
    writer.writeByte(SHORT_TEXT | byteCount)
    writer.writeUtf8(text)
  } else {
    writer.writeByte(TEXT)
    writer.writeText(text)
  }
}

function encodeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  if (bytes.length > BLOB_BYTES_MAX) {
    refuse(`a blob of ${bytes.length} bytes; ${BLOB_BYTES_MAX} are allowed`)
  }
  writer.writeByte(BYTES)
  writer.writeBytes(bytes)
}

function encodeJson(writer: ByteWriter, value: JsonValue): void {
  const text = canonicalJson(value)
  writer.writeByte(JSON_TEXT)
  writer.writeText(text, JSON_BYTES_MAX)
}

function refuse(what: string): never {
  throw new UniverseError('table/invalid-value', `cannot encode ${what}`, {
    details: { reason: what },
  })
}
