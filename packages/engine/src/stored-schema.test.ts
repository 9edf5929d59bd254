import { defineModule, t, table } from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import { encodeSchema } from './schema-text.ts'
import { moduleOfSchema } from './stored-schema.ts'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'todos',
  version: 3,
  minReader: 2,
  minWriter: 3,
  tables: {
    todo: table({ key: t.key(), title: t.text().unique(), done: t.bool().default(false) })
      .index('byDone', ['done'])
      .search({ title: 'title' }),
    timer: table({ id: t.id(), due: t.json() }).schedule('ring', 'due'),
  },
  reducers: (reducer) => ({
    add: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.todo.insert({ key, title: `${key} by ${ctx.sender}` })
    }),
    ring: reducer({ id: t.text(), due: t.json() }, () => undefined),
  }),
})

describe('[MG12] [MG13] a module made of a schema', () => {
  it('has the same schema', () => {
    const made = moduleOfSchema('todos', encodeSchema(module))
    expect(encodeSchema(made)).toBe(encodeSchema(module))
    expect(made).toMatchObject({ name: 'todos', version: 3, minReader: 2, minWriter: 3 })
  })

  it('merges what the module itself wrote, and opens its files', () => {
    const author = openTestEngine(module)
    author.call('add', { key: 'x' })
    const { stream } = author.engine.info
    const made = moduleOfSchema('todos', encodeSchema(module))
    const reader = openTestEngine(made, { seed: 2 })
    reader.engine.apply(author.engine.readLog(stream, 1, 1e9).map(({ bytes }) => bytes))
    expect(reader.engine.get('todo', 'x')).toEqual({ key: 'x', title: 'x by alice', done: false })
  })

  it('is not made of one with lenses, which are code', () => {
    const lensed = defineModule({
      name: 'todos',
      version: 1,
      tables: {
        todo: table({
          key: t.key(),
          old: t.int(),
          new: t
            .int()
            .default(0)
            .from<number>('old', { forward: (old) => old }),
        }),
      },
      reducers: () => ({}),
    })
    const text = encodeSchema(lensed)
    expect(text).toContain('"from":{"column":"old"}')
    expect(errorOf(() => moduleOfSchema('todos', text), 'module/invalid').message).toContain(
      'functions',
    )
  })

  it('is not made of what is no schema', () => {
    for (const text of ['', '{', 'null', '{"version":1}', '{"version":1,"tables":{"a":{}}}']) {
      errorOf(() => moduleOfSchema('todos', text), 'module/invalid')
    }
  })
})
