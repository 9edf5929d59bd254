import { defineModule, encodeContent, t, table } from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import { errorOf } from '../testing/expect-error.ts'
import { SyncLog } from '../testing/sync-log.ts'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'
import { history } from './engine-history.ts'
import { decodeExport, encodeExport } from './export-codec.ts'

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
      body: t.richText(),
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

  it('[HI33] is undone, and done again, like any call that asks for it', () => {
    const test = open()
    put(test, { key: 'a', title: 'one', tags: ['x'] })
    const version = name(test)
    put(test, { key: 'a', title: 'two', tags: [] }, { key: 'b', title: 'B' })
    const [before, then] = [notes(test), test.engine.history.past(version)]
    const run = (reducer: string, kind: 'record' | 'undo' | 'redo') => {
      const undo = { kind, scope: 's' }
      const [outcome] = test.engine.commit([test.nextCall(reducer, { version }, { undo })]).outcomes
      expect(outcome).toMatchObject({ ok: true })
      return notes(test)
    }
    expect(run('history:revert', 'record')).toEqual(then.query({ table: 'note', orderBy: [] }))
    expect(run('undo', 'undo')).toEqual(before)
    expect(run('redo', 'redo')).toEqual(then.query({ table: 'note', orderBy: [] }))
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

  it('[HI44] calls may have bytes among their arguments', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' })
    const from = name(test)
    const update = new TextEncoder().encode('hello')
    const place = { table: 'note', row: 'a', document: 'body' }
    const calls = [call('document:append', { ...place, update })]
    const { version } = test.call('history:branch', {
      branch: 'x',
      from,
      calls,
      description: 'd',
    }) as { version: string }
    fill(test)
    const updates = { table: 'note_document', orderBy: [] } as const
    expect(test.engine.history.past(version).query(updates)).toMatchObject([{ row: 'a', update }])
    expect(test.engine.query(updates)).toEqual([])
    test.call('history:merge', { from: version, description: 'm' })
    expect(test.engine.query(updates)).toMatchObject([{ row: 'a', update }])
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

describe('drafts', () => {
  it('[HI44] [HI45] are looked at without a trace: no row, clock, timer or change is other than before', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' })
    const version = name(test)
    put(test, { key: 'a', title: 'two' })
    fill(test)
    const dump = () =>
      test.driver
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .all()
        .map(([table]) => [table, test.driver.prepare(`SELECT * FROM "${table}"`).all()])
    const before = dump()
    const { history: versions } = test.engine
    const calls = [{ reducer: 'make', args: {}, seed: 's', timestampMs: 9 }]
    const look = () =>
      versions.evaluate(version, calls, (past) => [
        past.query({ table: 'note', orderBy: [] }).length,
        past.count({ table: 'note', orderBy: [] }),
        past.get('note', 'a')?.title,
        past.sql('SELECT count(*) FROM note').columns,
      ])
    const { values, differences, result } = look()
    expect(result).toEqual([2, 2, 'one', [[2]]])
    expect(differences).toMatchObject([{ table: 'note', id: values[0], kind: 'insert' }])
    expect(look().values).toEqual(values)
    expect(dump()).toEqual(before)
    errorOf(
      () => versions.evaluate(version, [{ ...calls[0], reducer: 'fail' } as never]),
      'reducer/rejected',
    )
    errorOf(() => versions.evaluate('none', []), 'history/version-unknown')
    errorOf(
      () => versions.evaluate(version, calls, (past) => past.get('seen', 'x')),
      'query/invalid',
    )
    expect(dump()).toEqual(before)
    put(test, { key: 'b', title: 'after' })
    expect(notes(test)).toHaveLength(2)
  })
})

describe('names', () => {
  it('[HI50] [HI51] branches move, tags do not; names go; versions that are not there have none', () => {
    const test = open()
    const [one, two] = [name(test), name(test)]
    const give = (kind: string, version: string, of = 'n') =>
      test.call('history:name', { kind, name: of, version })
    give('tag', one)
    give('tag', one)
    errorOf(() => give('tag', two), 'history/name-taken')
    give('branch', one)
    give('branch', two)
    expect(test.engine.history.refs()).toEqual([
      { kind: 'branch', name: 'n', version: two },
      { kind: 'tag', name: 'n', version: one },
    ])
    errorOf(() => give('tag', 'none', 'm'), 'history/version-unknown')
    errorOf(() => give('tag', one, ''), 'reducer/invalid-arguments')
    errorOf(() => give('other', one), 'reducer/invalid-arguments')
    test.call('history:unname', { kind: 'tag', name: 'n' })
    errorOf(() => test.call('history:unname', { kind: 'tag', name: 'n' }), 'history/name-unknown')
  })

  it('[HI54] [HI55] versions go unless they have a name, or the content of another is a difference to them', () => {
    const test = open()
    put(test, { key: 'a', title: 'one' })
    const [one, two, three] = [name(test), name(test), name(test)]
    const drop = (...versions: string[]) => test.call('history:drop', { versions })
    errorOf(() => drop(two), 'history/version-referenced')
    errorOf(() => drop(two, 'none'), 'history/version-unknown')
    test.call('history:name', { kind: 'tag', name: 't', version: three })
    errorOf(() => drop(two, three), 'history/version-referenced')
    test.call('history:unname', { kind: 'tag', name: 't' })
    drop(two, three)
    fill(test)
    expect(test.engine.history.versions().map(({ id }) => id)).toEqual([one])
    errorOf(() => test.engine.history.past(two), 'history/version-unknown')
  })
})

describe('retention', () => {
  const chunkCount = ({ engine }: TestEngine) =>
    engine.sql('SELECT count(*) FROM history_chunk').columns[0]?.[0]

  it('[HI56] [HI57] [HI58] what is not kept goes, once what depends on it has a content of its own', () => {
    const test = open()
    const digests = new Map<string, unknown>()
    const versions = ['1', '2', '3', '4', '5'].map((title) => {
      put(test, { key: 'a', title }, { key: title, title })
      const version = name(test)
      digests.set(version, test.engine.history.digest(version))
      return version
    })
    const [, second = '', third = '', , fifth = ''] = versions
    test.call('history:name', { kind: 'tag', name: 't', version: second })
    expect(test.call('history:retain', { keepLast: 1 })).toEqual({ versionCount: 3 })
    fill(test)
    const { history: kept } = test.engine
    expect(kept.versions().map(({ id, state }) => [id, state])).toEqual([
      [second, 'ready'],
      [fifth, 'ready'],
    ])
    for (const { id, digest } of kept.versions()) {
      expect([digest, kept.digest(id)]).toEqual([digests.get(id), digests.get(id)])
    }
    expect(kept.past(second).query({ table: 'note', orderBy: [] })).toHaveLength(3)
    expect(chunkCount(test)).toBe(2)
    errorOf(() => kept.past(third), 'history/version-unknown')
    expect(test.call('history:retain', {})).toEqual({ versionCount: 0 })
    expect(test.engine.verify()).toEqual([])
  })

  it('[HI59] however many versions there were, what is left is bounded', () => {
    const test = open()
    const sizes: unknown[] = []
    for (let count = 0; count < 30; count++) {
      put(test, { key: `${count % 5}`, title: `${count}` })
      name(test)
      test.call('history:retain', { keepLast: 3 })
      fill(test)
      sizes.push(chunkCount(test))
    }
    expect(test.engine.history.versions()).toHaveLength(3)
    expect(Math.max(...sizes.map(Number))).toBeLessThanOrEqual(4)
  })
})

it('[HI52] a version that was named on top of one that went meanwhile is written anew by its author', () => {
  const log = new SyncLog()
  const a = open()
  put(a, { key: 'a', title: 'one' })
  name(a)
  const second = name(a)
  log.takeFrom(a.engine)
  const b = open({ seed: 2, stream: 'new', join: { owner: 'owner' } })
  log.giveTo(b.engine)
  fill(b)
  put(b, { key: 'b', title: 'B' })
  const third = name(b)
  put(a, { key: 'a', title: 'two' })
  const fourth = name(a)
  a.call('history:retain', { keepLast: 1 })
  fill(a)
  expect(a.engine.history.versions().map(({ id }) => id)).toEqual([fourth])
  for (const test of [a, b, a, b, a]) {
    log.takeFrom(test.engine)
    log.giveTo(test.engine)
    fill(test)
  }
  for (const { engine } of [a, b]) {
    const { history: kept } = engine
    expect(
      kept
        .versions()
        .map(({ id, state }) => [id, state])
        .sort(),
    ).toEqual(
      [
        [third, 'ready'],
        [fourth, 'ready'],
      ].sort(),
    )
    expect(kept.past(third).query({ table: 'note', orderBy: [] })).toMatchObject([
      { key: 'a', title: 'one' },
      { key: 'b' },
    ])
    errorOf(() => kept.past(second), 'history/version-unknown')
  }
})

describe('exports', () => {
  function openPair() {
    const log = new SyncLog()
    const a = open()
    put(a, { key: 'a', title: 'one' }, { key: 'b', title: 'B' })
    // There have been versions: that is how another file of the universe knows which are its own.
    a.call('history:drop', { versions: [name(a)] })
    log.takeFrom(a.engine)
    const b = open({ seed: 2, stream: 'new', join: { owner: 'owner' } })
    return { a, b, log }
  }

  it('[HI60] [HI62] come back whole in another file of the universe, and again where they were dropped', () => {
    const { a, b, log } = openPair()
    const first = name(a)
    put(a, { key: 'a', title: 'two' })
    const second = name(a)
    a.call('history:name', { kind: 'tag', name: 't', version: first })
    const bytes = a.engine.history.export()
    const digests = [first, second].map((id) => a.engine.history.digest(id))
    log.giveTo(b.engine)
    expect(b.call('history:import', { bytes })).toEqual({ versions: [first, second] })
    fill(b)
    expect([first, second].map((id) => b.engine.history.digest(id))).toEqual(digests)
    expect(b.engine.history.refs()).toEqual([{ kind: 'tag', name: 't', version: first }])
    expect(b.call('history:import', { bytes })).toEqual({ versions: [] })
    a.call('history:unname', { kind: 'tag', name: 't' })
    a.call('history:drop', { versions: [first, second] })
    fill(a)
    expect(a.engine.history.versions()).toEqual([])
    a.call('history:import', { bytes })
    fill(a)
    expect([first, second].map((id) => a.engine.history.digest(id))).toEqual(digests)
    const only = a.engine.history.export([second])
    expect(decodeExport(only).records.filter(({ kind }) => kind === 'version')).toHaveLength(2)
    errorOf(() => a.engine.history.export(['none']), 'history/version-unknown')
  })

  it('[HI61] damage and other universes are refused with nothing written; what is whole can be salvaged', () => {
    const { a, b, log } = openPair()
    const first = name(a)
    put(a, { key: 'a', title: 'two' })
    name(a)
    const bytes = a.engine.history.export()
    const other = open({ seed: 9 })
    errorOf(() => other.call('history:import', { bytes }), 'history/other-universe')
    log.giveTo(b.engine)
    const damaged = bytes.slice()
    const last = damaged.length - 40
    damaged[last] = (damaged[last] ?? 0) ^ 1
    expect(
      errorOf(() => b.call('history:import', { bytes: damaged }), 'history/damaged').details,
    ).toEqual({ versions: [first] })
    expect(b.engine.history.versions()).toEqual([])
    for (const size of [9, 17 * 1024 * 1024]) {
      const garbage = new Uint8Array(size)
      errorOf(() => b.call('history:import', { bytes: garbage }), 'history/invalid-export')
    }
    errorOf(() => b.call('history:import', { bytes: 'x' }), 'reducer/invalid-arguments')
    errorOf(() => b.call('history:import', { bytes, more: 1 }), 'reducer/invalid-arguments')
    expect(b.call('history:import', { bytes: damaged, salvage: true })).toEqual({
      versions: [first],
    })
    fill(b)
    expect(b.engine.history.digest(first)).toBe(a.engine.history.digest(first))
  })

  it('[HI61] rows that no table takes leave nothing, in a file that has no past either', () => {
    const { b, log } = openPair()
    log.giveTo(b.engine)
    const [universe] =
      b.engine.sql("SELECT substr(id, 10) FROM history_ref WHERE id LIKE 'universe:%'")
        .columns[0] ?? []
    const version = {
      kind: 'version',
      parents: [],
      branch: null,
      description: '',
      author: '',
    } as const
    const id = 'x'.repeat(5000)
    const bytes = encodeExport(
      [universe as string],
      [
        { ...version, id, created: 1, cut: '' },
        { kind: 'content', id: 'c', version: id, basis: null },
        { kind: 'chunk', id: 'c/0', content: 'c', ordinal: 0, rows: encodeContent([]), seal: '0' },
      ],
    )
    for (let time = 0; time < 3; time++) {
      errorOf(() => b.call('history:import', { bytes }), 'table/invalid-value')
    }
    put(b, { key: 'c', title: 'C' })
    name(b)
    put(b, { key: 'c', title: 'D' })
    expect(b.engine.history.versions()).toMatchObject([{ state: 'ready' }])
  })

  it('[HI63] a large one is written by and by', () => {
    const { a, b, log } = openPair()
    const title = 'x'.repeat(10_000)
    for (let from = 0; from < 600; from += 100) {
      put(a, ...Array.from({ length: 100 }, (_, index) => ({ key: `${from + index}`, title })))
    }
    const version = name(a)
    const bytes = a.engine.history.export()
    expect(bytes.length).toBeGreaterThan(5_000_000)
    log.giveTo(b.engine)
    expect(b.call('history:import', { bytes })).toEqual({ versions: [version] })
    errorOf(() => b.engine.history.past(version), 'history/not-ready')
    fill(b)
    expect(b.engine.history.digest(version)).toBe(a.engine.history.digest(version))
  })
})
