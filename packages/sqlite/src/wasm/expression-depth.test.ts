import { expect, test } from 'vitest'
import { EXPRESSION_DEPTH_MAX, isTooDeep } from './expression-depth.ts'

const chain = (link: string, count: number) => Array(count).fill('x').join(link)
const above = EXPRESSION_DEPTH_MAX + 2

test.each(['+', ' OR ', ' and ', ' || ', '->', ' LIKE ', ' = '])(
  'a chain of %s has a limit',
  (link) => {
    expect(isTooDeep(`SELECT ${chain(link, above)}`)).toBe(true)
    expect(
      isTooDeep(`SELECT ${chain(link, EXPRESSION_DEPTH_MAX)} /* ${' '.repeat(2_000)} */`),
    ).toBe(false)
  },
)

test('chains in nested parentheses add up', () => {
  const half = EXPRESSION_DEPTH_MAX / 2 + 2
  expect(isTooDeep(`SELECT ${chain('+', half)} + (${chain('+', half)})`)).toBe(true)
  expect(isTooDeep(`SELECT (${chain('+', half)}), (${chain('+', half)})`)).toBe(false)
})

test('lists, strings, names and comments do not count', () => {
  const rows = Array.from({ length: 5_000 }, (_, row) => `(${row} + 1, 'a + b', "c - d")`)
  expect(isTooDeep(`INSERT INTO sample VALUES ${rows.join(', ')}`)).toBe(false)
  expect(isTooDeep(`SELECT '${'+ - '.repeat(3_000)}' /* ${'+ - '.repeat(3_000)} */`)).toBe(false)
  const terms = Array.from({ length: 900 }, (_, term) => `id = ?${term} AND size >= 10`)
  expect(isTooDeep(`SELECT * FROM sample WHERE ${terms.join(' OR ')}`)).toBe(false)
})
