import { defineModule, t, table } from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import { errorOf } from '../testing/expect-error.ts'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'
import { history } from './engine-history.ts'

const module = defineModule({
  name: 'states',
  version: 1,
  versions: true,
  tables: {
    note: table({
      key: t.key(),
      title: t.text(),
      stars: t.counter(),
      tags: t.set(t.text()),
      slug: t.text().unique().optional(),
      folder: t.ref('folder', { onDelete: 'cascade' }).optional(),
    }),
    folder: table({ key: t.key(), name: t.text() }),
    seen: table({ key: t.key() }).local(),
  },
  reducers: (reducer) => ({
    put: reducer({ rows: t.json() }, ({ db }, { rows }) => {
      for (const row of rows as never[]) db.note.upsert(row)
    }),
    file: reducer({ key: t.text(), name: t.text() }, ({ db }, row) => {
      db.folder.upsert(row)
    }),
    drop: reducer({ key: t.text() }, ({ db }, { key }) => db.note.delete(key)),
    unfile: reducer({ key: t.text() }, ({ db }, { key }) => db.folder.delete(key)),
    star: reducer({ key: t.text() }, ({ db }, { key }) => db.note.increment(key, 'stars')),
    make: reducer({}, ({ db, newId, random, timestamp, sender, kv }) => {
      const key = newId()
      db.note.insert({ key, title: `${random.integer(0, 999)} ${timestamp} ${sender}` })
      db.seen.insert({ key })
      kv.category('made').put(key, 1)
      return key
    }),
    fail: reducer({}, ({ db }) => {
      db.note.upsert({ key: 'never', title: 'never' })
      throw new Error('no')
    }),
    nest: reducer({ version: t.text() }, ({ call }, args) => call('history:revert', args)),
  }),
})

const open = (options: Parameters<typeof openTestEngine>[1] = {}): TestEngine =>
  openTestEngine(module, { history, ...options })
const put = (test: TestEngine, ...rows: object[]) => test.call('put', { rows })
const notes = (test: TestEngine) => test.engine.query({ table: 'note', orderBy: [] })
const fill = ({ engine }: TestEngine) => {
  while (engine.history.fill());
}
function name(test: TestEngine, parents?: string[]): string {
  test.nowMs += 1000
  const value = test.call('history:commit', { description: 'd', ...(parents && { parents }) })
  fill(test)
  return (value as { version: string }).version
}

describe('reverting', () => {
  it('[HI32] the present becomes what a version was, as one call that merges like any other', () => {
    const test = open()
    test.call('file', { key: 'f', name: 'F' })
    put(
      test,
      { key: 'a', title: 'one', slug: 's', folder: 'f', tags: ['x'] },
      { key: 'b', title: 'B' },
    )
    const version = name(test)
    const before = notes(test)
    const digest = test.engine.history.digest(null)
    put(
      test,
      { key: 'a', title: 'two', slug: null, tags: ['y'] },
      { key: 'c', title: 'C', slug: 's' },
    )
    test.call('star', { key: 'b' })
    test.call('drop', { key: 'b' })
    test.call('unfile', { key: 'f' })
    const value = test.call('history:revert', { version })
    expect(value).toEqual({ rowCount: 4, skipped: [], skippedCount: 0 })
    expect(notes(test)).toEqual(before)
    expect(test.engine.history.digest(null)).toBe(digest)
    expect(test.engine.verify()).toEqual([])
    expect(test.call('history:revert', { version })).toMatchObject({ rowCount: 0 })
  })

  it('[HI32] what the same group of calls has written counts as of before', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' })
    const version = name(test)
    const outcomes = test.commit(
      [
        'put',
        {
          rows: [
            { key: 'a', title: 'two' },
            { key: 'b', title: 'B' },
          ],
        },
      ],
      ['history:revert', { version }],
    )
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true])
    expect(notes(test)).toMatchObject([{ key: 'a', title: 'one' }])
  })

  it('[HI39] is refused within another reducer, and of versions that are not there', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' })
    const version = name(test)
    errorOf(() => test.call('nest', { version }), 'reducer/rejected')
    const unknown = { version: 'f'.repeat(32) }
    errorOf(() => test.call('history:revert', unknown), 'history/version-unknown')
  })
})

describe('merging', () => {
  it('[HI42] brings in what another version changed, and tells conflicts', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' }, { key: 'b', title: 'B' })
    const root = name(test)
    const calls = [
      { reducer: 'put', args: { rows: [{ key: 'a', title: 'branch', tags: ['t'] }] } },
      { reducer: 'star', args: { key: 'b' } },
      { reducer: 'put', args: { rows: [{ key: 'c', title: 'C' }] } },
    ].map((call, index) => ({ ...call, seed: `${index}`, timestampMs: 5 }))
    const { version: from } = test.call('history:branch', {
      branch: 'x',
      from: root,
      calls,
      description: 'on the branch',
    }) as { version: string }
    fill(test)
    put(test, { key: 'a', title: 'present' })
    test.call('star', { key: 'b' })
    const head = name(test)
    const merged = test.call('history:merge', { from, description: 'together' })
    expect(merged).toMatchObject({
      conflicts: [{ table: 'note', id: 'a', column: 'title', why: 'changed', taken: 'a' }],
      conflictCount: 1,
      skipped: [],
    })
    expect(notes(test)).toMatchObject([
      { key: 'a', title: 'present', tags: ['t'] },
      { key: 'b', stars: 2 },
      { key: 'c' },
    ])
    const { version } = merged as { version: string }
    const info = test.engine.history.versions().find(({ id }) => id === version)
    expect(info).toMatchObject({ branch: null, parents: [head, from].sort() })
    expect(test.call('history:merge', { from, description: 'again' })).toMatchObject({
      version: null,
    })
  })

  it('[HI43] two versions become a third without the present, the same whichever is named first', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' }, { key: 'b', title: 'B' })
    const root = name(test)
    put(test, { key: 'a', title: 'left', slug: 's' })
    const left = name(test)
    test.call('history:revert', { version: root })
    put(test, { key: 'b', title: 'right', slug: 's' })
    const right = name(test, [root])
    const present = notes(test)
    const merged = (a: string, b: string) => {
      const value = test.call('history:merge-versions', { a, b, description: 'm' })
      fill(test)
      const { version } = value as { version: string }
      return { value, digest: test.engine.history.digest(version), version }
    }
    const one = merged(left, right)
    const other = merged(right, left)
    expect(one.digest).toBe(other.digest)
    expect(one.value).toMatchObject({ conflicts: [{ id: 'a', why: 'duplicate', taken: 'b' }] })
    expect(
      test.engine.history.past(one.version).query({ table: 'note', orderBy: [] }),
    ).toMatchObject([
      { key: 'a', title: 'left', slug: null },
      { key: 'b', title: 'right', slug: 's' },
    ])
    expect(notes(test)).toEqual(present)
  })
})

describe('branches', () => {
  const call = (reducer: string, args: unknown = {}, seed = 's') => ({
    reducer,
    args,
    seed,
    timestampMs: 7,
  })

  it('[HI48] calls on top of a version are a version; the present has nothing of it', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' })
    const root = name(test)
    put(test, { key: 'a', title: 'two' })
    const digest = test.engine.history.digest(null)
    const args = { branch: 'x', from: root, calls: [call('make')], description: 'd' }
    const { version, results } = test.call('history:branch', args) as {
      version: string
      results: string[]
    }
    fill(test)
    expect(test.engine.history.digest(null)).toBe(digest)
    expect(test.engine.query({ table: 'seen', orderBy: [] })).toEqual([])
    const past = test.engine.history.past(version).query({ table: 'note', orderBy: [] })
    expect(past).toMatchObject([{ key: results[0] }, { key: 'a', title: 'one' }])
    expect(test.engine.history.refs()).toEqual([{ kind: 'branch', name: 'x', version }])
    errorOf(() => test.call('history:branch', args), 'history/branch-moved')
    expect(test.engine.verify()).toEqual([])
  })

  it('[HI46] a draft with a call that fails is refused with that call’s error, and its place', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' })
    const from = name(test)
    const commit = (...calls: unknown[]) =>
      test.call('history:branch', { branch: 'x', from, calls, description: 'd' })
    expect(
      errorOf(() => commit(call('make'), call('fail')), 'reducer/rejected').details,
    ).toMatchObject({ callIndex: 1 })
    errorOf(() => commit(call('nobody')), 'reducer/unknown')
    errorOf(() => commit(call('put', { rows: 1, more: 2 })), 'reducer/invalid-arguments')
    errorOf(() => commit(call('history:commit', { description: 'd' })), 'reducer/rejected')
    errorOf(() => commit(call('nest', { version: from })), 'reducer/rejected')
    errorOf(() => commit({ reducer: 'make' }), 'reducer/invalid-arguments')
    expect(notes(test)).toHaveLength(1)
    expect(test.engine.history.versions()).toHaveLength(1)
  })
})
