import { defineModule, isUniverseError, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { openTestEngine } from './testing/test-engine.ts'

const todos = defineModule({
  name: 'todos',
  version: 1,
  tables: {
    project: table({ id: t.id(), name: t.text() }),
    todo: table({
      id: t.id(),
      title: t.text(),
      done: t.bool().default(false),
      votes: t.counter(),
      tags: t.set(t.text()),
      project: t.ref('project').optional(),
    })
      .index('byTitle', ['title'])
      .search({ title: 'title' }),
  },
  reducers: (reducer) => ({
    add: reducer({ title: t.text().max(20), tags: t.array(t.text()).default([]) }, (ctx, args) =>
      ctx.db.todo.insert(args),
    ),
    vote: reducer({ id: t.text(), by: t.int().default(1) }, (ctx, { id, by }) => {
      ctx.db.todo.increment(id, 'votes', by)
    }),
    rename: reducer({ id: t.text(), title: t.text() }, (ctx, { id, title }) =>
      ctx.db.todo.update(id, { title }),
    ),
    remove: reducer({ id: t.text() }, (ctx, { id }) => ctx.db.todo.delete(id)),
    fail: reducer({ title: t.text() }, (ctx, { title }) => {
      ctx.db.todo.insert({ title })
      throw new Error('no')
    }),
  }),
})

test('a call inserts a row that queries find', () => {
  const { engine, call } = openTestEngine(todos)
  const row = call('add', { title: 'milk', tags: ['b', 'a', 'b'] }) as { id: string }
  expect(row).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    title: 'milk',
    done: false,
    votes: 0,
    tags: ['a', 'b'],
    project: null,
  })
  expect(engine.get('todo', row.id)).toEqual(row)
  expect(engine.query({ table: 'todo', orderBy: [] })).toEqual([row])
  expect(engine.count({ table: 'todo', orderBy: [] })).toBe(1)
  expect(engine.search('todo', 'mil', { limit: 5 })).toEqual([row])
  expect(engine.sql('SELECT title, votes FROM todo').columns).toEqual([['milk'], [0]])
  expect(engine.unsyncedCount()).toBe(1)
  expect(engine.verify()).toEqual([])
})

test('[TX3] a failing call of a group is rolled back alone', () => {
  const { engine, commit } = openTestEngine(todos)
  const outcomes = commit(
    ['add', { title: 'a' }],
    ['fail', { title: 'b' }],
    ['add', { title: 'c' }],
  )
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
  const failed = outcomes[1]
  expect(failed?.ok === false && isUniverseError(failed.error, 'reducer/rejected')).toBe(true)
  expect(engine.query({ table: 'todo', orderBy: [] }).map((row) => row.title)).toEqual(['a', 'c'])
  expect(engine.unsyncedCount()).toBe(2)
  expect(engine.verify()).toEqual([])
})

test('what one engine logs, another applies', () => {
  const a = openTestEngine(todos)
  const b = openTestEngine(todos, { seed: 2 })
  const { id } = a.call('add', { title: 'milk', tags: ['x'] }) as { id: string }
  a.call('vote', { id, by: 3 })
  a.call('rename', { id, title: 'tea' })
  const segments = a.engine.readLog(a.engine.info.stream, 1, 1e6).map(({ bytes }) => bytes)
  expect(segments.length).toBe(3)
  const { outcomes, changeset } = b.engine.apply(segments)
  expect(outcomes).toEqual([1, 1, 1].map((deltaCount) => ({ kind: 'applied', deltaCount })))
  expect(b.engine.get('todo', id)).toEqual(a.engine.get('todo', id))
  expect(changeset?.changes).toHaveLength(1)
})
