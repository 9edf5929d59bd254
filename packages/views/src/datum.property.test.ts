import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareDatum, equalDatum, hashDatum } from './datum.ts'
import { keyOfMapKey, mapKey } from './map-key.ts'
import type { Datum } from './state.ts'
import { datum } from './testing/datum-arbitraries.ts'

it('[VA1] values are in one total order, and equal exactly where it says so', () => {
  fc.assert(
    fc.property(datum, datum, datum, (a, b, c) => {
      expect(Math.sign(compareDatum(a, b))).toBe(-Math.sign(compareDatum(b, a)) + 0)
      expect(equalDatum(a, b)).toBe(compareDatum(a, b) === 0)
      expect(equalDatum(b, a)).toBe(equalDatum(a, b))
      expect(equalDatum(a, structuredClone(a))).toBe(true)
      if (compareDatum(a, b) <= 0 && compareDatum(b, c) <= 0) {
        expect(compareDatum(a, c)).toBeLessThanOrEqual(0)
      }
    }),
    { numRuns: 2000 },
  )
})

it('[VA2] the order of kinds, of text by code point, of objects by names first', () => {
  const ascending: readonly Datum[] = [
    null,
    false,
    true,
    Number.NaN,
    -(2n ** 70n),
    -1.5,
    0,
    0.5,
    1n,
    2 ** 53,
    2n ** 53n + 1n,
    1e300,
    '',
    'A',
    'a',
    'aa',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '😀',
    '😁',
    new Uint8Array(),
    new Uint8Array([0, 255]),
    new Uint8Array([1]),
    [],
    [null],
    [1],
    [1, 1],
    [2],
    {},
    { a: 1 },
    { a: 2 },
    { a: 1, b: 0 },
    { b: 0 },
  ]
  for (const [at, a] of ascending.entries()) {
    for (const [other, b] of ascending.entries()) {
      expect(Math.sign(compareDatum(a, b)), `${at} and ${other}`).toBe(Math.sign(at - other))
    }
  }
})

it('[VA2] undefined is NULL, −0 is 0, a bigint is its number, and the order of members is none', () => {
  const pairs: readonly (readonly [Datum, Datum])[] = [
    [undefined, null],
    [-0, 0],
    [7n, 7],
    [2n ** 60n, 2 ** 60],
    [Number.NaN, Number.NaN],
    [
      { a: 1, b: 2 },
      { b: 2n, a: 1 },
    ],
    [{ a: undefined }, { a: null }],
  ]
  for (const [a, b] of pairs) {
    expect(equalDatum(a, b)).toBe(true)
    expect(compareDatum(a, b)).toBe(0)
    expect(hashDatum(a)).toBe(hashDatum(b))
    expect(new Set([mapKey(a), mapKey(b)]).size).toBe(1)
  }
  expect(equalDatum({ a: undefined }, {})).toBe(false)
  expect(equalDatum({ a: undefined }, { b: undefined })).toBe(false)
  expect(equalDatum({}, { a: undefined })).toBe(false)
  expect(equalDatum(JSON.parse('{"__proto__":{}}'), { a: 1 })).toBe(false)
})

it('[VA3] equal values have equal hashes, and map keys are equal exactly where values are', () => {
  fc.assert(
    fc.property(datum, datum, (a, b) => {
      if (equalDatum(a, b)) expect(hashDatum(a)).toBe(hashDatum(b))
      const found = new Map([[mapKey(a), 'a']]).get(mapKey(b))
      expect(found === 'a').toBe(equalDatum(a, b))
      expect(equalDatum(keyOfMapKey(mapKey(a)), a)).toBe(true)
    }),
    { numRuns: 3000 },
  )
})

it('[VA3] hashes stay as they are: persisted state is found by them', () => {
  const vectors: readonly (readonly [Datum, number])[] = [
    [null, 461845907],
    [true, 795548213],
    [7, 415870660],
    [-1.5, 285049620],
    [2n ** 70n, -916563697],
    ['', 0],
    ['Äpfel', 225350149],
    [new Uint8Array([1, 2]), -759153593],
    [[1, 'a'], -579729582],
    [{ b: [null], a: 1 }, -91969436],
  ]
  for (const [value, hash] of vectors) expect(hashDatum(value)).toBe(hash)
})

it('[VA3] hashes of rows that are alike are spread: few collisions, few in one slot', () => {
  const rows = Array.from({ length: 20_000 }, (_, at) => ({
    id: `item-${at}`,
    quantity: at % 7,
    price: (at % 100) / 4,
  }))
  const hashes = rows.map(hashDatum)
  expect(new Set(hashes).size).toBeGreaterThan(19_990)
  const slots = new Set(hashes.map((hash) => hash & 32_767))
  // Of 32,768 slots 20,000 random picks take 14,970 on average.
  expect(slots.size).toBeGreaterThan(14_600)
})

it.each([
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
])('[VA2] %s is no value', (_, value) => {
  const code = { code: 'table/invalid-value' }
  expect(() => hashDatum(value)).toThrow(expect.objectContaining(code))
  expect(() => mapKey([value])).toThrow(expect.objectContaining(code))
})
