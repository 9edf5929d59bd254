import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, cloneJson, equalJson, type JsonValue, parseJson } from './json.ts'
import { jsonValues } from './testing/arbitraries.ts'

test('[JS1] the text is what JSON.stringify gives for sorted members', () => {
  fc.assert(
    fc.property(jsonValues, (value) => {
      const text = canonicalJson(value)
      expect(text).toBe(JSON.stringify(sorted(value)))
    }),
  )
})

/** JSON.stringify puts index-like names first whatever the order: such names are not generated. */
function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, sorted((value as never)[name])]))
}

test('[JS3] parsing the text gives an equal value and the same text', () => {
  fc.assert(
    fc.property(jsonValues, (value) => {
      const text = canonicalJson(value)
      const parsed = parseJson(text)
      expect(equalJson(parsed, value)).toBe(true)
      expect(canonicalJson(parsed)).toBe(text)
    }),
  )
})

test('[JS5] values are equal exactly when their texts are', () => {
  const near = fc.oneof(
    fc.tuple(jsonValues, jsonValues),
    jsonValues.map((value) => [value, cloneJson(value)] as const),
  )
  fc.assert(
    fc.property(near, ([a, b]) => {
      expect(equalJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b))
    }),
  )
})

test('[JS6] a copy is equal', () => {
  fc.assert(
    fc.property(jsonValues, (value) => {
      expect(equalJson(cloneJson(value), value)).toBe(true)
    }),
  )
})

test('[JS4] any text is parsed as JSON.parse does, or refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
      let value: JsonValue
      try {
        value = parseJson(text)
      } catch (error) {
        expect(error).toMatchObject({ code: 'table/invalid-value' })
        return
      }
      expect(value).toEqual(JSON.parse(text))
    }),
  )
})
