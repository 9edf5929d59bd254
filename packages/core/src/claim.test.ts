import { expect, it } from 'vitest'
import { t } from './column.ts'
import type { StreamId } from './id.ts'
import { createMergeState, mergeDelta, type TableDefinitions } from './merge.ts'
import { visibleRows } from './reference.ts'
import { table } from './table.ts'

const tables: TableDefinitions = {
  user: table({ key: t.key(), email: t.text().unique() }).definition,
}

it('[MR17] the holder is first in the log, then by clock, then by id; others read NULL', () => {
  const state = createMergeState()
  const write = (hlc: number, ...ids: readonly string[]) =>
    mergeDelta(
      state,
      {
        stream: 'a'.repeat(32) as StreamId,
        seq: hlc,
        hlc,
        schemaVersion: 1,
        reducer: 'r',
        operations: ids.map((id) => ({ kind: 'insert', table: 'user', id, cells: { email: 'e' } })),
      },
      tables,
    )
  const holders = (offsets: Record<number, number> = {}) =>
    [...(visibleRows(state.rows, tables, ({ hlc }) => offsets[hlc]).get('user') ?? [])]
      .filter(([, { email }]) => email === 'e')
      .map(([id]) => id)
  write(2, 'y', 'x')
  write(3, 'z')
  expect(holders()).toEqual(['x'])
  expect(holders({ 3: 9 })).toEqual(['z'])
  expect(holders({ 3: 9, 2: 8 })).toEqual(['x'])
})
