import { describe, expect, test } from 'vitest'
import { checkModule } from './check-module.ts'
import { Column, t } from './column.ts'
import { isUniverseError } from './error.ts'
import { defineModule } from './module.ts'
import { type Tables, table } from './table.ts'

function faultOf(tables: Tables): string {
  try {
    checkModule(defineModule({ name: 'test', version: 1, tables, reducers: () => ({}) }))
  } catch (error) {
    if (isUniverseError(error, 'module/invalid')) return error.message
    throw error
  }
  return ''
}

/** A column that follows from another. */
const from = (column: string) =>
  t
    .int()
    .optional()
    .from<number>(column, { forward: (old) => old })

/** The same when it comes from a stored schema. */
function lostLens(): Column<number | null, true> {
  return new Column({ ...from('x').definition, from: { column: 'x' } as never })
}

describe('a module is refused', () => {
  const id = t.id()
  test.each<[what: string, tables: Tables, message: RegExp]>([
    ['without a primary key', { a: table({ x: t.text() }) }, /0 primary keys/],
    ['with two', { a: table({ id, key: t.key() }) }, /2 primary keys/],
    ['with an optional one', { a: table({ key: t.key().optional() }) }, /cannot be optional/],
    ['for a bad table name', { 'a b': table({ id }) }, /a name is letters/],
    ['for a name of SQLite', { sqlite_a: table({ id }) }, /belong to SQLite/],
    ['for a name of ours', { _a: table({ id }) }, /a name is letters/],
    ['for two names that SQL takes for one', { a: table({ id }), A: table({ id }) }, /one name/],
    ['for two such columns', { a: table({ id, b: t.int(), B: t.int() }) }, /one name/],
    ['for a dangling reference', { a: table({ id, b: t.ref('b') }) }, /does not have/],
    [
      'for a reference that cannot be NULL but must',
      { a: table({ id, b: t.ref('a', { onDelete: 'null' }) }) },
      /must therefore be optional/,
    ],
    ['for a unique reference', { a: table({ id, b: t.ref('a').unique() }) }, /cannot be unique/],
    ['for a unique default', { a: table({ id, n: t.int().unique().default(1) }) }, /must not have/],
    ['for unique local texts', { a: table({ id, n: t.text().unique() }).local() }, /local table/],
    ['for unique elements', { a: table({ id, n: t.array(t.int().unique()) }) }, /only a column/],
    ['for a lens on nothing', { a: table({ id, n: from('x') }) }, /which is not there/],
    ['for a lens on JSON', { a: table({ id, x: t.json(), n: from('x') }) }, /plain values only/],
    ['for a lens on itself', { a: table({ id, n: from('n') }) }, /follows from itself/],
    ['for a ring of lenses', { a: table({ id, n: from('m'), m: from('n') }) }, /from itself/],
    ['for a unique lens', { a: table({ id, x: t.int(), n: from('x').unique() }) }, /be unique/],
    [
      'for a lens without a default',
      { a: table({ id, x: t.int(), n: t.int().from<number>('x', { forward: (x) => x }) }) },
      /must be optional/,
    ],
    [
      'for a lens without functions',
      { a: table({ id, x: t.int(), n: from('x') }), b: table({ id, x: t.int(), n: lostLens() }) },
      /"b.n" follows from another by functions, and those are not there/,
    ],
    ['for an optional counter', { a: table({ id, n: t.counter().optional() }) }, /cannot be/],
    ['for bytes in JSON', { a: table({ id, n: t.array(t.bytes()) }) }, /only a column/],
    [
      'for a counter in JSON',
      { a: table({ id, n: t.object({ x: t.object({ y: t.counter() }) }) }) },
      /only a column/,
    ],
    ['for a default that does not fit', { a: table({ id, n: t.int().default(0.5) }) }, /default/],
    [
      'for an index on nothing',
      { a: table({ id }).index('x', ['y' as 'id']) },
      /names column "y", which is not there/,
    ],
    ['for a search of nothing', { a: table({ id }).search({ x: 'y' }) }, /which is not there/],
    ['for a search of numbers', { a: table({ id, n: t.int() }).search({ n: 'n' }) }, /not a text/],
    ['for a search named rank', { a: table({ id, n: t.text() }).search({ rank: 'n' }) }, /keeps/],
    [
      'for searches that SQL takes for one',
      {
        a: table({ id, n: t.text() }).search({ n: 'n' }),
        a_data: table({ id, n: t.text() }).search({ n: 'n' }),
      },
      /one name/,
    ],
    ['for timers without a schedule', { a: table({ id, x: t.int() }).schedule('r', 'x') }, /JSON/],
  ])('%s', (_what, tables, message) => {
    expect(faultOf(tables)).toMatch(message)
  })
})

test('a schedule names a reducer of the module', () => {
  const tables = { timer: table({ id: t.id(), when: t.json() }).schedule('ring', 'when') }
  expect(faultOf(tables)).toMatch(/schedules reducer "ring"/)
  const module = defineModule({
    name: 'test',
    version: 1,
    tables,
    reducers: (reducer) => ({ ring: reducer({}, () => null) }),
  })
  checkModule(module)
  expect(module.tables.timer.definition.scope).toBe('local')
})

test.each([
  ['minReader', 0],
  ['minReader', 3],
  ['minWriter', 1.5],
])('a module is refused with %s %d at version 2', (bound, least) => {
  const module = { name: 'test', version: 2, tables: {}, reducers: () => ({}), [bound]: least }
  expect(() => checkModule(defineModule(module))).toThrow(`${bound} ${least}`)
})
