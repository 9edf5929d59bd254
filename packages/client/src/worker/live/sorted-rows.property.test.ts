import type { Row } from '@inner-universe/core'
import { compareDatum, Delta } from '@inner-universe/views'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIVE_CHANGES_MAX } from '../../rpc/limits.ts'
import { applyPatch } from '../../rpc/row-patch.ts'
import { SortedRows } from './sorted-rows.ts'

const order = [{ pick: (row: Row) => row.n, isDescending: true }]
const rows = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd'),
  n: fc.integer({ min: 0, max: 3 }),
})
const steps = fc.array(
  fc.record({
    /** Which row, and how many copies of it there are to be. */
    wanted: fc.array(fc.tuple(rows, fc.integer({ min: 0, max: 3 })), { maxLength: 4 }),
    /** Which of the pages takes what it lacks. */
    page: fc.constantFrom(0, 1, undefined),
  }),
  { maxLength: 12 },
)

/** The list as it should be. */
function listOf(copies: ReadonlyMap<string, number>): Row[] {
  return [...copies]
    .flatMap(([text, count]) => Array.from({ length: count }, () => JSON.parse(text) as Row))
    .sort((a, b) => compareDatum(b.n, a.n) || compareDatum(a, b))
}

test('from any version a patch leads to the rows of now, whoever asked before', () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (history, isKeyed) => {
      const sorted = new SortedRows({
        order,
        keyOf: isKeyed ? (row) => String(row.id) : undefined,
      })
      const copies = new Map<string, number>()
      const pages = [0, 1].map(() => ({ version: sorted.version, rows: [] as readonly Row[] }))
      const take = (index: number): void => {
        const page = pages[index] as (typeof pages)[number]
        const since = sorted.since(page.version)
        expect(since).not.toBe('all')
        if (typeof since === 'object') page.rows = applyPatch(page.rows, since)
        page.version = sorted.version
        expect(page.rows).toEqual(listOf(copies))
      }
      for (const { wanted, page } of history) {
        const delta = new Delta<Row>()
        for (const [row, count] of new Map(
          wanted.map(([row, count]) => [JSON.stringify(row), [row, count] as const]),
        ).values()) {
          const text = JSON.stringify(row)
          delta.push(row, count - (copies.get(text) ?? 0))
          copies.set(text, count)
        }
        sorted.apply(delta)
        expect(sorted.rows()).toEqual(listOf(copies))
        if (page !== undefined) take(page)
      }
      take(0)
      take(1)
      sorted.forget()
      expect(sorted.since(sorted.version)).toBe('nothing')
    }),
  )
})

test('of a page that does not follow no more is kept than a list is worth', () => {
  const sorted = new SortedRows({ order, keyOf: undefined })
  const { version } = sorted
  for (let index = 0; index <= LIVE_CHANGES_MAX; index++) {
    const delta = new Delta<Row>()
    delta.push({ id: 'a', n: 0 }, index % 2 === 0 ? 1 : -1)
    sorted.apply(delta)
  }
  expect(sorted.since(version)).toBe('all')
  expect(sorted.since(sorted.version - 2)).toBe('nothing')
})

test('a row that got other values is told as that one row', () => {
  const sorted = new SortedRows({ order, keyOf: (row) => String(row.id) })
  const load = new Delta<Row>()
  for (const id of ['a', 'b', 'c']) load.push({ id, n: 1 }, 1)
  sorted.load(load)
  const change = new Delta<Row>()
  change.push({ id: 'c', n: 1 }, -1)
  change.push({ id: 'c', n: 2 }, 1)
  sorted.apply(change)
  expect(sorted.since(0)).toEqual({
    removed: [],
    inserted: [],
    updated: [{ from: 2, index: 0, row: { id: 'c', n: 2 } }],
    moved: [],
  })
})
