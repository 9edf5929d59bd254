import { describe, expect, it } from 'vitest'
import { t } from './column.ts'
import { deadRowsOf, isForgettable, mergeFloor } from './dead-rows.ts'
import type { RowOperation } from './delta.ts'
import type { StreamId } from './id.ts'
import { createMergeState, type MergeState, mergeDelta, type TableDefinitions } from './merge.ts'
import { visibleRows } from './reference.ts'
import { table } from './table.ts'

const stream = 'a'.repeat(32) as StreamId

const tables: TableDefinitions = {
  folder: table({ key: t.key(), name: t.text() }).definition,
  file: table({
    key: t.key(),
    text: t.text().optional(),
    folder: t.ref('folder', { onDelete: 'cascade' }).optional(),
    other: t.ref('file', { onDelete: 'null' }).optional(),
  }).definition,
  tally: table({ key: t.key(), sum: t.counter() }).definition,
}

/** Merges deltas with hlcs 1, 2, 3, … */
function stateOf(...deltas: readonly (readonly RowOperation[])[]): MergeState {
  const state = createMergeState()
  for (const [index, operations] of deltas.entries()) {
    const at = index + 1
    const delta = { stream, seq: at, hlc: at, schemaVersion: 1, reducer: 'r', operations }
    mergeDelta(state, delta, tables)
  }
  return state
}

const insert = (name: string, id: string, cells: Record<string, string | null> = {}) =>
  ({ kind: 'insert', table: name, id, cells }) as const
const remove = (name: string, id: string) => ({ kind: 'delete', table: name, id }) as const
const dead = ({ rows }: MergeState, hlc = 99) =>
  [...deadRowsOf(rows, tables, hlc)].map((key) => key.replace('\0', ' ')).sort()

describe('[MR20] a row may be forgotten', () => {
  it('when it is deleted and nothing refers to it', () => {
    const state = stateOf([insert('file', 'x')], [remove('file', 'x')])
    expect(dead(state)).toEqual(['file x'])
    expect(dead(state, 1)).toEqual([])
  })

  it('when only its deletion is known', () => {
    expect(dead(stateOf([remove('file', 'x')]))).toEqual(['file x'])
  })

  it('with what hangs on it, but not without', () => {
    const hanging = [insert('folder', 'f', { name: 'n' }), insert('file', 'x', { folder: 'f' })]
    expect(dead(stateOf(hanging, [remove('folder', 'f')]))).toEqual(['file x', 'folder f'])
    const late = stateOf(hanging, [remove('folder', 'f')], [insert('file', 'x', { folder: 'f' })])
    expect(dead(late, 2)).toEqual([])
  })

  it('in a ring that refers to itself', () => {
    const ring = stateOf(
      [insert('file', 'x', { other: 'y' }), insert('file', 'y', { other: 'x' })],
      [remove('file', 'x'), remove('file', 'y')],
    )
    expect(dead(ring)).toEqual(['file x', 'file y'])
  })

  it('not when a row that stays refers to it, whatever the rule', () => {
    const held = stateOf(
      [insert('file', 'x'), insert('file', 'y', { other: 'x' })],
      [remove('file', 'x')],
    )
    expect(dead(held)).toEqual([])
  })

  it('not when it lives and waits: for its target, or for a newer schema', () => {
    expect(dead(stateOf([insert('file', 'x', { folder: 'nowhere' })]))).toEqual([])
    expect(dead(stateOf([insert('folder', 'f')]))).toEqual([])
  })

  it('not when its key may come back and find counters or sets', () => {
    const state = stateOf([insert('tally', 'x')], [remove('tally', 'x')])
    expect(dead(state)).toEqual([])
    expect(isForgettable(table({ id: t.id(), sum: t.counter() }).definition)).toBe(true)
    expect(isForgettable(table({ key: t.key(), all: t.set(t.int()) }).definition)).toBe(false)
  })
})

describe('[MR21] a floor', () => {
  const floor = (hlc: number, id: string) => ({
    baseOffset: 1,
    hlc,
    forgotten: [{ table: 'file', ids: [id] }],
  })

  it('forgets all that is known of a row', () => {
    const { rows } = stateOf([insert('file', 'x', { text: 't' })], [remove('file', 'x')])
    mergeFloor(rows, floor(2, 'x'))
    expect(rows.get('file')?.size).toBe(0)
  })

  it('leaves what was written after its hlc', () => {
    const state = stateOf(
      [insert('file', 'x', { text: 't' })],
      [remove('file', 'x')],
      [insert('file', 'x', { text: 'u' })],
    )
    mergeFloor(state.rows, floor(2, 'x'))
    expect(visibleRows(state.rows, tables).get('file')?.get('x')).toMatchObject({ text: 'u' })
    expect(state.rows.get('file')?.get('x')?.death).toBeUndefined()
  })
})
