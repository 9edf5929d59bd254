/**
 * The types of the parts of an ordered key: how each is written and read. CODEC.md OK1–OK9.
 *
 * The layout of strings, bytes, integers, booleans, enums, tuples and objects is one that others read;
 * floats, times, UUIDs and optional parts are additions beside it.
 */
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { UniverseError } from './error.ts'
import { isId } from './id.ts'
import { KEY_PART_BYTES_MAX } from './limits.ts'
import { utf8Length } from './utf8.ts'

/** How one part of a key is written and read. */
export interface KeyCodec<Value> {
  write(out: ByteWriter, value: Value): void
  read(reader: ByteReader): Value
}

/** The type of a part of a key. Call it with a value to give that value the type. */
export interface KeyType<Value> extends KeyCodec<Value> {
  (value: Value): TypedPart
}

/** A value with the type it is to be encoded as. Made by calling a {@link KeyType}. */
export interface TypedPart {
  /** Appends the value. */
  readonly writeTo: (out: ByteWriter) => void
}

const SIGN_BIT = 1n << 63n
const UINT64_MASK = (1n << 64n) - 1n

/** Refuses what fits no type. */
export function refuse(what: string): never {
  throw new UniverseError('kv/invalid-argument', `${what}; a key part must fit its type`)
}

function keyType<Value>(
  write: (out: ByteWriter, value: Value) => void,
  read: (reader: ByteReader) => Value,
): KeyType<Value> {
  const type = (value: Value): TypedPart => ({ writeTo: (out) => write(out, value) })
  return Object.assign(type, { write, read })
}

function writeUint64(out: ByteWriter, value: bigint): void {
  for (let shift = 56n; shift >= 0n; shift -= 8n) out.writeByte(Number((value >> shift) & 0xffn))
}

function readUint64(reader: ByteReader): bigint {
  let value = 0n
  for (const byte of reader.readRaw(8)) value = (value << 8n) | BigInt(byte)
  return value
}

/** A safe integer in the layout of int64, without a bigint on the way. */
function writeSafeInteger(out: ByteWriter, value: number): void {
  const high = Math.floor(value / 2 ** 32)
  const low = value - high * 2 ** 32
  // Adding the sign bit is flipping it: the high half is 21 bits and a sign.
  writeUint32(out, (high + 2 ** 31) >>> 0)
  writeUint32(out, low >>> 0)
}

function writeUint32(out: ByteWriter, value: number): void {
  out.writeByte(value >>> 24)
  out.writeByte((value >>> 16) & 0xff)
  out.writeByte((value >>> 8) & 0xff)
  out.writeByte(value & 0xff)
}

function signed(name: string, bits: number): KeyType<number> {
  const max = 2 ** (bits - 1) - 1
  const isIn = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= -max - 1 && (value as number) <= max
  return keyType(
    (out, value) => {
      if (!isIn(value)) refuse(`${String(value)} is not an ${name}`)
      writeSafeInteger(out, value)
    },
    (reader) => {
      const value = Number(BigInt.asIntN(64, readUint64(reader) ^ SIGN_BIT))
      return isIn(value) ? value : reader.fail(`${value} is not an ${name}`)
    },
  )
}

function unsigned(name: string, bits: number): KeyType<number> {
  const max = 2 ** bits - 1
  const isIn = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
  return keyType(
    (out, value) => {
      if (!isIn(value)) refuse(`${String(value)} is not a ${name}`)
      writeUint64(out, BigInt(value))
    },
    (reader) => {
      const value = Number(readUint64(reader))
      return isIn(value) ? value : reader.fail(`${value} is not a ${name}`)
    },
  )
}

function writeLength(out: ByteWriter, byteCount: number, what: string): void {
  if (byteCount > KEY_PART_BYTES_MAX) {
    refuse(`${what} of ${byteCount} bytes is longer than ${KEY_PART_BYTES_MAX}`)
  }
  out.writeByte(byteCount >>> 8)
  out.writeByte(byteCount & 0xff)
}

const readLength = (reader: ByteReader): number => reader.readByte() * 256 + reader.readByte()

/** `k.string`, by its own name for what only encodes plain parts. */
export const string: KeyType<string> = /* @__PURE__ */ keyType(
  (out, value) => {
    if (typeof value !== 'string') refuse(`a ${typeof value} is not text`)
    if (!value.isWellFormed()) refuse('text with a lone surrogate')
    writeLength(out, utf8Length(value), 'text')
    out.writeUtf8(value)
  },
  (reader) => reader.readUtf8(readLength(reader)),
)

/** `k.bytes`, as {@link string}. */
export const bytes: KeyType<Uint8Array> = /* @__PURE__ */ keyType(
  (out, value) => {
    if (!(value instanceof Uint8Array)) refuse('a value that is not bytes')
    writeLength(out, value.length, 'a byte array')
    out.writeRaw(value)
  },
  (reader) => reader.readRaw(readLength(reader)).slice(),
)

/** `k.bool`, as {@link string}. */
export const bool: KeyType<boolean> = /* @__PURE__ */ keyType(
  (out, value) => {
    if (typeof value !== 'boolean') refuse(`a ${typeof value} is not a boolean`)
    out.writeByte(value ? 1 : 0)
  },
  (reader) => {
    const byte = reader.readByte()
    return byte > 1 ? reader.fail(`${byte} is not a boolean`) : byte === 1
  },
)

/** `k.int64`, as {@link string}. */
export const int64: KeyType<bigint> = /* @__PURE__ */ keyType(
  (out, value) => {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) {
      refuse(`${String(value)} is not an int64`)
    }
    writeUint64(out, (value & UINT64_MASK) ^ SIGN_BIT)
  },
  (reader) => BigInt.asIntN(64, readUint64(reader) ^ SIGN_BIT),
)

const uint64: KeyType<bigint> = /* @__PURE__ */ keyType((out, value) => {
  if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) {
    refuse(`${String(value)} is not a uint64`)
  }
  writeUint64(out, value)
}, readUint64)

/** Of IEEE 754 bits: a negative number all flipped, any other its sign bit. NaN has no place. */
const float64: KeyType<number> = /* @__PURE__ */ keyType(
  (out, value) => {
    if (typeof value !== 'number' || Number.isNaN(value)) refuse(`${String(value)} has no order`)
    const view = new DataView(new ArrayBuffer(8))
    // −0 and 0 are equal, so they are the same key.
    view.setFloat64(0, value === 0 ? 0 : value)
    const bits = view.getBigUint64(0)
    writeUint64(out, bits >> 63n === 0n ? bits ^ SIGN_BIT : bits ^ UINT64_MASK)
  },
  (reader) => {
    const ordered = readUint64(reader)
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, ordered >> 63n === 1n ? ordered ^ SIGN_BIT : ordered ^ UINT64_MASK)
    const value = view.getFloat64(0)
    return Number.isNaN(value) || Object.is(value, -0) ? reader.fail('not a float64 key') : value
  },
)

const uint8: KeyType<number> = /* @__PURE__ */ keyType(
  (out, value) => {
    if (!Number.isSafeInteger(value) || value < 0 || value > 255) {
      refuse(`${String(value)} is not a byte`)
    }
    out.writeByte(value)
  },
  (reader) => reader.readByte(),
)

/** `k.int`, as {@link string}. */
export const int: KeyType<number> = /* @__PURE__ */ signed('integer within ±(2^53 − 1)', 54)

function enumeration<const Members extends readonly string[]>(
  members: Members,
): KeyType<Members[number]> {
  return keyType(
    (out, value) => {
      const ordinal = members.indexOf(value)
      if (ordinal < 0) refuse(`"${String(value)}" is not one of ${members.join(', ')}`)
      writeSafeInteger(out, ordinal)
    },
    (reader) => {
      const ordinal = Number(BigInt.asIntN(64, readUint64(reader) ^ SIGN_BIT))
      return members[ordinal] ?? reader.fail(`${ordinal} is the ordinal of no member`)
    },
  )
}

/** The values of a list of types. */
export type KeyValues<Types extends readonly KeyCodec<unknown>[]> = {
  readonly [K in keyof Types]: Types[K] extends KeyCodec<infer Value> ? Value : never
}

function tuple<const Types extends readonly KeyCodec<unknown>[]>(
  ...types: Types
): KeyType<KeyValues<Types>> {
  return keyType(
    (out, values) => {
      const partCount = Array.isArray(values) ? values.length : 'no'
      if (partCount !== types.length) {
        refuse(`a tuple of ${partCount} parts where ${types.length} are declared`)
      }
      for (const [index, type] of types.entries()) type.write(out, values[index])
    },
    (reader) => types.map((type) => type.read(reader)) as KeyValues<Types>,
  )
}

function object<Fields extends Readonly<Record<string, KeyCodec<unknown>>>>(
  fields: Fields,
): KeyType<{ readonly [K in keyof Fields]: Fields[K] extends KeyCodec<infer V> ? V : never }> {
  const entries = Object.entries(fields)
  // Such names come first in an object whatever the order in which they were written.
  const unordered = entries.find(([name]) => /^(0|[1-9]\d*)$/.test(name))
  if (unordered !== undefined) refuse(`"${unordered[0]}" as a field has no order of declaration`)
  return keyType(
    (out, value) => {
      if (typeof value !== 'object' || value === null) refuse(`${String(value)} is not an object`)
      for (const [name, type] of entries) type.write(out, (value as Record<string, unknown>)[name])
    },
    (reader) =>
      Object.fromEntries(entries.map(([name, type]) => [name, type.read(reader)])) as never,
  )
}

function optional<Value>(type: KeyCodec<Value>): KeyType<Value | null> {
  return keyType<Value | null>(
    (out, value) => {
      out.writeByte(value === null ? 0 : 1)
      if (value !== null) type.write(out, value)
    },
    (reader) => (bool.read(reader) ? type.read(reader) : null),
  )
}

/** The types of key parts. */
export interface KeyTypes {
  /** UTF-8 after its length in two bytes: shorter ones first, then by bytes. At most 65,535 bytes. */
  readonly string: KeyType<string>
  /** As `string`. */
  readonly bytes: KeyType<Uint8Array>
  readonly int8: KeyType<number>
  readonly int16: KeyType<number>
  readonly int32: KeyType<number>
  /** Safe integers, in the layout of `int64`. */
  readonly int: KeyType<number>
  readonly int64: KeyType<bigint>
  readonly uint16: KeyType<number>
  readonly uint32: KeyType<number>
  readonly uint64: KeyType<bigint>
  /** One byte. */
  readonly uint8: KeyType<number>
  /** As `uint8`. */
  readonly byte: KeyType<number>
  /** One character of one byte, U+0000 to U+00FF. */
  readonly char: KeyType<string>
  readonly bool: KeyType<boolean>
  /** Members of an enum, by their ordinals. */
  enum<const Members extends readonly string[]>(members: Members): KeyType<Members[number]>
  /** Parts in order, nothing between them. */
  tuple<const Types extends readonly KeyCodec<unknown>[]>(
    ...types: Types
  ): KeyType<KeyValues<Types>>
  /**
   * Fields in the order in which they are declared, nothing between them. A field cannot be called by a
   * whole number: objects have those first, in their own order.
   */
  object<Fields extends Readonly<Record<string, KeyCodec<unknown>>>>(
    fields: Fields,
  ): KeyType<{ readonly [K in keyof Fields]: Fields[K] extends KeyCodec<infer V> ? V : never }>
  /** An encoded key as it is, without a length: to the end of the key. */
  readonly key: KeyType<Uint8Array>
  /** An addition: any float but NaN, by value; −0 is 0. */
  readonly float64: KeyType<number>
  /** An addition: wall time, as its ms since 1970 in the layout of `int64`. */
  readonly date: KeyType<Date>
  /** An addition: canonical UUID text as its 16 bytes. */
  readonly uuid: KeyType<string>
  /** An addition, absent before present: 00, or 01 and the part. */
  optional<Value>(type: KeyCodec<Value>): KeyType<Value | null>
}

/** See {@link KeyTypes}. What is marked pure is left out of bundles that only encode plain parts. */
export const k: KeyTypes = {
  string,
  bytes,
  int8: /* @__PURE__ */ signed('int8', 8),
  int16: /* @__PURE__ */ signed('int16', 16),
  int32: /* @__PURE__ */ signed('int32', 32),
  int,
  int64,
  uint16: /* @__PURE__ */ unsigned('uint16', 16),
  uint32: /* @__PURE__ */ unsigned('uint32', 32),
  uint64,
  uint8,
  byte: uint8,
  char: /* @__PURE__ */ keyType<string>(
    (out, value) => {
      const code = typeof value === 'string' && value.length === 1 ? value.charCodeAt(0) : 256
      if (code > 255) refuse(`"${String(value)}" is not one character of one byte`)
      out.writeByte(code)
    },
    (reader) => String.fromCharCode(reader.readByte()),
  ),
  bool,
  enum: enumeration,
  tuple,
  object,
  key: /* @__PURE__ */ keyType<Uint8Array>(
    (out, value) => {
      if (!(value instanceof Uint8Array)) refuse('a value that is not an encoded key')
      out.writeRaw(value)
    },
    (reader) => reader.readRaw(reader.remaining).slice(),
  ),
  float64,
  date: /* @__PURE__ */ keyType<Date>(
    (out, value) => {
      if (!(value instanceof Date)) refuse(`${String(value)} is not a date`)
      int.write(out, value.getTime())
    },
    (reader) => new Date(int.read(reader)),
  ),
  uuid: /* @__PURE__ */ keyType<string>(
    (out, value) => {
      if (!isId(value)) refuse(`"${String(value)}" is not a canonical UUID`)
      out.writeUuid(value)
    },
    (reader) => reader.readUuid(),
  ),
  optional,
}
