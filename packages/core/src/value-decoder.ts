/** Reads the values that `value-codec.ts` writes. CODEC.md VC1–VC9. */
import type { ByteReader } from './byte-reader.ts'
import { canonicalJson, type JsonValue, parseJson } from './json.ts'
import { JSON_BYTES_MAX } from './limits.ts'
import { packUuid } from './uuid.ts'
import type { Value } from './value-codec.ts'
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

/**
 * Reads one value. Bytes and JSON are the caller's own.
 *
 * @throws UniverseError of the reader's code for an unknown tag, bytes that end too soon, a length
 * over its limit, and any encoding but the one `encodeValue` gives.
 */
export function decodeValue(reader: ByteReader): Value {
  const tag = reader.readByte()
  if (tag >= SMALL_INTEGER) return tag - SMALL_INTEGER
  if (tag >= SHORT_TEXT) return decodeText(reader, tag - SHORT_TEXT)
  switch (tag) {
    case NULL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case INTEGER: {
      const value = reader.readZigzag()
      if (value >= 0 && value <= SHORT_MAX) reader.fail('a small integer in the long form')
      return value
    }
    case BIGINT:
      return reader.readInt64()
    case FLOAT: {
      const value = reader.readFloat64()
      if (!Number.isFinite(value)) reader.fail('a float that is not finite')
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) reader.fail('an integer as a float')
      return value
    }
    case TEXT: {
      const start = reader.offset
      const text = reader.readText()
      // One byte of length goes before at most 63 of text.
      if (reader.offset - start <= 1 + SHORT_MAX) reader.fail('a short text in the long form')
      return text
    }
    case BYTES:
      return reader.readBytes()
    case UUID:
      return reader.readUuid()
    case JSON_TEXT:
      return decodeJson(reader)
    default:
      return reader.fail(`unknown tag ${tag}`)
  }
}

function decodeText(reader: ByteReader, byteCount: number): string {
  const text = reader.readUtf8(byteCount)
  if (byteCount === 36 && packUuid(text)) reader.fail('a UUID as a text')
  return text
}

function decodeJson(reader: ByteReader): JsonValue {
  const text = reader.readText(JSON_BYTES_MAX)
  const first = text.charCodeAt(0)
  if (first !== 0x7b && first !== 0x5b) reader.fail('JSON that is neither object nor array')
  let value: JsonValue
  try {
    value = parseJson(text)
    if (canonicalJson(value) === text) return value
  } catch {
    // Whatever is wrong with the text, it is the bytes that are refused, with the reader's code.
  }
  return reader.fail('JSON that is not canonical')
}
