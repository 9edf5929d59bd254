/**
 * Reads bytes that may come from anywhere. The mirror of {@link ByteWriter}; CODEC.md BY1–BY6.
 */
import { type ErrorCode, UniverseError } from './error.ts'
import { BLOB_BYTES_MAX, ID_BYTES, TEXT_BYTES_MAX } from './limits.ts'
import { decodeUtf8 } from './utf8.ts'
import { unpackUuid } from './uuid.ts'

/**
 * A cursor over bytes. Nothing is trusted: every read checks that the bytes are there, every length
 * is checked against what remains and against its limit before anything is allocated, and every
 * value has one encoding only. The bytes must not change while they are read.
 *
 * @throws UniverseError of the code given at construction, by every method that reads; the message
 * names the place. After a throw the reader is not to be used.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #float: DataView
  readonly #code: ErrorCode
  #offset = 0

  constructor(bytes: Uint8Array, code: ErrorCode) {
    this.#bytes = bytes
    this.#float = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#code = code
  }

  /** Position of the next byte. */
  get offset(): number {
    return this.#offset
  }

  /** Number of bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  /** Refuses the bytes for a reason of the caller's: how a format over this one fails alike. */
  fail(what: string): never {
    throw new UniverseError(this.#code, `${what} at byte ${this.#offset}`, {
      details: { reason: what, offset: this.#offset },
    })
  }

  /** Refuses bytes that are left over. */
  expectEnd(): void {
    if (this.remaining > 0) this.fail(`${this.remaining} bytes too many`)
  }

  /** One byte. */
  readByte(): number {
    const byte = this.#bytes[this.#offset]
    if (byte === undefined) this.fail('the bytes end too soon')
    this.#offset++
    return byte
  }

  /** The next byte, which stays to be read; undefined at the end. */
  peekByte(): number | undefined {
    return this.#bytes[this.#offset]
  }

  /** An unsigned integer of at most 53 bits, in its shortest form. */
  readVarint(): number {
    const first = this.readByte()
    if (first < 0x80) return first
    let value = first & 0x7f
    // Bit operators see 32 bits: higher parts are multiplied in.
    for (let scale = 0x80; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.readByte()
      if (byte < 0x80) {
        // The eighth byte holds bits 49 to 52.
        if (scale === 2 ** 49 && byte > 0xf) break
        if (byte === 0) this.fail('a varint longer than need be')
        return value + byte * scale
      }
      value += (byte & 0x7f) * scale
    }
    return this.fail('a varint of more than 53 bits')
  }

  /** A varint that must not exceed `max`: a count, an index, a version. */
  readVarintUpTo(max: number, what: string): number {
    const value = this.readVarint()
    if (value > max) this.fail(`${what} is ${value}; ${max} is the most`)
    return value
  }

  /** A signed integer of magnitude below 2^53, in its shortest form. */
  readZigzag(): number {
    const first = this.readByte()
    let magnitude = (first & 0x7e) >>> 1
    if (first >= 0x80) {
      const high = this.readVarint()
      if (high === 0) this.fail('a varint longer than need be')
      magnitude += high * 0x40
    }
    // Also what was rounded on the way here is above the safe integers.
    const value = (first & 1) === 0 ? magnitude : -1 - magnitude
    if (!Number.isSafeInteger(value)) this.fail('an integer of more than 53 bits')
    return value
  }

  /** A double of 8 bytes. */
  readFloat64(): number {
    return this.#float.getFloat64(this.#take(8), true)
  }

  /** A signed 64-bit integer of 8 bytes. */
  readInt64(): bigint {
    return this.#float.getBigInt64(this.#take(8), true)
  }

  /** The next `byteCount` bytes without a copy: a view into the bytes being read. */
  readRaw(byteCount: number): Uint8Array {
    const start = this.#take(byteCount)
    return this.#bytes.subarray(start, start + byteCount)
  }

  /** Bytes after their length, as a copy of their own. */
  readBytes(bytesMax: number = BLOB_BYTES_MAX): Uint8Array {
    return this.readRaw(this.readVarintUpTo(bytesMax, 'the number of bytes')).slice()
  }

  /** Text after its length. Not UTF-8: refused. */
  readText(bytesMax: number = TEXT_BYTES_MAX): string {
    return this.readUtf8(this.readVarintUpTo(bytesMax, 'the number of bytes'))
  }

  /** Text of the next `byteCount` bytes. Not UTF-8: refused. */
  readUtf8(byteCount: number): string {
    const start = this.#take(byteCount)
    return decodeUtf8(this.#bytes, start, start + byteCount) ?? this.fail('not UTF-8')
  }

  /** Canonical UUID text of the next 16 bytes. */
  readUuid(): string {
    return unpackUuid(this.#bytes, this.#take(ID_BYTES))
  }

  #take(byteCount: number): number {
    if (byteCount > this.remaining) this.fail('the bytes end too soon')
    const start = this.#offset
    this.#offset += byteCount
    return start
  }
}
