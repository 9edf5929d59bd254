import { describe, expect, test } from 'vitest'
import { checkRelation } from './check-relation.ts'
import { t } from './column.ts'
import { queriesOf } from './query.ts'
import type { Expression, Relation } from './relation.ts'
import { table } from './table.ts'

const tables = {
  a: table({ id: t.key(), n: t.int(), text: t.text(), data: t.json(), bytes: t.bytes() }),
  b: table({ id: t.key(), n: t.int() }),
}
const definitions = Object.fromEntries(
  Object.entries(tables).map(([name, { definition }]) => [name, definition]),
)
const q = queriesOf(tables)
const A: Relation = { kind: 'table', table: 'a' }
const B: Relation = { kind: 'table', table: 'b' }
const path = (...names: readonly string[]): Expression => ({ kind: 'path', path: names as never })
const check = (relation: unknown, views: Readonly<Record<string, Relation>> = {}) =>
  checkRelation(relation, { tables: definitions, views })
const join = (part: object) => ({
  kind: 'join',
  how: 'inner',
  left: A,
  right: B,
  leftName: 'a',
  rightName: 'b',
  on: [{ left: path('id'), right: path('id') }],
  ...part,
})
const group = (part: object) => ({ kind: 'group', of: A, by: {}, aggregates: {}, ...part })
const window = (part: object) => ({
  kind: 'window',
  of: { kind: 'select', of: A, columns: { n: path('n') } },
  partitionBy: [],
  orderBy: [],
  limit: 1,
  offset: 0,
  ...part,
})
const where = (test: unknown) => ({ kind: 'where', of: A, test })
const compare = (part: object) =>
  where({ kind: 'condition', condition: { kind: 'compare', column: 'n', operator: 'eq', ...part } })

describe('[VQ4] a query that does not fit is refused, and the message names the part', () => {
  test.each<readonly [unknown, RegExp]>([
    [undefined, /no relation of kind "undefined"/],
    [{ kind: 'table', table: 'c' }, /no table "c" \(there is: a, b\)/],
    [{ kind: 'table', table: 'constructor' }, /no table "constructor"/],
    [{ kind: 'view', view: 'v' }, /no view "v"/],
    [join({ how: 'cross' }), /no join "cross"/],
    [join({ on: [] }), /names the columns that are equal/],
    [join({ on: [{ left: path('id'), right: path('n') }] }), /a join of text and number/],
    [join({ on: [{ left: path('idd'), right: path('n') }] }), /no column "idd" \(there is: id/],
    [join({ rightName: 'a' }), /two sides of a join are named "a"/],
    [join({ rightName: undefined }), /has no name/],
    [
      join({ left: join({}), rightName: 'c', on: [{ left: path('a', 'id'), right: path('id') }] }),
      /"a" names a side that is a join itself/,
    ],
    [{ kind: 'select', of: join({}), columns: { x: path('c', 'id') } }, /no side "c"/],
    [{ kind: 'select', of: join({}), columns: { x: path('a') } }, /a path names no column of "a"/],
    [{ kind: 'select', of: A, columns: {} }, /no columns/],
    [{ kind: 'select', of: A, columns: { x: path('text', 'y') } }, /"text" is not JSON/],
    [
      {
        kind: 'select',
        of: A,
        columns: { x: { kind: 'call', function: 'add', of: [path('text'), path('n')] } },
      },
      /"add" of text: it takes number/,
    ],
    [
      { kind: 'select', of: A, columns: { x: { kind: 'call', function: 'pow', of: [] } } },
      /no function "pow"/,
    ],
    [group({ by: { n: path('n') }, aggregates: { n: { kind: 'count' } } }), /"n" is named twice/],
    [group({ aggregates: { x: { kind: 'sum', of: path('text') } } }), /"sum" of text/],
    [group({ aggregates: { x: { kind: 'max', of: path('data') } } }), /"max" of JSON/],
    [group({ aggregates: { x: { kind: 'median', of: path('n') } } }), /no aggregate "median"/],
    [window({}), /a limit without an order/],
    [
      window({ orderBy: [{ by: path('n'), direction: 'up' }] }),
      /an order is "asc" or "desc", not "up"/,
    ],
    [window({ limit: -1 }), /limit is a whole number from 0/],
    [window({ limit: 1.5 }), /limit is a whole number from 0/],
    [window({ offset: -1 }), /offset is a whole number from 0/],
    [window({ orderBy: [{ by: path('n'), direction: 'asc' }], after: [1] }), /over one table only/],
    [{ kind: 'union', of: [A, B] }, /different columns/],
    [{ kind: 'except', left: A, right: B }, /different columns/],
    [compare({ value: 'x' }), /"eq" of column "n" \(int\) and a string/],
    [compare({ operator: 'like', value: 1 }), /no operator "like"/],
    [compare({ value: Number.NaN }), /NaN is no value/],
    [compare({ operator: 'in', value: 1 }), /a list is missing/],
    [compare({ operator: 'startsWith', value: 'x' }), /"startsWith" of column "n"/],
    [where({ kind: 'maybe' }), /a test is one of/],
    [
      where({ kind: 'test', operator: 'gt', left: path('data'), right: path('data') }),
      /"gt" of JSON: it has no order/,
    ],
    [
      {
        kind: 'reachable',
        of: A,
        from: path('id'),
        to: path('n'),
        roots: undefined,
        depthMax: undefined,
      },
      /"reachable" of text and number/,
    ],
    [
      {
        kind: 'reachable',
        of: A,
        from: path('id'),
        to: path('text'),
        roots: undefined,
        depthMax: 0,
      },
      /depthMax is a whole number from 1/,
    ],
  ])('%o', (relation, message) => {
    expect(() => check(relation)).toThrow(
      expect.objectContaining({ code: 'query/invalid', message: expect.stringMatching(message) }),
    )
  })
})

test('[VQ5] depth, parts and tables of a query are limited, shared parts counted each time', () => {
  let deep: Relation = A
  for (let level = 0; level < 65; level += 1) deep = { kind: 'distinct', of: deep }
  expect(() => check(deep)).toThrow(/nested more than 64 deep/)
  const { test: one } = q.a.distinct().where({ n: 1 }).relation as Extract<
    Relation,
    { kind: 'where' }
  >
  let shared = one
  for (let level = 0; level < 30; level += 1) shared = { kind: 'and', of: [shared, shared] }
  expect(() => check(where(shared))).toThrow(/more than 2000 parts/)
  expect(() => check({ kind: 'union', of: Array(33).fill(A) })).toThrow(/more than 32 tables/)
})

test('[VQ6] a view stands for its relation, also by the name of a table; one that reads itself is refused', () => {
  const views: Record<string, Relation> = {
    big: { kind: 'where', of: A, test: { kind: 'and', of: [] } },
    round: { kind: 'distinct', of: { kind: 'view', view: 'about' } },
    about: { kind: 'distinct', of: { kind: 'table', table: 'round' } },
  }
  expect(check({ kind: 'distinct', of: { kind: 'view', view: 'big' } }, views).relation).toEqual({
    kind: 'distinct',
    of: views.big,
  })
  expect(check({ kind: 'table', table: 'big' }, views).relation).toEqual(views.big)
  expect(() => check({ kind: 'view', view: 'round' }, views)).toThrow(
    /view "round" reads itself \(round → about → round\)/,
  )
})
