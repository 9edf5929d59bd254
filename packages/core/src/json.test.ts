import { expect, test } from 'vitest'
import { isUniverseError } from './error.ts'
import { canonicalJson, cloneJson, equalJson, type JsonValue, parseJson } from './json.ts'
import { JSON_BYTES_MAX, JSON_DEPTH_MAX } from './limits.ts'

function numberOf(hex: string): number {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, BigInt(`0x${hex}`))
  return view.getFloat64(0)
}

/** RFC 8785, appendix B. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
]

test.each(NUMBERS)('[JS1] the double %s is written %s', (hex, text) => {
  expect(canonicalJson(numberOf(hex))).toBe(text)
})

test('[JS1] members are sorted by UTF-16 code units, as in RFC 8785 3.2.3', () => {
  const value = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\u{1f600}': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  }
  expect(Object.values(JSON.parse(canonicalJson([value]))[0])).toHaveLength(7)
  expect([...canonicalJson(value).matchAll(/:"([^"]*)"/g)].map((match) => match[1])).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ])
})

test('[JS1] the sample of RFC 8785 3.2.2 is written as there', () => {
  const value = {
    numbers: [333_333_333.333_333_3, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  }
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('[JS1] names that look like indexes are sorted as texts', () => {
  expect(canonicalJson({ 10: 1, 9: 2, a: 3, '': 4 })).toBe('{"":4,"10":1,"9":2,"a":3}')
})

class Point {
  readonly x = 1
}

function cycle(): unknown {
  const inner: Record<string, unknown> = {}
  inner.again = [inner]
  return inner
}

const REFUSED: readonly (readonly [string, unknown, string])[] = [
  ['NaN', { a: [0, { b: Number.NaN }] }, 'a[1].b'],
  ['Infinity', [Number.POSITIVE_INFINITY], '[0]'],
  ['undefined', { a: undefined }, 'a'],
  // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested.
  ['undefined', [1, , 2], '[1]'],
  ['undefined', undefined, ''],
  ['a function', { f: () => 1 }, 'f'],
  ['a symbol', [Symbol.iterator], '[0]'],
  ['a bigint', { n: 1n }, 'n'],
  ['a text with a lone surrogate', { s: 'a\ud800' }, 's'],
  ['a text with a lone surrogate', { '\udc00': 1 }, '\udc00'],
  ['a Date object', { at: new Date(0) }, 'at'],
  ['a Map object', new Map(), ''],
  ['a Uint8Array object', [new Uint8Array(1)], '[0]'],
  ['a Point object', new Point(), ''],
]

test.each(REFUSED)('[JS2] %s is refused and its path named', (reason, value, path) => {
  let error: unknown
  try {
    canonicalJson(value)
  } catch (thrown) {
    error = thrown
  }
  expect(isUniverseError(error, 'table/invalid-value')).toBe(true)
  expect(error).toMatchObject({ details: { reason, path } })
})

test('[JS2] a cycle is refused as a cycle', () => {
  expect(() => canonicalJson(cycle())).toThrow('a cycle')
})

test('[JS2] an object seen twice without a cycle is written twice', () => {
  const shared = { a: 1 }
  expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]')
})

test('[JS2] the caller chooses the code', () => {
  expect(() => canonicalJson(1n, { code: 'reducer/invalid-result' })).toThrow(
    expect.objectContaining({ code: 'reducer/invalid-result' }),
  )
})

test('[JS2] objects without a prototype and from another realm are plain', async () => {
  const { runInNewContext } = await import('node:vm')
  expect(canonicalJson(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}')
  expect(canonicalJson(runInNewContext('({ b: [1] })'))).toBe('{"b":[1]}')
})

test.each([
  ['', 'not JSON'],
  ['{', 'not JSON'],
  ["{'a':1}", 'not JSON'],
  ['[1] 2', 'not JSON'],
  ['1e400', 'Infinity'],
  ['[-1E+0999]', '-Infinity'],
  ['"\\ud800"', 'a text with a lone surrogate'],
  ['{"\\uDC00":1}', 'a text with a lone surrogate'],
])('[JS4] %s is refused', (text, reason) => {
  expect(() => parseJson(text)).toThrow(
    expect.objectContaining({
      code: 'table/invalid-value',
      details: expect.objectContaining({ reason }),
    }),
  )
})

test('[JS4] text that only looks suspicious is parsed', () => {
  expect(parseJson('["\\ud83d\\ude00", 1e-400, 1e100, "e999"]')).toEqual(['😀', 0, 1e100, 'e999'])
})

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test('[JS4] depth is limited when parsing and when writing', () => {
  const deepest = parseJson(nested(JSON_DEPTH_MAX))
  expect(canonicalJson(deepest)).toBe(nested(JSON_DEPTH_MAX))
  expect(() => parseJson(nested(JSON_DEPTH_MAX + 1))).toThrow(`more than ${JSON_DEPTH_MAX} deep`)
  expect(() => canonicalJson([deepest])).toThrow(`more than ${JSON_DEPTH_MAX} deep`)
  expect(() => parseJson('['.repeat(1_000_000))).toThrow('deep')
  expect(() => parseJson('[[[]]]', { depthMax: 2 })).toThrow('deep')
})

test('[JS4] brackets in texts do not nest', () => {
  const text = JSON.stringify(['[{"\\'.repeat(JSON_DEPTH_MAX), { '"[': '\\' }])
  expect(parseJson(text)).toEqual(JSON.parse(text))
})

test('[JS4] size is limited in UTF-8 bytes', () => {
  expect(parseJson('"€"', { bytesMax: 5 })).toBe('€')
  expect(() => parseJson('"€"', { bytesMax: 4 })).toThrow('4 are allowed')
  expect(() => canonicalJson('€', { bytesMax: 4 })).toThrow('4 are allowed')
  expect(() => parseJson(`"${'a'.repeat(JSON_BYTES_MAX)}"`)).toThrow('are allowed')
})

test('[JS4] the error does not repeat the text', () => {
  expect(() => parseJson('{"secret"')).toThrow(/^the text is not JSON$/)
})

test('[JS5] equality tells arrays, objects and missing members apart', () => {
  expect(equalJson([], {})).toBe(false)
  expect(equalJson({ 0: 1 }, [1])).toBe(false)
  expect(equalJson({ a: 1 }, { b: 1 })).toBe(false)
  expect(equalJson({ toString: 1 }, { valueOf: 1 })).toBe(false)
  expect(equalJson(JSON.parse('{"__proto__":{}}'), { a: 1 })).toBe(false)
  expect(equalJson([1], [1, 2])).toBe(false)
  expect(equalJson(null, {})).toBe(false)
  expect(equalJson(-0, 0)).toBe(true)
  expect(equalJson({ a: [1], b: null }, { b: null, a: [1] })).toBe(true)
})

test('[JS6] a copy shares nothing, and __proto__ stays a member', () => {
  const original = JSON.parse('{"__proto__":{"a":[1]},"b":{"c":2}}') as { b: JsonValue }
  const copy = cloneJson(original as JsonValue) as typeof original
  expect(canonicalJson(copy)).toBe('{"__proto__":{"a":[1]},"b":{"c":2}}')
  expect(copy.b).not.toBe(original.b)
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
})
