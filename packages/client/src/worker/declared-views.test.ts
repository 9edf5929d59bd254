import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineModule, isUniverseError, UniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterAll, expect, test } from 'vitest'
import { boards } from '../testing/boards.ts'
import { BOARD_VIEWS, type BoardsEngine, openBoards } from '../testing/boards-engine.ts'

const directory = mkdtempSync(join(tmpdir(), 'inner-universe-views-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Of tests with many transactions, on a machine that is busy. */
const SLOW_MS = 30_000

const memory = (): Driver => openNodeDatabase({ path: ':memory:', durability: 'process' })

function expectRight({ compare }: BoardsEngine, views: readonly string[] = BOARD_VIEWS): void {
  for (const view of views) {
    const { kept, computed } = compare(view)
    expect([view, kept]).toEqual([view, computed])
  }
}

const fedRows = ({ engine }: BoardsEngine): number =>
  engine
    .viewStates()
    .reduce((sum, state) => sum + (state.kind === 'ready' ? state.fedRows : Number.NaN), 0)

/** Opens the same file with other views. */
function withViews(views: object, part: object = {}) {
  const { name, version, tables, reducers } = boards
  const built = defineModule({
    name,
    version,
    tables,
    reducers: () => ({}),
    views: views as never,
  })
  return { ...built, reducers, ...part }
}

const codeOf = (body: () => unknown): string => {
  try {
    body()
    return 'fine'
  } catch (error) {
    return isUniverseError(error) ? error.code : String(error)
  }
}

const SOME = [
  ['putProject', { key: 'p1', name: 'One' }],
  ['putProject', { key: 'p2', name: 'Two' }],
  ['putTodo', { key: 'a', project: 'p1', owner: 'x', points: 0.5 }],
  ['putTodo', { key: 'b', project: 'p1', owner: 'x', points: 0.25 }],
  ['putTodo', { key: 'c', project: 'p2', done: true }],
  ['putTodo', { key: 'd' }],
  ['draft', { key: '1', text: 'hm' }],
] as const

test('[VD1] every view is what its query says after every transaction', () => {
  const boards = openBoards()
  for (const call of SOME) {
    boards.commit(call)
    expectRight(boards)
  }
  boards.commit(['removeTodo', { key: 'a' }], ['putTodo', { key: 'c', owner: 'x' }])
  expectRight(boards)
  boards.commit(['removeProject', { key: 'p1' }])
  expectRight(boards)
  expect(boards.engine.verify()).toEqual([])
  expect(boards.faults).toEqual([])
})

test('[VD1] what a failing call wrote never reaches a view', () => {
  const boards = openBoards()
  boards.commit(...SOME)
  const { outcomes } = boards.commit(
    ['failAfterWriting', { key: 'z' }],
    ['putTodo', { key: 'e', project: 'p1' }],
    ['failAfterWriting', { key: 'a' }],
  )
  expect(outcomes.map(({ ok }) => ok)).toEqual([false, true, false])
  expectRight(boards)
  expect(boards.engine.verify()).toEqual([])
})

test('[VD1] views follow deltas from elsewhere', () => {
  const [a, b] = [openBoards({ seed: 1 }), openBoards({ seed: 2 })]
  a.commit(...SOME)
  a.commit(['removeProject', { key: 'p1' }])
  const [head] = a.engine.streamHeads()
  const log = a.engine.readLog(head?.stream as never, 1, 1e6)
  const { changeset } = b.engine.apply(log.map(({ bytes }) => bytes))
  expectRight(b)
  expect(changeset?.tables).toContain('openByProject')
})

test('[VD2] a view that was kept is taken up without reading a row of its tables', () => {
  const driver = memory()
  const before = openBoards({ driver })
  before.commit(...SOME)
  const after = openBoards({ driver, seed: 2 })
  expect(fedRows(after)).toBe(0)
  expectRight(after)
  const { changeset } = after.commit(['putTodo', { key: 'a', project: 'p1', done: true }])
  expect(changeset?.changes.filter(({ table }) => table === 'openByProject')).toEqual([
    {
      table: 'openByProject',
      id: '[t2:p1]',
      before: { project: 'p1', count: 2, points: 0.75, _k: '[t2:p1]' },
      after: { project: 'p1', count: 1, points: 0.25, _k: '[t2:p1]' },
    },
  ])
  expectRight(after)
})

test('[VD3] rows are told apart by a column of texts, else by a made-up key; copies are rows', () => {
  const boards = openBoards()
  boards.commit(...SOME)
  const { engine } = boards
  const { definitions } = engine
  const keys = BOARD_VIEWS.map((view) => [view, definitions[view]?.primaryKey])
  expect(Object.fromEntries(keys)).toEqual({
    openByProject: '_k',
    openTodos: 'key',
    named: '_k',
    owners: '_k',
    busy: '_k',
    total: '_k',
    drafts: 'text',
  })
  const owners = engine.query({ table: 'owners', orderBy: [] })
  expect(owners.map(({ owner }) => owner)).toEqual(['x', 'x', null, null])
  expect(new Set(owners.map(({ _k }) => _k)).size).toBe(4)
  expect(engine.query({ table: 'openTodos', orderBy: [], limit: 1 })).toEqual([
    { key: 'a', project: 'p1', title: '', points: 0.5, done: false, owner: 'x' },
  ])
})

test(
  '[VD4] a view is filled in slices between which calls run; it is told how far it is',
  () => {
    const driver = memory()
    const bare = openBoards({ driver, module: withViews({}) })
    bare.commit(['putProject', { key: 'p1', name: 'One' }], ['addMany', { count: 600 }])
    const boards = openBoards({ driver, seed: 2, tickMs: 4 })
    const { engine } = boards
    expect(engine.viewStates()[0]).toMatchObject({ view: 'openByProject', kind: 'filling' })
    expect(codeOf(() => engine.query({ table: 'openByProject', orderBy: [] }))).toBe(
      'views/not-ready',
    )
    expect(codeOf(() => engine.count({ table: 'openByProject', orderBy: [] }))).toBe(
      'views/not-ready',
    )
    expect(codeOf(() => engine.sql('SELECT * FROM openByProject'))).toBe('views/not-ready')
    let slices = 0
    for (; engine.fillViews(); slices++) {
      const at = `t${String((slices * 37) % 600).padStart(7, '0')}`
      boards.commit(
        ['putTodo', { key: at, project: 'p1', points: 2, done: slices % 2 === 0 }],
        ['removeTodo', { key: `t${String((slices * 53) % 600).padStart(7, '0')}` }],
        ['addMany', { count: 3, from: 600 + slices * 3 }],
      )
      for (const state of engine.viewStates()) {
        if (state.kind === 'filling') expect(state.doneRows).toBeLessThanOrEqual(state.totalRows)
      }
    }
    expect(slices).toBeGreaterThan(20)
    expect(engine.viewStates().every(({ kind }) => kind === 'ready')).toBe(true)
    expectRight(boards)
    expect(engine.verify()).toEqual([])
  },
  SLOW_MS,
)

test(
  '[VD4] filling that was broken off begins anew; views above wait for those they read',
  () => {
    const driver = memory()
    openBoards({ driver, module: withViews({}) }).commit(['addMany', { count: 600 }])
    const broken = openBoards({ driver, seed: 2, tickMs: 20 })
    while (broken.engine.viewStates()[0]?.kind === 'filling') broken.engine.fillViews()
    broken.engine.fillViews()
    const boards = openBoards({ driver, seed: 3 })
    const [first, second] = boards.engine.viewStates()
    expect(first).toEqual({ view: 'openByProject', kind: 'ready', fedRows: 0 })
    expect(second).toMatchObject({ view: 'openTodos', kind: 'ready', fedRows: 600 })
    expectRight(boards)
  },
  SLOW_MS,
)

test('[VD5] a changed view is built anew with those that read it; one that is gone is dropped', () => {
  const driver = memory()
  openBoards({ driver }).commit(...SOME)
  const views = {
    // biome-ignore lint/suspicious/noExplicitAny: the module is built at run time
    openByProject: (q: any) => q.todo.where({ done: true }).groupBy('project').count(),
    // biome-ignore lint/suspicious/noExplicitAny: the module is built at run time
    busy: (_q: any, view: any) => view('openByProject').where({ count: { gte: 2 } }),
    // biome-ignore lint/suspicious/noExplicitAny: the module is built at run time
    total: (q: any) => q.todo.groupBy().count(),
  }
  const { engine } = openBoards({ driver, module: withViews(views), seed: 2 })
  const fed = engine
    .viewStates()
    .map((state) => [state.view, (state as { fedRows: number }).fedRows])
  expect(Object.fromEntries(fed)).toEqual({ openByProject: 4, busy: 1, total: 0 })
  expect(engine.query({ table: 'openByProject', orderBy: [] })).toMatchObject([
    { project: 'p2', count: 1 },
  ])
  expect(codeOf(() => engine.sql('SELECT * FROM openTodos'))).toBe('sql/invalid')
  const names = driver.prepare("SELECT name FROM sqlite_schema WHERE name LIKE '%openTodos%'").all()
  expect(names).toEqual([])
})

test('[VD6] damage is found by verify, told, and mended', () => {
  const boards = openBoards()
  boards.commit(...SOME)
  boards.driver.exec('UPDATE _vrows_openByProject SET count = 7')
  const faults = boards.engine.verify()
  expect(faults).toHaveLength(1)
  expect(faults[0]).toMatch(/openByProject.*2 rows/)
  expect(boards.faults.map((fault) => isUniverseError(fault, 'views/store-corrupt'))).toEqual([
    true,
  ])
  expect(codeOf(() => boards.engine.sql('SELECT * FROM busy'))).toBe('views/not-ready')
  expect(boards.engine.sql('SELECT * FROM total').rowCount).toBe(1)
  while (boards.engine.fillViews());
  expectRight(boards)
  expect(boards.engine.verify()).toEqual([])
})

test('[VD6] tables of a view that are gone are made anew when the universe is opened', () => {
  const path = join(directory, 'gone.sqlite')
  const openFile = () => openNodeDatabase({ path, durability: 'process' })
  const before = openBoards({ driver: openFile() })
  before.commit(...SOME)
  before.engine.close()
  const file = openFile()
  file.exec('DROP VIEW owners; DROP TABLE _vrows_owners')
  file.close()
  const boards = openBoards({ driver: openFile(), seed: 2 })
  expectRight(boards)
  expect(boards.faults).toHaveLength(1)
  boards.engine.close()
})

test('[VD7] a view that cannot go on is given up, and its tables are written all the same', () => {
  const driver = memory()
  openBoards({ driver }).commit(...SOME)
  const boards = openBoards({ driver, seed: 2 })
  const [piece] = driver
    .prepare("SELECT table_name FROM _view_piece WHERE view = 'openByProject'")
    .get() as [string]
  driver.exec(`DROP TABLE ${piece}`)
  const { outcomes } = boards.commit(['putTodo', { key: 'e', project: 'p2' }])
  expect(outcomes[0]).toMatchObject({ ok: true })
  const given = boards.engine.viewStates().filter(({ kind }) => kind === 'failed')
  expect(given.map(({ view }) => view)).toEqual(['openByProject', 'busy'])
  expect(codeOf(() => boards.engine.sql('SELECT * FROM busy'))).toBe('views/not-ready')
  expect(boards.engine.fillViews()).toBe(false)
  expectRight(boards, ['openTodos', 'named', 'owners', 'total', 'drafts'])
  expectRight(openBoards({ driver, seed: 3 }))
})

test('[VD8] a join asks for the index that it lacks, which goes with the view', () => {
  const views = {
    // biome-ignore lint/suspicious/noExplicitAny: the module is built at run time
    pairs: (q: any) =>
      q.todo.join(q.draft, { on: { title: 'text' } }).select('todo.key', 'draft.text'),
  }
  const driver = memory()
  const boards = openBoards({ driver, module: withViews(views) })
  const indexes = () =>
    driver.prepare("SELECT name FROM sqlite_schema WHERE name LIKE '_vix_%' ORDER BY name").all()
  expect(indexes()).toEqual([['_vix_pairs.draft.text'], ['_vix_pairs.todo.title']])
  expect(boards.engine.explainView('pairs')).toMatchObject({
    mode: 'incremental',
    tables: ['todo', 'draft'],
    text: expect.stringContaining('index of view pairs'),
  })
  boards.commit(['putTodo', { key: 'a', title: 'x' }], ['draft', { key: '1', text: 'x' }])
  expect(boards.engine.sql('SELECT * FROM pairs').columns).toEqual([['a'], ['x']])
  openBoards({ driver, module: withViews({}) })
  expect(indexes()).toEqual([])
})

test('[VD9] views that no table could hold are refused', () => {
  // biome-ignore lint/suspicious/noExplicitAny: the module is built at run time
  const codeWith = (define: (q: any) => unknown) =>
    codeOf(() => openBoards({ module: withViews({ some: define }) }))
  expect(codeWith((q) => q.todo.where({ nothing: 1 }))).toBe('module/invalid')
  expect(codeWith((q) => q.todo.select(() => ({ 'a b': 1 })))).toBe('module/invalid')
  expect(codeWith((q) => q.todo.select(() => ({ a: 1, A: 2 })))).toBe('module/invalid')
  expect(codeWith((q) => q.todo.select('title'))).toBe('fine')
})

test('[VD4] a call that fails while a view is being filled does not begin it anew', () => {
  const driver = memory()
  openBoards({ driver, module: withViews({}) }).commit(['addMany', { count: 400 }])
  const boards = openBoards({ driver, seed: 2, tickMs: 4 })
  const doneRows = () => {
    const filling = boards.engine.viewStates().find(({ kind }) => kind === 'filling')
    return filling?.kind === 'filling' ? [filling.view, filling.doneRows] : []
  }
  boards.engine.fillViews()
  boards.engine.fillViews()
  const before = doneRows()
  expect(before[1]).toBeGreaterThan(0)
  boards.commit(['failAfterWriting', { key: 'z' }])
  expect(doneRows()).toEqual(before)
  while (boards.engine.fillViews());
  expectRight(boards)
})

test('[VD1] a transaction that the disk refuses leaves views as they were', () => {
  const driver = memory()
  const refusal = new UniverseError('storage/quota-exceeded', 'the disk is full')
  let isFull = false
  const full = delegate(driver, (sql) => {
    if (isFull && sql === 'COMMIT') throw refusal
  })
  const boards = openBoards({ driver: full })
  boards.commit(...SOME)
  isFull = true
  const { outcomes } = boards.commit(['putTodo', { key: 'a', project: 'p2', points: 7 }])
  expect(outcomes[0]).toMatchObject({ ok: false, error: refusal })
  isFull = false
  expectRight(boards)
  boards.commit(['putTodo', { key: 'b', project: 'p2' }])
  expectRight(boards)
  expect(boards.engine.verify()).toEqual([])
})

/** A driver that tells of what it prepares. */
function delegate(driver: Driver, onPrepare: (sql: string) => void): Driver {
  return {
    storage: driver.storage,
    get isOpen() {
      return driver.isOpen
    },
    get isInTransaction() {
      return driver.isInTransaction
    },
    exec: (sql) => driver.exec(sql),
    prepare: (sql) => {
      onPrepare(sql)
      return driver.prepare(sql)
    },
    setDeadline: (isExpired) => driver.setDeadline(isExpired),
    fileBytes: () => driver.fileBytes(),
    exportChunks: (chunkBytes) => driver.exportChunks(chunkBytes),
    checkpoint: () => driver.checkpoint(),
    integrityCheck: () => driver.integrityCheck(),
    close: () => driver.close(),
  }
}
