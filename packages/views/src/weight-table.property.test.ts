import fc from 'fast-check'
import { expect, it } from 'vitest'
import { equalDatum, type HashDatum, hashDatum } from './datum.ts'
import type { Datum } from './state.ts'
import { datum, weight } from './testing/datum-arbitraries.ts'
import { WeightTable } from './weight-table.ts'

/** From the hash in use to one under which everything collides. */
const HASHES: readonly (readonly [string, HashDatum])[] = [
  ['the hash in use', hashDatum],
  ['a hash of 4 bits', (value) => hashDatum(value) & 15],
  ['a hash of the high bits only', (value) => hashDatum(value) & ~0xfffff],
  ['a constant hash', () => 7],
]

/** The same by comparing each with each. */
class Model {
  entries: { row: Datum; weight: number }[] = []

  add(row: Datum, by: number): number {
    const found = this.entries.find((entry) => equalDatum(entry.row, row))
    if (found === undefined) this.entries.push({ row, weight: by })
    else found.weight += by
    this.entries = this.entries.filter((entry) => entry.weight !== 0)
    return (found?.weight ?? by) + 0
  }
}

function contentOf(table: WeightTable): { row: Datum; weight: number }[] {
  const content: { row: Datum; weight: number }[] = []
  table.each((row, by) => {
    content.push({ row, weight: by })
    return undefined
  })
  return content
}

it.each(HASHES)('[VA5] a table of weights is exact under %s', (_, hash) => {
  const change = fc.tuple(fc.oneof(datum, fc.integer({ min: 0, max: 40 })), weight)
  fc.assert(
    fc.property(fc.array(change, { maxLength: 120, size: 'max' }), (changes) => {
      const table = new WeightTable(hash)
      const model = new Model()
      for (const [row, by] of changes) expect(table.add(row, by)).toBe(model.add(row, by))
      expect(table.size).toBe(model.entries.length)
      for (const entry of model.entries) expect(table.weight(entry.row)).toBe(entry.weight)
      const content = contentOf(table)
      expect(content).toHaveLength(model.entries.length)
      for (const entry of content) {
        expect(model.entries.some((each) => equalDatum(each.row, entry.row))).toBe(true)
      }
    }),
    { numRuns: 60 },
  )
})

it.each(HASHES)(
  '[VA5] rows that come and go in any order leave nothing behind under %s',
  (_, hash) => {
    const count = 400
    fc.assert(
      fc.property(fc.shuffledSubarray([...Array(count).keys()], { minLength: 350 }), (gone) => {
        const table = new WeightTable<string>(hash)
        for (let at = 0; at < count; at += 1) table.add(`row ${at}`, 1)
        const left = new Set([...Array(count).keys()])
        for (const at of gone) {
          expect(table.add(`row ${at}`, -1)).toBe(0)
          left.delete(at)
        }
        expect(table.size).toBe(left.size)
        for (let at = 0; at < count; at += 1) {
          expect(table.weight(`row ${at}`)).toBe(left.has(at) ? 1 : 0)
        }
        for (const at of left) table.add(`row ${at}`, -1)
        expect(contentOf(table)).toEqual([])
      }),
      { numRuns: 5 },
    )
  },
)

it.each(HASHES)(
  '[VA5] a table that grows and shrinks across all its forms stays exact under %s',
  (_, hash) => {
    const phase = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(fc.array(phase, { minLength: 2, maxLength: 12 }), (phases) => {
        const table = new WeightTable<string>(hash)
        const rows: string[] = []
        let made = 0
        for (const [isGrowing, count] of phases) {
          for (let times = 0; times < count; times += 1) {
            if (isGrowing) {
              made += 1
              rows.push(`row ${made}`)
              table.add(`row ${made}`, 1)
            } else if (rows.length > 0) {
              // From the front: the last row moves into the gap.
              table.add(rows.shift() as string, -1)
            }
          }
          expect(table.size).toBe(rows.length)
          for (const row of rows) expect(table.weight(row)).toBe(1)
          expect(table.weight('row 0')).toBe(0)
        }
      }),
    )
  },
)

it('[VA5] no row is lost among a million under the hash in use, colliding ones among them', () => {
  const count = 1_000_000
  const table = new WeightTable<string>()
  const hashes = new Int32Array(count)
  for (let at = 0; at < count; at += 1) {
    const row = `row ${at}`
    hashes[at] = hashDatum(row)
    table.add(row, 1)
  }
  expect(table.size).toBe(count)
  hashes.sort()
  let collisionCount = 0
  for (let at = 1; at < count; at += 1) if (hashes[at] === hashes[at - 1]) collisionCount += 1
  // 116 are to be expected of 32 bits. Without any the test would say nothing.
  expect(collisionCount).toBeGreaterThan(20)
  expect(collisionCount).toBeLessThan(1000)
  for (let at = 0; at < count; at += 1) if (table.add(`row ${at}`, -1) !== 0) expect(at).toBe(-1)
  expect(table.size).toBe(0)
}, 30_000)

it('[VA10] a weight that cannot be counted is refused, whether it comes or adds up', () => {
  const table = new WeightTable<string>()
  const refusal = expect.objectContaining({ code: 'views/weight-limit' })
  table.add('a', Number.MAX_SAFE_INTEGER)
  expect(() => table.add('a', 1)).toThrow(refusal)
  expect(() => table.add('b', 2 ** 53)).toThrow(refusal)
  expect(() => table.add('a', 0.5)).toThrow(refusal)
  expect(table.weight('a')).toBe(Number.MAX_SAFE_INTEGER)
  expect(table.weight('b')).toBe(0)
})
