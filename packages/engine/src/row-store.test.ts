import { defineModule, t, table } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RowStore } from './row-store.ts'
import { compileSchema, tableOf } from './schema.ts'
import { SYSTEM_STATEMENTS, tableStatements } from './schema-statements.ts'

const module = defineModule({
  name: 'test',
  version: 1,
  tables: {
    project: table({ id: t.id(), name: t.text() }),
    todo: table({
      id: t.id(),
      title: t.text(),
      photo: t.bytes().optional(),
      project: t.ref('project').optional(),
    })
      .index('byTitle', ['title'])
      .search({ title: 'title' }),
    note: table({ key: t.key(), text: t.text() }).local(),
  },
  reducers: () => ({}),
})

const schema = compileSchema(module)
const todo = tableOf(schema, 'todo')
let driver: Driver
let rows: RowStore

beforeEach(() => {
  driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  for (const sql of SYSTEM_STATEMENTS) driver.exec(sql)
  for (const compiled of schema.values())
    for (const sql of tableStatements(compiled)) driver.exec(sql)
  rows = new RowStore(driver)
})
afterEach(() => driver.close())

const stamp = { hlc: 5, streamIndex: 1 }

test('a row comes back with its clocks, is patched and removed', () => {
  rows.insert(todo, ['a', 'milk', new Uint8Array([1]), null], stamp, null)
  const row = rows.get(todo, 'a')
  expect(row).toEqual({
    n: 1,
    values: ['a', 'milk', new Uint8Array([1]), null],
    hlc: 5,
    streamIndex: 1,
    overrides: null,
  })
  rows.patch(todo, 1, [1, 3], ['tea', 'p'], new Uint8Array([9]))
  expect(rows.get(todo, 'a')).toMatchObject({
    values: ['a', 'tea', new Uint8Array([1]), 'p'],
    overrides: new Uint8Array([9]),
  })
  expect(rows.visibleReferrers(todo.references[0] as never, 'p')).toEqual(['a'])
  rows.remove(todo, 1)
  expect(rows.get(todo, 'a')).toBeUndefined()
})

test('a local row has no clocks', () => {
  const note = tableOf(schema, 'note')
  rows.insert(note, ['k', 'x'], stamp, null)
  rows.patch(note, 1, [1], ['y'], null)
  expect(rows.get(note, 'k')).toMatchObject({ values: ['k', 'y'], hlc: 0, overrides: null })
})

test('a hidden row keeps what was merged, and is found by its references', () => {
  const hidden = {
    values: ['a', undefined, new Uint8Array([1, 255]), 'p'],
    hlc: 0,
    streamIndex: 0,
    overrides: new Uint8Array([3]),
  }
  rows.putHidden(todo, 'a', hidden)
  expect(rows.getHidden(todo, 'a')).toEqual(hidden)
  expect(rows.hiddenReferrers(todo.references[0] as never, 'p')).toEqual(['a'])
  rows.putHidden(todo, 'a', { ...hidden, values: ['a', 'x', null, null] })
  expect(rows.hiddenReferrers(todo.references[0] as never, 'p')).toEqual([])
  rows.removeHidden(todo, 'a')
  expect(rows.getHidden(todo, 'a')).toBeUndefined()
})

test('tombstones and shadows come back', () => {
  rows.putTombstone(todo, 'a', stamp)
  expect(rows.getTombstone(todo, 'a')).toEqual(stamp)
  rows.putShadow({ table: 'todo', id: 'a', column: 'project', value: 'p' })
  expect(rows.shadowsOf(todo, 'a')).toEqual(new Map([['project', 'p']]))
  expect(rows.shadowsFor('p')).toEqual([{ table: 'todo', id: 'a', column: 'project', value: 'p' }])
  rows.removeShadow(todo, 'a', 'project')
  expect(rows.shadowsFor('p')).toEqual([])
})

test('users’ SQL sees the view, the search index follows the rows', () => {
  rows.insert(todo, ['a', 'milk and honey', null, null], stamp, null)
  expect(driver.prepare('SELECT * FROM todo').columnNames).toEqual([
    'id',
    'title',
    'photo',
    'project',
  ])
  const find = driver.prepare('SELECT rowid FROM _search_todo WHERE _search_todo MATCH ?1')
  expect(find.all(['honey'])).toEqual([[1]])
  rows.patch(todo, 1, [1], ['tea'], null)
  expect(find.all(['honey'])).toEqual([])
  expect(find.all(['tea'])).toEqual([[1]])
  rows.remove(todo, 1)
  expect(find.all(['tea'])).toEqual([])
})
