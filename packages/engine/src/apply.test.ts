import {
  createSegmentWriter,
  defineModule,
  type RowOperation,
  type SegmentEntry,
  type StoredValue,
  type StreamId,
  t,
  table,
} from '@inner-universe/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Changes } from './changes.ts'
import { applySchemaChange } from './migrate.ts'
import { RowStore } from './row-store.ts'
import { compileSchema, definitionsOf } from './schema.ts'
import { decodeSchema } from './schema-text.ts'
import { compareSchemas } from './stored-schema.ts'
import { dumpFile } from './testing/canonical-dump.ts'
import { type MergeReplica, openMergeReplica } from './testing/merge-replica.ts'
import { mergeUnapplied } from './unapplied.ts'

const module = defineModule({
  name: 'notes',
  version: 1,
  tables: {
    note: table({
      key: t.key(),
      title: t.text(),
      done: t.bool().default(false),
      tags: t.set(t.text()),
      votes: t.counter(),
      folder: t.ref('folder').optional(),
      parent: t.ref('note', { onDelete: 'cascade' }).optional(),
    }),
    folder: table({ key: t.key(), within: t.ref('note').optional() }),
  },
  reducers: () => ({}),
})

const own = 'f'.repeat(32) as StreamId
const A = 'a'.repeat(32) as StreamId
const B = 'b'.repeat(32) as StreamId
let replica: MergeReplica

beforeEach(() => {
  replica = openMergeReplica(module, own)
})
afterEach(() => replica.driver.close())

/** One segment of consecutive deltas; each list is the operations of one, each an hlc later. */
function segment(
  stream: StreamId,
  firstSeq: number,
  firstHlc: number,
  ...deltas: readonly (readonly RowOperation[])[]
): Uint8Array {
  const writer = createSegmentWriter({ stream, firstSeq, schemaVersion: 1 })
  for (const [index, operations] of deltas.entries()) {
    writer.append({ hlc: firstHlc + index, reducer: 'r', operations } satisfies SegmentEntry)
  }
  return writer.finish()
}

const insert = (name: string, id: string, cells: Record<string, StoredValue>): RowOperation => ({
  kind: 'insert',
  table: name,
  id,
  cells,
})
const update = (id: string, cells: Record<string, StoredValue>): RowOperation => ({
  kind: 'update',
  table: 'note',
  id,
  cells,
})
const remove = (name: string, id: string): RowOperation => ({ kind: 'delete', table: name, id })
const visible = (name: 'note' | 'folder') =>
  replica.driver
    .prepare(`SELECT * FROM ${name} ORDER BY 1`)
    .all()
    .map((row) => row.join('|'))
const count = (name: string) => replica.driver.prepare(`SELECT count(*) FROM ${name}`).get()?.[0]

describe('[MR16] streams', () => {
  const first = segment(A, 1, 10, [insert('note', 'x', { title: 'a' })], [update('x', { done: 1 })])
  const second = segment(A, 3, 20, [update('x', { title: 'b' })])

  it('are applied in the order of their seqs, whatever the order given', () => {
    const { outcomes } = replica.apply([second, first, second])
    expect(outcomes).toEqual([
      { kind: 'applied', deltaCount: 1 },
      { kind: 'applied', deltaCount: 2 },
      { kind: 'duplicate' },
    ])
    expect(visible('note')).toEqual(['x|b|1|[]|0||'])
    expect(replica.apply([first]).outcomes).toEqual([{ kind: 'duplicate' }])
  })

  it('a gap is told, and nothing of what follows it is applied', () => {
    const { outcomes, changeset } = replica.apply([second])
    expect(outcomes).toEqual([{ kind: 'gap', stream: A, heldSeq: 0 }])
    expect(changeset).toBeUndefined()
    expect([count('_log'), count('_rows_note')]).toEqual([0, 0])
  })

  it('a segment that is known in part counts from there, and is kept without the known part', () => {
    replica.apply([first])
    const longer = segment(
      A,
      1,
      10,
      [insert('note', 'x', { title: 'a' })],
      [update('x', { done: 1 })],
      [{ kind: 'increment', table: 'note', id: 'x', column: 'votes', by: 2 }],
    )
    expect(replica.apply([longer]).outcomes).toEqual([{ kind: 'applied', deltaCount: 1 }])
    const segments = replica.parts.log.read(A, 1, 1e6)
    expect(segments.map(({ firstSeq, deltaCount }) => [firstSeq, deltaCount])).toEqual([
      [1, 2],
      [3, 1],
    ])
    expect(segments[0]?.bytes).toEqual(first)
    const other = openMergeReplica(module, own)
    other.apply(segments.map(({ bytes }) => bytes))
    expect(dumpFile(other)).toEqual(dumpFile(replica))
    other.driver.close()
  })

  it('one bad segment undoes the transaction', () => {
    const broken = segment(B, 1, 1, [insert('note', 'y', { title: 'y' })]).slice(0, -1)
    expect(() => replica.apply([first, broken])).toThrow('too soon')
    expect([count('_log'), count('_rows_note'), count('_stream')]).toEqual([0, 0, 1])
    expect(replica.apply([first]).outcomes).toEqual([{ kind: 'applied', deltaCount: 2 }])
  })

  it('a clock that does not rise from segment to segment is refused', () => {
    const late = segment(A, 3, 11, [update('x', { title: 'b' })])
    expect(() => replica.apply([first, late])).toThrow('does not rise')
  })

  it('what claims to be of this engine’s own stream is refused', () => {
    expect(() => replica.apply([segment(own, 1, 1, [])])).toThrow('not written here')
  })
})

it('[MR14] every later write is newer than anything seen', () => {
  replica.apply([segment(A, 1, 5_000_000, [], [])])
  expect(replica.parts.clock.last).toBe(5_000_001)
})

describe('changesets', () => {
  it('tell each row once, as it was seen before and after', () => {
    replica.apply([segment(A, 1, 1, [insert('note', 'x', { title: 'a' })])])
    const { changeset } = replica.apply([
      segment(A, 2, 2, [update('x', { title: 'b' })], [remove('note', 'x')]),
      segment(B, 1, 3, [insert('note', 'y', { title: 'c' })], [update('y', { title: 'd' })]),
    ])
    expect(changeset?.changes).toMatchObject([
      { table: 'note', id: 'y', before: undefined, after: { title: 'd' } },
      { table: 'note', id: 'x', before: { title: 'a' }, after: undefined },
    ])
  })

  it('leave out rows that come to the same', () => {
    replica.apply([segment(A, 1, 5, [insert('note', 'x', { title: 'a' })])])
    const { changeset } = replica.apply([
      segment(B, 1, 1, [update('x', { title: 'older' })], [insert('note', 'x', { title: 'old' })]),
    ])
    expect(changeset).toBeUndefined()
    expect(visible('note')).toEqual(['x|a|0|[]|0||'])
  })

  it('tell rows that fall, rise or lose a reference with others', () => {
    replica.apply([
      segment(
        A,
        1,
        1,
        [insert('note', 'x', { title: 'x' })],
        [insert('note', 'y', { title: 'y', parent: 'x' })],
        [insert('folder', 'f', { within: 'y' })],
      ),
    ])
    const { changeset } = replica.apply([segment(B, 1, 9, [remove('note', 'x')])])
    expect(changeset?.changes.map(({ id, before, after }) => [id, !!before, after])).toEqual([
      ['x', true, undefined],
      ['y', true, undefined],
      ['f', true, { key: 'f', within: null }],
    ])
    expect(visible('folder')).toEqual(['f|'])
    replica.apply([segment(A, 4, 10, [insert('note', 'x', { title: 'again' })])])
    expect(visible('note')).toEqual(['x|again|0|[]|0||', 'y|y|0|[]|0||x'])
    expect(visible('folder')).toEqual(['f|y'])
  })
})

describe('[MR9] what hangs on itself falls', () => {
  it('when a row is moved under one that only it keeps', () => {
    // x keeps f, f keeps z, both dead; then x is moved under z.
    replica.apply([
      segment(
        A,
        1,
        1,
        [insert('note', 'z', { title: 'z' })],
        [insert('folder', 'f', { within: 'z' })],
        [insert('note', 'x', { title: 'x', folder: 'f' })],
      ),
      segment(B, 1, 9, [remove('note', 'z'), remove('folder', 'f')]),
    ])
    expect([visible('note').length, visible('folder')]).toEqual([2, ['f|z']])
    replica.apply([segment(A, 4, 10, [update('x', { parent: 'z' })])])
    expect([visible('note'), visible('folder')]).toEqual([[], []])
    replica.apply([segment(A, 5, 11, [update('x', { parent: null })])])
    expect([visible('note').length, visible('folder')]).toEqual([2, ['f|z']])
  })
})

describe('[MR12] a newer schema', () => {
  const newer = defineModule({
    name: 'notes',
    version: 2,
    tables: {
      ...module.tables,
      note: table({
        key: t.key(),
        title: t.text(),
        done: t.bool().default(false),
        tags: t.set(t.text()),
        labels: t.set(t.text()),
        votes: t.counter(),
        likes: t.counter(),
        color: t.text().default('none'),
        folder: t.ref('folder').optional(),
        parent: t.ref('note', { onDelete: 'cascade' }).optional(),
      }),
      sticker: table({ key: t.key(), note: t.ref('note', { onDelete: 'cascade' }) }),
    },
    reducers: () => ({}),
  })
  const segments = [
    segment(
      A,
      1,
      10,
      [
        insert('note', 'x', { title: 'x', color: 'red' }),
        { kind: 'increment', table: 'note', id: 'x', column: 'votes', by: 1 },
        { kind: 'increment', table: 'note', id: 'x', column: 'likes', by: 5 },
        { kind: 'add', table: 'note', id: 'x', column: 'labels', elements: ['"new"'] },
      ],
      [insert('sticker', 's', { note: 'x' })],
      [insert('sticker', 'lost', { note: 'nowhere' })],
      [insert('note', 'y', { title: 'y' })],
    ),
    segment(B, 1, 30, [insert('note', 'x', { title: 'later' }), update('y', { color: 'blue' })]),
  ]

  it('is waited for: what it knows is merged when it comes, and nothing twice', () => {
    replica.apply(segments)
    expect(visible('note')).toEqual(['x|later|0|[]|1||', 'y|y|0|[]|0||'])
    expect(count('_unapplied')).toBe(4)

    const schema = compileSchema(newer)
    const { driver, streams } = replica
    const stored = driver.prepare("SELECT value FROM _meta WHERE key = 'schema'").get()?.[0]
    const before = decodeSchema(stored as string)
    applySchemaChange(driver, newer, schema, compareSchemas(before, newer))
    const rows = new RowStore(driver)
    const scope = { driver, schema, rows, streams, changes: new Changes() }
    for (let time = 0; time < 2; time++) {
      mergeUnapplied(scope, definitionsOf(compileSchema(module)), definitionsOf(schema))
    }
    expect(count('_unapplied')).toBe(0)

    const fresh = openMergeReplica(newer, own)
    fresh.apply(segments)
    expect(count('_unapplied')).toBe(0)
    expect(dumpFile(scope)).toEqual(dumpFile(fresh))
    expect(visible('note')).toEqual(['x|later|0|[]|["new"]|1|5|none||', 'y|y|0|[]|[]|0|0|blue||'])
    fresh.driver.close()
  })
})
