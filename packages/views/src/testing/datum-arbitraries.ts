/** Random values, and histories of random changes, for the laws of views. */
import fc from 'fast-check'
import { Delta } from '../delta.ts'
import type { Datum } from '../state.ts'

/** Scalars out of few, so that equal ones meet: every kind, and what equals across kinds. */
export const scalar: fc.Arbitrary<Datum> = fc.constantFrom<Datum>(
  null,
  undefined,
  false,
  true,
  0,
  -0,
  1,
  1n,
  -1,
  2,
  0.5,
  1e300,
  2 ** 53,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 70n),
  2n ** 70n,
  '',
  'a',
  'ab',
  'b',
  '\u0000',
  '\u0000t',
  '\u0000z',
  'n1;',
  '\uffee',
  '😀',
)

/** Any value: scalars, bytes, and arrays and objects of values. */
export const datum: fc.Arbitrary<Datum> = fc.letrec<{ value: Datum }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 4, arbitrary: scalar },
    fc.uint8Array({ maxLength: 3, max: 3 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'ab', '__proto__', ''), tie('value'), { maxKeys: 3 }),
  ),
})).value

/** Weights out of few, below zero too. */
export const weight: fc.Arbitrary<number> = fc.constantFrom(-3, -2, -1, 1, 1, 1, 2, 3)

/** Rows as tables have them: few keys, NULL among them, and a value of any kind. */
export interface TestRow {
  readonly id: number
  readonly key: Datum
  readonly value: number
}

/** A row out of few. */
export const testRow: fc.Arbitrary<TestRow> = fc.record({
  id: fc.integer({ min: 0, max: 3 }),
  key: fc.constantFrom<Datum>(null, 1, 1n, 'a', [1, null]),
  value: fc.integer({ min: -2, max: 2 }),
})

/** A change of few rows: the same row may come several times, go in and out, or be taken out unseen. */
export function deltaOf<R>(row: fc.Arbitrary<R>): fc.Arbitrary<Delta<R>> {
  return fc.array(fc.tuple(row, weight), { maxLength: 8 }).map((entries) => {
    const delta = new Delta<R>()
    for (const [each, by] of entries) delta.push(each, by)
    return delta
  })
}

/** Steps of one source. */
export function historyOf<R>(row: fc.Arbitrary<R>): fc.Arbitrary<readonly Delta<R>[]> {
  return fc.array(deltaOf(row), { minLength: 1, maxLength: 6 })
}
