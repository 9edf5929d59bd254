import { isUniverseError } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addToSum, type ExactSum, emptySum, isEmptySum, valueOfSum } from './exact-sum.ts'

const ONE = 1074n

/** A double as a multiple of the smallest one, exactly. */
function exactly(value: number | bigint): bigint {
  if (typeof value === 'bigint') return value << ONE
  const words = new DataView(new ArrayBuffer(8))
  words.setFloat64(0, value)
  const bits = words.getBigUint64(0)
  const exponent = (bits >> 52n) & 0x7ffn
  const fraction = bits & 0xfffffffffffffn
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n)
  return value < 0 ? -magnitude : magnitude
}

/** A multiple of the smallest double as the nearest one; to even in the middle. */
function rounded(exact: bigint): number {
  const magnitude = exact < 0n ? -exact : exact
  const sign = exact < 0n ? -1 : 1
  const shift = Math.max(0, magnitude.toString(2).length - 53)
  let mantissa = magnitude >> BigInt(shift)
  const rest = magnitude - (mantissa << BigInt(shift))
  const half = shift === 0 ? 1n : 1n << BigInt(shift - 1)
  if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa += 1n
  return mantissa === 0n ? 0 : sign * Number(mantissa) * 2 ** (shift - 1074)
}

const summand = fc.oneof(
  fc.double({ noNaN: true, min: -(2 ** 900), max: 2 ** 900 }),
  fc.constantFrom(0.1, 0.2, 0.3, 1e16, -1e16, 1, 2 ** 53, 2 ** -53, 5e-324, -5e-324, 1e200),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
)

const copies = fc.constantFrom(1, 1, 1, 2, 3, 7, -1, -2, 1_000_003)

it('[VA43] is the exact sum of what is left, rounded once', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(summand, copies)), (entries) => {
      const sum = emptySum()
      let exact = 0n
      for (const [value, count] of entries) {
        addToSum(sum, value, count)
        exact += exactly(value) * BigInt(count)
      }
      expect(valueOfSum(sum)).toBe(rounded(exact))
    }),
    { numRuns: 1000 },
  )
})

it('[VA43] is empty again once all is taken away, in whatever order', () => {
  const shuffled = fc
    .array(fc.tuple(summand, copies))
    .chain((entries) =>
      fc.tuple(
        fc.constant(entries),
        fc.shuffledSubarray(entries, { minLength: entries.length, maxLength: entries.length }),
      ),
    )
  fc.assert(
    fc.property(shuffled, ([entries, order]) => {
      const sum = emptySum()
      for (const [value, count] of entries) addToSum(sum, value, count)
      for (const [value, count] of order) addToSum(sum, value, -count)
      expect(isEmptySum(sum)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

it('[VA43] goes on from what was stored', () => {
  const sum = emptySum()
  for (const value of [1e16, 1, 0.1]) addToSum(sum, value, 1)
  const read = JSON.parse(JSON.stringify(sum)) as ExactSum
  addToSum(read, 1e16, -1)
  addToSum(read, 1, -1)
  expect(valueOfSum(read)).toBe(0.1)
})

it('[VA43] does not drift, where adding doubles does', () => {
  const sum = emptySum()
  let naive = 0
  for (let turn = 0; turn < 1000; turn += 1) {
    addToSum(sum, 0.1 * turn, 1)
    naive += 0.1 * turn
  }
  for (let turn = 0; turn < 1000; turn += 1) {
    addToSum(sum, 0.1 * turn, -1)
    naive -= 0.1 * turn
  }
  expect(naive).not.toBe(0)
  expect(sum).toEqual([0])
})

it.each([
  Number.NaN,
  Number.POSITIVE_INFINITY,
  -(2 ** 960),
  2n ** 2000n,
  'ten' as unknown as number,
])('[VA43] refuses %s', (value) => {
  try {
    addToSum(emptySum(), value, 1)
    expect.unreachable()
  } catch (error) {
    expect(isUniverseError(error) && error.code).toBe('table/invalid-value')
  }
})
