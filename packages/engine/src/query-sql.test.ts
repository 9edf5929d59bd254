import { type Condition, defineModule, type TableQuery, t, table } from '@inner-universe/core'
import { afterAll, describe, expect, test } from 'vitest'
import { compileQuery } from './query-sql.ts'
import { compileSchema } from './schema.ts'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'queries',
  version: 1,
  tables: {
    thing: table({
      key: t.key(),
      text: t.text(),
      size: t.int().optional(),
      flag: t.bool().default(false),
      raw: t.bytes().optional(),
      list: t.array(t.int()).default([]),
      tags: t.set(t.text()),
      data: t.json().optional(),
    })
      .index('byText', ['text'])
      .index('bySize', ['size', 'text']),
  },
  reducers: (reducer) => ({
    add: reducer({ key: t.text(), data: t.json() }, (ctx, row) => {
      ctx.db.thing.insert({ ...row, text: row.key })
    }),
  }),
})

const { engine, driver, call } = openTestEngine(module)
afterAll(() => engine.close())
const schema = compileSchema(module)

function compare(part: Partial<Extract<Condition, { kind: 'compare' }>>): TableQuery {
  const where = {
    kind: 'compare',
    column: 'text',
    operator: 'eq',
    value: 'x',
    ...part,
  } as Condition
  return { table: 'thing', where, orderBy: [] }
}

const query = (part: Partial<TableQuery>): TableQuery => ({ table: 'thing', orderBy: [], ...part })

describe('[QS9] a query that does not fit the module is refused', () => {
  test.each<[what: string, query: TableQuery]>([
    ['an unknown table', query({ table: 'nowhere' })],
    ['an unknown column', compare({ column: 'nowhere' })],
    ['an inherited column', compare({ column: 'constructor' })],
    ['an unknown operator', compare({ operator: 'like' as never })],
    ['an unknown kind of condition', query({ where: { kind: 'xor' } as never })],
    ['a missing condition', query({ where: { kind: 'not' } as never })],
    ['a value of another type', compare({ value: 1 })],
    ['a value of another type in a list', compare({ operator: 'in', value: ['x', 1] })],
    ['a list that is none', compare({ operator: 'in', value: 'x' })],
    ['an order with null', compare({ operator: 'gt', value: null })],
    ['an order of lists', compare({ column: 'list', operator: 'gt', value: [1] })],
    ['an order of booleans in JSON', compare({ column: 'data', operator: 'lt', value: true })],
    ['a text search in numbers', compare({ column: 'size', operator: 'contains' })],
    ['a prefix that is no text', compare({ operator: 'startsWith', value: 1 })],
    ['a path into a text', compare({ path: ['x'] })],
    ['NaN', compare({ column: 'size', value: Number.NaN })],
    ['what JSON cannot hold', compare({ column: 'data', value: 1n as never })],
    ['an unknown order column', query({ orderBy: [{ column: 'nowhere', direction: 'asc' }] })],
    ['an unknown direction', query({ orderBy: [{ column: 'text', direction: 'up' as never }] })],
    ['a negative limit', query({ limit: -1 })],
    ['a fractional offset', query({ offset: 0.5 })],
  ])('%s', (_what, refused) => {
    errorOf(() => engine.query(refused), 'query/invalid')
    errorOf(
      () => engine.count(refused.orderBy.length === 0 ? refused : query({ limit: -1 })),
      'query/invalid',
    )
  })

  test('nesting without end', () => {
    let where = compare({}).where as Condition
    for (let depth = 0; depth < 200; depth++) where = { kind: 'not', of: where }
    errorOf(() => engine.query(query({ where })), 'query/invalid')
  })

  test.each<[what: string, query: Partial<TableQuery>]>([
    ['too short', { orderBy: [{ column: 'text', direction: 'asc' }], after: ['x'] }],
    ['too long', { after: ['x', 'y'] }],
    ['of another type', { after: [1] }],
    ['null for a key', { after: [{}] as never }],
    ['no list', { after: 'x' as never }],
  ])('a cursor %s', (_what, part) => {
    errorOf(() => engine.query(query(part)), 'query/invalid-cursor')
  })
})

test('[QS2] values are bound, whatever they hold', () => {
  const evil = `x' OR 1=1 --"`
  const { sql, params } = compileQuery(schema, compare({ value: evil }))
  expect(sql).not.toContain('1=1')
  expect(params).toEqual([evil])
  expect(engine.query(compare({ value: evil }))).toEqual([])
})

test.each(['a"b', 'a\\b', "a'b", 'a.b', '', '$', '[0]', '#-1', '*', 'é'])(
  '[QS5] a path may have any name: %j',
  (name) => {
    call('add', { key: `key ${name}`, data: { [name]: { x: 1 } } })
    const found = engine.query(compare({ column: 'data', path: [name, 'x'], value: 1 }))
    expect(found.map(({ key }) => key)).toEqual([`key ${name}`])
  },
)

function planOf(plan: TableQuery): string {
  const { sql, params } = compileQuery(schema, plan)
  const rows = driver.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(params)
  return rows.map((row) => row[3]).join('; ')
}

test('[QS6] equality, prefixes and cursors are answered by an index', () => {
  expect(planOf(compare({}))).toMatch(/SEARCH .* USING INDEX _ix_thing.byText \(text=\?\)/)
  expect(planOf(compare({ operator: 'startsWith' }))).toMatch(/\(text>\? AND text<\?\)/)
  expect(planOf(compare({ operator: 'in', value: ['a', 'b'] }))).toMatch(/text=\?/)
  expect(planOf(compare({ column: 'size', value: null }))).toMatch(/size=\?/)
  expect(planOf(query({ after: ['x'] }))).toMatch(/SEARCH .*key>\?/)
  const bySize = { orderBy: [{ column: 'size', direction: 'asc' as const }], after: [1, 'x'] }
  expect(planOf(query(bySize))).toMatch(/SEARCH .*size>\?/)
  const byText = { orderBy: [{ column: 'text', direction: 'desc' as const }], after: ['a', 'x'] }
  expect(planOf(query(byText))).toMatch(/SEARCH .*text<\?/)
})

test('[QS3] empty lists and NULL in lists', () => {
  call('add', { key: 'unsized', data: null })
  const keys = (operator: 'in' | 'notIn', value: readonly (number | null)[]) =>
    engine.count(compare({ column: 'size', operator, value }))
  const all = engine.count(query({}))
  expect(keys('in', [])).toBe(0)
  expect(keys('notIn', [])).toBe(all)
  expect(keys('in', [null])).toBe(all)
  expect(keys('notIn', [1])).toBe(all)
  expect(keys('notIn', [1, null])).toBe(0)
})

test('[QS4] long lists keep one SQL text', () => {
  const list = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`)
  const one = compileQuery(schema, compare({ operator: 'in', value: list(100) }))
  const two = compileQuery(schema, compare({ operator: 'in', value: list(5000) }))
  expect(one.sql).toBe(two.sql)
  call('add', { key: 'v4999', data: null })
  expect(engine.query(compare({ operator: 'in', value: list(5000) }))).toHaveLength(1)
})
