import {
  type Expression,
  type FlatShape,
  queriesOf,
  type RelationQuery,
} from '@inner-universe/core'
import { expect, test } from 'vitest'
import { shopTables } from '../testing/random-relation.ts'
import { compileExpression, sqlOrder } from './expression.ts'

const q = queriesOf(shopTables)
const shape: FlatShape = {
  kind: 'flat',
  columns: { id: 'key', at: 'timestamp', quantity: 'int', basket: 'text', data: 'json' },
  key: ['id'],
}
type Lines = RelationQuery<typeof q.lineItem.rowType>
type Make = Parameters<Lines['orderBy']>[0]

/** The value of an expression written as in a query. */
function computed(make: Make, row: object): unknown {
  const { relation } = q.lineItem.distinct().orderBy(make)
  const expression = (relation as { orderBy: readonly { by: Expression }[] }).orderBy[0]?.by
  return compileExpression(shape, expression as Expression)(row)
}

test('[VQ17] arithmetic is float64, and a result that is not finite is NULL', () => {
  const quantity = (row: number | null) => ({ quantity: row })
  expect(computed((row) => row.quantity.plus(0.5).times(2), quantity(2))).toBe(5)
  expect(computed((row) => row.quantity.times(-1), quantity(0))).toBe(0)
  expect(computed((row) => row.quantity.times(1e308), quantity(100))).toBe(null)
  expect(computed((row) => row.quantity.dividedBy(0), quantity(1))).toBe(null)
  expect(computed((row) => row.quantity.plus(1), quantity(null))).toBe(null)
  expect(computed((row) => row.quantity.coalesce(7), quantity(null))).toBe(7)
})

test('[VQ17] texts: ASCII letters change case, length counts code points', () => {
  expect(computed((row) => row.basket.upper(), { basket: 'aé😀z' })).toBe('Aé😀Z')
  expect(computed((row) => row.basket.lower(), { basket: 'AÉZ' })).toBe('aÉz')
  expect(computed((row) => row.basket.length(), { basket: 'é😀' })).toBe(2)
  expect(computed((row) => row.basket.length(), { basket: 'a\0b' })).toBe(1)
  expect(computed((row) => row.basket.concat('-', row.id), { basket: 'a', id: 'b' })).toBe('a-b')
})

test('[VQ17] days are those of UTC, also before 1970, in the years 0 to 9999', () => {
  const day = (at: number) => computed((row) => row.at.day(), { at })
  expect(day(0)).toBe('1970-01-01')
  expect(day(-1)).toBe('1969-12-31')
  expect(day(1_767_225_600_000)).toBe('2026-01-01')
  expect(day(253_402_300_800_000)).toBe(null)
})

test('[VQ17] what JSON holds of another kind than is asked for is NULL', () => {
  const double = (data: unknown) => computed((row) => row.data.at('n').plus(0), { data })
  expect([{ n: 2 }, { n: '2' }, { n: true }, {}, null, [2]].map(double)).toEqual([
    2,
    null,
    null,
    null,
    null,
    null,
  ])
})

test('[VQ16] JSON sorts as SQL sorts it', () => {
  const values = [{ a: 1 }, 'b', true, null, [2], 0.5, 'a', false]
  expect(values.map(sqlOrder)).toEqual(['{"a":1}', 'b', 1, null, '[2]', 0.5, 'a', 0])
})
