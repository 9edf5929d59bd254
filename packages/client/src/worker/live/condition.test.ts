import { conditionOf } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { judge } from './condition.ts'

const row = { id: 'a', title: 'Milk', n: 3, done: false, note: null, tags: ['x'], meta: { age: 1 } }
const verdict = (where: Record<string, unknown>) => judge(conditionOf(where), row)

test('plain comparisons are decided', () => {
  expect(verdict({ title: 'Milk' })).toBe('yes')
  expect(verdict({ title: 'milk' })).toBe('no')
  expect(verdict({ done: false, n: { gt: 2, lte: 3 } })).toBe('yes')
  expect(verdict({ n: { lt: 3 } })).toBe('no')
  expect(verdict({ title: { startsWith: 'Mi', endsWith: 'lk', contains: 'il' } })).toBe('yes')
  expect(verdict({ title: { gte: 'N' } })).toBe('no')
})

test('NULL is a value to eq, ne, in and notIn', () => {
  expect(verdict({ note: null })).toBe('yes')
  expect(verdict({ note: { ne: 'x' } })).toBe('yes')
  expect(verdict({ note: { in: [] } })).toBe('no')
  expect(verdict({ note: { notIn: [] } })).toBe('yes')
  expect(verdict({ note: { notIn: ['x', null] } })).toBe('no')
})

test('what SQLite may see differently is left to it', () => {
  expect(verdict({ note: { gt: 1 } })).toBe('unknown')
  expect(verdict({ n: '3' })).toBe('unknown')
  expect(verdict({ tags: { contains: 'x' } })).toBe('unknown')
  expect(verdict({ 'meta.age': 1 })).toBe('unknown')
  expect(verdict({ nowhere: 1 })).toBe('unknown')
  expect(judge({ kind: 'compare', column: 'title', operator: 'lt', value: '\u{1f600}' }, row)).toBe(
    'unknown',
  )
})

test('one plain no decides an and, one plain yes an or, and not turns both', () => {
  const unknown = conditionOf({ 'meta.age': 1 })
  const no = conditionOf({ n: 4 })
  const yes = conditionOf({ n: 3 })
  expect(judge({ kind: 'and', of: [unknown, no] }, row)).toBe('no')
  expect(judge({ kind: 'and', of: [unknown, yes] }, row)).toBe('unknown')
  expect(judge({ kind: 'or', of: [unknown, yes] }, row)).toBe('yes')
  expect(judge({ kind: 'not', of: no }, row)).toBe('yes')
  expect(judge({ kind: 'not', of: unknown }, row)).toBe('unknown')
})
