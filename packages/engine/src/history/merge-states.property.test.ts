/** Laws of merging two states, on random rows of a table with cells, a counter, a set, a unique column. */
import { defineModule, t, table } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isSameRow, type StoredRow } from '../changes.ts'
import { setOfElements } from '../row-codec.ts'
import { compileSchema, tableOf } from '../schema.ts'
import { type MergeInput, type MergeSide, mergeStates } from './merge-states.ts'

const module = defineModule({
  name: 'merging',
  version: 1,
  tables: {
    note: table({
      key: t.key(),
      title: t.text(),
      photo: t.bytes().optional(),
      stars: t.counter(),
      tags: t.set(t.text()),
      slug: t.text().unique().optional(),
    }),
  },
  reducers: () => ({}),
})
const note = tableOf(compileSchema(module), 'note')
const IDS = ['p', 'q', 'r'] as const

const row = (id: string): fc.Arbitrary<StoredRow | undefined> =>
  fc.option(
    fc
      .tuple(
        fc.constantFrom('t', 'u', 'v'),
        fc.constantFrom(null, new Uint8Array([1]), new Uint8Array([2])),
        fc.integer({ min: -5, max: 5 }),
        fc.uniqueArray(fc.constantFrom('"x"', '"y"', '"z"')),
        fc.constantFrom('s', 'w', null),
      )
      .map(([title, photo, stars, tags, slug]) => [
        id,
        title,
        photo,
        stars,
        setOfElements(tags),
        slug,
      ]),
    { nil: undefined },
  )

/** A state as there can be one: a unique value is in one row. */
type State = ReadonlyMap<string, StoredRow | undefined>
const state: fc.Arbitrary<State> = fc.tuple(...IDS.map(row)).map((rows) => {
  const taken = new Set<unknown>()
  return new Map(
    rows.map((one, index) => {
      const slug = one?.[5] ?? null
      const isTaken = slug !== null && taken.has(slug)
      taken.add(slug)
      return [IDS[index] ?? '', isTaken ? one?.with(5, null) : one]
    }),
  )
})
const later = fc.constantFrom<MergeSide>('a', 'b')
const other = (side: MergeSide): MergeSide => (side === 'a' ? 'b' : 'a')

function inputsOf(base: State, a: State, b: State): MergeInput[] {
  return IDS.map((id) => ({
    table: note,
    id,
    base: base.get(id),
    a: a.get(id),
    b: b.get(id),
  })).filter(
    ({ base: before, a: left, b: right }) => !isSameRow(before, left) || !isSameRow(before, right),
  )
}

function merged(base: State, a: State, b: State, side: MergeSide) {
  const { rows, conflicts } = mergeStates(inputsOf(base, a, b), side)
  const all = new Map(base)
  for (const [id, one] of rows.get(note) ?? []) all.set(id, one)
  return { all, conflicts }
}

const byPlace = (a: { id: string; column: string | null }, b: typeof a) =>
  `${a.id} ${a.column}` < `${b.id} ${b.column}` ? -1 : 1

it('[HI34] merging is the same from both sides, conflicts too', () => {
  fc.assert(
    fc.property(state, state, state, later, (base, a, b, side) => {
      const left = merged(base, a, b, side)
      const right = merged(base, b, a, other(side))
      expect(left.all).toEqual(right.all)
      expect([...left.conflicts].sort(byPlace)).toEqual(
        right.conflicts.map((each) => ({ ...each, taken: other(each.taken) })).sort(byPlace),
      )
    }),
    { numRuns: 500 },
  )
})

it('[HI34] a state merged with itself is itself, and with the base is itself', () => {
  fc.assert(
    fc.property(state, state, later, (base, a, side) => {
      for (const [left, right] of [
        [a, base],
        [base, a],
      ] as const) {
        expect(merged(base, left, right, side)).toEqual({ all: a, conflicts: [] })
      }
      expect(merged(a, a, a, side)).toEqual({ all: a, conflicts: [] })
      // What both did alike was done once, but for counters: two that counted have counted twice.
      const { all, conflicts } = merged(base, a, a, side)
      expect(conflicts).toEqual([])
      for (const id of IDS) {
        const [before, one] = [base.get(id), a.get(id)]
        const stars = Number(one?.[3]) * 2 - Number(before?.[3] ?? 0)
        const isChanged = one !== undefined && !isSameRow(before, one)
        expect(all.get(id)).toEqual(isChanged ? one.with(3, stars) : one)
      }
    }),
    { numRuns: 500 },
  )
})

it('[HI35] a cell that one changed is as it made it; one that both changed as the later did, and told', () => {
  fc.assert(
    fc.property(state, state, state, later, (base, a, b, side) => {
      const { all, conflicts } = merged(base, a, b, side)
      for (const id of IDS) {
        const [before, left, right, result] = [base.get(id), a.get(id), b.get(id), all.get(id)]
        if (left === undefined || right === undefined || result === undefined) continue
        for (const index of [1, 2]) {
          const isOf = (x: StoredRow | undefined, y: StoredRow | undefined) =>
            isSameRow(x && [x[index] ?? null], y && [y[index] ?? null])
          const isTold = conflicts.some(
            ({ id: told, column }) => told === id && column === note.columns[index]?.name,
          )
          const isConflict = !isOf(left, right) && !isOf(before, left) && !isOf(before, right)
          expect(isTold).toBe(isConflict)
          if (isConflict) expect(isOf(result, side === 'a' ? left : right)).toBe(true)
          else if (isOf(before, left)) expect(isOf(result, right)).toBe(true)
          else expect(isOf(result, left)).toBe(true)
        }
      }
    }),
    { numRuns: 500 },
  )
})

it('[HI36] counters add up what both added; sets have what one added and lack what one removed', () => {
  const base = new Map([['p', ['p', 't', null, 10, '["x","y"]', null]]])
  const a = new Map([['p', ['p', 't', null, 13, '["x","y","z"]', null]]])
  const b = new Map([['p', ['p', 't', null, 8, '["y"]', null]]])
  expect(merged(base, a, b, 'a')).toEqual({
    all: new Map([['p', ['p', 't', null, 11, '["y","z"]', null]]]),
    conflicts: [],
  })
})

it('[HI37] a row that one deleted goes; if the other changed it, that is told', () => {
  const base = new Map([['p', ['p', 't', null, 1, '[]', null]]])
  const changed = new Map([['p', ['p', 'u', null, 1, '[]', null]]])
  const gone = new Map([['p', undefined]])
  expect(merged(base, gone, base, 'b')).toEqual({ all: gone, conflicts: [] })
  expect(merged(base, gone, changed, 'b')).toEqual({
    all: gone,
    conflicts: [{ table: 'note', id: 'p', column: null, why: 'deleted', taken: 'a' }],
  })
})

it('[HI38] no two rows have one unique value: the later state says whose it is', () => {
  fc.assert(
    fc.property(state, state, state, later, (base, a, b, side) => {
      const { all, conflicts } = merged(base, a, b, side)
      const slugs = [...all.values()].map((one) => one?.[5] ?? null).filter((slug) => slug !== null)
      expect(new Set(slugs).size).toBe(slugs.length)
      for (const { id, why, column } of conflicts) {
        if (why === 'duplicate') expect([column, all.get(id)?.[5]]).toEqual(['slug', null])
      }
    }),
    { numRuns: 500 },
  )
})
