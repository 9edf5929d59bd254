import {
  defineModule,
  type Module,
  queriesOf,
  type TableQuery,
  t,
  table,
} from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import type { Past } from '../history-contract.ts'
import { compileRelation } from '../relations.ts'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'
import { history } from './engine-history.ts'

const tables = {
  project: table({ id: t.key(), name: t.text() }),
  task: table({
    id: t.key(),
    title: t.text(),
    project: t.ref('project').optional(),
    n: t.int().default(0),
    meta: t.json().default({}),
  }).index('byProject', ['project', 'n']),
  draft: table({ id: t.key() }).local(),
}
const module = defineModule({
  name: 'reads',
  version: 1,
  versions: true,
  tables,
  reducers: (reducer) => ({
    put: reducer({ row: t.json() }, ({ db }, { row }) => {
      db.task.upsert(row as never)
    }),
    project: reducer({ id: t.text(), name: t.text() }, ({ db }, row) => {
      db.project.upsert(row as never)
    }),
    drop: reducer({ id: t.text() }, ({ db }, { id }) => db.task.delete(id)),
    draft: reducer({ id: t.text() }, ({ db }, { id }) => {
      db.draft.insert({ id })
    }),
  }),
}) as unknown as Module

function begin(test: TestEngine): void {
  for (const id of ['p', 'q', 'r']) test.call('project', { id, name: `project ${id}` })
  for (let n = 0; n < 40; n++) {
    const row = {
      id: `t${n}`,
      title: `title ${n % 7}`,
      project: 'pqr'[n % 3],
      n: n % 5,
      meta: { n },
    }
    test.call('put', { row })
  }
  test.call('drop', { id: 't11' })
}

/** The state again, after three versions with changes between them; and the same where nothing followed. */
function states(): { past: Past; present: TestEngine; test: TestEngine } {
  const [test, present] = [1, 2].map((seed) => openTestEngine(module, { history, seed }))
  begin(present as TestEngine)
  begin(test as TestEngine)
  const { call, engine } = test as TestEngine
  call('put', { row: { id: 't11', title: 'before' } })
  call('history:commit', { description: 'before' })
  call('drop', { id: 't11' })
  const { version } = call('history:commit', { description: 'x' }) as { version: string }
  for (let n = 0; n < 40; n += 2) call('put', { row: { id: `t${n}`, title: 'later', n: 100 } })
  call('history:commit', { description: 'after' })
  for (let n = 0; n < 40; n += 3) call('drop', { id: `t${n}` })
  for (let n = 50; n < 60; n++) call('put', { row: { id: `t${n}`, title: 'new' } })
  call('project', { id: 'p', name: 'renamed' })
  return {
    past: engine.history.past(version),
    present: present as TestEngine,
    test: test as TestEngine,
  }
}

const queries: readonly Omit<TableQuery, 'table'>[] = [
  { orderBy: [] },
  { orderBy: [{ column: 'title', direction: 'desc' }], limit: 7, offset: 3 },
  { orderBy: [{ column: 'n', direction: 'asc' }], after: [2, 't17'], limit: 5 },
  { orderBy: [{ column: 'meta', path: ['n'], direction: 'desc' }], limit: 4 },
  {
    orderBy: [{ column: 'n', direction: 'asc' }],
    where: { kind: 'compare', column: 'project', operator: 'eq', value: 'q' },
    limit: 6,
  },
  {
    orderBy: [],
    where: {
      kind: 'not',
      of: { kind: 'compare', column: 'title', operator: 'in', value: ['title 1', 'title 2'] },
    },
  },
]

describe('[HI10] the state of a version', () => {
  it('answers queries as the universe did', () => {
    const { past, present } = states()
    for (const query of queries) {
      const asked = { table: 'task', ...query }
      expect(past.query(asked)).toEqual(present.engine.query(asked))
      expect(past.count(asked)).toBe(present.engine.count(asked))
    }
    expect(past.get('task', 't11')).toBeUndefined()
    expect(past.get('task', 't0')).toEqual(present.engine.get('task', 't0'))
  })

  it('answers relations as the universe did', () => {
    const { past, present } = states()
    const { task, project } = queriesOf(tables)
    const joined = task.where({ n: 2 }).join(project, { on: { project: 'id' } }).relation
    expect(past.queryRelation(joined, compileRelation)).toEqual(
      present.engine.queryRelation(joined, compileRelation),
    )
  })

  it('answers SQL as the universe did', () => {
    const { past, present } = states()
    const texts = [
      'SELECT * FROM task ORDER BY id',
      'SELECT p.name, count(*), sum(n) FROM task JOIN project AS p ON p.id = task.project GROUP BY 1 ORDER BY 1',
      '-- first a comment\n WITH best AS (SELECT * FROM "task" WHERE n > 3) SELECT id FROM best ORDER BY 1',
      'with recursive up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 5) SELECT up.n, (SELECT count(*) FROM Task WHERE Task.n = up.n) FROM up',
      "SELECT 'main.task', title FROM [task] WHERE id = 't3' /* main.task */",
      'SELECT a.id, b.id FROM task AS a, task AS b WHERE a.n = b.n AND a.id < b.id ORDER BY 1, 2',
      'SELECT 1',
    ]
    for (const text of texts) expect(past.sql(text)).toEqual(present.engine.sql(text))
    const params = ['q']
    expect(past.sql('SELECT id FROM task WHERE project = ?1 ORDER BY id', params)).toEqual(
      present.engine.sql('SELECT id FROM task WHERE project = ?1 ORDER BY id', params),
    )
  })

  it('is the same whether many present rows have not changed since, few, or none', () => {
    const { call, engine } = openTestEngine(module, { history, seed: 3 })
    const ids = Array.from({ length: 300 }, (_, n) => `t${String(n).padStart(3, '0')}`)
    for (const id of ids) call('put', { row: { id, title: `as it was ${id}` } })
    const name = (description: string) =>
      engine.history.past((call('history:commit', { description }) as { version: string }).version)
    const byTitle: TableQuery = { table: 'task', orderBy: [{ column: 'title', direction: 'asc' }] }
    const then = engine.query(byTitle)
    const past = name('before')
    const assertPast = () => {
      expect(past.query(byTitle)).toEqual(then)
      expect(past.sql('SELECT count(*) FROM task').columns).toEqual([[300]])
    }
    for (const until of [50, 150, 199, 201, 260, 299, 300]) {
      for (const id of ids.slice(0, until)) {
        if (engine.get('task', id)?.title === `as it was ${id}`) {
          call('put', { row: { id, title: `later ${until}` } })
        }
      }
      assertPast()
      if (until === 201) name('in between')
    }
    call('put', { row: { id: 'new', title: 'a new one' } })
    call('drop', { id: 't007' })
    assertPast()
    expect(name('after').query(byTitle)).toEqual(engine.query(byTitle))
  })

  it('is that of a marker set after another of its number has gone', () => {
    const { call, engine } = openTestEngine(module, { history, seed: 4 })
    for (let n = 0; n < 3; n++) call('put', { row: { id: `t${n}`, title: 'one' } })
    const { version } = call('history:commit', { description: 'a' }) as { version: string }
    call('put', { row: { id: 't0', title: 'two' } })
    const all: TableQuery = { table: 'task', orderBy: [] }
    expect(engine.history.past(version).query(all)).toHaveLength(3)
    while (engine.history.fill());
    call('history:drop', { versions: [version] })
    while (engine.history.fill());
    const again = call('history:commit', { description: 'b' }) as { version: string }
    const then = engine.query(all)
    call('put', { row: { id: 't2', title: 'three' } })
    expect(engine.history.past(again.version).query(all)).toEqual(then)
  })

  it('does not let the present be taken for it', () => {
    const { past } = states()
    for (const text of [
      'SELECT * FROM main.task',
      'SELECT * FROM "main" . task',
      'SELECT * FROM _rows_task',
      'SELECT * FROM draft',
      'SELECT * FROM _kv',
    ]) {
      expect(() => past.sql(text)).toThrow(/name tables as the module does|do not hold/)
    }
    expect(() => past.sql('DELETE FROM project')).toThrow()
    expect(() => past.query({ table: 'draft', orderBy: [] })).toThrow(/do not hold/)
    expect(() => past.get('draft', 'd')).toThrow(/do not hold/)
    expect(() => past.query({ table: 'nothing', orderBy: [] })).toThrow(/no table/)
  })
})
