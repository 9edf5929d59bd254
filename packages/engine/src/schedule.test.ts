import { defineModule, MODULE_SENDER, type Schedule, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { SCHEDULED_RUNS_MAX } from './run-timers.ts'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine, TEST_START_MS as START } from './testing/test-engine.ts'

const module = defineModule({
  name: 'clockwork',
  version: 1,
  tables: {
    timer: table({
      key: t.key(),
      when: t.json<Schedule>(),
      does: t.text().default('ring'),
    }).schedule('ring', 'when'),
    bell: table({ id: t.id(), key: t.text(), at: t.timestamp(), by: t.text() }).local(),
  },
  reducers: (reducer) => ({
    set: reducer(
      { key: t.text(), when: t.json<Schedule>(), does: t.text().optional() },
      (ctx, row) => {
        ctx.db.timer.upsert({ ...row, does: row.does ?? 'ring' })
      },
    ),
    unset: reducer({ key: t.text() }, (ctx, { key }) => ctx.db.timer.delete(key)),
    ring: reducer(
      { key: t.text(), when: t.json<Schedule>(), does: t.text() },
      (ctx, { key, does }) => {
        ctx.db.bell.insert({ key, at: ctx.timestamp, by: ctx.sender })
        if (does === 'fail') throw new Error('broken bell')
        if (does === 'again') ctx.db.timer.update(key, { when: { atMs: ctx.timestamp + 500 } })
      },
    ),
  }),
})

const bells = (engine: ReturnType<typeof openTestEngine>['engine']) =>
  engine.query({ table: 'bell', orderBy: [] }).map(({ key, at, by }) => [key, at, by])

test('[SC1] a timer for a time runs once, as the module, and its row goes', () => {
  const { engine, call } = openTestEngine(module)
  expect(engine.nextDueMs()).toBeUndefined()
  call('set', { key: 'late', when: { atMs: START + 2000 } })
  call('set', { key: 'soon', when: { atMs: START + 1000 } })
  expect(engine.nextDueMs()).toBe(START + 1000)
  expect(engine.runDue(START + 999)).toEqual([])
  const commits = engine.runDue(START + 1500)
  expect(commits).toHaveLength(1)
  expect(commits[0]?.outcomes).toMatchObject([{ ok: true }])
  expect(commits[0]?.changeset?.tables).toEqual(new Set(['bell', 'timer']))
  expect(bells(engine)).toEqual([['soon', START + 1500, MODULE_SENDER]])
  expect(engine.query({ table: 'timer', orderBy: [] }).map(({ key }) => key)).toEqual(['late'])
  expect(engine.nextDueMs()).toBe(START + 2000)
  expect(engine.verify()).toEqual([])
})

test('[SC2] an interval timer stays, and times that passed are not made up for', () => {
  const { engine, call } = openTestEngine(module)
  call('set', { key: 'tick', when: { everyMs: 1000 } })
  expect(engine.nextDueMs()).toBe(START + 1000)
  engine.runDue(START + 1000)
  expect(engine.nextDueMs()).toBe(START + 2000)
  expect(engine.runDue(START + 5700)).toHaveLength(1)
  expect(engine.nextDueMs()).toBe(START + 6000)
  expect(engine.count({ table: 'timer', orderBy: [] })).toBe(1)
})

test('[SC3] a failing timer is rolled back and reported; once is once', () => {
  const { engine, call } = openTestEngine(module)
  call('set', { key: 'once', when: { atMs: START }, does: 'fail' })
  call('set', { key: 'tick', when: { everyMs: 1000 }, does: 'fail' })
  const commits = engine.runDue(START + 1000)
  expect(commits.map(({ outcomes }) => outcomes)).toMatchObject([
    [{ ok: false, error: { message: 'broken bell' } }],
    [{ ok: false, error: { message: 'broken bell' } }],
  ])
  expect(bells(engine)).toEqual([])
  expect(engine.query({ table: 'timer', orderBy: [] }).map(({ key }) => key)).toEqual(['tick'])
  expect(engine.nextDueMs()).toBe(START + 2000)
})

test('[SC4] a reducer may set its own timer anew, and timers can be changed and deleted', () => {
  const { engine, call } = openTestEngine(module)
  call('set', { key: 'a', when: { atMs: START + 100 }, does: 'again' })
  engine.runDue(START + 100)
  expect(engine.nextDueMs()).toBe(START + 600)
  call('set', { key: 'a', when: { everyMs: 50 } })
  expect(engine.nextDueMs()).toBe(START + 50)
  call('unset', { key: 'a' })
  expect(engine.nextDueMs()).toBeUndefined()
  expect(engine.runDue(START + 9999)).toEqual([])
})

test('[SC5] one run takes a bounded number of timers, first due first', () => {
  const { engine, commit } = openTestEngine(module)
  const count = SCHEDULED_RUNS_MAX + 5
  commit(
    ...Array.from(
      { length: count },
      (_, index) => ['set', { key: `k${index}`, when: { atMs: START + count - index } }] as const,
    ),
  )
  expect(engine.runDue(START + 1000)).toHaveLength(SCHEDULED_RUNS_MAX)
  expect(engine.runDue(START + 1000)).toHaveLength(5)
  expect(
    bells(engine)
      .map(([key]) => key)
      .at(-1),
  ).toBe('k0')
})

test.each([[{}], [{ atMs: 'x' }], [{ everyMs: -1 }], [{ everyMs: 0.001 }], [null], [[1]]])(
  '[SC6] %j is no schedule',
  (when) => {
    const { call, engine } = openTestEngine(module)
    errorOf(() => call('set', { key: 'a', when }), 'table/invalid-value')
    expect(engine.count({ table: 'timer', orderBy: [] })).toBe(0)
  },
)
