import { expect, test } from 'vitest'
import { applyPatch, diffRows, keysByValue } from './row-patch.ts'

const list = (...rows: { id: string; n?: number }[]) => ({ keys: rows.map((row) => row.id), rows })

test('a row that moves is named once, and nothing else is', () => {
  const before = list({ id: 'a' }, { id: 'b' }, { id: 'c' })
  const { patch } = diffRows(before, list({ id: 'b' }, { id: 'c' }, { id: 'a' }))
  expect(patch).toEqual({ removed: [], inserted: [], updated: [], moved: [{ from: 0, index: 2 }] })
})

test('a changed row is an update, not a removal and an insertion', () => {
  const before = list({ id: 'a', n: 1 }, { id: 'b', n: 1 })
  const { patch } = diffRows(before, list({ id: 'b', n: 0 }, { id: 'a', n: 1 }))
  expect(patch?.updated).toEqual([{ from: 1, index: 0, row: { id: 'b', n: 0 } }])
  expect(patch?.removed).toEqual([])
  expect(patch?.inserted).toEqual([])
})

test('rows known to be unchanged are not compared', () => {
  const before = list({ id: 'a', n: 1 })
  expect(diffRows(before, list({ id: 'a', n: 2 }), () => false).patch).toBeUndefined()
})

test('the given list is left as it is', () => {
  const rows = Object.freeze([{ id: 'a' }, { id: 'b' }])
  expect(applyPatch(rows, { removed: [0], inserted: [], updated: [], moved: [] })).toEqual([
    { id: 'b' },
  ])
})

test('values that JSON confuses have different keys', () => {
  const rows = [
    { a: null },
    { a: Number.NaN },
    { a: 1 },
    { a: 1n },
    { a: '1' },
    { a: Uint8Array.of(1) },
  ]
  expect(new Set(keysByValue(rows)).size).toBe(rows.length)
})
