import { defineModule, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'library',
  version: 1,
  tables: {
    book: table({
      id: t.id(),
      title: t.text(),
      data: t.json().default({}),
    }).search({ title: 'title', about: 'data.about', names: 'data.names' }),
    plain: table({ id: t.id() }),
  },
  reducers: (reducer) => ({
    add: reducer(
      { title: t.text(), data: t.json().default({}) },
      (ctx, row) => ctx.db.book.insert(row).id,
    ),
    change: reducer({ id: t.text(), title: t.text() }, (ctx, { id, title }) => {
      ctx.db.book.update(id, { title })
    }),
    remove: reducer({ id: t.text() }, (ctx, { id }) => ctx.db.book.delete(id)),
  }),
})

function library() {
  const { call, engine } = openTestEngine(module)
  const titles = (text: string, limit = 10, offset = 0) =>
    engine.search('book', text, { limit, offset }).map(({ title }) => title)
  return { call, engine, titles }
}

test('[FT1] rows with all the words are found; the last word as a prefix, unless it is finished', () => {
  const { call, titles } = library()
  for (const title of ['the whale', 'the white whale', 'whaling']) call('add', { title })
  expect(titles('whale the').sort()).toEqual(['the whale', 'the white whale'])
  expect(titles('wha').sort()).toEqual(['the whale', 'the white whale', 'whaling'])
  expect(titles('whal ')).toEqual([])
  expect(titles('white wha')).toEqual(['the white whale'])
  expect(titles('the wh', 1)).toHaveLength(1)
  expect(titles('the wh', 10, 1)).toHaveLength(1)
})

test('[FT2] nothing in a text is syntax', () => {
  const { call, titles } = library()
  call('add', { title: 'or "not" near* (title: x) AND é' })
  for (const text of ['"', '*', 'NOT', 'title:x', '(or', 'a OR b', 'near(', '^or', "'", 'É', '-']) {
    expect(() => titles(text)).not.toThrow()
  }
  expect(titles('NEAR*')).toHaveLength(1)
  expect(titles('e')).toHaveLength(1)
  expect(titles('')).toEqual([])
  expect(titles('  ...  ')).toEqual([])
  expect(titles(Array(200).fill('or').join(' '))).toHaveLength(1)
})

test('[FT3] texts inside JSON are found, and the index follows updates and deletes', () => {
  const { call, engine, titles } = library()
  const id = call('add', { title: 'a', data: { about: 'sea', names: ['ahab', 'ishmael'] } })
  expect(titles('sea')).toEqual(['a'])
  expect(titles('ishmael')).toEqual(['a'])
  call('change', { id, title: 'b' })
  expect(titles('b')).toEqual(['b'])
  expect(titles('a')).toEqual(['b'])
  call('remove', { id })
  expect(titles('sea')).toEqual([])
  expect(engine.verify()).toEqual([])
})

test('[FT3] what arrives from elsewhere is found, too', () => {
  const one = library()
  const two = openTestEngine(module, { seed: 2 })
  one.call('add', { title: 'from afar' })
  const segments = one.engine.readLog(one.engine.info.stream, 1, 1e6).map(({ bytes }) => bytes)
  two.engine.apply(segments)
  expect(two.engine.search('book', 'afar', { limit: 1 })).toHaveLength(1)
})

test('[FT4] a search that cannot be is refused', () => {
  const { engine } = library()
  errorOf(() => engine.search('plain', 'x', { limit: 1 }), 'query/invalid')
  errorOf(() => engine.search('nowhere', 'x', { limit: 1 }), 'table/unknown')
  errorOf(() => engine.search('book', 'x', { limit: -1 }), 'query/invalid')
  errorOf(() => engine.search('book', 'x', { limit: 1, offset: 0.5 }), 'query/invalid')
})
