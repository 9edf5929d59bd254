import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { texts } from './testing/arbitraries.ts'

const CODE = 'engine/delta-invalid'

function read<T>(hex: string, take: (reader: ByteReader) => T): T {
  const reader = new ByteReader(hexToBytes(hex) as Uint8Array, CODE)
  const taken = take(reader)
  reader.expectEnd()
  return taken
}

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter()
  write(writer)
  return bytesToHex(writer.finish())
}

const MAX = Number.MAX_SAFE_INTEGER

test.each([
  [0, '00'],
  [1, '01'],
  [127, '7f'],
  [128, '8001'],
  [300, 'ac02'],
  [2 ** 31 - 1, 'ffffffff07'],
  [2 ** 31, '8080808008'],
  [2 ** 32, '8080808010'],
  [2 ** 49 - 1, 'ffffffffffff7f'],
  [2 ** 49, '8080808080808001'],
  [MAX, 'ffffffffffffff0f'],
])('[BY1] the varint of %d is %s', (value, hex) => {
  expect(written((writer) => writer.writeVarint(value))).toBe(hex)
  expect(read(hex, (reader) => reader.readVarint())).toBe(value)
})

test.each([
  ['8000', 'longer than need be'],
  ['ff8000', 'longer than need be'],
  ['ffffffffffffff1f', 'more than 53 bits'],
  ['8080808080808010', 'more than 53 bits'],
  ['808080808080808001', 'more than 53 bits'],
  ['ffffffffffffffffffff', 'more than 53 bits'],
  ['', 'end too soon'],
  ['ff', 'end too soon'],
])('[BY1] the varint %s is refused: %s', (hex, reason) => {
  expect(() => read(hex, (reader) => reader.readVarint())).toThrow(reason)
})

test.each([-1, 0.5, Number.NaN, 2 ** 53, 128.5])(
  '[BY1] %d is asserted not to be a varint',
  (value) => {
    expect(() => new ByteWriter().writeVarint(value)).toThrow('should hold')
  },
)

test.each([
  [0, '00'],
  [-1, '01'],
  [1, '02'],
  [63, '7e'],
  [-64, '7f'],
  [64, '8001'],
  [-65, '8101'],
  [2 ** 31, '8080808010'],
  [MAX, 'feffffffffffff1f'],
  [-MAX, 'fdffffffffffff1f'],
])('[BY2] the zigzag of %d is %s', (value, hex) => {
  expect(written((writer) => writer.writeZigzag(value))).toBe(hex)
  expect(read(hex, (reader) => reader.readZigzag())).toBe(value)
})

test.each([
  ['8000', 'longer than need be'],
  ['8100', 'longer than need be'],
  ['ffffffffffffff1f', '53 bits'],
  ['8080808080808020', '53 bits'],
  ['80', 'end too soon'],
])('[BY2] the zigzag %s is refused: %s', (hex, reason) => {
  expect(() => read(hex, (reader) => reader.readZigzag())).toThrow(reason)
})

test('[BY3] a length beyond the bytes or the limit is refused before anything is allocated', () => {
  const huge = 'ffffffffffffff0f'
  expect(() => read(huge, (reader) => reader.readBytes())).toThrow('is the most')
  expect(() => read(huge, (reader) => reader.readText(MAX))).toThrow('end too soon')
  expect(() => read(huge, (reader) => reader.readBytes(MAX))).toThrow('end too soon')
  expect(() => read('0461', (reader) => reader.readText())).toThrow('end too soon')
  expect(() => read('03616263', (reader) => reader.readText(2))).toThrow('2 is the most')
  expect(() => read('00', (reader) => reader.readFloat64())).toThrow('end too soon')
  expect(() => read('00', (reader) => reader.readUuid())).toThrow('end too soon')
})

test('[BY4] text that is not UTF-8 is refused', () => {
  expect(() => read('01ff', (reader) => reader.readText())).toThrow('not UTF-8')
  expect(() => read('03eda080', (reader) => reader.readText())).toThrow('not UTF-8')
  expect(() => new ByteWriter().writeText('\ud800')).toThrow('lone surrogate')
  expect(() => new ByteWriter().writeText(`${'a'.repeat(99)}\ud800`)).toThrow('lone surrogate')
})

test('[BY4] text is limited when it is written', () => {
  expect(written((writer) => writer.writeText('€', 3))).toBe('03e282ac')
  expect(() => new ByteWriter().writeText('€', 2)).toThrow('2 are allowed')
})

test('[BY5] errors have the reader’s code and the position', () => {
  expect(() => new ByteReader(Uint8Array.of(1, 2), 'client/protocol').expectEnd()).toThrow(
    expect.objectContaining({ code: 'client/protocol', message: '2 bytes too many at byte 0' }),
  )
})

test('[BY5] a reader over a part of a buffer sees that part only', () => {
  const reader = new ByteReader(new Uint8Array([9, 9, 1, 2, 9]).subarray(2, 4), CODE)
  expect([reader.readByte(), reader.readByte(), reader.remaining]).toEqual([1, 2, 0])
  expect(() => reader.readByte()).toThrow('end too soon')
  const floats = new Uint8Array(17)
  new DataView(floats.buffer).setFloat64(9, 1.5, true)
  expect(new ByteReader(floats.subarray(9), CODE).readFloat64()).toBe(1.5)
})

test('[BY6] a writer stops at its limit with its code', () => {
  const writer = new ByteWriter({ bytesMax: 300, code: 'call/too-large' })
  writer.writeRaw(new Uint8Array(300))
  expect(() => writer.writeByte(0)).toThrow(expect.objectContaining({ code: 'call/too-large' }))
  expect(writer.length).toBe(300)
})

test('[BY6] a reset writer keeps nothing of what it forgot', () => {
  const writer = new ByteWriter()
  writer.writeText('first')
  const first = writer.finish()
  writer.reset(2)
  writer.writeByte(7)
  expect(bytesToHex(writer.view())).toBe('056607')
  expect(bytesToHex(first)).toBe('056669727374')
  writer.reset()
  expect(writer.finish()).toHaveLength(0)
})

test('[BY6] every primitive survives growth at every place', () => {
  for (let before = 200; before <= 256; before++) {
    const writer = new ByteWriter()
    writer.writeRaw(new Uint8Array(before))
    writer.writeText('a text')
    writer.writeText('é'.repeat(50))
    writer.writeFloat64(1.5)
    writer.writeUuid('0190163d-8694-739b-aea5-966c26f8ad91')
    writer.writeVarint(MAX)
    const reader = new ByteReader(writer.view(), CODE)
    reader.readRaw(before)
    expect(reader.readText()).toBe('a text')
    expect(reader.readText()).toBe('é'.repeat(50))
    expect(reader.readFloat64()).toBe(1.5)
    expect(reader.readUuid()).toBe('0190163d-8694-739b-aea5-966c26f8ad91')
    expect(reader.readVarint()).toBe(MAX)
  }
})

type Primitive = readonly [
  'Varint' | 'Zigzag' | 'Float64' | 'Int64' | 'Bytes' | 'Text' | 'Uuid' | 'Byte',
  unknown,
]

const primitives: fc.Arbitrary<Primitive> = fc.oneof(
  fc.tuple(fc.constant('Byte' as const), fc.nat(255)),
  fc.tuple(fc.constant('Varint' as const), fc.oneof(fc.nat(), fc.maxSafeNat())),
  fc.tuple(fc.constant('Zigzag' as const), fc.oneof(fc.integer(), fc.maxSafeInteger())),
  fc.tuple(fc.constant('Float64' as const), fc.double()),
  fc.tuple(fc.constant('Int64' as const), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.tuple(fc.constant('Bytes' as const), fc.uint8Array({ maxLength: 300 })),
  fc.tuple(fc.constant('Text' as const), texts),
  fc.tuple(fc.constant('Uuid' as const), fc.uuid()),
)

test('[BY1] [BY2] any sequence of primitives is read back as it was written', () => {
  fc.assert(
    fc.property(fc.array(primitives, { maxLength: 40 }), (sequence) => {
      const writer = new ByteWriter()
      for (const [kind, value] of sequence) writer[`write${kind}`](value as never)
      const reader = new ByteReader(writer.finish(), CODE)
      for (const [kind, value] of sequence) expect(reader[`read${kind}`]()).toEqual(value)
      reader.expectEnd()
    }),
  )
})

test('[BY3] bytes that were read are the reader’s own', () => {
  const source = Uint8Array.of(2, 1, 2)
  const bytes = new ByteReader(source, CODE).readBytes()
  source.fill(9)
  expect([...bytes]).toEqual([1, 2])
})
