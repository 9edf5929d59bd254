import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex } from './hex.ts'
import { createRandom, createXoshiro128 } from './random.ts'
import { sha256 } from './sha256.ts'

const seed = (text: string) => new TextEncoder().encode(text)

test('[RN1] the generator gives the sequence of the reference implementation', () => {
  const draw = createXoshiro128([1, 2, 3, 4])
  expect(Array.from({ length: 10 }, draw)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597,
    4258142804,
  ])
})

test('[RN1] the state is the beginning of the seed’s SHA-256', () => {
  const words = new DataView(sha256(seed('call 7')).buffer)
  const draw = createXoshiro128([0, 4, 8, 12].map((at) => words.getUint32(at, true)) as never)
  const bytes = new DataView(createRandom(seed('call 7')).bytes(12).buffer)
  expect([0, 4, 8].map((at) => bytes.getUint32(at, true))).toEqual([draw(), draw(), draw()])
})

test('[RN2] equal seeds give equal results, other seeds others', () => {
  const sequence = (text: string) => {
    const random = createRandom(seed(text))
    return [random.next(), random.integer(-5, 5), bytesToHex(random.bytes(5)), random.next()]
  }
  expect(sequence('a')).toEqual(sequence('a'))
  expect(sequence('a')).not.toEqual(sequence('b'))
  expect(sequence('')).toEqual(sequence(''))
})

test('[RN2] the results of one seed stay what they are', () => {
  const random = createRandom(seed('golden'))
  expect([random.next(), random.integer(1, 6), bytesToHex(random.bytes(6))]).toEqual([
    0.6000569838527159,
    5,
    'aff4c2cdd175',
  ])
})

test('[RN2] numbers are in [0, 1) and integers between their ends', () => {
  const safe = fc.maxSafeInteger()
  fc.assert(
    fc.property(fc.uint8Array(), safe, safe, (bytes, a, b) => {
      const random = createRandom(bytes)
      const number = random.next()
      expect(number >= 0 && number < 1).toBe(true)
      const [min, max] = [Math.min(a, b), Math.max(a, b)]
      if (max - min >= 2 ** 53) {
        expect(() => random.integer(min, max)).toThrow(RangeError)
      } else {
        const integer = random.integer(min, max)
        expect(Number.isSafeInteger(integer) && integer >= min && integer <= max).toBe(true)
      }
    }),
  )
})

test('[RN2] every face of a die comes up about as often', () => {
  const random = createRandom(seed('die'))
  const counts = new Array<number>(6).fill(0)
  for (let throws = 0; throws < 60_000; throws++) {
    const face = random.integer(0, 5)
    counts[face] = (counts[face] as number) + 1
  }
  // Four standard deviations of a fair die are 365.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(365)
})

test('[RN2] integers of a span that does not divide 2^53 are as likely', () => {
  const random = createRandom(seed('span'))
  // A draw of 53 bits cut to this span would fall into its first third half of the time.
  const span = 3 * 2 ** 51
  let inFirstThird = 0
  for (let draws = 0; draws < 9000; draws++) {
    if (random.integer(0, span - 1) < span / 3) inFirstThird++
  }
  expect(Math.abs(inFirstThird - 3000)).toBeLessThan(180)
})

test.each([
  [2, 1],
  [0.5, 1],
  [0, Number.NaN],
  [0, 2 ** 53],
])('[RN2] integer(%d, %d) is refused', (min, max) => {
  expect(() => createRandom(seed('x')).integer(min, max)).toThrow(RangeError)
})
