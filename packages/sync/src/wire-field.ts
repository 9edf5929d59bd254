/**
 * The parts that messages are made of: each writes, reads and describes itself, so that a message is
 * one table of its fields and its layout cannot differ between the two directions.
 */
import {
  type BatchHead,
  type ByteReader,
  type ByteWriter,
  bytesToHex,
  type Epoch,
  HASH_BYTES,
  type Hash,
  hexToBytes,
  NO_EPOCH,
  type StreamId,
  streamIdFromBytes,
  streamIdToBytes,
  UniverseError,
  utf8Length,
} from '@inner-universe/core'
import { hashFromBytes, hashToBytes } from './hash.ts'
import { SENTENCE_BYTES_MAX, TEXT_NAME_BYTES_MAX } from './limits.ts'

/** How a value is written and read. Reading fails with the reader's code, writing with `sync/protocol`. */
export interface Field<T> {
  /** Its bytes in words, as PROTOCOL.md writes them: hashed beside the version. */
  readonly layout: string
  write(out: ByteWriter, value: T): void
  read(from: ByteReader): T
}

/** A field for each member, in the order in which they are written. */
export type Fields<T> = { readonly [Name in keyof T]-?: Field<T[Name]> }

const EPOCH_BYTES = 8

/** A whole number between two bounds. */
export function varint(min: number = 0, max: number = Number.MAX_SAFE_INTEGER): Field<number> {
  const upTo = max === Number.MAX_SAFE_INTEGER ? '' : `≤${max}`
  return {
    layout: `varint${min === 0 ? '' : `≥${min}`}${upTo}`,
    write(out, value) {
      if (!(value >= min && value <= max)) refuse(`${value}, which is not in ${min} to ${max}`)
      out.writeVarint(value)
    },
    read(from) {
      const value = from.readVarintUpTo(max, 'a number')
      return value < min ? from.fail(`a number of ${value}; ${min} is the least`) : value
    },
  }
}

/** Text of some UTF-8 bytes. */
export function text(bytesMax: number, bytesMin: number = 0): Field<string> {
  return {
    layout: `text${bytesMin === 0 ? '' : `≥${bytesMin}`}≤${bytesMax}`,
    write(out, value) {
      if (value.length < bytesMin) refuse('an empty text')
      out.writeText(value, bytesMax)
    },
    read(from) {
      const value = from.readText(bytesMax)
      return value.length < bytesMin ? from.fail('an empty text') : value
    },
  }
}

/** Bytes after their length. What is read is a view into the frame. */
export function bytes(bytesMax: number): Field<Uint8Array> {
  return {
    layout: `bytes≤${bytesMax}`,
    write(out, value) {
      if (value.length > bytesMax) refuse(`${value.length} bytes; ${bytesMax} are allowed`)
      out.writeBytes(value)
    },
    read: (from) => from.readRaw(from.readVarintUpTo(bytesMax, 'the number of bytes')),
  }
}

/** One of a closed list, as its number from 1. Members are added at the end. */
export function oneOf<T extends string>(members: readonly T[]): Field<T> {
  return {
    layout: `byte{${members.map((member, index) => `${index + 1}=${member}`).join(' ')}}`,
    write: (out, value) => out.writeByte(members.indexOf(value) + 1),
    read(from) {
      const number = from.readByte()
      return members[number - 1] ?? from.fail(`code ${number}`)
    },
  }
}

/** As many as there are, up to `countMax`. An item takes a byte at least. */
export function list<T>(item: Field<T>, countMax: number): Field<readonly T[]> {
  return {
    layout: `[${item.layout}]≤${countMax}`,
    write(out, values) {
      if (values.length > countMax) refuse(`${values.length} items; ${countMax} are allowed`)
      out.writeVarint(values.length)
      for (const value of values) item.write(out, value)
    },
    read(from) {
      const count = from.readVarintUpTo(countMax, 'the number of items')
      if (count > from.remaining) from.fail(`the number of items is ${count}, with too few bytes,`)
      const values: T[] = []
      for (let rest = count; rest > 0; rest--) values.push(item.read(from))
      return values
    },
  }
}

/** 1 and the value, or 0. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    layout: `${field.layout}?`,
    write(out, value) {
      flag.write(out, value !== undefined)
      if (value !== undefined) field.write(out, value)
    },
    read: (from) => (flag.read(from) ? field.read(from) : undefined),
  }
}

/** The members one after the other. */
export function struct<T extends object>(fields: Fields<T>): Field<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  return {
    layout: `{${names.map((name) => `${name}:${fields[name].layout}`).join(' · ')}}`,
    write(out, value) {
      for (const name of names) fields[name].write(out, value[name])
    },
    read(from) {
      const value: Partial<T> = {}
      for (const name of names) value[name] = fields[name].read(from)
      return value as T
    },
  }
}

/** A field with a condition on its value that both sides hold to: gives what is wrong, or undefined. */
export function checked<T>(field: Field<T>, fault: (value: T) => string | undefined): Field<T> {
  return {
    layout: field.layout,
    write(out, value) {
      const found = fault(value)
      if (found !== undefined) refuse(found)
      field.write(out, value)
    },
    read(from) {
      const value = field.read(from)
      const found = fault(value)
      return found === undefined ? value : from.fail(found)
    },
  }
}

/** 0 or 1. */
export const flag: Field<boolean> = {
  layout: 'flag',
  write: (out, value) => out.writeByte(value ? 1 : 0),
  read(from) {
    const byte = from.readByte()
    return byte < 2 ? byte === 1 : from.fail(`a flag of ${byte}`)
  },
}

/** A hash: 16 bytes. */
export const hash: Field<Hash> = {
  layout: 'hash',
  write: (out, value) => out.writeRaw(hashToBytes(value)),
  read: (from) => hashFromBytes(from.readRaw(HASH_BYTES)),
}

/** A stream: 16 bytes. */
export const stream: Field<StreamId> = {
  layout: 'stream',
  write: (out, value) => out.writeRaw(streamIdToBytes(value)),
  read: (from) => streamIdFromBytes(from.readRaw(16)),
}

/** An epoch: 8 bytes. */
export const epoch: Field<Epoch> = {
  layout: 'epoch',
  write(out, value) {
    const raw = hexToBytes(value)
    if (raw?.length !== EPOCH_BYTES) refuse(`'${value}' as an epoch; 16 hex digits are one`)
    out.writeRaw(raw)
  },
  read: (from) => bytesToHex(from.readRaw(EPOCH_BYTES)) as Epoch,
}

const epochIfAny = optional(epoch)

/** An epoch, or none. */
export const anyEpoch: Field<Epoch> = {
  layout: epochIfAny.layout,
  write: (out, value) => epochIfAny.write(out, value === NO_EPOCH ? undefined : value),
  read: (from) => epochIfAny.read(from) ?? NO_EPOCH,
}

/** The last batch of a stream. */
export const batchHead: Field<BatchHead> = struct<BatchHead>({ stream, seq: varint(1), hash })

/** A name that is not empty. */
export const name: Field<string> = text(TEXT_NAME_BYTES_MAX, 1)

/** A sentence for people: cut when it is too long. */
export const sentence: Field<string> = {
  ...text(SENTENCE_BYTES_MAX),
  write(out, value) {
    const isShort = utf8Length(value) <= SENTENCE_BYTES_MAX
    // A quarter of the bytes in units holds whatever the script; half a surrogate pair becomes U+FFFD.
    const kept = isShort ? value : value.slice(0, SENTENCE_BYTES_MAX / 4)
    out.writeText(kept.toWellFormed(), SENTENCE_BYTES_MAX)
  },
}

/** Refuses to write what the other side would refuse to read. */
export function refuse(what: string): never {
  throw new UniverseError('sync/protocol', `cannot send ${what}`, { details: { reason: what } })
}
