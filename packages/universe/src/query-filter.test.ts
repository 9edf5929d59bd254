import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor } from './page-cursor.ts'
import { conditionOfFilter, FILTER_OPERATORS, orderOf, targetOf } from './query-filter.ts'
import { FIELDS } from './standard-query.ts'

test('a field is a column, a path into one, or a path into metadata', () => {
  const targets = ['entity_type', 'metadata.properties.age', 'properties.age', 'name'].map(
    (field) => targetOf(FIELDS.entity, field),
  )
  expect(targets).toEqual([
    { column: 'entity_type' },
    { column: 'metadata', path: ['properties', 'age'] },
    { column: 'metadata', path: ['properties', 'age'] },
    { column: 'metadata', path: ['name'] },
  ])
})

test('a dot inside a name is escaped', () => {
  expect(targetOf(FIELDS.entity, 'properties.a\\.b')).toEqual({
    column: 'metadata',
    path: ['properties', 'a.b'],
  })
})

test.each([
  '',
  'nothing',
  'metadata.nothing',
  'entity_type.x',
  'name.x',
  'properties..x',
  'constructor',
])('the field %j is unknown: query/invalid', (field) => {
  expect(() => targetOf(FIELDS.entity, field)).toThrow(
    expect.objectContaining({ code: 'query/invalid' }),
  )
})

test('there are eleven operators, each a comparison of the query builder', () => {
  const comparisons = FILTER_OPERATORS.map((operator) => {
    const value = operator === 'In' || operator === 'NotIn' ? ['a'] : 'a'
    const condition = conditionOfFilter(FIELDS.entity, { field: 'name', operator, value })
    return condition.kind === 'compare' ? condition.operator : undefined
  })
  expect(comparisons).toEqual([
    'eq',
    'ne',
    'gt',
    'lt',
    'gte',
    'lte',
    'contains',
    'startsWith',
    'endsWith',
    'in',
    'notIn',
  ])
})

test.each([
  { field: 'name', operator: 'EQUALS' as never, value: 1 },
  { field: 'name', operator: 'In' as const, value: 'a' },
  { field: 'name', operator: 'StartsWith' as const, value: 1 },
  { field: 'name', operator: 'Equals' as const, value: undefined as never },
])('the filter %j is refused: query/invalid', (filter) => {
  expect(() => conditionOfFilter(FIELDS.entity, filter)).toThrow(
    expect.objectContaining({ code: 'query/invalid' }),
  )
})

test('a cursor gives the keys of its row back, and only to its own query', () => {
  const orderBy = orderOf(FIELDS.entity, [
    { field: 'properties.age' },
    { field: 'name' },
    { field: 'id' },
  ])
  const plan = { table: 'entity', orderBy }
  const row = { id: 'r1', metadata: { name: 'Zoë', properties: { age: 3 } } }
  const cursor = encodeCursor(plan, row)
  expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/)
  expect(decodeCursor(plan, cursor)).toEqual([3, 'Zoë', 'r1'])
  const other = {
    table: 'entity',
    orderBy: orderOf(FIELDS.entity, [{ field: 'name' }, { field: 'id' }]),
  }
  for (const [query, text] of [
    [other, cursor],
    [plan, 'nonsense!'],
    [plan, cursor.slice(0, -4)],
    [plan, btoa('[]')],
  ] as const) {
    expect(() => decodeCursor(query, text)).toThrow(
      expect.objectContaining({ code: 'query/invalid-cursor' }),
    )
  }
})

test('a missing order key is null in the cursor', () => {
  const plan = {
    table: 'entity',
    orderBy: orderOf(FIELDS.entity, [{ field: 'name' }, { field: 'id' }]),
  }
  const cursor = encodeCursor(plan, { id: 'r1', metadata: {} })
  expect(decodeCursor(plan, cursor)).toEqual([null, 'r1'])
})
