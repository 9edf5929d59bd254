import { defineModule, type Module, type TableDefinition, t, table } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test } from 'vitest'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine, type TestEngineOptions } from './testing/test-engine.ts'
import { compileView, viewStatements } from './view-tables.ts'
import type { Views, ViewsPart } from './views-part.ts'

const tables = {
  note: table({ key: t.key(), title: t.text().default('') }),
  draft: table({ key: t.key() }).local(),
}

const module = defineModule({
  name: 'viewed',
  version: 1,
  tables,
  reducers: (reducer) => ({
    put: reducer({ key: t.text(), title: t.text().default('') }, (ctx, { key, title }) => {
      ctx.db.note.upsert({ key, title })
    }),
    fail: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.upsert({ key })
      throw new Error('no')
    }),
    draft: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.draft.insert({ key })
    }),
    read: reducer({ sql: t.text() }, (ctx, { sql }) => ctx.sql(sql).length),
  }),
  views: { titles: (q) => q.note.where({ title: { ne: '' } }) },
})

const withoutViews: Module = { ...module, views: {} } as unknown as Module

const titles: TableDefinition = {
  scope: 'local',
  isAppendOnly: false,
  primaryKey: '_k',
  columns: {
    title: { kind: 'text', isOptional: true },
    _k: { kind: 'key', isOptional: false },
  },
  indexes: [],
}

/** Keeps every title that is not empty, and writes down what it is told. */
function fakeViews() {
  const told: string[] = []
  const state = { isReady: true, isFailing: false }
  const views: Views = {
    create({ driver, schema, codecs }) {
      const view = compileView('titles', titles)
      const part: ViewsPart = {
        tables: new Map([['titles', view]]),
        open() {
          told.push('open')
          const [isThere] = driver
            .prepare("SELECT count(*) FROM sqlite_schema WHERE name = '_view'")
            .get() ?? [0]
          if (isThere !== 0) return
          driver.exec("CREATE TABLE _view (name TEXT); INSERT INTO _view VALUES ('titles')")
          for (const sql of viewStatements(view)) driver.exec(sql)
        },
        step(changes) {
          const note = schema.get('note')
          if (note === undefined) return
          for (const { id, before, after } of changes.of(note)) {
            const row = after && codecs.get(note)?.decode(after)
            told.push(`${id}: ${before?.[1]} → ${after?.[1]}`)
            driver.prepare(`DELETE FROM ${view.rowsSql} WHERE _k = ?1`).run([id])
            const values = [row?.title as string, id]
            driver.prepare(`INSERT INTO ${view.rowsSql} (title, _k) VALUES (?1, ?2)`).run(values)
            changes.note(view, id, before && [before[1] as string, id], values)
          }
          if (state.isFailing) throw new Error('the disk is full')
        },
        rollBack: () => told.push('roll back'),
        restart: () => told.push('restart'),
        fill: () => false,
        states: () => [
          state.isReady
            ? { view: 'titles', kind: 'ready', fedRows: 0 }
            : { view: 'titles', kind: 'filling', doneRows: 0, totalRows: 1 },
        ],
        explain: (name) => ({ name }),
        assertReady(names) {
          if (!state.isReady && [...names].includes('titles')) throw new Error('not ready')
        },
        verify: () => ['view "titles": wrong'],
      }
      return part
    },
  }
  return { views, told, state }
}

function open(options: TestEngineOptions = {}, of: Module = module as unknown as Module) {
  const fake = fakeViews()
  return { ...fake, test: openTestEngine(of, { views: fake.views, ...options }) }
}

const memory = (): Driver => openNodeDatabase({ path: ':memory:', durability: 'process' })
const namesIn = (driver: Driver) =>
  driver.prepare("SELECT name FROM sqlite_schema WHERE substr(name, 1, 2) = '_v'").all().flat()

test('[VW1] a module with views is refused without what keeps them, before its file is looked at', () => {
  const driver = memory()
  const looked: string[] = []
  const watched = { ...driver, prepare: (sql: string) => looked.push(sql), close: () => undefined }
  const options = { driver: watched as unknown as Driver }
  errorOf(() => openTestEngine(module as never, options), 'views/not-configured')
  expect(looked).toEqual([])
  expect(openTestEngine(withoutViews).engine.viewStates()).toEqual([])
})

test('[VW2] what views keep has names in _v, but for the SQL view, which shows no made-up key', () => {
  const before = openTestEngine(withoutViews)
  const names = ({ driver }: { readonly driver: Driver }) =>
    driver.prepare('SELECT name FROM sqlite_schema').all().flat() as string[]
  const { test } = open()
  const added = names(test).filter((name) => !names(before).includes(name))
  const own = added.filter((name) => !name.startsWith('sqlite_autoindex'))
  expect(own.sort()).toEqual(['_view', '_vrows_titles', 'titles'])
  const types = test.driver.prepare("SELECT name, type FROM pragma_table_info('_vrows_titles')")
  expect(types.all()).toEqual([
    ['_n', 'INTEGER'],
    ['title', 'TEXT'],
    ['_k', 'TEXT'],
  ])
  expect(test.engine.sql('SELECT * FROM titles').columnNames).toEqual(['title'])
})

test('[VW3] a transaction tells once, in the end, of rows that are other than before', () => {
  const { test, told } = open()
  test.commit(['put', { key: 'a', title: 'one' }], ['put', { key: 'a', title: 'two' }])
  test.call('put', { key: 'a', title: 'two' })
  test.call('draft', { key: 'd' })
  test.call('put', { key: 'b' })
  expect(told).toEqual(['open', 'a: undefined → two', 'b: undefined → '])
})

test('[VW3] deltas from elsewhere are told of like calls', () => {
  const [a, b] = [open({ seed: 1 }), open({ seed: 2 })]
  a.test.call('put', { key: 'a', title: 'one' })
  const [head] = a.test.engine.streamHeads()
  const segments = a.test.engine.readLog(head?.stream as never, 1, 1e6).map(({ bytes }) => bytes)
  const { changeset } = b.test.engine.apply(segments)
  expect(b.told).toEqual(['open', 'a: undefined → one'])
  expect([...(changeset?.tables ?? [])]).toEqual(['note', 'titles'])
})

test('[VW4] changed rows of views are in the changeset, like rows of a table', () => {
  const { test } = open()
  const { changeset } = test.engine.commit([test.nextCall('put', { key: 'a', title: 'one' })])
  expect(changeset?.changes).toEqual([
    { table: 'note', id: 'a', before: undefined, after: { key: 'a', title: 'one' } },
    { table: 'titles', id: 'a', before: undefined, after: { title: 'one', _k: 'a' } },
  ])
})

test('[VW5] what fails undoes the rows and what views wrote, and views are told', () => {
  const { test, told, state } = open()
  test.commit(['put', { key: 'a', title: 'one' }], ['fail', { key: 'b' }])
  expect(told).toEqual(['open', 'roll back', 'a: undefined → one'])
  state.isFailing = true
  expect(() => test.call('put', { key: 'a', title: 'two' })).toThrow('the disk is full')
  expect(told.at(-1)).toBe('roll back')
  expect(test.engine.query({ table: 'titles', orderBy: [] })).toEqual([{ title: 'one', _k: 'a' }])
  expect(test.engine.get('note', 'a')).toEqual({ key: 'a', title: 'one' })
})

test('[VW6] rows that nobody notes are never missed: a new schema begins without views', () => {
  const driver = memory()
  const first = open({ driver })
  first.test.call('put', { key: 'a', title: 'one' })
  open({ driver })
  expect(driver.prepare('SELECT title FROM titles').all()).toEqual([['one']])
  const added = { ...tables, later: table({ key: t.key() }) }
  open({ driver }, { ...module, version: 2, tables: added } as never)
  expect(driver.prepare('SELECT title FROM titles').all()).toEqual([])
})

test('[VW6] taking over what a replaced file held begins views anew', () => {
  const from = open({ seed: 1 })
  const to = open({ seed: 2, stream: 'new' })
  from.test.call('draft', { key: 'd' })
  const options = { keepsStream: false, denied: [], settled: [] }
  to.test.engine.adopt(from.test.engine.carryOver(), options)
  expect(to.told).toContain('restart')
})

test('[VW7] a file that is opened without views, and an image, hold nothing of them', () => {
  const driver = memory()
  open({ driver }).test.call('put', { key: 'a', title: 'one' })
  expect(namesIn(driver)).not.toEqual([])
  const bare = openTestEngine(withoutViews, { driver })
  expect(namesIn(driver)).toEqual([])
  errorOf(() => bare.engine.sql('SELECT * FROM titles'), 'sql/invalid')

  const image = open({ driver })
  expect(namesIn(driver)).not.toEqual([])
  image.test.engine.stripForImage()
  expect(namesIn(driver)).toEqual([])
})

test('[VW7] the digest of a universe is the same with and without views', () => {
  const digest = (of: Module) => {
    const { test } = open({}, of)
    test.call('put', { key: 'a', title: 'one' })
    return test.engine.digest()
  }
  expect(digest(module as never)).toBe(digest(withoutViews))
})

test('[VW8] a view is read like a table: by query, count and SQL, which say that they read it', () => {
  const { test, state } = open()
  test.commit(['put', { key: 'a', title: 'one' }], ['put', { key: 'b', title: 'two' }])
  const { engine } = test
  const query = {
    table: 'titles',
    where: { kind: 'compare', column: 'title', operator: 'eq', value: 'two' },
    orderBy: [{ column: 'title', direction: 'desc' }],
  } as const
  expect(engine.query(query)).toEqual([{ title: 'two', _k: 'b' }])
  expect(engine.count(query)).toBe(1)
  const text = 'SELECT * FROM titles ORDER BY title'
  expect(engine.sql(text)).toEqual({
    columnNames: ['title'],
    columns: [['one', 'two']],
    rowCount: 2,
  })
  expect(engine.tablesRead(text)).toEqual(new Set(['titles']))
  expect(Object.keys(engine.definitions)).toEqual(['note', 'draft', 'titles'])
  expect(engine.verify()).toEqual(['view "titles": wrong'])
  expect(engine.explainView('titles')).toEqual({ name: 'titles' })

  state.isReady = false
  expect(() => engine.query(query)).toThrow('not ready')
  expect(() => engine.count(query)).toThrow('not ready')
  expect(() => engine.sql(text)).toThrow('not ready')
  expect(engine.sql('SELECT * FROM note').rowCount).toBe(2)
})

test('[VW9] a reducer cannot read a view, whose rows follow when its call is done', () => {
  const { test } = open()
  expect(test.call('read', { sql: 'SELECT * FROM note' })).toBe(0)
  errorOf(() => test.call('read', { sql: 'SELECT * FROM titles' }), 'query/invalid')
  errorOf(
    () => test.call('read', { sql: 'SELECT key FROM note JOIN Titles USING (title)' }),
    'query/invalid',
  )
})
