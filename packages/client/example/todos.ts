import { defineModule, t, table } from '../src/main/index.ts'

/** Todos: what they are, and what may be done with them. */
export const todos = defineModule({
  name: 'todos',
  version: 1,
  tables: {
    todo: table({ id: t.id(), title: t.text().max(500), done: t.bool().default(false) }),
  },
  reducers: (reducer) => ({
    add: reducer(
      { title: t.text().max(500) },
      (ctx, { title }) => ctx.db.todo.insert({ title }).id,
    ),
    toggle: reducer({ id: t.text() }, (ctx, { id }) => {
      const todo = ctx.db.todo.get(id)
      if (todo === undefined) throw new Error('it was deleted meanwhile')
      ctx.db.todo.update(id, { done: !todo.done })
    }),
  }),
})
