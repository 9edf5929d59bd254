import { decodeSegment, defineModule, type ReducerContext, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { LOG_SEGMENT_BYTES } from './delta-log.ts'
import { APPLICATION_ID, FORMAT_VERSION } from './schema.ts'
import { openTestEngine } from './testing/test-engine.ts'

const tables = {
  project: table({ key: t.key() }),
  todo: table({
    key: t.key(),
    text: t.text().optional(),
    size: t.int().default(1),
    share: t.real().default(1.5),
    isOn: t.bool().default(true),
    raw: t.bytes().optional(),
    any: t.json().default(null),
    maybe: t.json().optional(),
    object: t.object({ b: t.int(), a: t.int() }).default({ b: 1, a: 2 }),
    tags: t.set(t.text()),
    count: t.counter(),
    project: t.ref('project', { onDelete: 'null' }).optional(),
    owner: t.ref('project', { onDelete: 'cascade' }).optional(),
  })
    .index('byText', ['text', 'size'])
    .index('byProject', ['project']),
  draft: table({ key: t.key() }).local(),
  event: table({ key: t.key() }).transient(),
}

type Db = ReducerContext<typeof tables>['db']
let body: (db: Db) => unknown = () => null

const module = defineModule({
  name: 'storage',
  version: 1,
  tables,
  reducers: (reducer) => ({ run: reducer({}, (ctx) => body(ctx.db) as null) }),
})

function open() {
  const opened = openTestEngine(module)
  return {
    ...opened,
    run(work: typeof body) {
      body = work
      return opened.call('run')
    },
    all: (sql: string) => opened.driver.prepare(sql).all(),
  }
}

test('[ST1] the file says whose it is', () => {
  const { engine, all } = open()
  expect(all('PRAGMA application_id')).toEqual([[APPLICATION_ID]])
  expect(all('PRAGMA user_version')).toEqual([[FORMAT_VERSION]])
  const meta = Object.fromEntries(all('SELECT key, value FROM _meta'))
  expect(meta).toMatchObject({
    universe_id: engine.info.universeId,
    owner: 'owner',
    module: 'storage',
  })
  expect(JSON.parse(meta.schema as string)).toMatchObject({ version: 1, tables: { todo: {} } })
})

test('[ST2] rows carry their clocks, overrides only where cells were updated', () => {
  const { run, all, engine } = open()
  run((db) => db.todo.insert({ key: 'a' }).key)
  run((db) => db.todo.insert({ key: 'b' }).key)
  run((db) => db.todo.update('b', { text: 'x' }).key)
  run((db) => db.todo.increment('a', 'count'))
  run((db) => db.draft.insert({ key: 'd' }).key)
  const rows = all('SELECT key, _r, _o IS NULL, _h FROM _rows_todo ORDER BY key')
  expect(rows).toEqual([
    ['a', 1, 1, expect.any(Number)],
    ['b', 1, 0, expect.any(Number)],
  ])
  expect(Number(rows[0]?.[3])).toBeLessThan(Number(rows[1]?.[3]))
  expect(all('SELECT * FROM _rows_draft')).toEqual([[1, 'd']])
  expect(engine.sql('SELECT * FROM todo').columnNames).not.toContain('_h')
})

test('[ST3] cells are stored as SQLite’s own types, JSON as canonical text', () => {
  const { run, all } = open()
  run((db) => {
    db.todo.insert({
      key: 'a',
      raw: new Uint8Array([1]),
      object: { b: 1, a: 2 },
      tags: ['b', 'a'],
    })
    return null
  })
  const columns = Object.keys(tables.todo.definition.columns)
  const types = columns.map((name) => `typeof(${name})`).join(', ')
  expect(all(`SELECT ${types} FROM todo`)).toEqual([
    [
      'text',
      'null',
      'integer',
      'real',
      'integer',
      'blob',
      'text',
      'null',
      'text',
      'text',
      'integer',
      'null',
      'null',
    ],
  ])
  expect(all('SELECT isOn, "any", maybe, object, tags FROM todo')).toEqual([
    [1, 'null', null, '{"a":2,"b":1}', '["a","b"]'],
  ])
})

test('[ST4] [ST5] a deleted row is hidden with all its cells, under a tombstone', () => {
  const { run, all, engine } = open()
  run((db) => db.project.insert({ key: 'p' }).key)
  run((db) => db.todo.insert({ key: 'a', text: 'x', project: 'p' as never, count: 3 }).key)
  run((db) => db.todo.delete('a'))
  expect(all('SELECT count(*) FROM _rows_todo')).toEqual([[0]])
  const [[cells] = []] = all("SELECT CAST(cells AS TEXT) FROM _hidden WHERE tbl = 'todo'")
  expect(JSON.parse(cells as string)).toMatchObject({
    c: { key: 'a', text: 'x', project: 'p', count: 3 },
  })
  expect(all('SELECT tbl, col, value, id FROM _hidden_ref')).toEqual([
    ['todo', 'project', 'p', 'a'],
  ])
  expect(all('SELECT tbl, id, r FROM _tombstone')).toEqual([['todo', 'a', 1]])
  run((db) => db.todo.insert({ key: 'a' }).key)
  expect(all('SELECT count(*) FROM _hidden')).toEqual([[0]])
  expect(all('SELECT count(*) FROM _tombstone')).toEqual([[1]])
  expect(engine.get('todo', 'a')).toMatchObject({ text: null, count: 0 })
  expect(engine.verify()).toEqual([])
})

test('[ST6] a reference to a row that goes reads NULL and comes back with it', () => {
  const { run, all, engine } = open()
  run((db) => db.project.insert({ key: 'p' }).key)
  run((db) => db.todo.insert({ key: 'a', project: 'p' as never }).key)
  run((db) => db.todo.insert({ key: 'gone', owner: 'p' as never }).key)
  run((db) => db.project.delete('p'))
  expect(engine.get('todo', 'a')?.project).toBeNull()
  expect(engine.get('todo', 'gone')).toBeUndefined()
  expect(all('SELECT tbl, id, col, value FROM _shadow')).toEqual([['todo', 'a', 'project', 'p']])
  run((db) => db.project.insert({ key: 'p' }).key)
  expect(engine.get('todo', 'a')?.project).toBe('p')
  expect(engine.get('todo', 'gone')?.owner).toBe('p')
  expect(all('SELECT count(*) FROM _shadow')).toEqual([[0]])
  expect(engine.verify()).toEqual([])
})

test('[ST7] [ST8] a transaction is one segment of the log, and moves the head', () => {
  const { commit, all, engine } = open()
  let count = 0
  body = (db) => db.project.insert({ key: `k${count++}` }).key
  commit(['run'], ['run'], ['run'])
  commit(['run'])
  expect(all('SELECT stream, first_seq, count FROM _log')).toEqual([
    [1, 1, 3],
    [1, 4, 1],
  ])
  const [bytes] = all('SELECT bytes FROM _log ORDER BY first_seq DESC')[0] ?? []
  const { deltas } = decodeSegment(bytes as Uint8Array)
  expect(deltas).toMatchObject([{ seq: 4, reducer: 'run', operations: [{ kind: 'insert' }] }])
  expect(all('SELECT head_seq, head_hlc, is_own, acked_seq FROM _stream')).toEqual([
    [4, deltas[0]?.hlc, 1, 0],
  ])
  expect(engine.readLog(engine.info.stream, 2, 1)).toMatchObject([{ firstSeq: 1, deltaCount: 3 }])
  expect(engine.readLog(engine.info.stream, 5, 1)).toEqual([])
  expect(engine.readLog('0'.repeat(32) as never, 1, 1)).toEqual([])
})

test('[ST8] many deltas of one transaction are several segments', () => {
  const { commit, engine } = open()
  let count = 0
  body = (db) => db.todo.insert({ key: `k${count++}`, text: 'x'.repeat(LOG_SEGMENT_BYTES / 4) }).key
  commit(...Array.from({ length: 12 }, () => ['run'] as const))
  const all = engine.readLog(engine.info.stream, 1, Number.MAX_SAFE_INTEGER)
  expect(all.map(({ firstSeq, deltaCount }) => [firstSeq, deltaCount])).toEqual([
    [1, 4],
    [5, 4],
    [9, 4],
  ])
  expect(engine.readLog(engine.info.stream, 6, 1).map(({ firstSeq }) => firstSeq)).toEqual([5])
  expect(engine.streamHeads()).toEqual([{ stream: engine.info.stream, seq: 12 }])
  expect(engine.verify()).toEqual([])
})

test('[ST9] answers are one row per client and transaction', () => {
  const { commit, all } = open()
  const results = [undefined, 1, { $: 'x', bytes: new Uint8Array([255]) }]
  body = () => results.shift()
  commit(['run'], ['run'], ['run'], ['nowhere'])
  const [[first, last, answers] = []] = all('SELECT first_number, last_number, answers FROM _call')
  expect([first, last]).toEqual([1, 4])
  expect(JSON.parse(answers as string)).toEqual([
    [1],
    [2, 1],
    [
      3,
      {
        $: [
          ['$', 'x'],
          ['bytes', { $: 'ff' }],
        ],
      },
    ],
    [4, 0, 'reducer/unknown', expect.any(String), { reducer: 'nowhere' }],
  ])
})

test('[ST10] rows of a transient table are not stored', () => {
  const { run, all } = open()
  run((db) => db.event.insert({ key: 'e' }).key)
  expect(all('SELECT count(*) FROM _rows_event')).toEqual([[0]])
})

test('[ST11] declared indexes, and one for each reference that has none', () => {
  const { all } = open()
  const sql =
    "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%_rows_todo%' ORDER BY name"
  expect(all(sql).flat()).toEqual(['_ix_todo..owner', '_ix_todo.byProject', '_ix_todo.byText'])
})
