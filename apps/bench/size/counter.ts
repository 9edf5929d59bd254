import { defineModule, t, table } from '@inner-universe/client'

/** One counter. */
export const counterModule = defineModule({
  name: 'counter',
  version: 1,
  tables: { counter: table({ id: t.key(), value: t.counter() }) },
  reducers: (reducer) => ({
    increment: reducer({}, (ctx) => ctx.db.counter.upsert({ id: 'one', value: 1 }).value),
  }),
})
