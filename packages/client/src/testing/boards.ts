/** A module with declared views of every form: grouped, filtered, joined, over another view, with copies. */
import { defineModule, t, table } from '@inner-universe/core'

/** Projects, their todos, and what is kept of them. */
export const boards = defineModule({
  name: 'boards',
  version: 1,
  tables: {
    project: table({ key: t.key(), name: t.text() }),
    todo: table({
      key: t.key(),
      project: t.ref('project').optional(),
      title: t.text().default(''),
      points: t.real().default(1),
      done: t.bool().default(false),
      owner: t.text().optional(),
    }),
    draft: table({ key: t.key(), text: t.text() }).local(),
  },
  reducers: (reducer) => ({
    putProject: reducer({ key: t.text(), name: t.text() }, (ctx, { key, name }) => {
      ctx.db.project.upsert({ key: key as never, name })
    }),
    putTodo: reducer(
      {
        key: t.text(),
        project: t.text().optional(),
        title: t.text().default(''),
        points: t.real().default(1),
        done: t.bool().default(false),
        owner: t.text().optional(),
      },
      (ctx, row) => {
        ctx.db.todo.upsert(row as never)
      },
    ),
    removeTodo: reducer({ key: t.text() }, (ctx, { key }) => ctx.db.todo.delete(key as never)),
    removeProject: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.project.delete(key as never)
    }),
    addMany: reducer({ count: t.int(), from: t.int().default(0) }, (ctx, { count, from }) => {
      for (let at = from; at < from + count; at++) {
        ctx.db.todo.upsert({
          key: `t${String(at).padStart(7, '0')}` as never,
          project: `p${at % 7}` as never,
          points: (at % 10) / 4,
          done: at % 3 === 0,
          owner: at % 5 === 0 ? null : `o${at % 4}`,
        })
      }
    }),
    draft: reducer({ key: t.text(), text: t.text() }, (ctx, row) => {
      ctx.db.draft.upsert(row)
    }),
    failAfterWriting: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.todo.upsert({ key: key as never, points: 1000 })
      throw new Error('not today')
    }),
  }),
  views: {
    openByProject: (q) =>
      q.todo
        .where({ done: false })
        .groupBy('project')
        .aggregate((todo, all) => ({ count: all.count(), points: all.sum(todo.points) })),
    openTodos: (q) => q.todo.where({ done: false }),
    named: (q) =>
      q.todo
        .join(q.project, { on: { project: 'key' } })
        .select((row) => ({ key: row.todo.key, title: row.todo.title, project: row.project.name })),
    owners: (q) => q.todo.select('owner'),
    busy: (_q, view) =>
      view<{ project: string | null; count: number }>('openByProject').where({ count: { gte: 2 } }),
    total: (q) => q.todo.groupBy().count(),
    drafts: (q) => q.draft.groupBy('text').count(),
  },
})

/** What each view must hold, in SQL over the tables: columns of the view, in their order. */
export const BOARD_VIEWS_SQL: Readonly<Record<keyof typeof boards.views, string>> = {
  openByProject: `SELECT project, count(*) AS count, sum(points) AS points FROM todo
    WHERE done = 0 GROUP BY project`,
  openTodos: 'SELECT key, project, title, points, done, owner FROM todo WHERE done = 0',
  named: `SELECT todo.key, todo.title, project.name AS project FROM todo
    JOIN project ON todo.project = project.key`,
  owners: 'SELECT owner FROM todo',
  busy: `SELECT * FROM (SELECT project, count(*) AS count, sum(points) AS points FROM todo
    WHERE done = 0 GROUP BY project) WHERE count >= 2`,
  total: 'SELECT count(*) AS count FROM todo',
  drafts: 'SELECT text, count(*) AS count FROM draft GROUP BY text',
}
