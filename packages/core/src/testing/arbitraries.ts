/** Generators for the property tests of core and of the packages over it. */
import fc from 'fast-check'
import type { JsonValue } from '../json.ts'
import type { Value } from '../value-codec.ts'

/** Texts without lone surrogates: ASCII, other scripts, combined and astral characters, controls. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
)

/** Finite doubles, −0 and extremes among them. */
export const finiteNumbers: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -70, max: 70 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constant(-0),
)

/** Names of members that do not look like array indexes. */
const names = texts.map((text) => (/^\d+$/.test(text) ? `n${text}` : text))

/** JSON values some levels deep. */
export const jsonValues: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<JsonValue>(null, true, false),
    finiteNumbers,
    texts,
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(names, tie('value')), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries) as JsonValue),
  ),
})).value

/** JSON arrays and objects whose −0 are 0, as they come back from canonical text. */
export const jsonContainers: fc.Arbitrary<JsonValue> = jsonValues
  .filter((value) => typeof value === 'object' && value !== null)
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue)

/** Everything the value codec takes. */
export const values: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false),
  finiteNumbers,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  texts,
  fc.uuid(),
  fc.uint8Array({ maxLength: 200 }),
  jsonContainers,
)
