import { expect, test } from 'vitest'
import vectors from '../vectors/value-codec.json' with { type: 'json' }
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { BLOB_BYTES_MAX, JSON_BYTES_MAX, TEXT_BYTES_MAX } from './limits.ts'
import { encodeValue, type Value } from './value-codec.ts'
import { decodeValue } from './value-decoder.ts'

const CODE = 'engine/delta-invalid'

function encode(value: Value): Uint8Array {
  const writer = new ByteWriter()
  encodeValue(writer, value)
  return writer.finish()
}

function decode(bytes: Uint8Array): Value {
  const reader = new ByteReader(bytes, CODE)
  const value = decodeValue(reader)
  reader.expectEnd()
  return value
}

const decodeHex = (hex: string): Value => decode(hexToBytes(hex.replaceAll(' ', '')) as Uint8Array)

/** Values as the vectors file writes them: JSON itself has no bigints, bytes or −0. */
function vectorValue(vector: Readonly<Record<string, unknown>>): Value {
  if (typeof vector.bigint === 'string') return BigInt(vector.bigint)
  if (typeof vector.number === 'string') return Number(vector.number)
  if (typeof vector.bytes === 'string') return hexToBytes(vector.bytes) as Uint8Array
  if (typeof vector.repeat === 'string') return vector.repeat.repeat(vector.times as number)
  return vector.value as Value
}

test.each(vectors.valid)('[VC9] [VC1] $what is $hex', (vector) => {
  const value = vectorValue(vector)
  expect(bytesToHex(encode(value))).toBe(vector.hex)
  expect(decodeHex(vector.hex)).toStrictEqual(value)
})

test.each(vectors.invalid)('[VC2] [VC3] [VC4] [VC6] $what is refused: $hex', ({ hex, reason }) => {
  expect(() => decodeHex(hex)).toThrow(
    expect.objectContaining({ code: CODE, message: expect.stringContaining(reason) }),
  )
})

test('[VC2] a UUID in capitals or braces is a text', () => {
  const uuid = '0190163d-8694-739b-aea5-966c26f8ad91'
  expect(encode(uuid)).toHaveLength(17)
  expect(encode(uuid.toUpperCase())).toHaveLength(37)
  expect(encode(uuid.replaceAll('-', ''))).toHaveLength(33)
  expect(encode(uuid.replace('-', '0'))).toHaveLength(37)
})

test('[VC2] a short text in several scripts has one form at every length', () => {
  for (const unit of ['a', 'é', '€', '😀']) {
    for (let count = 0; count <= 66; count++) {
      const text = unit.repeat(count)
      const byteCount = new TextEncoder().encode(text).length
      const bytes = encode(text)
      expect(bytes.length).toBe(
        byteCount < 64 ? 1 + byteCount : byteCount < 128 ? 2 + byteCount : 3 + byteCount,
      )
      expect(decode(bytes)).toBe(text)
    }
  }
})

test('[VC3] every free tag is refused', () => {
  for (let tag = 0x0a; tag <= 0x7f; tag++) {
    const bytes = new Uint8Array(40)
    bytes[0] = tag
    expect(() => decode(bytes)).toThrow(`unknown tag ${tag}`)
  }
})

test('[VC4] every truncation is refused', () => {
  const all: Value[] = [1e9, 1.5, 2n, 'abc', 'x'.repeat(200), new Uint8Array(9), { a: [1] }]
  for (const value of [...all, '0190163d-8694-739b-aea5-966c26f8ad91']) {
    const bytes = encode(value)
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decode(bytes.subarray(0, end))).toThrow(expect.objectContaining({ code: CODE }))
    }
  }
})

test('[VC5] sizes are limited when encoding', () => {
  expect(() => encode('a'.repeat(TEXT_BYTES_MAX + 1))).toThrow('are allowed')
  expect(() => encode(new Uint8Array(BLOB_BYTES_MAX + 1))).toThrow('are allowed')
  expect(() => encode(['a'.repeat(JSON_BYTES_MAX)])).toThrow('are allowed')
  expect(decode(encode('a'.repeat(TEXT_BYTES_MAX)))).toHaveLength(TEXT_BYTES_MAX)
})

test('[VC5] sizes are limited when decoding', () => {
  const claim = (tag: number, byteCount: number) => {
    const writer = new ByteWriter()
    writer.writeByte(tag)
    writer.writeVarint(byteCount)
    return writer.finish()
  }
  expect(() => decode(claim(0x06, TEXT_BYTES_MAX + 1))).toThrow('is the most')
  expect(() => decode(claim(0x07, BLOB_BYTES_MAX + 1))).toThrow('is the most')
  expect(() => decode(claim(0x09, JSON_BYTES_MAX + 1))).toThrow('is the most')
})

test.each([
  ['a bigint of more than 64 bits', 2n ** 63n],
  ['a bigint of more than 64 bits', -(2n ** 63n) - 1n],
  ['the number NaN', Number.NaN],
  ['the number -Infinity', Number.NEGATIVE_INFINITY],
  ['a text with a lone surrogate', '\ud800'],
  ['a text with a lone surrogate', `${'x'.repeat(70)}\udfff`],
  ['undefined', undefined],
  ['a function', () => 1],
  ['a symbol', Symbol.iterator],
  ['undefined', [undefined]],
  ['a Date object', new Date(0)],
])('[VC6] [VC7] %s is refused by the encoder', (reason, value) => {
  expect(() => encode(value as Value)).toThrow(
    expect.objectContaining({
      code: 'table/invalid-value',
      message: expect.stringContaining(reason),
    }),
  )
})
