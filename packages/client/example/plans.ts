import { defineModule, t, table } from '../src/main/index.ts'

/** Todos of projects, and how many are open in each: kept, not counted. */
export const plans = defineModule({
  name: 'plans',
  version: 1,
  tables: {
    todo: table({ id: t.id(), project: t.text(), done: t.bool().default(false) }),
  },
  reducers: (reducer) => ({
    add: reducer({ project: t.text() }, (ctx, row) => ctx.db.todo.insert(row).id),
    finish: reducer({ id: t.text() }, (ctx, { id }) => {
      ctx.db.todo.update(id, { done: true })
    }),
  }),
  views: {
    openByProject: (q) => q.todo.where({ done: false }).groupBy('project').count(),
  },
})
