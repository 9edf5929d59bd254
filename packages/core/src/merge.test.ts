import { describe, expect, it } from 'vitest'
import { t } from './column.ts'
import type { Delta, RowOperation } from './delta.ts'
import type { StreamId } from './id.ts'
import {
  createMergeState,
  type MergeState,
  mergeDelta,
  mergeOperations,
  type TableDefinitions,
} from './merge.ts'
import { addCounter, sortElements } from './merged-value.ts'
import { visibleRows } from './reference.ts'
import { table } from './table.ts'

const tables: TableDefinitions = {
  note: table({
    key: t.key(),
    title: t.text(),
    body: t.text().optional(),
    done: t.bool().default(false),
    votes: t.counter(),
    tags: t.set(t.text()),
    project: t.ref('project', { onDelete: 'null' }).optional(),
    sticker: t.ref('draft', { onDelete: 'cascade' }).optional(),
  }).definition,
  project: table({ key: t.key(), name: t.text(), parent: t.ref('project').optional() }).definition,
  event: table({
    key: t.key(),
    text: t.text().optional(),
    sum: t.counter(),
    set: t.set(t.int()),
  }).appendOnly().definition,
  draft: table({ key: t.key(), text: t.text() }).local().definition,
}

const A = 'a'.repeat(32) as StreamId
const B = 'b'.repeat(32) as StreamId
const seqs = new Map<MergeState, number>()

/** Merges one operation per call, in a delta of its own. */
function write(
  state: MergeState,
  hlc: number,
  stream: StreamId,
  ...operations: readonly RowOperation[]
): Delta {
  const seq = (seqs.get(state) ?? 0) + 1
  seqs.set(state, seq)
  const delta = { stream, seq, hlc, schemaVersion: 1, reducer: 'write', operations }
  mergeDelta(state, delta, tables)
  return delta
}

const insert = (id: string, cells: Record<string, string | number | null>): RowOperation => ({
  kind: 'insert',
  table: 'note',
  id,
  cells,
})
const update = (id: string, cells: Record<string, string | number | null>): RowOperation => ({
  kind: 'update',
  table: 'note',
  id,
  cells,
})
const remove = (id: string): RowOperation => ({ kind: 'delete', table: 'note', id })
const note = (state: MergeState, id = 'n') => visibleRows(state.rows, tables).get('note')?.get(id)

describe('merge', () => {
  it('[MR1] a delta counts once', () => {
    const state = createMergeState()
    const increment = { kind: 'increment', table: 'note', id: 'n', column: 'votes', by: 2 } as const
    const delta = write(state, 1, A, insert('n', { title: 'x' }), increment)
    expect(mergeDelta(state, delta, tables)).toBe(false)
    expect(note(state)?.votes).toBe(2)
  })

  it('[MR2] equal clocks are told apart by the stream id', () => {
    for (const streams of [
      [A, B],
      [B, A],
    ] as const) {
      const state = createMergeState()
      for (const stream of streams) write(state, 5, stream, insert('n', { title: stream }))
      expect(note(state)?.title).toBe(B)
    }
  })

  it('[MR3] an update does not bring back what was deleted, a newer insert does', () => {
    const state = createMergeState()
    write(state, 1, A, insert('n', { title: 'x' }))
    write(state, 2, A, remove('n'))
    write(state, 3, B, update('n', { title: 'y' }))
    expect(note(state)).toBeUndefined()
    write(state, 4, A, insert('n', { title: 'z' }))
    expect(note(state)?.title).toBe('z')
  })

  it('[MR3] a delete that arrives before the insert it saw wins over it', () => {
    const state = createMergeState()
    write(state, 2, B, remove('n'))
    write(state, 1, A, insert('n', { title: 'x' }))
    expect(note(state)).toBeUndefined()
  })

  it('[MR4] each column is its newest write; an update before the insert is kept', () => {
    const state = createMergeState()
    write(state, 5, B, update('n', { title: 'newer' }))
    write(state, 3, B, update('n', { body: 'older' }))
    write(state, 4, A, insert('n', { title: 'x', body: 'y' }))
    expect(note(state)).toMatchObject({ title: 'newer', body: 'y', done: 0 })
  })

  it('[MR4] an insert writes every column: those it does not name start anew', () => {
    const state = createMergeState()
    write(state, 1, A, insert('n', { title: 'x', body: 'of the first life', done: 1 }))
    write(state, 2, A, remove('n'))
    write(state, 4, A, insert('n', { title: 'y' }))
    write(state, 3, B, update('n', { body: 'before the second' }))
    expect(note(state)).toMatchObject({ title: 'y', body: null, done: 0 })
  })

  it('[MR5] increments add up, whatever the clocks say', () => {
    const state = createMergeState()
    write(state, 5, A, insert('n', { title: 'x' }))
    const by = (n: number): RowOperation => ({
      kind: 'increment',
      table: 'note',
      id: 'n',
      column: 'votes',
      by: n,
    })
    write(state, 1, B, by(3))
    write(state, 9, B, by(-1))
    expect(note(state)?.votes).toBe(2)
  })

  it('[MR5] beyond 53 bits a counter wraps, so that the order of the terms does not matter', () => {
    const max = Number.MAX_SAFE_INTEGER
    expect(addCounter(max, 1)).toBe(-max)
    expect(addCounter(-max, -1)).toBe(max)
    expect(addCounter(addCounter(max, max), -max)).toBe(addCounter(max, addCounter(max, -max)))
  })

  it('[MR6] a removal takes the additions it saw, not a concurrent one', () => {
    const state = createMergeState()
    const add = { kind: 'add', table: 'note', id: 'n', column: 'tags', elements: ['"x"'] } as const
    const dots = [{ hlc: 1, stream: A }]
    const take: RowOperation = {
      kind: 'remove',
      table: 'note',
      id: 'n',
      column: 'tags',
      elements: [{ element: '"x"', dots }],
    }
    write(state, 3, B, take)
    write(state, 1, A, insert('n', { title: 'x' }), add)
    expect(note(state)?.tags).toBe('[]')
    write(state, 2, B, add)
    expect(note(state)?.tags).toBe('["x"]')
  })

  it('[MR7] elements are sorted by value, not by their JSON', () => {
    expect(sortElements(['10', '9', '-1'])).toEqual(['-1', '9', '10'])
    expect(sortElements(['"a!"', '"a"'])).toEqual(['"a"', '"a!"'])
    expect(sortElements(['true', 'false'])).toEqual(['false', 'true'])
  })

  it('[MR8] a row that lacks a required cell is not visible until it has it', () => {
    const state = createMergeState()
    write(state, 1, A, insert('n', { body: 'b' }))
    expect(note(state)).toBeUndefined()
    write(state, 2, B, update('n', { title: 'x' }))
    expect(note(state)).toMatchObject({ key: 'n', title: 'x', body: 'b' })
  })

  it('[MR10] a reference to what is not visible reads NULL and comes back with its target', () => {
    const state = createMergeState()
    const project = (kind: 'insert' | 'delete'): RowOperation =>
      kind === 'delete'
        ? { kind, table: 'project', id: 'p' }
        : { kind, table: 'project', id: 'p', cells: { name: 'P', parent: 'elsewhere' } }
    write(state, 1, A, insert('n', { title: 'x', project: 'p' }))
    expect(note(state)?.project).toBeNull()
    write(state, 2, A, project('insert'))
    expect(note(state)?.project).toBe('p')
    expect(visibleRows(state.rows, tables).get('project')?.get('p')?.parent).toBeNull()
    write(state, 3, A, project('delete'))
    expect(note(state)?.project).toBeNull()
    write(state, 4, A, project('insert'))
    expect(note(state)?.project).toBe('p')
  })

  it('[MR11] a value of the wrong form is left out, and an older right one stands', () => {
    const state = createMergeState()
    write(state, 1, A, insert('n', { title: 'x', done: 1 }))
    write(state, 2, B, update('n', { title: 7, done: 2, votes: 3, tags: '["x"]', key: 'm' }))
    expect(note(state)).toMatchObject({ key: 'n', title: 'x', done: 1, votes: 0, tags: '[]' })
  })

  it('[MR12] what a newer schema wrote is left out and reported; increments then count once', () => {
    const state = createMergeState()
    const increment = { kind: 'increment', table: 'note', id: 'n', column: 'votes', by: 2 } as const
    const newer: RowOperation = {
      kind: 'increment',
      table: 'note',
      id: 'n',
      column: 'likes',
      by: 3,
    }
    const operations = [insert('n', { title: 'x', color: 'red' }), increment, newer]
    const delta = { hlc: 1, stream: A, operations }
    expect(mergeOperations(state.rows, delta, tables)).toBe(true)
    const widened: TableDefinitions = {
      ...tables,
      note: table({
        key: t.key(),
        title: t.text(),
        votes: t.counter(),
        likes: t.counter(),
        color: t.text().optional(),
      }).definition,
    }
    const isNew = (_: string, column: string) => column === 'likes'
    expect(mergeOperations(state.rows, delta, widened, isNew)).toBe(false)
    expect(visibleRows(state.rows, widened).get('note')?.get('n')).toEqual({
      key: 'n',
      title: 'x',
      votes: 2,
      likes: 3,
      color: 'red',
    })
  })

  it('[MR12] NULL for a column that is required here waits for a schema that allows it', () => {
    const state = createMergeState()
    const operations = [insert('n', { title: null })]
    expect(mergeOperations(state.rows, { hlc: 1, stream: A, operations }, tables)).toBe(true)
  })

  it('[MR12] merging again does not bring back what was forgotten', () => {
    const state = createMergeState()
    const tag = { kind: 'add', table: 'note', id: 'o', column: 'tags', elements: ['"x"'] } as const
    const operations = [insert('n', { title: 'x' }), remove('m'), tag]
    const delta = { hlc: 1, stream: A, operations }
    mergeOperations(state.rows, delta, tables, (_, column) => column === 'likes')
    expect(note(state)).toBeUndefined()
    expect(state.rows.get('note')?.get('m')?.death).toBeUndefined()
    expect(state.rows.get('note')?.get('o')?.sets.size).toBe(0)
  })

  it('[MR18] rows of an append-only table do not change after their insert', () => {
    const state = createMergeState()
    const of = { table: 'event', id: 'e' } as const
    const change = (text: string, by: number): RowOperation[] => [
      { kind: 'update', ...of, cells: { text } },
      { kind: 'increment', ...of, column: 'sum', by },
      { kind: 'add', ...of, column: 'set', elements: [String(by)] },
    ]
    write(state, 1, A, { kind: 'insert', ...of, cells: { text: 'x' } }, ...change('y', 1).slice(1))
    write(state, 2, B, ...change('z', 2))
    write(state, 3, B, { kind: 'insert', table: 'event', id: 'f', cells: {} }, ...change('z', 3))
    const event = () => visibleRows(state.rows, tables).get('event')?.get('e')
    expect(event()).toEqual({ key: 'e', text: 'x', sum: 1, set: '[1]' })
    write(state, 4, B, { kind: 'delete', ...of })
    expect(event()).toBeUndefined()
  })

  it('[MR13] references from or to local tables take no part', () => {
    const state = createMergeState()
    write(state, 1, A, insert('n', { title: 'x', sticker: 'd' }))
    expect(note(state)?.sticker).toBe('d')
    write(state, 2, A, { kind: 'insert', table: 'draft', id: 'd', cells: { text: 'mine' } })
    expect(visibleRows(state.rows, tables).has('draft')).toBe(false)
  })
})
