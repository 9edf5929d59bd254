import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPatch, diffRows, type KeyedRows, keysByValue } from './row-patch.ts'

interface Item {
  readonly id: string
  readonly value: number
}

const lists = fc
  .uniqueArray(fc.record({ id: fc.nat(30).map(String), value: fc.nat(3) }), {
    selector: (item) => item.id,
    maxLength: 20,
  })
  .map((rows): KeyedRows<Item> => ({ keys: rows.map((row) => row.id), rows }))

test('a patch leads from the one list to the other, whatever the two are', () => {
  fc.assert(
    fc.property(lists, lists, (before, after) => {
      const { rows, patch } = diffRows(before, after)
      expect(rows.rows).toEqual(after.rows)
      expect(patch === undefined ? before.rows : applyPatch(before.rows, patch)).toEqual(after.rows)
    }),
  )
})

test('unchanged rows stay the objects they were, on both sides', () => {
  fc.assert(
    fc.property(lists, lists, (before, after) => {
      const { rows, patch } = diffRows(before, after)
      const applied = patch === undefined ? before.rows : applyPatch(before.rows, patch)
      for (const [index, key] of after.keys.entries()) {
        const old = before.rows[before.keys.indexOf(key)]
        if (old === undefined || old.value !== after.rows[index]?.value) continue
        expect(rows.rows[index]).toBe(old)
        expect(applied[index]).toBe(old)
      }
    }),
  )
})

test('equal lists have no patch', () => {
  fc.assert(
    fc.property(lists, (list) => {
      expect(diffRows(list, { keys: [...list.keys], rows: structuredClone(list.rows) })).toEqual({
        rows: list,
        patch: undefined,
      })
    }),
  )
})

test('rows without keys are told apart by value, and duplicates counted', () => {
  const rows = fc.array(fc.record({ n: fc.nat(2) }), { maxLength: 8 })
  fc.assert(
    fc.property(rows, rows, (left, right) => {
      const before = { keys: keysByValue(left), rows: left }
      const after = { keys: keysByValue(right), rows: right }
      expect(new Set(after.keys).size).toBe(right.length)
      const { patch } = diffRows(before, after)
      expect(patch === undefined ? left : applyPatch(left, patch)).toEqual(right)
      expect(patch?.updated ?? []).toEqual([])
    }),
  )
})
