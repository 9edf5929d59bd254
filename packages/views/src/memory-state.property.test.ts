import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareDatum, hashDatum } from './datum.ts'
import { mapKey } from './map-key.ts'
import { MemoryState } from './memory-state.ts'
import type { Bag, Datum, OrderTerm } from './state.ts'
import { datum, scalar, type TestRow, testRow, weight } from './testing/datum-arbitraries.ts'

interface Entry {
  readonly key: Datum
  readonly row: Datum
  readonly weight: number
}

/** Keys and rows as text that is equal where they are. */
function textOf(...values: readonly Datum[]): string {
  return String(mapKey(values))
}

/** The bag as a flat list of weights. */
class Model {
  readonly weights = new Map<string, Entry>()

  add(key: Datum, row: Datum, by: number): number {
    const text = textOf(key, row)
    const sum = (this.weights.get(text)?.weight ?? 0) + by
    if (sum === 0) this.weights.delete(text)
    else this.weights.set(text, { key, row, weight: sum })
    return sum
  }

  under(key: Datum): Entry[] {
    return [...this.weights.values()].filter((entry) => compareDatum(entry.key, key) === 0)
  }
}

function entriesUnder(bag: Bag, key: Datum): Entry[] {
  const entries: Entry[] = []
  bag.each(key, (row, by) => {
    entries.push({ key, row, weight: by })
    return undefined
  })
  return entries
}

function textsOf(entries: readonly Entry[]): string[] {
  return entries.map((entry) => textOf(entry.key, entry.row, entry.weight)).sort()
}

function expectEqual(bag: Bag, model: Model, keys: readonly Datum[]): void {
  for (const key of keys) {
    const expected = model.under(key)
    expect(textsOf(entriesUnder(bag, key))).toEqual(textsOf(expected))
    expect(bag.size(key)).toBe(expected.length)
    for (const entry of expected) expect(bag.weight(key, entry.row)).toBe(entry.weight)
  }
  const all: Entry[] = []
  bag.eachEntry((key, row, by) => all.push({ key, row, weight: by }))
  expect(textsOf(all)).toEqual(textsOf([...model.weights.values()]))
}

const key = fc.oneof(scalar, fc.constantFrom<Datum>([1], [null], ['a', 'b'], { a: 1 }))
const anyWeight = fc.oneof(weight, fc.constant(0))

it.each([
  ['the hash in use', hashDatum],
  ['a constant hash', () => 0],
])('[VA5] a bag in memory says what was added to it, under %s', (_, hash) => {
  const change = fc.tuple(key, fc.oneof(datum, fc.integer({ min: 0, max: 20 })), anyWeight)
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60, size: 'max' }), (changes) => {
      const bag = new MemoryState({ hash }).bag('b')
      const model = new Model()
      for (const [under, row, by] of changes) {
        expect(bag.add(under, row, by)).toBe(model.add(under, row, by))
      }
      expectEqual(
        bag,
        model,
        changes.map(([under]) => under),
      )
    }),
    { numRuns: 40 },
  )
})

const ORDERS: readonly (readonly [string, readonly OrderTerm<TestRow>[]])[] = [
  ['no terms', []],
  ['ascending', [{ pick: ({ key: of }) => of, isDescending: false }]],
  [
    'two terms, one descending',
    [
      { pick: ({ key: of }) => of, isDescending: true },
      { pick: ({ value }) => value, isDescending: false },
    ],
  ],
]

function compareBy(order: readonly OrderTerm<TestRow>[], a: TestRow, b: TestRow): number {
  for (const { pick, isDescending } of order) {
    const sign = compareDatum(pick(a), pick(b))
    if (sign !== 0) return isDescending ? -sign : sign
  }
  return compareDatum(a, b)
}

it.each(ORDERS)('[VA5] an ordered bag gives rows in order, from any place: %s', (_, order) => {
  const change = fc.tuple(fc.constantFrom<Datum>(1, null), testRow, anyWeight)
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80, size: 'max' }), (changes) => {
      const bag = new MemoryState().orderedBag('b', order)
      const model = new Model()
      for (const [under, row, by] of changes) {
        expect(bag.add(under, row, by)).toBe(model.add(under, row, by))
      }
      expectEqual(bag as Bag, model, [1, null])
      const sorted = model
        .under(null)
        .toSorted((a, b) => compareBy(order, a.row as TestRow, b.row as TestRow))
      for (let from = 0; from <= sorted.length; from += 1) {
        const given: string[] = []
        bag.eachFrom(null, from, (row, by) => {
          given.push(textOf(row, by))
          return given.length < 3
        })
        const expected = sorted.slice(from, from + 3)
        expect(given).toEqual(expected.map((entry) => textOf(entry.row, entry.weight)))
      }
    }),
    { numRuns: 40 },
  )
})

it('[VA5] reading a bag ends where the reader says so', () => {
  const bag = new MemoryState().bag<number>('b')
  for (let row = 0; row < 20; row += 1) bag.add('k', row, 1)
  let count = 0
  bag.each('k', () => {
    count += 1
    return count < 5
  })
  expect(count).toBe(5)
})

it('[VA5] cells hold one value for each key, by value', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, fc.option(datum, { nil: undefined }))), (changes) => {
      const cells = new MemoryState().cells('c')
      const model = new Map<string, Datum>()
      for (const [under, value] of changes) {
        cells.set(under, value)
        if (value === undefined) model.delete(textOf(under))
        else model.set(textOf(under), value)
      }
      for (const [under] of changes) expect(cells.get(under)).toBe(model.get(textOf(under)))
      const all = new Map<string, Datum>()
      cells.eachEntry((under, value) => all.set(textOf(under), value))
      expect(all).toEqual(model)
    }),
  )
})
