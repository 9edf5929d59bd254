import { expect, test } from 'vitest'
import { checkModule } from './check-module.ts'
import { t } from './column.ts'
import { isUniverseError } from './error.ts'
import { defineModule } from './module.ts'
import type { Queries } from './query.ts'
import { table } from './table.ts'
import { buildViews, type DefineViews, moduleQueriesOf, type Views, viewOrder } from './view.ts'

const tables = {
  todo: table({ id: t.id(), project: t.text(), done: t.bool().default(false) }),
}

const withViews = (views: DefineViews<typeof tables, Views>) =>
  defineModule({ name: 'viewed', version: 1, tables, reducers: () => ({}), views })

function faultOf(views: DefineViews<typeof tables, Views>): string {
  try {
    const module = withViews(views)
    checkModule(module)
    viewOrder(buildViews(module.tables, module.views))
    return ''
  } catch (error) {
    if (isUniverseError(error, 'module/invalid')) return error.message
    throw error
  }
}

type Q = Queries<typeof tables>

test('a view is read like a table of its name', () => {
  const module = withViews({
    open: (q) => q.todo.where({ done: false }),
    few: (_q, view) => view('open').limit(3),
  })
  expect(faultOf({})).toBe('')
  const q = moduleQueriesOf(module)
  expect(q.open?.limit(2).plan).toEqual({ table: 'open', orderBy: [], limit: 2 })
  expect(q.todo.plan).toEqual({ table: 'todo', orderBy: [] })
  const { few } = buildViews(module.tables, module.views)
  expect(few?.relation).toMatchObject({ kind: 'window', of: { table: 'open' } })
})

test('[VD9] views come after those they read, and never read each other in a circle', () => {
  const read = (name: string) => (_q: Q, view: (name: string) => { rowType: unknown }) =>
    view(name) as never
  const module = withViews({ a: read('b'), b: read('c'), c: (q) => q.todo })
  expect(viewOrder(buildViews(module.tables, module.views))).toEqual(['c', 'b', 'a'])
  expect(faultOf({ a: read('b'), b: read('a') })).toContain('circle: a → b → a')
  expect(faultOf({ a: read('a') })).toContain('circle')
  const joined = (q: Q, view: (name: string) => unknown) =>
    q.todo.join(view('b') as typeof q.todo, { on: { id: 'id' } } as never)
  expect(faultOf({ a: joined as never, b: read('a') })).toContain('circle')
})

test('[VD9] a view has a name of its own, and a query', () => {
  const all = (q: Q) => q.todo
  expect(faultOf({ Todo: all })).toContain('one name to SQL')
  expect(faultOf({ open: all, OPEN: all })).toContain('one name to SQL')
  expect(faultOf({ _open: all })).toContain('a letter first')
  expect(faultOf({ sqlite_open: all })).toContain('belong to SQLite')
  expect(faultOf({ open: (() => 'todo') as never })).toContain('is no query')
})
