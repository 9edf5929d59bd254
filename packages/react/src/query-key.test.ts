import { Query } from '@inner-universe/client'
import { expect, test } from 'vitest'
import { keyOfQuery, keyOfSearch, keyOfSql } from './query-key.ts'

interface Row {
  readonly id: string
  readonly data: Uint8Array
}

const all = new Query<Row>({ table: 'note', orderBy: [] })

test('queries built alike have one key, others have another', () => {
  const key = keyOfQuery(all.where({ id: 'a' }).limit(5))
  expect(keyOfQuery(all.where({ id: 'a' }).limit(5))).toBe(key)
  expect(keyOfQuery(all.where({ id: 'b' }).limit(5))).not.toBe(key)
  expect(keyOfQuery(all.where({ id: 'a' }).limit(6))).not.toBe(key)
})

test('bytes are part of the key', () => {
  const keyOf = (...bytes: number[]): string =>
    keyOfQuery(all.where({ data: Uint8Array.from(bytes) }))
  expect(keyOf(1, 2)).toBe(keyOf(1, 2))
  expect(keyOf(1, 2)).not.toBe(keyOf(1, 3))
})

test('kinds of query never share a key', () => {
  const keys = [keyOfQuery(all), keyOfSql('note', []), keyOfSearch('note', '', {})]
  expect(new Set(keys).size).toBe(3)
  expect(keyOfSql('select ?1', [1])).not.toBe(keyOfSql('select ?1', ['1']))
  expect(keyOfSearch('note', 'a', { limit: 1 })).not.toBe(keyOfSearch('note', 'a', { offset: 1 }))
})
