import { Query } from '@inner-universe/client'
import { expect, test } from 'vitest'
import { keyOfPlan, keyOfSearch, keyOfSql } from './query-key.ts'

interface Row {
  readonly id: string
  readonly data: Uint8Array
}

const all = new Query<Row>({ table: 'note', orderBy: [] })

test('queries built alike have one key, others have another', () => {
  const key = keyOfPlan(all.where({ id: 'a' }).limit(5).plan)
  expect(keyOfPlan(all.where({ id: 'a' }).limit(5).plan)).toBe(key)
  expect(keyOfPlan(all.where({ id: 'b' }).limit(5).plan)).not.toBe(key)
  expect(keyOfPlan(all.where({ id: 'a' }).limit(6).plan)).not.toBe(key)
})

test('bytes are part of the key', () => {
  const keyOf = (...bytes: number[]): string =>
    keyOfPlan(all.where({ data: Uint8Array.from(bytes) }).plan)
  expect(keyOf(1, 2)).toBe(keyOf(1, 2))
  expect(keyOf(1, 2)).not.toBe(keyOf(1, 3))
})

test('kinds of query never share a key', () => {
  const keys = [keyOfPlan(all.plan), keyOfSql('note', []), keyOfSearch('note', '', {})]
  expect(new Set(keys).size).toBe(3)
  expect(keyOfSql('select ?1', [1])).not.toBe(keyOfSql('select ?1', ['1']))
  expect(keyOfSearch('note', 'a', { limit: 1 })).not.toBe(keyOfSearch('note', 'a', { offset: 1 }))
})
