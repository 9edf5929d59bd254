import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from '../vectors/ordered-keys.json' with { type: 'json' }
import rangeVectors from '../vectors/prefix-ranges.json' with { type: 'json' }
import { isUniverseError } from './error.ts'
import { bytesToHex } from './hex.ts'
import { type KeyType, k } from './key-type.ts'
import { compareKeys, decodeKey, encodeKey, type KeyPart, prefixRange } from './ordered-key.ts'

const hex = (...parts: readonly KeyPart[]): string => bytesToHex(encodeKey(...parts))
const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

function refused(run: () => unknown): boolean {
  try {
    run()
  } catch (error) {
    if (!isUniverseError(error, 'kv/invalid-argument')) throw error
    return true
  }
  return false
}

const sign = (difference: number): number => Math.sign(difference)
const byNumber = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : 0)
const byBytes = (a: Uint8Array, b: Uint8Array): number =>
  a.length !== b.length ? a.length - b.length : Buffer.compare(a, b)
const byText = (a: string, b: string): number => byBytes(Buffer.from(a), Buffer.from(b))

/** A type with how to make its values and how they are ordered. */
interface Sample<Value> {
  readonly type: KeyType<Value>
  readonly values: fc.Arbitrary<Value>
  readonly compare: (a: Value, b: Value) => number
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '\u0000', 'ÿ', '€'), maxLength: 3 }),
)
const bytes = fc.uint8Array({ maxLength: 5 })
const colours = ['red', 'green', 'blue'] as const
const integer = (bits: number) =>
  fc.oneof(
    fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }),
    fc.constantFrom(-(2 ** (bits - 1)), -1, 0, 1, 2 ** (bits - 1) - 1),
  )
const natural = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 })

const samples: Readonly<Record<string, Sample<never>>> = Object.fromEntries(
  Object.entries({
    string: { type: k.string, values: text, compare: byText },
    bytes: { type: k.bytes, values: bytes, compare: byBytes },
    int8: { type: k.int8, values: integer(8), compare: byNumber },
    int16: { type: k.int16, values: integer(16), compare: byNumber },
    int32: { type: k.int32, values: integer(32), compare: byNumber },
    int: { type: k.int, values: fc.maxSafeInteger(), compare: byNumber },
    int64: {
      type: k.int64,
      values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      compare: byNumber,
    },
    uint8: { type: k.uint8, values: natural(8), compare: byNumber },
    uint16: { type: k.uint16, values: natural(16), compare: byNumber },
    uint32: { type: k.uint32, values: natural(32), compare: byNumber },
    uint64: {
      type: k.uint64,
      values: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      compare: byNumber,
    },
    char: {
      type: k.char,
      values: natural(8).map((code) => String.fromCharCode(code)),
      compare: byNumber as never,
    },
    bool: {
      type: k.bool,
      values: fc.boolean(),
      compare: (a: boolean, b: boolean) => Number(a) - Number(b),
    },
    enum: {
      type: k.enum(colours),
      values: fc.constantFrom(...colours),
      compare: (a: (typeof colours)[number], b: (typeof colours)[number]) =>
        colours.indexOf(a) - colours.indexOf(b),
    },
    float64: {
      type: k.float64,
      values: fc.double({ noNaN: true }).map((value) => value + 0),
      compare: byNumber,
    },
    date: {
      type: k.date,
      values: fc.date({ noInvalidDate: true }),
      compare: (a: Date, b: Date) => a.getTime() - b.getTime(),
    },
    uuid: { type: k.uuid, values: fc.uuid(), compare: byNumber as never },
    optional: {
      type: k.optional(k.int16),
      values: fc.option(integer(16)),
      compare: (a: number | null, b: number | null) => (a ?? -1e9) - (b ?? -1e9),
    },
  }),
) as unknown as Readonly<Record<string, Sample<never>>>

/** Of parts in order: the first that differs decides. */
function compareParts(
  parts: readonly Sample<never>[],
  a: readonly never[],
  b: readonly never[],
): number {
  for (const [at, { compare }] of parts.entries()) {
    const difference = compare(a[at] as never, b[at] as never)
    if (difference !== 0) return difference
  }
  return 0
}

/** Values of a few, so that pairs share their first parts and the later ones decide. */
const rarely = (sample: Sample<never>): fc.Arbitrary<Sample<never>> =>
  fc.array(sample.values, { minLength: 1, maxLength: 3 }).map((few) => ({
    ...sample,
    values: fc.oneof(sample.values, fc.constantFrom(...few)),
  }))

const FIELDS = ['first', 'second', 'third', 'fourth'] as const

/** Encoded by itself, then put in as it is. */
function innerKey(type: KeyType<never>): KeyType<never> {
  const part = (value: never) => k.key(encodeKey(type(value)))
  const { read } = type
  return Object.assign(part, {
    read,
    write: (out: never, value: never) => part(value).writeTo(out),
  })
}

/** Any type of part, and tuples, objects, inner keys and optional parts of them, four deep. */
const { shape: shapes } = fc.letrec<{ shape: Sample<never>; leaf: Sample<never> }>((tie) => {
  const parts = fc.array(tie('shape'), { minLength: 1, maxLength: 4 })
  return {
    leaf: fc.constantFrom(...Object.values(samples)).chain(rarely),
    shape: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      tie('leaf'),
      parts.map((inner) => ({
        type: k.tuple(...inner.map(({ type }) => type)) as never,
        values: fc.tuple(...inner.map(({ values }) => values)) as never,
        compare: (a: readonly never[], b: readonly never[]) => compareParts(inner, a, b),
      })),
      parts.map((inner) => {
        const names = FIELDS.slice(0, inner.length)
        const listOf = (value: object) => names.map((name) => value[name as never])
        return {
          type: k.object(
            Object.fromEntries(inner.map(({ type }, at) => [names[at], type])),
          ) as never,
          values: fc.record(
            Object.fromEntries(inner.map(({ values }, at) => [names[at], values])),
          ) as never,
          compare: (a: object, b: object) => compareParts(inner, listOf(a), listOf(b)),
        }
      }),
      tie('shape').map(({ type, values, compare }) => ({
        type: k.optional(type) as never,
        values: fc.option(values) as never,
        compare: (a: never, b: never) =>
          a === null || b === null ? Number(a !== null) - Number(b !== null) : compare(a, b),
      })),
      tie('shape').map(({ type, values, compare }) => ({
        type: innerKey(type),
        values,
        compare,
      })),
    ),
  }
})

describe('layout', () => {
  test.each(vectors)('[OK1] the bytes of $name stay what they are', ({ name, hex: expected }) => {
    const keys: Readonly<Record<string, () => string>> = {
      'empty string': () => hex(''),
      'string ab': () => hex('ab'),
      'empty bytes': () => hex(new Uint8Array()),
      'int 0': () => hex(k.int(0)),
      'int -1': () => hex(k.int(-1)),
      'int64 1': () => hex(k.int64(1n)),
      'uint8 255': () => hex(k.uint8(255)),
      'uint16 0': () => hex(k.uint16(0)),
      'uint64 2^63': () => hex(k.uint64(2n ** 63n)),
      'bool false': () => hex(false),
      'enum red': () => hex(k.enum(colours)('red')),
      'typed tuple c1 and 1': () => hex(k.tuple(k.string, k.int64)(['c1', 1n])),
      'object c1 and 1': () =>
        hex(k.object({ channel: k.string, at: k.int })({ at: 1, channel: 'c1' })),
      'inner key first': () => hex(k.key(encodeKey('a')), 1),
      'float64 0 and -0': () => hex(k.float64(-0)),
      'float64 infinity': () => hex(k.float64(Number.POSITIVE_INFINITY)),
      'date before 1970': () => hex(k.date(new Date(-1))),
      'string €': () => hex('€'),
      'bytes ff 00': () => hex(new Uint8Array([0xff, 0])),
      'int64 0': () => hex(k.int64(0n)),
      'int64 -1': () => hex(k.int64(-1n)),
      'int64 min': () => hex(k.int64(-(2n ** 63n))),
      'int64 max': () => hex(k.int64(2n ** 63n - 1n)),
      'int8 -128': () => hex(k.int8(-128)),
      'int16 300': () => hex(k.int16(300)),
      'int32 -2': () => hex(k.int32(-2)),
      'plain 1': () => hex(1),
      'plain 1n': () => hex(1n),
      'uint16 65535': () => hex(k.uint16(65_535)),
      'uint32 1': () => hex(k.uint32(1)),
      'uint64 max': () => hex(k.uint64(2n ** 64n - 1n)),
      'byte 7': () => hex(k.byte(7)),
      'char A': () => hex(k.char('A')),
      'bool true': () => hex(true),
      'enum blue': () => hex(k.enum(colours)('blue')),
      'c1 and 1': () => hex('c1', 1),
      'nested tuple': () => hex(['c1', [1, true]]),
      object: () => hex(k.object({ name: k.string, rank: k.uint16 })({ rank: 2, name: 'x' })),
      'inner key': () => hex('a', k.key(encodeKey('b'))),
      'float64 1.5': () => hex(k.float64(1.5)),
      'float64 -1.5': () => hex(k.float64(-1.5)),
      'date 0': () => hex(k.date(new Date(0))),
      uuid: () => hex(k.uuid('0189b2c4-7d3e-7a10-8f00-0123456789ab')),
      'optional absent': () => hex(k.optional(k.bool)(null)),
      'optional present': () => hex(k.optional(k.bool)(true)),
    }
    expect(keys[name]?.()).toBe(expected)
  })

  test.each(rangeVectors)('[OK1] the range of the prefix $name stays what it is', (vector) => {
    const { start, stop } = prefixRange(bytesOf(vector.prefix))
    expect([bytesToHex(start), bytesToHex(stop)]).toEqual([vector.prefix, vector.stop])
  })

  test('[OK2] plain values are encoded as their types are', () => {
    expect(hex('x')).toBe(hex(k.string('x')))
    expect(hex(5)).toBe(hex(k.int64(5n)))
    expect(hex(5)).toBe(hex(k.int32(5)))
    expect(hex(5n)).toBe(hex(k.int64(5n)))
    expect(hex(false)).toBe(hex(k.bool(false)))
    expect(hex([1, 'x'])).toBe(hex(1, 'x'))
  })

  test('[OK3] there are no type tags: "" is (false, false), and int64 0 is uint64 2^63', () => {
    expect(hex('')).toBe(hex(false, false))
    expect(hex(k.int64(0n))).toBe(hex(k.uint64(2n ** 63n)))
  })
})

describe('order', () => {
  test.each(Object.keys(samples))('[OK4] keys of %s are ordered as their values', (name) => {
    const { type, values, compare } = samples[name] as Sample<never>
    fc.assert(
      fc.property(values, values, (a, b) => {
        const byKey = compareKeys(encodeKey(type(a)), encodeKey(type(b)))
        expect(sign(byKey)).toBe(sign(compare(a, b)))
      }),
      { numRuns: 6000 },
    )
  })

  test('[OK4] composites are ordered by their first parts first', () => {
    const rows = fc.tuple(text, fc.maxSafeInteger(), fc.boolean(), bytes)
    const few = fc.tuple(
      fc.constantFrom('', 'a', 'b', 'aa'),
      fc.integer({ min: -2, max: 2 }),
      fc.boolean(),
      bytes,
    )
    const anyRow = fc.oneof(rows, few)
    fc.assert(
      fc.property(anyRow, anyRow, (a, b) => {
        const expected =
          byText(a[0], b[0]) ||
          byNumber(a[1], b[1]) ||
          Number(a[2]) - Number(b[2]) ||
          byBytes(a[3], b[3])
        expect(sign(compareKeys(encodeKey(...a), encodeKey(...b)))).toBe(sign(expected))
      }),
      { numRuns: 20_000 },
    )
  })

  test('[OK4] typed tuples of any shape, nested ones too: byte order is the order of the values, in 100,000 pairs', () => {
    let pairCount = 0
    const shapeAndValues = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.array(shape.values, { minLength: 16, maxLength: 16 })),
    )
    fc.assert(
      fc.property(shapeAndValues, ([{ type, compare }, values]) => {
        const keys = values.map((value) => encodeKey(type(value)))
        for (const [i, a] of keys.entries()) {
          for (let j = i; j < keys.length; j++) {
            const expected = compare(values[i] as never, values[j] as never)
            if (sign(compareKeys(a, keys[j] as Uint8Array)) !== sign(expected)) {
              expect.fail(`${fc.stringify([values[i], values[j]])} are ${expected}, their keys not`)
            }
            pairCount += 1
          }
        }
      }),
      { numRuns: 1_000 },
    )
    expect(pairCount).toBeGreaterThanOrEqual(100_000)
  })

  test('[OK4] [OK5] raw keys are ordered byte by byte, then by length', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(sign(compareKeys(encodeKey(k.key(a)), encodeKey(k.key(b))))).toBe(
          Buffer.compare(a, b),
        )
      }),
      { numRuns: 2_000 },
    )
  })

  test('[OK5] a key comes before its own extensions', () => {
    expect(compareKeys(encodeKey('a'), encodeKey('a', 0))).toBeLessThan(0)
    fc.assert(
      fc.property(text, fc.oneof(text, fc.maxSafeInteger(), fc.boolean()), (first, next) => {
        expect(compareKeys(encodeKey(first), encodeKey(first, next))).toBeLessThan(0)
      }),
      { numRuns: 1_000 },
    )
  })

  test('[OK6] the prefix ("a") takes in ("a", anything), not ("ab") nor ("b"), and so does any', () => {
    const { start, stop } = prefixRange(encodeKey('a'))
    const isTaken = (...parts: KeyPart[]): boolean =>
      compareKeys(encodeKey(...parts), start) >= 0 && compareKeys(encodeKey(...parts), stop) < 0
    expect([isTaken('a'), isTaken('a', 'anything'), isTaken('a', -1)]).toEqual([true, true, true])
    expect([isTaken('ab'), isTaken('b'), isTaken('')]).toEqual([false, false, false])
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        const range = prefixRange(prefix)
        const isIn =
          compareKeys(key, range.start) >= 0 &&
          (range.stop.length === 0 || compareKeys(key, range.stop) < 0)
        expect(isIn).toBe(Buffer.from(key).subarray(0, prefix.length).equals(prefix))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('decoding', () => {
  test.each(Object.keys(samples))('[OK7] keys of %s are read as they were written', (name) => {
    const { type, values } = samples[name] as Sample<never>
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(decodeKey(encodeKey(type(a), type(b)), type, type)).toEqual([a, b])
      }),
    )
  })

  test('[OK7] tuples, objects and inner keys too', () => {
    const shape = k.object({ name: k.string, at: k.tuple(k.int32, k.bool) })
    const value = { name: 'x', at: [-5, true] as const }
    expect(decodeKey(encodeKey(shape(value)), shape)).toEqual([value])
    const inner = encodeKey('b', 1)
    expect(decodeKey(encodeKey('a', k.key(inner)), k.string, k.key)).toEqual(['a', inner])
  })

  test('[OK8] bytes of another shape are refused', () => {
    const key = encodeKey('ab', 5)
    expect(refused(() => decodeKey(key, k.string))).toBe(true)
    expect(refused(() => decodeKey(key, k.string, k.int, k.bool))).toBe(true)
    expect(refused(() => decodeKey(bytesOf('0005'), k.string))).toBe(true)
    expect(refused(() => decodeKey(bytesOf('0001ff'), k.string))).toBe(true)
    expect(refused(() => decodeKey(bytesOf('02'), k.bool))).toBe(true)
    expect(refused(() => decodeKey(encodeKey(k.int32(500)), k.int8))).toBe(true)
    expect(refused(() => decodeKey(encodeKey(9), k.enum(colours)))).toBe(true)
    expect(refused(() => decodeKey(encodeKey(2n ** 60n), k.int))).toBe(true)
  })

  test('[OK8] arbitrary bytes are read or refused, nothing else', () => {
    const types = Object.values(samples).map(({ type }) => type)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(...types), (key, type) => {
        const isRefused = refused(() => decodeKey(key, type))
        if (!isRefused) expect(encodeKey(type(decodeKey(key, type)[0]))).toEqual(key)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('refusals', () => {
  test.each(Object.keys(samples))('[OK9] a value that is no %s is refused with a code', (name) => {
    const { type } = samples[name] as unknown as Sample<unknown>
    for (const wrong of [
      undefined,
      {},
      [],
      Symbol('s'),
      () => 1,
      Number.NaN,
      '\ud800',
      2n ** 65n,
    ]) {
      expect(refused(() => encodeKey(type(wrong)))).toBe(true)
    }
  })

  const cases: readonly [string, () => unknown][] = [
    ['int8 out of range', () => encodeKey(k.int8(128))],
    ['uint16 negative', () => encodeKey(k.uint16(-1))],
    ['uint64 too large', () => encodeKey(k.uint64(2n ** 64n))],
    ['int64 too small', () => encodeKey(k.int64(-(2n ** 63n) - 1n))],
    ['byte 256', () => encodeKey(k.byte(256))],
    ['a fraction', () => encodeKey(1.5)],
    ['NaN', () => encodeKey(Number.NaN)],
    ['NaN as a float', () => encodeKey(k.float64(Number.NaN))],
    ['an unsafe integer', () => encodeKey(2 ** 53)],
    ['a lone surrogate', () => encodeKey('\ud800')],
    ['a long text', () => encodeKey('x'.repeat(65_536))],
    ['long bytes', () => encodeKey(new Uint8Array(65_536))],
    ['null', () => encodeKey(null as never)],
    ['undefined', () => encodeKey(undefined as never)],
    ['an object without a type', () => encodeKey({} as never)],
    ['a member that is none', () => encodeKey(k.enum(colours)('black' as never))],
    ['a wide character', () => encodeKey(k.char('€'))],
    ['an invalid date', () => encodeKey(k.date(new Date(Number.NaN)))],
    ['no UUID', () => encodeKey(k.uuid('x'))],
    ['a key above the limit', () => encodeKey(Array(20).fill('x'.repeat(60_000)))],
    ['a number as a text', () => encodeKey(k.string(5 as never))],
    ['a text as a boolean', () => encodeKey(k.bool('false' as never))],
    ['a number as a date', () => encodeKey(k.date(5 as never))],
    ['a text as an inner key', () => encodeKey(k.key('a' as never))],
    ['null as a tuple', () => encodeKey(k.tuple(k.bool)(null as never))],
    ['null as an object', () => encodeKey(k.object({ a: k.bool })(null as never))],
    ['an object without a field', () => encodeKey(k.object({ a: k.bool })({} as never))],
    ['a field called by a number', () => k.object({ name: k.string, 1: k.bool })],
    ['a tuple of another length', () => encodeKey(k.tuple(k.bool)([true, false] as never))],
  ]
  test.each(cases)('[OK9] %s is refused with a code', (_name, run) => {
    expect(refused(run)).toBe(true)
  })

  test('[OK9] the longest component is taken', () => {
    expect(encodeKey('x'.repeat(65_535))).toHaveLength(65_537)
  })
})
