import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { t } from './column.ts'
import { isUniverseError } from './error.ts'
import { type ContentTable, decodeContent, encodeContent } from './history-chunk.ts'
import { createRowHash, digestSum, digestText } from './history-digest.ts'
import { table } from './table.ts'

const value = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array({ maxLength: 5 }),
)
const content: fc.Arbitrary<ContentTable[]> = fc.array(
  fc.nat(3).chain((columnCount) =>
    fc.record({
      table: fc.constantFrom('note', 'task'),
      columns: fc.constant(Array.from({ length: columnCount }, (_, index) => `c${index}`)),
      rows: fc.array(
        fc.record({
          id: fc.string({ minLength: 1, maxLength: 9, unit: 'grapheme' }),
          values: fc.option(fc.array(value, { minLength: columnCount, maxLength: columnCount }), {
            nil: undefined,
          }),
        }),
      ),
    }),
  ),
)

describe('[HI8] the rows of a chunk', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(content, (tables) => {
        expect(decodeContent(encodeContent(tables))).toEqual(tables)
      }),
    )
  })

  it('are damaged when any byte was taken off or added', () => {
    fc.assert(
      fc.property(content, fc.nat(), (tables, at) => {
        const bytes = encodeContent(tables)
        const cut = bytes.subarray(0, at % bytes.length)
        for (const broken of [cut, new Uint8Array([...bytes, 0])]) {
          expect(() => decodeContent(broken)).toThrow(
            expect.toSatisfy((error) => isUniverseError(error, 'history/damaged')),
          )
        }
      }),
    )
  })
})

describe('[HI9] the digest of a state', () => {
  const columns = { id: t.key(), title: t.text(), size: t.int().default(1) }
  const { definition } = table(columns)
  const hash = createRowHash('note', definition)

  it('is a sum: rows come and go in any order', () => {
    const sum = hash('a', ['a', 'x', 2]) + hash('b', ['b', 'y', 3])
    expect(digestText(sum - hash('a', ['a', 'x', 2]))).toBe(digestText(hash('b', ['b', 'y', 3])))
    expect(digestText(digestSum(digestText(sum)))).toBe(digestText(sum))
    expect(digestText(0n - 1n)).toBe('f'.repeat(32))
  })

  it('does not have cells that are as by default, whichever columns there are', () => {
    const older = createRowHash('note', table({ id: t.key(), title: t.text() }).definition)
    expect(hash('a', ['a', 'x', 1])).toBe(older('a', ['a', 'x']))
    expect(hash('a', ['a', 'x', 2])).not.toBe(older('a', ['a', 'x']))
    expect(hash('a', ['a', 'x', null])).not.toBe(hash('a', ['a', 'x', 1]))
  })
})
