import { defineModule, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'sound',
  version: 1,
  tables: {
    project: table({ id: t.id<'project'>(), name: t.text() }),
    todo: table({ id: t.id(), title: t.text(), project: t.ref('project').optional() }).search({
      title: 'title',
    }),
    event: table({ id: t.id() }).transient(),
    timer: table({ id: t.id(), when: t.json() }).schedule('ring', 'when'),
  },
  reducers: (reducer) => ({
    ring: reducer({ id: t.text(), when: t.json() }, () => null),
    fill: reducer({}, (ctx) => {
      const project = ctx.db.project.insert({ name: 'p' }).id
      ctx.db.todo.insert({ title: 'a', project })
      ctx.db.timer.insert({ when: { atMs: 1 } })
      ctx.db.event.insert({})
    }),
  }),
})

test('[IN1] a sound file has no faults', () => {
  const { engine, call } = openTestEngine(module)
  expect(engine.verify()).toEqual([])
  call('fill')
  expect(engine.verify()).toEqual([])
})

test.each<[rule: string, damage: string, fault: RegExp]>([
  [
    '[IN2] a row both visible and hidden',
    "INSERT INTO _hidden SELECT 'todo', id, x'7b7d' FROM todo",
    /"todo": 1 rows are both visible and hidden/,
  ],
  ['[IN3] a reference to nothing', 'DELETE FROM _rows_project', /"todo.project": 1 references/],
  ['[IN4] a search index that lags', 'DELETE FROM _search_todo', /1 rows, 0 in its search index/],
  ['[IN5] rows of unknown streams', 'UPDATE _rows_todo SET _r = 9', /rows of unknown streams/],
  [
    '[IN6] a log that ends early',
    'UPDATE _stream SET head_seq = 5',
    /head is 5, its log ends at 1/,
  ],
  ['[IN6] a gap', "INSERT INTO _log VALUES (1, 3, 1, x'00', NULL)", /its log has a gap/],
  ['[IN6] too much acknowledged', 'UPDATE _stream SET acked_seq = 2', /acknowledged up to 2/],
  ['[IN6] a log of nobody', "INSERT INTO _log VALUES (7, 1, 1, x'00', NULL)", /unknown streams/],
  [
    '[IN7] an answer twice',
    'INSERT INTO _call SELECT client, last_number + 1, first_number, 0, 0, answers FROM _call',
    /answered twice/,
  ],
  ['[IN8] a timer never due', 'DELETE FROM _schedule', /1 timers without a due time/],
  [
    '[IN9] a transient row that stayed',
    "INSERT INTO _rows_event (id) VALUES ('x')",
    /transient and holds 1 rows/,
  ],
])('%s is a fault', (_rule, damage, fault) => {
  const { engine, call, driver } = openTestEngine(module)
  call('fill')
  driver.exec(damage)
  expect(engine.verify().join('\n')).toMatch(fault)
})
