import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  defineModule,
  type ErrorCode,
  type Module,
  type Reducers,
  type Tables,
  t,
  table,
} from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { APPLICATION_ID, FORMAT_VERSION } from './schema.ts'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine } from './testing/test-engine.ts'

let directory = ''
let path = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'open-'))
  path = join(directory, 'universe.db')
})
afterEach(() => rmSync(directory, { recursive: true }))

function moduleOf<T extends Tables>(tables: T, version = 1, name = 'app'): Module {
  return defineModule({
    name,
    version,
    tables,
    reducers: (reducer): Reducers => ({
      insert: reducer({ table: t.text(), row: t.json() }, (ctx, { table: into, row }) =>
        (ctx.db[into] as unknown as { insert(row: unknown): unknown }).insert(row),
      ),
    }),
  }) as unknown as Module
}

const open = (module: Module, options = {}) =>
  openTestEngine(module, { driver: openNodeDatabase({ path, durability: 'process' }), ...options })

function hash(): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Opens with a module that must be refused; the file's bytes must be as before. */
function refusal(module: Module, code: ErrorCode) {
  const before = hash()
  const error = errorOf(() => open(module), code)
  expect(hash()).toBe(before)
  // The driver was closed: the file can be opened again.
  openNodeDatabase({ path, durability: 'process' }).close()
  return error
}

const first = {
  project: table({ id: t.id(), name: t.text() }),
  todo: table({
    id: t.id(),
    title: t.text(),
    note: t.text().optional(),
    kind: t.enum(['a', 'b']).default('a'),
    data: t.object({ x: t.int() }).default({ x: 1 }),
    project: t.ref('project').optional(),
  }).index('byTitle', ['title']),
}

describe('creation', () => {
  test('[MG1] makes a universe with its owner, which later opens keep', () => {
    const one = open(moduleOf(first), { identity: 'ada' })
    expect(one.engine.info).toEqual({
      universeId: expect.stringMatching(/^[0-9a-f]{32}$/),
      owner: 'ada',
      stream: expect.stringMatching(/^[0-9a-f]{32}$/),
      moduleName: 'app',
      schemaVersion: 1,
      isNew: true,
    })
    one.engine.close()
    const two = open(moduleOf(first), { identity: 'bob' })
    expect(two.engine.info).toEqual({ ...one.engine.info, isNew: false })
    two.engine.close()
  })

  test('[MG1] a module that contradicts itself is refused before the file is touched', () => {
    errorOf(() => open(moduleOf({ note: table({ text: t.text() }) })), 'module/invalid')
    const driver = openNodeDatabase({ path, durability: 'process' })
    expect(driver.prepare('SELECT count(*) FROM sqlite_schema').get()).toEqual([0])
    driver.close()
  })

  test('[MG1] an init that throws leaves nothing in the file', () => {
    const failing = defineModule({
      name: 'app',
      version: 1,
      tables: first,
      reducers: () => ({}),
      lifecycle: {
        init(ctx) {
          ctx.db.project.insert({ name: 'x' })
          throw new Error('not today')
        },
      },
    })
    const error = errorOf(() => open(failing), 'reducer/rejected')
    expect(error.message).toBe('not today')
    const driver = openNodeDatabase({ path, durability: 'process' })
    expect(driver.prepare('SELECT count(*) FROM sqlite_schema').get()).toEqual([0])
    expect(driver.prepare('PRAGMA application_id').get()).toEqual([0])
    driver.close()
    open(moduleOf(first)).engine.close()
  })

  test('[MG7] a stream is continued, or a new one started', () => {
    const one = open(moduleOf(first))
    one.call('insert', { table: 'project', row: { name: 'a' } })
    const { stream } = one.engine.info
    one.engine.close()
    const two = open(moduleOf(first), { seed: 3 })
    expect(two.engine.info.stream).toBe(stream)
    two.nowMs -= 1_000_000
    two.call('insert', { table: 'project', row: { name: 'b' } })
    expect(two.engine.streamHeads()).toEqual([{ stream, seq: 2 }])
    two.engine.close()
    const three = open(moduleOf(first), { stream: 'new', seed: 7 })
    expect(three.engine.info.stream).not.toBe(stream)
    three.call('insert', { table: 'project', row: { name: 'c' } })
    expect(three.engine.streamHeads()).toEqual([
      { stream, seq: 2 },
      { stream: three.engine.info.stream, seq: 1 },
    ])
    expect(three.engine.unsyncedCount()).toBe(3)
    expect(three.engine.verify()).toEqual([])
    three.engine.close()
    const four = open(moduleOf(first))
    expect(four.engine.info.stream).toBe(three.engine.info.stream)
    four.engine.close()
  })
})

describe('a module that only adds', () => {
  test('[MG2] gets its new tables, columns, indexes and search; data stays', () => {
    const one = open(moduleOf(first))
    const row = one.call('insert', { table: 'todo', row: { title: 'milk' } }) as { id: string }
    one.engine.close()

    const second = moduleOf(
      {
        ...first,
        todo: table({
          // Another order of columns, too.
          done: t.bool().default(true),
          votes: t.counter(),
          tags: t.set(t.text()),
          place: t.text().optional(),
          quote: t.text().default("it's"),
          ...first.todo.definition.columns,
          id: t.id(),
          title: t.text().optional(),
          note: t.text().optional(),
          kind: t.enum(['a', 'b', 'c']).default('a'),
          data: t.object({ x: t.int(), y: t.int().default(0) }).default({ x: 1 } as never),
          project: t.ref('project').optional(),
        } as never).search({ title: 'title' }),
        extra: table({ key: t.key() }),
      },
      2,
    )
    const two = open(second)
    expect(two.engine.get('todo', row.id)).toEqual({
      ...row,
      done: true,
      votes: 0,
      tags: [],
      place: null,
      quote: "it's",
    })
    expect(two.engine.search('todo', 'milk', { limit: 1 })).toHaveLength(1)
    two.call('insert', { table: 'extra', row: { key: 'k' } })
    two.call('insert', { table: 'todo', row: { title: 'tea', kind: 'c' } })
    expect(two.engine.search('todo', 'tea', { limit: 1 })).toHaveLength(1)
    const names =
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE '\\_ix%' ESCAPE '\\'"
    expect(two.engine.sql(names).columns).toEqual([['_ix_todo..project']])
    expect(two.engine.verify()).toEqual([])
    two.engine.close()
    open(second).engine.close()
  })

  test('[MG2] the same schema writes nothing', () => {
    open(moduleOf(first)).engine.close()
    const before = hash()
    open(moduleOf(first)).engine.close()
    expect(hash()).toBe(before)
  })

  test('[MG2] additions are taken with an equal version, too', () => {
    open(moduleOf(first)).engine.close()
    open(moduleOf({ ...first, extra: table({ key: t.key() }) })).engine.close()
  })
})

describe('[MG3] a change that is no addition is refused, the file untouched', () => {
  const columns = {
    id: t.id(),
    title: t.text(),
    note: t.text().optional(),
    kind: t.enum(['a', 'b']).default('a'),
    data: t.object({ x: t.int() }).default({ x: 1 }),
    project: t.ref('project').optional(),
  }
  const { title: _, ...withoutTitle } = columns
  const todo = (changed: object) => ({
    ...first,
    todo: table({ ...columns, ...changed } as typeof columns),
  })
  test.each<[what: string, tables: Tables, table: string, column?: string]>([
    ['a table gone', { project: first.project }, 'todo'],
    ['a column gone', { ...first, todo: table(withoutTitle) }, 'todo', 'title'],
    ['another kind', todo({ title: t.int() }), 'todo', 'title'],
    ['optional no more', todo({ note: t.text() }), 'todo', 'note'],
    ['a new column without a value', todo({ size: t.int() }), 'todo', 'size'],
    ['another target', todo({ project: t.ref('todo').optional() }), 'todo', 'project'],
    [
      'another referential rule',
      todo({ project: t.ref('project', { onDelete: 'null' }).optional() }),
      'todo',
      'project',
    ],
    ['a member gone', todo({ kind: t.enum(['a']).default('a') }), 'todo', 'kind'],
    ['a field of another kind', todo({ data: t.object({ x: t.text() }) }), 'todo', 'data.x'],
    [
      'a new field without a value',
      todo({ data: t.object({ x: t.int(), y: t.int() }) }),
      'todo',
      'data.y',
    ],
    ['another default', todo({ kind: t.enum(['a', 'b']).default('b') }), 'todo', 'kind'],
    [
      'following from another from now on',
      todo({
        note: t
          .text()
          .optional()
          .from<string>('title', { forward: (title) => title }),
      }),
      'todo',
      'note',
    ],
    ['unique from now on', todo({ title: t.text().unique() }), 'todo', 'title'],
    ['append-only from now on', { ...first, todo: table(columns).appendOnly() }, 'todo'],
    ['another scope', { ...first, todo: table(columns).local() }, 'todo'],
    [
      'another kind of key',
      { ...first, project: table({ id: t.key(), name: t.text() }) },
      'project',
      'id',
    ],
    ['another key', { ...first, project: table({ key: t.key(), name: t.text() }) }, 'project'],
  ])('%s', (_what, tables, name, column) => {
    const one = open(moduleOf(first))
    one.call('insert', { table: 'project', row: { name: 'a' } })
    one.engine.close()
    const error = refusal(moduleOf(tables, 2), 'engine/schema-incompatible')
    expect(error.details).toEqual(column === undefined ? { table: name } : { table: name, column })
    expect(error.message).toContain(name)
    open(moduleOf(first)).engine.close()
  })
})

describe('a file that is not for this module', () => {
  test('[MG4] of a newer schema version is refused', () => {
    open(moduleOf({ ...first, extra: table({ key: t.key() }) }, 3)).engine.close()
    expect(refusal(moduleOf(first, 2), 'engine/schema-too-new').details).toEqual({
      fileSchemaVersion: 3,
      moduleSchemaVersion: 2,
    })
  })

  test('[MG5] of another module is refused', () => {
    open(moduleOf(first)).engine.close()
    expect(refusal(moduleOf(first, 1, 'other'), 'engine/module-mismatch').message).toContain(
      '"app"',
    )
  })

  test('[MG5] of another program is refused', () => {
    const driver = openNodeDatabase({ path, durability: 'process' })
    driver.exec('CREATE TABLE theirs (x)')
    driver.close()
    refusal(moduleOf(first), 'engine/module-mismatch')
  })

  test('[MG6] of a newer format is refused', () => {
    open(moduleOf(first)).engine.close()
    const driver = openNodeDatabase({ path, durability: 'process' })
    driver.exec(`PRAGMA user_version = ${FORMAT_VERSION + 1}`)
    expect(driver.prepare('PRAGMA application_id').get()).toEqual([APPLICATION_ID])
    driver.close()
    refusal(moduleOf(first), 'engine/format-too-new')
  })

  test('[MG8] that is damaged is refused with its own code', () => {
    const one = open(moduleOf(first))
    one.call('insert', { table: 'project', row: { name: 'a' } })
    one.driver.checkpoint()
    one.engine.close()
    const bytes = readFileSync(path)
    // The root page of the schema stays; everything after it is noise.
    writeFileSync(path, bytes.fill(0xa5, 8192))
    errorOf(() => open(moduleOf(first)), 'storage/corrupt')
  })
})
