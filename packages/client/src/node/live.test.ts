/** Live queries as an app has them. */
import type { Relation } from '@inner-universe/core'
import { afterEach, expect, test, vi } from 'vitest'
import { LIVE_PART_ROWS } from '../rpc/limits.ts'
import { todos } from '../testing/todos.ts'
import { openUniverse } from './index.ts'

const opened: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const universe of opened.splice(0)) await universe.close()
})

async function open() {
  const universe = await openUniverse(todos, { memory: true })
  opened.push(universe)
  return universe
}

test('a query over several tables is run once, or kept up to date', async () => {
  const { reducers, query, live } = await open()
  await reducers.addTodo({ title: 'a', rank: 1 })
  const perRank = await query((q) => q.todo.groupBy('rank').count())
  expect(perRank).toEqual([{ rank: 1, count: 1 }])
  const states: unknown[] = []
  live((q) => q.todo.groupBy('rank').count()).subscribe(({ rows }, patch) =>
    states.push(patch ?? rows),
  )
  await vi.waitFor(() => expect(states).toHaveLength(1))
  await reducers.addTodo({ title: 'b', rank: 1 })
  // What the call caused was told before it resolved.
  expect(states).toEqual([
    [{ rank: 1, count: 1 }],
    {
      inserted: [],
      updated: [{ before: { rank: 1, count: 1 }, after: { rank: 1, count: 2 } }],
      deleted: [],
    },
  ])
})

test('rows that did not change stay the same objects, in joined rows as well', async () => {
  const { reducers, live, identity } = await open()
  await reducers.addTodo({ title: identity, rank: 1 })
  const liveQuery = live((q) => q.todo.leftJoin(q.visit, { on: { title: 'sender' } }))
  liveQuery.subscribe(() => undefined)
  await vi.waitFor(() => expect(liveQuery.state.isReady).toBe(true))
  const [before] = liveQuery.state.rows
  expect(before).toMatchObject({ todo: { rank: 1 }, visit: { kind: 'connected' } })
  await reducers.addTodo({ title: 'b', rank: 2 })
  expect(liveQuery.state.rows).toHaveLength(2)
  expect(liveQuery.state.rows.find(({ todo }) => todo.rank === 1)).toBe(before)
})

test('a query by primary key reads its row, whatever else is in the table', async () => {
  const { reducers, live, explain } = await open()
  await reducers.addTodo({ title: 'a', rank: 1 })
  const id = await reducers.addTodo({ title: 'b', rank: 2 })
  const { text } = await explain((q) => q.todo.where({ id, rank: 2 }))
  expect(text).toContain('read again by a query')
  expect((await explain((q) => q.todo.where({ rank: 2 }))).text).not.toContain('read again')
  const liveQuery = live((q) => q.todo.where({ id }))
  liveQuery.subscribe(() => undefined)
  await vi.waitFor(() => expect(liveQuery.state.rows).toMatchObject([{ title: 'b' }]))
  await reducers.finish({ id })
  expect(liveQuery.state.rows).toMatchObject([{ done: true }])
})

test('explain says what a query keeps, and why one is run again', async () => {
  const { explain, explainSql } = await open()
  const counted = await explain((q) => q.todo.groupBy('done').count())
  expect(counted).toMatchObject({ mode: 'incremental', tables: ['todo'], reason: undefined })
  expect(counted.text).toContain('group')
  const text = 'select title from todo where rank > ?1 and title like ?2'
  expect(await explainSql(text, [5, 'x%'])).toMatchObject({
    mode: 'rerun',
    text: 'run again when a row of todo changes in rank > 5, as it is SQL text',
  })
  const joined = 'select 1 from todo join visit on title = kind'
  expect((await explainSql(joined)).text).toMatch(
    /^run again when (todo, visit|visit, todo) change/,
  )
})

test('what is no relation is refused, in words', async () => {
  const { query, live } = await open()
  const wrong = { kind: 'table', table: 'nothing' } as const satisfies Relation
  const build = () => ({ relation: wrong }) as never
  await expect(query(build)).rejects.toMatchObject({ code: 'query/invalid' })
  const liveQuery = live(build)
  liveQuery.subscribe(() => undefined)
  await vi.waitFor(() => expect(liveQuery.state.error).toMatchObject({ code: 'query/invalid' }))
})

test('a long first result comes whole, with what changed on its way', async () => {
  const { reducers, live } = await open()
  const rowCount = 3 * LIVE_PART_ROWS + 7
  await reducers.addMany({ count: rowCount })
  const liveQuery = live((q) => q.todo.orderBy('rank', 'desc'))
  const lengths: number[] = []
  liveQuery.subscribe(({ rows }) => lengths.push(rows.length))
  await Promise.all([1, 2, 3].map((rank) => reducers.addTodo({ title: 'late', rank: -rank })))
  await vi.waitFor(() => expect(lengths.at(-1)).toBe(rowCount + 3))
  const ranks = liveQuery.state.rows.map(({ rank }) => rank)
  expect(ranks).toEqual([...ranks].sort((a, b) => b - a))
})
