/**
 * Writes bytes into a buffer that grows. The primitives of every format in CODEC.md (BY1–BY6);
 * {@link ByteReader} is its mirror.
 */
import { assert } from './assert.ts'
import { type ErrorCode, UniverseError } from './error.ts'
import { BUFFER_BYTES_MAX, ID_BYTES, TEXT_BYTES_MAX, VARINT_BYTES_MAX } from './limits.ts'
import { encodeUtf8, utf8Length } from './utf8.ts'
import { packUuid } from './uuid.ts'

/** How far a writer may grow, and the code of its errors. */
export interface ByteWriterOptions {
  /** Default {@link BUFFER_BYTES_MAX}. */
  readonly bytesMax?: number
  /** Code for what cannot be written. Default `table/invalid-value`. */
  readonly code?: ErrorCode
}

/**
 * A growing buffer. Reuse one by {@link ByteWriter.reset}: its memory is kept.
 *
 * Values of the wrong kind (a varint that is not an integer of 53 bits, a byte above 255) are our
 * own faults and asserted; what a user's value can cause is a UniverseError of the given code. Part of
 * a value may be written by then: reset the writer to the length it had.
 */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  #float: DataView = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #bytesMax: number
  readonly #code: ErrorCode

  constructor(options: ByteWriterOptions = {}) {
    this.#bytesMax = options.bytesMax ?? BUFFER_BYTES_MAX
    this.#code = options.code ?? 'table/invalid-value'
  }

  /** Number of bytes written. */
  get length(): number {
    return this.#length
  }

  /** Forgets what was written, or what was written after it was `length` bytes long. */
  reset(length: number = 0): void {
    assert(length >= 0 && length <= this.#length, 'a writer is reset to a length it had')
    this.#length = length
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  /** What was written, without a copy: valid until the next write or reset. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  /** One byte, 0 to 255. */
  writeByte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.#length++] = byte
  }

  /**
   * An unsigned integer below 2^53 in 1 to 8 bytes: seven bits per byte, lowest first, the high bit
   * set on all but the last.
   */
  writeVarint(value: number): void {
    if ((value & 0x7f) === value) {
      this.writeByte(value)
      return
    }
    assert(Number.isSafeInteger(value) && value > 0, 'a varint is an integer from 0 to 2^53 − 1')
    this.#room(VARINT_BYTES_MAX)
    let rest = value
    // Bit operators see 32 bits: the part above is divided off first.
    while (rest > 0xffffffff) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /**
   * A signed integer of magnitude below 2^53 as the varint of 2n, or of −2n − 1 for a negative one.
   *
   * The sign and the lowest six bits make the first byte, so that no intermediate leaves 53 bits.
   */
  writeZigzag(value: number): void {
    assert(Number.isSafeInteger(value), 'a zigzag is a safe integer')
    const magnitude = value < 0 ? -1 - value : value
    const low = ((magnitude & 0x3f) << 1) | (value < 0 ? 1 : 0)
    if (magnitude < 0x40) {
      this.writeByte(low)
      return
    }
    this.writeByte(low | 0x80)
    this.writeVarint(Math.floor(magnitude / 0x40))
  }

  /** An IEEE 754 double in 8 bytes, lowest byte first. */
  writeFloat64(value: number): void {
    this.#room(8)
    this.#float.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** A signed 64-bit integer in 8 bytes, lowest byte first. */
  writeInt64(value: bigint): void {
    assert(BigInt.asIntN(64, value) === value, 'an int64 is within ±2^63')
    this.#room(8)
    this.#float.setBigInt64(this.#length, value, true)
    this.#length += 8
  }

  /** Bytes as they are, without their length. */
  writeRaw(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A varint of their number, then the bytes. */
  writeBytes(bytes: Uint8Array): void {
    this.writeVarint(bytes.length)
    this.writeRaw(bytes)
  }

  /**
   * A varint of the number of UTF-8 bytes, then those.
   *
   * @throws UniverseError of the writer's code for lone surrogates and above `bytesMax` bytes.
   */
  writeText(text: string, bytesMax: number = TEXT_BYTES_MAX): void {
    // Up to 42 units take at most 126 bytes: the length is one byte, known afterwards.
    if (text.length <= 42 && text.length * 3 <= bytesMax) {
      const lengthAt = this.#length
      this.writeByte(0)
      // Order matters: writing may grow, and then `#bytes` is another buffer.
      const byteCount = this.writeUtf8(text)
      this.#bytes[lengthAt] = byteCount
      return
    }
    const byteCount = utf8Length(text)
    if (byteCount > bytesMax) this.#refuse(`a text of ${byteCount} bytes; ${bytesMax} are allowed`)
    this.writeVarint(byteCount)
    this.writeUtf8(text)
  }

  /**
   * UTF-8 of a text without its length; gives the number of bytes.
   *
   * @throws UniverseError of the writer's code for a text with a lone surrogate.
   */
  writeUtf8(text: string): number {
    this.#room(text.length * 3)
    const written = encodeUtf8(text, this.#bytes, this.#length)
    if (written < 0) this.#refuse('a text with a lone surrogate, which UTF-8 cannot hold')
    this.#length += written
    return written
  }

  /** The 16 bytes of canonical UUID text, and true; or nothing and false for any other text. */
  writeUuid(text: string): boolean {
    // Most texts are not UUIDs: they are told by their length before anything grows.
    if (text.length !== 36) return false
    this.#room(ID_BYTES)
    if (!packUuid(text, this.#bytes, this.#length)) return false
    this.#length += ID_BYTES
    return true
  }

  #room(byteCount: number): void {
    if (this.#length + byteCount > this.#bytes.length) this.#grow(byteCount)
  }

  #grow(byteCount: number): void {
    const needed = this.#length + byteCount
    if (needed > this.#bytesMax) {
      this.#refuse(`${needed} bytes in one buffer; ${this.#bytesMax} are allowed`)
    }
    const bytes = new Uint8Array(Math.min(this.#bytesMax, Math.max(needed, 2 * this.#bytes.length)))
    bytes.set(this.#bytes)
    this.#bytes = bytes
    this.#float = new DataView(bytes.buffer)
  }

  #refuse(what: string): never {
    throw new UniverseError(this.#code, `cannot encode ${what}`, { details: { reason: what } })
  }
}
