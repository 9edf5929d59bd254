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

/** What is found after a universe with one row of each kind was damaged. */
function faultsAfter(...damages: readonly string[]): string {
  const { engine, call, driver } = openTestEngine(module)
  call('fill')
  for (const damage of damages) driver.exec(damage)
  return engine.verify().join('\n')
}

test('[IN2] a row both visible and hidden is a fault', () => {
  expect(faultsAfter("INSERT INTO _hidden SELECT 'todo', id, x'7b7d' FROM todo")).toMatch(
    /"todo": 1 rows are both visible and hidden/,
  )
})

test('[IN3] a reference to a row that is not visible is a fault', () => {
  expect(faultsAfter('DELETE FROM _rows_project')).toMatch(/"todo.project": 1 references/)
})

test('[IN4] a search index that lags is a fault', () => {
  expect(faultsAfter('DELETE FROM _search_todo')).toMatch(/1 rows, 0 in its search index/)
})

test('[IN5] rows of unknown streams are a fault', () => {
  expect(faultsAfter('UPDATE _rows_todo SET _r = 9')).toMatch(/rows of unknown streams/)
})

test('[IN6] a log that does not match its stream is a fault', () => {
  expect(faultsAfter('UPDATE _stream SET head_seq = 5')).toMatch(/head is 5, its log ends at 1/)
  const row = (stream: number, firstSeq: number) =>
    `INSERT INTO _log (stream, first_seq, count, first_hlc, bytes) VALUES (${stream}, ${firstSeq}, 1, 1, x'00')`
  expect(faultsAfter(row(1, 3))).toMatch(/has a gap/)
  expect(faultsAfter('DELETE FROM _log')).toMatch(/head is 1, its log ends at 0/)
  expect(faultsAfter('UPDATE _stream SET batch_seq = 2')).toMatch(/last batch ends at 2/)
  expect(faultsAfter('UPDATE _stream SET acked_seq = 2')).toMatch(/acknowledged up to 2/)
  expect(faultsAfter(row(7, 1))).toMatch(/unknown streams/)
})

test('[IN7] an answer twice, or outside its row, is a fault', () => {
  const copy = (last: string, first: string) =>
    `INSERT INTO _call SELECT client, ${last}, ${first}, 0, 0, answers FROM _call`
  expect(faultsAfter(copy('last_number + 1', 'first_number'))).toMatch(/answered twice/)
  expect(faultsAfter('UPDATE _call SET first_number = 9, last_number = 9')).toMatch(
    /outside its row/,
  )
})

test('[IN8] a timer never due is a fault', () => {
  expect(faultsAfter('DELETE FROM _schedule')).toMatch(/1 timers without a due time/)
})

test('[IN9] a transient row that stayed is a fault', () => {
  expect(faultsAfter("INSERT INTO _rows_event (id) VALUES ('x')")).toMatch(/holds 1 rows/)
})
