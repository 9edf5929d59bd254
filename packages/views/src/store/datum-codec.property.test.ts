import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareDatum, equalDatum } from '../datum.ts'
import { encodeDatum, encodeExact, encodeOrder, encodeRow } from './datum-codec.ts'
import { decodeDatum } from './datum-decoder.ts'

const name = fc.constantFrom('', 'a', 'b', 'aa', '\u{ffff}', '\u{10000}', '__proto__')
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.string({
    unit: fc.constantFrom('\0', '\x01', '\x02', 'a', '\u{e000}', '\u{10000}'),
    maxLength: 4,
  }),
)
const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double(),
  fc.constantFrom(2 ** 53, -(2 ** 53), 2 ** 53 + 2, -0, 1e300, -1e300),
)
const bigint = fc.oneof(
  fc.bigInt({ min: -3n, max: 3n }),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 3n }),
  fc.constantFrom(2n ** 1030n, -(2n ** 1030n), 2n ** 1024n - 1n),
)
const { datum } = fc.letrec((tie) => ({
  datum: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, undefined, false, true),
    number,
    bigint,
    text,
    fc.uint8Array({ max: 3, maxLength: 3 }),
    fc.array(tie('datum'), { maxLength: 3 }),
    fc
      .array(fc.tuple(name, tie('datum')), { maxLength: 3 })
      .map((members) => Object.fromEntries(members)),
  ),
}))

const compareBytes = (a: Uint8Array, b: Uint8Array): number => Math.sign(Buffer.compare(a, b))

test('[VS1] equal values are equal bytes, and bytes are in the order of values', () => {
  fc.assert(
    fc.property(datum, datum, (a, b) => {
      const order = compareBytes(encodeDatum(a), encodeDatum(b))
      expect(order).toBe(Math.sign(compareDatum(a, b)))
      expect(order === 0).toBe(equalDatum(a, b))
    }),
    { numRuns: 2000 },
  )
})

test('[VS1] no value is the beginning of another', () => {
  fc.assert(
    fc.property(datum, datum, (a, b) => {
      const [left, right] = [encodeDatum(a), encodeDatum(b)]
      if (left.length >= right.length) return
      expect(compareBytes(left, right.subarray(0, left.length))).not.toBe(0)
    }),
    { numRuns: 1000 },
  )
})

test('[VS1] what is decoded equals what was encoded, and encodes to the same bytes', () => {
  fc.assert(
    fc.property(datum, (value) => {
      const bytes = encodeDatum(value)
      expect(equalDatum(decodeDatum(bytes), value)).toBe(true)
      expect(encodeDatum(decodeDatum(bytes))).toEqual(bytes)
    }),
    { numRuns: 1000 },
  )
})

test('[VS2] the exact form keeps bigints apart from numbers', () => {
  const row = { a: 1n, b: 1, c: [2n ** 60n, 2 ** 60, -5n], d: { e: 2n ** 64n + 1n } }
  expect(decodeDatum(encodeExact(row))).toEqual(row)
  expect(decodeDatum(encodeDatum(row))).toEqual({
    a: 1,
    b: 1,
    c: [2 ** 60, 2 ** 60, -5],
    d: { e: 2n ** 64n + 1n },
  })
  expect(encodeRow({ a: 1 }).exact).toBeNull()
  expect(decodeDatum(encodeRow(row).exact as Uint8Array)).toEqual(row)
})

test('[VS3] order bytes sort as the terms do, descending ones the other way', () => {
  interface Pair {
    readonly a: unknown
    readonly b: unknown
  }
  const terms = [
    { pick: (row: Pair) => row.a, isDescending: true },
    { pick: (row: Pair) => row.b, isDescending: false },
  ]
  const pair = fc.record({ a: datum, b: datum })
  fc.assert(
    fc.property(pair, pair, (left, right) => {
      const order = -compareDatum(left.a, right.a) || compareDatum(left.b, right.b)
      expect(compareBytes(encodeOrder(left, terms), encodeOrder(right, terms))).toBe(
        Math.sign(order),
      )
    }),
    { numRuns: 2000 },
  )
})

test('[VS1] vectors', () => {
  const hex = (value: unknown): string => Buffer.from(encodeDatum(value)).toString('hex')
  expect(hex(null)).toBe('01')
  expect(hex(undefined)).toBe('01')
  expect(hex(false)).toBe('02')
  expect(hex(true)).toBe('03')
  expect(hex(0)).toBe('058000000000000000')
  expect(hex(-0)).toBe('058000000000000000')
  expect(hex(1)).toBe('05bff0000000000000')
  expect(hex(1n)).toBe('05bff0000000000000')
  expect(hex(-1.5)).toBe('054007ffffffffffff')
  expect(hex(2n ** 53n + 1n)).toBe('06c3400000000000000101')
  expect(hex(-(2n ** 53n) - 1n)).toBe('043cbffffffffffffffefe')
  expect(hex(2 ** 60)).toBe('06c3b000000000000000')
  expect(hex('a\0\x01b')).toBe('0761010101026200')
  expect(hex(Uint8Array.of(0, 1, 2, 255))).toBe('080101010202ff00')
  expect(hex([1, []])).toBe('0905bff0000000000000090000')
  expect(hex({ b: null, a: true })).toBe('0a0761000762000003' + '01')
})

test('[VS1] what is no value is refused, and so are bytes that are none', () => {
  const invalid = expect.objectContaining({ code: 'table/invalid-value' })
  expect(() => encodeDatum(new Date(0))).toThrow(invalid)
  expect(() => encodeDatum({ a: () => 1 })).toThrow(invalid)
  expect(() => encodeDatum('\ud800')).toThrow(invalid)
  let deep: unknown = null
  for (let level = 0; level < 200; level += 1) deep = [deep]
  expect(() => encodeDatum(deep)).toThrow(invalid)
  for (const bytes of ['', '00', '0c', '05', '0761', '0a0561', '0101', '0801', '0b6100']) {
    expect(() => decodeDatum(Buffer.from(bytes, 'hex')), bytes).toThrow(
      expect.objectContaining({ code: 'views/store-corrupt' }),
    )
  }
})
