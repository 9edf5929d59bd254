import { type Driver, inTransaction } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pieceTable } from '../format.ts'
import { dropSqliteView, sqliteViews } from './sqlite-record.ts'
import { openSqliteState, type SqliteState } from './sqlite-state.ts'

const IDENTITY = { definitionHash: 'one', schemaVersion: 3 }

let driver: Driver

beforeEach(() => {
  driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
})

afterEach(() => driver.close())

function start(view: string, pieces: readonly string[]): SqliteState {
  return inTransaction(driver, () => {
    const state = openSqliteState({ driver, view })
    state.start(IDENTITY, 'ready')
    for (const piece of pieces) state.bag(piece).add('key', `row of ${view} ${piece}`, 1)
    state.flush()
    return state
  })
}

function tables(): string[] {
  return driver
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all()
    .map(([name]) => String(name))
}

test('[VS7] names that look alike, or are long, have tables of their own', () => {
  const names = [
    ['a_b', 'c/rows'],
    ['a', 'b_c/rows'],
    ['a', 'b-c/rows'],
    ['A', 'b_c/rows'],
    ['a', `${'x'.repeat(200)}/left`],
    ['a', `${'x'.repeat(200)}/right`],
  ] as const
  const found = names.map(([view, piece]) => pieceTable(view, piece))
  expect(new Set(found).size).toBe(names.length)
  for (const name of found) expect(name).toMatch(/^_v_[a-z0-9_]{1,57}$/)
  expect(pieceTable('Receipts', 'join-3/left')).toBe('_v_receipts_join_3_left_93a1f67bd02a')
})

test('[VS7] views of one database do not touch one another, and a dropped one leaves nothing', () => {
  start('first', ['one/rows', 'two/rows'])
  const listed = tables()
  start('second', ['one/rows'])
  expect(sqliteViews(driver)).toEqual(['first', 'second'])
  inTransaction(driver, () => dropSqliteView(driver, 'second'))
  expect(sqliteViews(driver)).toEqual(['first'])
  expect(tables()).toEqual(listed)
  expect(openSqliteState({ driver, view: 'first' }).record).toMatchObject(IDENTITY)
})

test('[VS7] a view that is started anew keeps its time, and no table of before', () => {
  const state = start('view', ['one/rows', 'two/rows'])
  inTransaction(driver, () => state.flush({ inputTime: 7, frontier: 6 }))
  const again = start('view', ['two/rows'])
  expect(again.record).toMatchObject({ inputTime: 7, frontier: 6, phase: 'ready' })
  expect(tables()).toEqual([
    pieceTable('view', 'two/rows'),
    '_view',
    '_view_piece',
    '_view_skipped',
  ])
  expect(again.verify()).toBe(true)
})

test('[VS8] a piece that the state does not have, or has in another form, is refused', () => {
  start('view', ['one/rows'])
  const state = openSqliteState({ driver, view: 'view' })
  const changed = expect.objectContaining({ code: 'views/store-changed' })
  expect(() => state.bag('two/rows')).toThrow(changed)
  expect(() => state.cells('one/rows')).toThrow(changed)
})

test('[VS9] a table that is gone is found when the view is opened', () => {
  start('view', ['one/rows'])
  driver.exec(`DROP TABLE "${pieceTable('view', 'one/rows')}"`)
  expect(() => openSqliteState({ driver, view: 'view' }).bag('one/rows')).toThrow(
    expect.objectContaining({ code: 'views/store-corrupt' }),
  )
})

test('state is written in a transaction only', () => {
  const state = start('view', ['one/rows'])
  expect(() => state.flush()).toThrow('in a transaction')
  expect(() => openSqliteState({ driver, view: 'new' }).start(IDENTITY, 'ready')).toThrow(
    'in a transaction',
  )
})

test('a weight that cannot be counted is refused', () => {
  inTransaction(driver, () => {
    const state = openSqliteState({ driver, view: 'view' })
    state.start(IDENTITY, 'ready')
    const bag = state.bag('one/rows')
    bag.add('key', 'row', Number.MAX_SAFE_INTEGER)
    expect(() => bag.add('key', 'row', 1)).toThrow(
      expect.objectContaining({ code: 'views/weight-limit' }),
    )
  })
})

test('names of views are checked before they are used', () => {
  for (const view of ['', 'a b', 'ü', 'x'.repeat(65), '"; DROP TABLE x']) {
    expect(() => openSqliteState({ driver, view })).toThrow(
      expect.objectContaining({ code: 'views/invalid-graph' }),
    )
  }
})
