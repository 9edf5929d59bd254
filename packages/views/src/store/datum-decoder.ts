/** Reads the values that `datum-codec.ts` writes, in either form. STORES.md VS1–VS3. */
import { ByteReader } from '@inner-universe/core'
import type { Datum } from '../state.ts'
import { DATUM_DEPTH_MAX } from './datum-codec.ts'
import {
  ARRAY,
  BYTES,
  END,
  ESCAPE,
  EXACT_BIGINT,
  FALSE,
  FAR_ABOVE,
  FAR_BELOW,
  NULL,
  NUMBER,
  OBJECT,
  TEXT,
  TRUE,
} from './datum-tag.ts'

/**
 * The value of its bytes. Objects come with their names in order.
 *
 * @throws UniverseError `views/store-corrupt` for bytes that are no value.
 */
export function decodeDatum(bytes: Uint8Array): Datum {
  const reader = new DatumReader(bytes)
  const value = reader.read(0)
  reader.bytes.expectEnd()
  return value
}

const double = new DataView(new ArrayBuffer(8))

class DatumReader {
  readonly bytes: ByteReader
  readonly #all: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#all = bytes
    this.bytes = new ByteReader(bytes, 'views/store-corrupt')
  }

  read(depth: number): Datum {
    const { bytes } = this
    if (depth > DATUM_DEPTH_MAX) bytes.fail('a value nested too deep')
    const tag = bytes.readByte()
    switch (tag) {
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case NUMBER:
        return this.#double()
      case FAR_BELOW:
      case FAR_ABOVE:
        return this.#far(tag === FAR_BELOW ? 0xff : 0)
      case TEXT:
        return this.#text()
      case BYTES:
        return this.#bytes()
      case ARRAY: {
        const elements: Datum[] = []
        while (bytes.peekByte() !== END) elements.push(this.read(depth + 1))
        bytes.readByte()
        return elements
      }
      case OBJECT:
        return this.#object(depth)
      case EXACT_BIGINT:
        return this.#exactBigint()
      default:
        return bytes.fail(`unknown tag ${tag}`)
    }
  }

  #double(): number {
    const raw = this.bytes.readRaw(8)
    const first = raw[0] as number
    const isNegative = first < 0x80
    double.setUint8(0, isNegative ? ~first : first ^ 0x80)
    for (let index = 1; index < 8; index += 1) {
      double.setUint8(index, isNegative ? ~(raw[index] as number) : (raw[index] as number))
    }
    return double.getFloat64(0)
  }

  #far(flip: number): number | bigint {
    const near = this.#double()
    const byteCount = this.bytes.readByte() ^ flip
    if (byteCount === 0) return near
    if (!Number.isFinite(near)) this.bytes.fail('a bigint that begins at no number')
    let rest = 0n
    for (const byte of this.bytes.readRaw(byteCount)) rest = (rest << 8n) | BigInt(byte ^ flip)
    return BigInt(near) + (flip === 0 ? rest : -rest)
  }

  #text(): string {
    const text = this.bytes.readUtf8(this.#lengthToEnd())
    this.bytes.readByte()
    if (!text.includes('\x01')) return text
    // Order matters: every escape begins with 01, so the first finds pairs from their start.
    return text.replaceAll('\x01\x01', '\0').replaceAll('\x01\x02', '\x01')
  }

  #bytes(): Uint8Array {
    const raw = this.bytes.readRaw(this.#lengthToEnd())
    this.bytes.readByte()
    const value = new Uint8Array(raw.length)
    let length = 0
    for (let index = 0; index < raw.length; index += 1) {
      let byte = raw[index] as number
      if (byte === ESCAPE) {
        index += 1
        byte = (raw[index] ?? this.bytes.fail('half an escape')) - 1
      }
      value[length] = byte
      length += 1
    }
    return value.slice(0, length)
  }

  #lengthToEnd(): number {
    const start = this.bytes.offset
    const end = this.#all.indexOf(END, start)
    return end < 0 ? this.bytes.fail('a text without its end') : end - start
  }

  #object(depth: number): Datum {
    const names: string[] = []
    for (;;) {
      const tag = this.bytes.readByte()
      if (tag === END) break
      if (tag !== TEXT) this.bytes.fail('a name that is no text')
      names.push(this.#text())
    }
    const row: Record<string, Datum> = {}
    for (const name of names) {
      const value = this.read(depth + 1)
      // Assigning it would set the prototype.
      if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true })
      else row[name] = value
    }
    return row
  }

  #exactBigint(): bigint {
    const digits = this.#text()
    if (!/^-?[0-9]+$/.test(digits)) this.bytes.fail('a bigint of other than digits')
    return BigInt(digits)
  }
}
