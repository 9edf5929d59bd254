/**
 * Values as bytes: equal values are equal bytes, and the order of the bytes is the order of the values
 * (`datum.ts`). STORES.md VS1–VS3.
 *
 *     01 null · 02 false · 03 true
 *     04 number below −2^53 · 05 number within ±2^53 · 06 number above 2^53
 *     07 text … 00 · 08 bytes … 00 · 09 array: values, 00 · 0a object: names as text, 00, values
 *     0b bigint, as decimal text … 00: in the exact form only
 *
 * A number is its double in 8 bytes, highest first: of a negative one all bits flipped, of others the
 * sign bit. 04 and 06 are followed by what a bigint is further from zero than its double, rounded
 * towards zero: the number of bytes and the bytes, highest first, for 04 all of them flipped.
 * In text and bytes, 00 is written 01 01 and 01 is written 01 02, so that no value begins another.
 *
 * The exact form also tells bigints from numbers. It has neither of the two properties above.
 */
import { ByteWriter, UniverseError } from '@inner-universe/core'
import { invalid, sortedNames } from '../datum.ts'
import type { Datum, OrderTerm } from '../state.ts'
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

/** Deepest nesting of arrays and objects. Keeps recursion far from the end of the smallest stack. */
export const DATUM_DEPTH_MAX = 128

/** Largest encoding of one key, row or value, in bytes. */
export const DATUM_BYTES_MAX: number = 64 * 1024 * 1024

/** Largest double; bigints beyond it are measured from it. */
const DOUBLE_MAX = BigInt(Number.MAX_VALUE)

const writer = new ByteWriter({ bytesMax: DATUM_BYTES_MAX })
const double = new DataView(new ArrayBuffer(8))
/** Whether the value last written holds a bigint. */
let hasBigint = false

/**
 * A value in its canonical form: equal values, equal bytes, in order. Of a bigint the type is lost where
 * a number equals it.
 *
 * @throws UniverseError `table/invalid-value` for what is no value, lone surrogates, more than
 * {@link DATUM_DEPTH_MAX} levels, more than {@link DATUM_BYTES_MAX} bytes.
 */
export function encodeDatum(value: Datum): Uint8Array<ArrayBuffer> {
  writer.reset()
  hasBigint = false
  write(value, false, 0)
  return writer.finish()
}

/** A row as a store keeps it. */
export interface EncodedRow {
  readonly bytes: Uint8Array
  /** Its exact form where a bigint is in it, which the canonical form may forget; else null. */
  readonly exact: Uint8Array | null
}

/** A row in both forms. Throws as {@link encodeDatum} does. */
export function encodeRow(row: Datum): EncodedRow {
  const bytes = encodeDatum(row)
  return { bytes, exact: hasBigint ? encodeExact(row) : null }
}

/** A value in its exact form. Throws as {@link encodeDatum} does. */
export function encodeExact(value: Datum): Uint8Array<ArrayBuffer> {
  writer.reset()
  write(value, true, 0)
  return writer.finish()
}

/** The bytes of a row's place in an order: its terms one after the other, descending ones flipped. */
export function encodeOrder<R>(row: R, order: readonly OrderTerm<R>[]): Uint8Array<ArrayBuffer> {
  writer.reset()
  const flips: number[] = []
  for (const term of order) {
    if (term.isDescending) flips.push(writer.length)
    write(term.pick(row), false, 0)
    if (term.isDescending) flips.push(writer.length)
  }
  const bytes = writer.finish()
  for (let index = 0; index < flips.length; index += 2) {
    const end = flips[index + 1] as number
    for (let at = flips[index] as number; at < end; at += 1) bytes[at] = ~(bytes[at] as number)
  }
  return bytes
}

function write(value: Datum, isExact: boolean, depth: number): void {
  switch (typeof value) {
    case 'string':
      writer.writeByte(TEXT)
      writeText(value)
      return
    case 'number':
      writeNumber(value)
      return
    case 'boolean':
      writer.writeByte(value ? TRUE : FALSE)
      return
    case 'undefined':
      writer.writeByte(NULL)
      return
    case 'bigint':
      hasBigint = true
      if (isExact) {
        writer.writeByte(EXACT_BIGINT)
        writeText(value.toString())
      } else writeBigint(value)
      return
    case 'object':
      if (value === null) writer.writeByte(NULL)
      else writeContainer(value, isExact, depth + 1)
      return
    default:
      throw invalid(value)
  }
}

function writeText(text: string): void {
  const isPlain = !text.includes('\0') && !text.includes('\x01')
  // Order matters: the second adds escapes that the first must not see.
  writer.writeUtf8(
    isPlain ? text : text.replaceAll('\x01', '\x01\x02').replaceAll('\0', '\x01\x01'),
  )
  writer.writeByte(END)
}

function writeNumber(value: number): void {
  // NaN is in no source; it has its place in the order all the same, before all other numbers.
  const hasNoValue = Number.isNaN(value)
  const tag = hasNoValue || value < -(2 ** 53) ? FAR_BELOW : value > 2 ** 53 ? FAR_ABOVE : NUMBER
  writer.writeByte(tag)
  writeDouble(value, hasNoValue)
  if (tag !== NUMBER) writer.writeByte(tag === FAR_BELOW ? 0xff : 0)
}

function writeDouble(value: number, hasNoValue: boolean): void {
  // −0 equals 0, so it is the same bytes.
  double.setFloat64(0, value === 0 ? 0 : value)
  let high = double.getInt32(0)
  let low = double.getInt32(4)
  if (hasNoValue) {
    high = 0
    low = 0
  } else if (high < 0) {
    high = ~high
    low = ~low
  } else high ^= 0x80000000
  for (let shift = 24; shift >= 0; shift -= 8) writer.writeByte((high >>> shift) & 0xff)
  for (let shift = 24; shift >= 0; shift -= 8) writer.writeByte((low >>> shift) & 0xff)
}

function writeBigint(value: bigint): void {
  const magnitude = value < 0n ? -value : value
  if (magnitude <= 2n ** 53n) {
    writeNumber(Number(value))
    return
  }
  const near = towardsZero(magnitude)
  const rest = magnitude - BigInt(near)
  const hex = rest === 0n ? '' : rest.toString(16)
  const byteCount = (hex.length + 1) >> 1
  if (byteCount > 0xff) throw invalid(value)
  const flip = value < 0n ? 0xff : 0
  writer.writeByte(value < 0n ? FAR_BELOW : FAR_ABOVE)
  writeDouble(value < 0n ? -near : near, false)
  writer.writeByte(byteCount ^ flip)
  const digits = hex.padStart(2 * byteCount, '0')
  for (let at = 0; at < digits.length; at += 2) {
    writer.writeByte(Number.parseInt(digits.slice(at, at + 2), 16) ^ flip)
  }
}

/** The largest double that is not above a magnitude. */
function towardsZero(magnitude: bigint): number {
  if (magnitude >= DOUBLE_MAX) return Number.MAX_VALUE
  const nearest = Number(magnitude)
  if (BigInt(nearest) <= magnitude) return nearest
  double.setFloat64(0, nearest)
  double.setBigUint64(0, double.getBigUint64(0) - 1n)
  return double.getFloat64(0)
}

function writeContainer(value: object, isExact: boolean, depth: number): void {
  if (depth > DATUM_DEPTH_MAX) {
    throw new UniverseError(
      'table/invalid-value',
      `a value is nested more than ${DATUM_DEPTH_MAX} levels deep; flatten it`,
    )
  }
  if (Array.isArray(value)) {
    writer.writeByte(ARRAY)
    for (const element of value) write(element, isExact, depth)
    writer.writeByte(END)
  } else if (value instanceof Uint8Array) {
    writer.writeByte(BYTES)
    for (const byte of value) {
      if (byte <= ESCAPE) writer.writeByte(ESCAPE)
      writer.writeByte(byte <= ESCAPE ? byte + 1 : byte)
    }
    writer.writeByte(END)
  } else {
    const names = sortedNames(value)
    if (names.length === 0) checkPlain(value)
    writer.writeByte(OBJECT)
    for (const name of names) {
      writer.writeByte(TEXT)
      writeText(name)
    }
    writer.writeByte(END)
    for (const name of names) {
      write((value as Readonly<Record<string, Datum>>)[name], isExact, depth)
    }
  }
}

/** A Date or a Map has no names and is not empty either. */
function checkPlain(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw invalid(value)
}
