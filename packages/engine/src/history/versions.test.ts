import { defineModule, type Module, Query, t, table } from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import { compileRelation } from '../relations.ts'
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
    void compileRelation
    void Query
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
})
