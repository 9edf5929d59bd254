import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { isUniverseError } from './error.ts'
import { jsonContainers, values } from './testing/arbitraries.ts'
import { encodeValue, type Value } from './value-codec.ts'
import { decodeValue } from './value-decoder.ts'

const CODE = 'engine/delta-invalid'

test('[VC1] sequences of values are decoded as they were encoded', () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 20 }), (sequence) => {
      const writer = new ByteWriter()
      for (const value of sequence) encodeValue(writer, value)
      const reader = new ByteReader(writer.view(), CODE)
      for (const value of sequence) expect(decodeValue(reader)).toStrictEqual(value)
      reader.expectEnd()
    }),
    // Faults at the places where the buffer grows are one in a thousand.
    { numRuns: 1000 },
  )
})

function encode(value: Value): Uint8Array {
  const writer = new ByteWriter()
  encodeValue(writer, value)
  return writer.finish()
}

function decodeOrRefuse(bytes: Uint8Array): { value: Value; byteCount: number } | undefined {
  const reader = new ByteReader(bytes, CODE)
  try {
    return { value: decodeValue(reader), byteCount: reader.offset }
  } catch (error) {
    if (isUniverseError(error, CODE)) return undefined
    throw error
  }
}

/** Bytes that get past the tag more often than arbitrary ones do. */
const nearlyValid: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.nat(0x0c), fc.uint8Array({ maxLength: 60 }))
    .map(([tag, rest]) => Uint8Array.of(tag, ...rest)),
  fc.tuple(fc.oneof(values, jsonContainers), fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
    const bytes = encode(value)
    bytes[at % bytes.length] = byte
    return bytes
  }),
)

test('[VC2] [VC8] bytes are refused, or are the one encoding of what they decode to', () => {
  fc.assert(
    fc.property(nearlyValid, (bytes) => {
      const decoded = decodeOrRefuse(bytes)
      if (decoded === undefined) return
      expect(encode(decoded.value)).toEqual(bytes.slice(0, decoded.byteCount))
    }),
    { numRuns: 3000 },
  )
})

test('[VC1] a Buffer comes back as a Uint8Array', () => {
  const reader = new ByteReader(encode(Buffer.from([1, 2, 3])), CODE)
  expect(decodeValue(reader)).toStrictEqual(Uint8Array.of(1, 2, 3))
})
