/** The module that the client's own tests run, with reducers that misbehave in every known way. */
import { defineModule, t, table, UniverseError } from '@inner-universe/core'

/** Todos, and what can go wrong with them. */
export const todos = defineModule({
  name: 'todos',
  version: 1,
  tables: {
    todo: table({
      id: t.id<'todo'>(),
      title: t.text().max(500),
      done: t.bool().default(false),
      rank: t.int().default(0),
    })
      .index('byDone', ['done'])
      .search({ title: 'title' }),
    visit: table({ id: t.id(), connection: t.text(), sender: t.text(), kind: t.text() }).local(),
    reminder: table({ id: t.id(), when: t.json<{ atMs: number }>(), title: t.text() }).schedule(
      'remind',
      'when',
    ),
  },
  reducers: (reducer) => ({
    addTodo: reducer(
      { title: t.text().max(500), rank: t.int().default(0) },
      (ctx, { title, rank }) => {
        return ctx.db.todo.insert({ title, rank }).id
      },
    ),
    addMany: reducer({ count: t.int() }, (ctx, { count }) => {
      for (let rank = 0; rank < count; rank++) ctx.db.todo.insert({ title: `todo ${rank}`, rank })
      return count
    }),
    finish: reducer({ id: t.text() }, (ctx, { id }) => {
      ctx.db.todo.update(id, { done: true })
    }),
    remove: reducer({ id: t.text() }, (ctx, { id }) => ctx.db.todo.delete(id)),
    remindAt: reducer({ atMs: t.int(), title: t.text() }, (ctx, { atMs, title }) => {
      ctx.db.reminder.insert({ when: { atMs }, title })
    }),
    remind: reducer(
      { id: t.text(), when: t.json(), title: t.text() },
      (ctx, { title }) => void ctx.db.todo.insert({ title }),
    ),
    refuse: reducer({ reason: t.text() }, (ctx, { reason }) => {
      ctx.db.todo.insert({ title: 'never seen' })
      throw new UniverseError('universe/validation', reason, { details: { reason } })
    }),
    throwPlainly: reducer({}, () => {
      throw new TypeError('a plain error')
    }),
    spin: reducer({ title: t.text() }, (ctx, { title }) => {
      ctx.db.todo.insert({ title })
      for (;;) title.charCodeAt(0)
    }),
    // The type refuses it as well; JavaScript authors see the error.
    later: reducer({}, (() => Promise.resolve(1)) as unknown as () => number),
    giveFunction: reducer({}, () => ({ run: () => 1 })),
    whoAmI: reducer({}, (ctx) => ({ sender: ctx.sender, connectionId: ctx.connectionId })),
  }),
  lifecycle: {
    connected: (ctx) => {
      if (ctx.sender === 'banned') throw new UniverseError('universe/unauthorized', 'banned')
      ctx.db.visit.insert({
        connection: String(ctx.connectionId),
        sender: ctx.sender,
        kind: 'connected',
      })
    },
    disconnected: (ctx) => {
      ctx.db.visit.insert({
        connection: String(ctx.connectionId),
        sender: ctx.sender,
        kind: 'disconnected',
      })
    },
  },
})
