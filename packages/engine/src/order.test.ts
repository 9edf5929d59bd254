import { defineModule, t, table } from '@inner-universe/core'
import { expect, it } from 'vitest'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'list',
  version: 1,
  tables: { card: table({ key: t.key(), at: t.order() }).index('byPlace', ['at']) },
  reducers: (reducer) => ({
    place: reducer(
      { key: t.text(), before: t.text().optional(), after: t.text().optional() },
      (ctx, { key, before, after }) => {
        const of = (other: string | null | undefined) =>
          (other && ctx.db.card.get(other)?.at) || null
        ctx.db.card.upsert({ key, at: ctx.orderBetween(of(before), of(after)) })
      },
    ),
    put: reducer({ key: t.text(), at: t.text() }, (ctx, args) => {
      ctx.db.card.insert(args)
    }),
    list: reducer({}, (ctx) =>
      ctx.db.card
        .orderBy('at')
        .all()
        .map(({ key }) => key),
    ),
  }),
})

it('[MR24] a reducer places rows before, after and between others', () => {
  const test = openTestEngine(module)
  test.call('place', { key: 'c' })
  test.call('place', { key: 'a', after: 'c' })
  test.call('place', { key: 'e', before: 'c' })
  test.call('place', { key: 'b', before: 'a', after: 'c' })
  test.call('place', { key: 'd', before: 'c', after: 'e' })
  expect(test.call('list')).toEqual(['a', 'b', 'c', 'd', 'e'])
  test.call('place', { key: 'a', before: 'e' })
  expect(test.call('list')).toEqual(['b', 'c', 'd', 'e', 'a'])
  errorOf(() => test.call('place', { key: 'x', before: 'a', after: 'b' }), 'table/invalid-value')
  errorOf(() => test.call('put', { key: 'x', at: 'a0' }), 'table/invalid-value')
})
