import { defineModule, type Module, t, table } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { describe, expect, it } from 'vitest'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'
import { history } from './engine-history.ts'

const module: Module = defineModule({
  name: 'notes',
  version: 1,
  versions: true,
  tables: {
    note: table({ id: t.key(), title: t.text(), tags: t.set(t.text()), likes: t.counter() }).index(
      'byTitle',
      ['title'],
    ),
    local: table({ id: t.key(), n: t.int() }).local(),
  },
  reducers: (reducer) => ({
    put: reducer({ id: t.text(), title: t.text() }, ({ db }, row) => {
      db.note.upsert(row)
    }),
    drop: reducer({ id: t.text() }, ({ db }, { id }) => db.note.delete(id)),
    like: reducer({ id: t.text() }, ({ db }, { id }) => db.note.increment(id, 'likes')),
    nameAndFail: reducer({}, ({ db, call }) => {
      db.note.upsert({ id: 'z', title: 'z' })
      call('history:commit', { description: 'never' })
      throw new Error('no')
    }),
  }),
}) as unknown as Module

function open(options: Parameters<typeof openTestEngine>[1] = {}): TestEngine {
  return openTestEngine(module, { history, ...options })
}

function commitVersion(test: TestEngine, description = 'a version'): string {
  test.nowMs += 1
  return (test.call('history:commit', { description }) as { version: string }).version
}

const all = { table: 'note', orderBy: [] } as const

describe('versions', () => {
  it('[HI3] names the present and reads it again after changes', () => {
    const test = open()
    test.call('put', { id: 'a', title: 'one' })
    test.call('put', { id: 'b', title: 'two' })
    const version = commitVersion(test)
    const before = test.engine.query(all)
    const digest = test.engine.history.digest(null)
    test.call('put', { id: 'a', title: 'changed' })
    test.call('like', { id: 'a' })
    test.call('drop', { id: 'b' })
    test.call('put', { id: 'c', title: 'new' })
    const past = test.engine.history.past(version)
    expect(past.query(all)).toEqual(before)
    expect(past.count(all)).toBe(2)
    expect(past.get('note', 'a')).toEqual(before[0])
    expect(past.get('note', 'c')).toBeUndefined()
    expect(past.sql('SELECT id FROM note ORDER BY id').columns).toEqual([['a', 'b']])
    expect(test.engine.history.digest(version)).toBe(digest)
    expect(test.engine.query(all)).toHaveLength(2)
  })

  it('[HI13] tells what differs between two states', () => {
    const test = open()
    test.call('put', { id: 'a', title: 'one' })
    test.call('put', { id: 'b', title: 'two' })
    const first = commitVersion(test)
    test.call('put', { id: 'a', title: 'changed' })
    test.call('drop', { id: 'b' })
    const second = commitVersion(test)
    test.call('put', { id: 'c', title: 'new' })
    const { history } = test.engine
    expect(history.diff(first, second, { limit: 10 })).toMatchObject([
      { id: 'a', kind: 'update', columns: ['title'], before: { title: 'one' } },
      { id: 'b', kind: 'delete', after: undefined },
    ])
    expect(history.diff(second, null, { limit: 10 })).toMatchObject([{ id: 'c', kind: 'insert' }])
    expect(history.diff(null, first, { limit: 10 }).map(({ kind }) => kind)).toEqual([
      'update',
      'insert',
      'delete',
    ])
    expect(history.diff(first, null, { limit: 1, after: ['note', 'a'] })).toMatchObject([
      { id: 'b' },
    ])
    expect(history.versions().map(({ parents }) => parents)).toEqual([[], [first]])
  })

  it('[HI3] names nothing in a call that fails', () => {
    const test = open()
    expect(() => test.call('nameAndFail', {})).toThrow('no')
    expect(() => test.call('nameAndFail', {})).toThrow('no')
    expect(test.engine.history.versions()).toEqual([])
  })

  it('[HI3] names a state in the middle of a group, and one state twice', () => {
    const test = open()
    const [, first, second] = test.commit(
      ['put', { id: 'a', title: 'one' }],
      ['history:commit', { description: 'first' }],
      ['history:commit', { description: 'second' }],
    )
    expect([first?.ok, second?.ok]).toEqual([true, true])
    const [a, b] = test.engine.history.versions()
    expect(new Set([a?.id, b?.id]).size).toBe(2)
    expect([a?.parents, b?.parents].some((parents) => parents?.length === 1)).toBe(true)
    test.call('put', { id: 'a', title: 'two' })
    for (const one of [a, b]) {
      expect(test.engine.history.past(one?.id ?? '').get('note', 'a')).toMatchObject({
        title: 'one',
      })
    }
    expect(() => test.call('history:commit', { description: 'x', parents: ['nobody'] })).toThrow(
      /no version "nobody"/,
    )
  })

  it('[HI4] is not configured without the part or the flag', () => {
    const without = openTestEngine(module)
    expect(() => without.engine.history).toThrow(/opened without `history`/)
    const plain = defineModule({
      name: 'plain',
      version: 1,
      tables: { note: table({ id: t.key() }) },
      reducers: () => ({}),
    }) as unknown as Module
    expect(() => openTestEngine(plain, { history }).engine.history).toThrow(/keeps no versions/)
  })

  it('[HI2] refuses tables and reducers of its names', () => {
    const named = (tables: object, reducers: object = {}) =>
      openTestEngine(
        defineModule({
          name: 'plain',
          version: 1,
          versions: true,
          tables: { note: table({ id: t.key() }), ...tables },
          reducers: () => reducers as never,
        }) as unknown as Module,
        { history },
      )
    expect(() => named({ history_ref: table({ id: t.key() }) })).toThrow(/"history_ref"/)
    expect(() => named({ mine: table({ id: t.id(), of: t.ref('history_version') }) })).toThrow(
      /the store's own/,
    )
    expect(() => named({}, { 'history:mine': { arguments: {}, mode: 'merge' } })).toThrow(
      /history: belong to the store/,
    )
  })

  it('[HI12] keeps nothing of the past in a file that is opened without the part, nor in an image', () => {
    const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
    const kept = new Proxy(driver, {
      get(target, name) {
        if (name === 'close') return () => undefined
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const pastTables = () =>
      driver
        .prepare("SELECT name FROM sqlite_schema WHERE name GLOB '_past*' OR name GLOB '_history*'")
        .all()
    const test = open({ driver: kept })
    test.call('put', { id: 'a', title: 'one' })
    const version = commitVersion(test)
    while (test.engine.history.fill());
    test.call('put', { id: 'a', title: 'two' })
    expect(pastTables()).not.toEqual([])
    const without = openTestEngine(module, { driver: kept, seed: 2 })
    expect(pastTables()).toEqual([])
    without.call('put', { id: 'a', title: 'unnoticed' })
    const again = open({ driver: kept, seed: 3 })
    expect(again.engine.history.versions()[0]?.state).toBe('arriving')
    while (again.engine.history.fill());
    expect(again.engine.history.past(version).get('note', 'a')).toMatchObject({ title: 'one' })
    again.engine.stripForImage()
    expect(pastTables()).toEqual([])
    const joined = open({ driver: kept, seed: 4 })
    while (joined.engine.history.fill());
    expect(joined.engine.history.past(version).get('note', 'a')).toMatchObject({ title: 'one' })
    expect(joined.engine.get('note', 'a')).toMatchObject({ title: 'unnoticed' })
  })

  it('[HI12] writes contents before the file is replaced', () => {
    const test = open()
    test.call('put', { id: 'a', title: 'one' })
    const version = commitVersion(test)
    const carried = test.engine.carryOver()
    expect(test.engine.history.versions()[0]?.state).toBe('ready')
    const next = open({ seed: 9, join: { owner: 'owner' }, stream: 'new' })
    next.engine.adopt(carried, { keepsStream: true, denied: [], settled: [] })
    while (next.engine.history.fill());
    expect(next.engine.history.past(version).get('note', 'a')).toMatchObject({ title: 'one' })
  })

  it('[HI5] leaves nothing in a file before the first version', () => {
    const test = open()
    test.call('put', { id: 'a', title: 'one' })
    while (test.engine.history.fill());
    const names = "SELECT name FROM sqlite_schema WHERE name GLOB '_past*' OR name GLOB '_history*'"
    expect(test.driver.prepare(names).all()).toEqual([])
    commitVersion(test)
    expect(test.driver.prepare(names).all().flat()).toContain('_past_note')
  })

  it('[HI6] keeps what a row was once, when it first changes after a version', () => {
    const test = open()
    test.call('put', { id: 'a', title: 'one' })
    test.call('put', { id: 'b', title: 'one' })
    commitVersion(test)
    const entries = () => test.driver.prepare('SELECT id, _m, _there, title FROM _past_note').all()
    expect(entries()).toEqual([])
    test.call('put', { id: 'a', title: 'two' })
    test.call('put', { id: 'a', title: 'three' })
    test.commit(['put', { id: 'c', title: 'new' }], ['nameAndFail', {}], ['drop', { id: 'c' }])
    expect(entries()).toEqual([['a', 1, 1, 'one']])
    commitVersion(test)
    test.call('put', { id: 'a', title: 'four' })
    test.call('put', { id: 'c', title: 'new' })
    expect(entries()).toEqual([
      ['a', 1, 1, 'one'],
      ['a', 2, 1, 'three'],
      ['c', 2, 0, null],
    ])
  })
})
