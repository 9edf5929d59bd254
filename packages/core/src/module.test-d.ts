import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type DocumentColumnsOf,
  defineModule,
  type Id,
  type InputOfReducer,
  type InsertOf,
  moduleQueriesOf,
  type ResultOfReducer,
  type RowOf,
  t,
  table,
} from './index.ts'

const todos = defineModule({
  name: 'todos',
  version: 1,
  tables: {
    project: table({ id: t.id<'project'>(), name: t.text() }),
    todo: table({
      id: t.id<'todo'>(),
      title: t.text().max(500),
      done: t.bool().default(false),
      votes: t.counter(),
      tags: t.set(t.text()),
      note: t.text().optional(),
      project: t.ref('project', { onDelete: 'null' }).optional(),
    }).index('byProject', ['project', 'done']),
  },
  reducers: (reducer) => ({
    addTodo: reducer(
      { title: t.text().max(500), note: t.text().optional() },
      (ctx, { title, note }) => {
        expectTypeOf(title).toEqualTypeOf<string>()
        expectTypeOf(note).toEqualTypeOf<string | null | undefined>()
        return ctx.db.todo.insert({ title, note }).id
      },
    ),
    rename: reducer(z.object({ id: z.string(), title: z.string() }), (ctx, { id, title }) => {
      ctx.db.todo.update(id, { title })
      return true
    }),
    counted: reducer({}, (ctx) =>
      ctx.db.todo
        .where({ done: false, votes: { gt: 3 } })
        .orderBy('title')
        .count(),
    ),
    // @ts-expect-error a reducer may not return a promise
    later: reducer({}, async () => 1),
  }),
  lifecycle: { init: (ctx) => void ctx.db.project.insert({ name: ctx.sender }) },
})

type Todos = typeof todos

test('rows, inserts and reducers are inferred from the definition', () => {
  expectTypeOf<RowOf<Todos['tables']['todo']>>().toEqualTypeOf<{
    readonly id: Id<'todo'>
    readonly title: string
    readonly done: boolean
    readonly votes: number
    readonly tags: readonly string[]
    readonly note: string | null
    readonly project: Id<'project'> | null
  }>()
  expectTypeOf<InsertOf<Todos['tables']['project']>>().toEqualTypeOf<{
    readonly name: string
    readonly id?: Id<'project'> | undefined
  }>()
  expectTypeOf<InputOfReducer<Todos['reducers']['addTodo']>>().toEqualTypeOf<{
    readonly title: string
    readonly note?: string | null | undefined
  }>()
  expectTypeOf<ResultOfReducer<Todos['reducers']['addTodo']>>().toEqualTypeOf<Id<'todo'>>()
  expectTypeOf<InputOfReducer<Todos['reducers']['rename']>>().toEqualTypeOf<{
    id: string
    title: string
  }>()
  expectTypeOf<ResultOfReducer<Todos['reducers']['counted']>>().toEqualTypeOf<number>()
})

test('a unique column may read NULL, and a lens gives its column’s type', () => {
  const users = table({
    key: t.key(),
    email: t.text().unique(),
    at: t.order(),
    done: t.bool().default(false),
    state: t
      .enum(['open', 'closed'])
      .default('open')
      .from<boolean>('done', {
        forward: (done) => (done ? 'closed' : 'open'),
        backward: (state) => state === 'closed',
      }),
  })
  expectTypeOf<RowOf<typeof users>['email']>().toEqualTypeOf<string | null>()
  expectTypeOf<RowOf<typeof users>['at']>().toEqualTypeOf<string>()
  expectTypeOf<RowOf<typeof users>['state']>().toEqualTypeOf<'open' | 'closed'>()
  expectTypeOf<InsertOf<typeof users>>().toExtend<{ readonly email: string | null }>()
  // @ts-expect-error a lens gives what the column holds
  t.enum(['a', 'b']).from<boolean>('done', { forward: () => 'c' })
})

test('documents are columns, and no part of rows', () => {
  const notes = table({
    id: t.id<'note'>(),
    title: t.text(),
    body: t.richText(),
    board: t.jsonDoc(),
    steps: t.list(),
  })
  expectTypeOf<DocumentColumnsOf<typeof notes>>().toEqualTypeOf<{
    readonly body: 'richText'
    readonly board: 'jsonDoc'
    readonly steps: 'list'
  }>()
  expectTypeOf<RowOf<typeof notes>>().toEqualTypeOf<{
    readonly id: Id<'note'>
    readonly title: string
  }>()
  expectTypeOf<InsertOf<typeof notes>>().toEqualTypeOf<{
    readonly title: string
    readonly id?: Id<'note'> | undefined
  }>()
  // biome-ignore lint/complexity/noBannedTypes: no documents are an object without members
  expectTypeOf<DocumentColumnsOf<Todos['tables']['todo']>>().toEqualTypeOf<{}>()
  notes.index('byTitle', ['title'])
  // @ts-expect-error a document has no value to be in an index
  notes.index('byBody', ['body'])
  // @ts-expect-error nor to be an argument
  t.object({ body: t.richText() })
  const module = defineModule({
    name: 'notes',
    version: 1,
    tables: { note: notes },
    reducers: (reducer) => ({
      add: reducer({}, (ctx) => {
        const { id } = ctx.db.note.insert({ title: 'x' })
        // @ts-expect-error a document is opened, not written
        ctx.db.note.update(id, { body: 'x' })
        // @ts-expect-error nor read
        ctx.db.note.where({ body: 'x' })
        // @ts-expect-error the table that holds its updates does not show
        ctx.db.note_document
      }),
    }),
  })
  const q = moduleQueriesOf(module)
  // @ts-expect-error nor in queries
  q.note_document
  // @ts-expect-error which cannot ask for a document
  q.note.select('body')
})

test('rows of views are those of their queries', () => {
  const plans = defineModule({
    name: 'plans',
    version: 1,
    tables: todos.tables,
    reducers: () => ({}),
    views: {
      openByProject: (q) => q.todo.where({ done: false }).groupBy('project').count(),
      titles: (q) => q.todo.select('id', 'title'),
      busy: (_q, view) => view<{ count: number }>('openByProject').where({ count: { gt: 9 } }),
      // @ts-expect-error there is no such table
      wrong: (q) => q.nothing,
    },
  })
  const q = moduleQueriesOf(plans)
  expectTypeOf(q.openByProject.rowType.count).toEqualTypeOf<number>()
  expectTypeOf(q.openByProject.rowType.project).toEqualTypeOf<Id<'project'> | null>()
  expectTypeOf(q.titles.rowType).toEqualTypeOf<{
    readonly id: Id<'todo'>
    readonly title: string
  }>()
  expectTypeOf(q.busy.rowType).toEqualTypeOf<{ count: number }>()
  expectTypeOf(q.todo.rowType.title).toEqualTypeOf<string>()
  // @ts-expect-error there is no such view
  q.nothing
})
