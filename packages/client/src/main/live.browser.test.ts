/** Live queries over a real worker, whose part for them is loaded when the first is wanted. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LIVE_PART_ROWS } from '../rpc/limits.ts'
import { openTodos, type Todos, until } from '../testing/open-todos.ts'
import { deleteUniverse } from './open.ts'

let universe: Todos
let name = ''

beforeEach(async () => {
  name = `live-${Date.now()}`
  universe = await openTodos({ name })
})

afterEach(async () => {
  await universe.close()
  await deleteUniverse(name)
})

test('all live queries of a page are of one moment, whatever is called meanwhile', async () => {
  const { reducers, live } = universe
  const ids = await Promise.all([1, 2, 3, 4].map((rank) => reducers.addTodo({ title: 'x', rank })))
  const all = live((q) => q.todo)
  const open = live((q) => q.todo.where({ done: false }).orderBy('rank', 'desc').limit(100))
  const counts = live((q) => q.todo.groupBy('done').count())
  const check = vi.fn(() => {
    if (![all, open, counts].every(({ state }) => state.isReady)) return
    const openCount = all.state.rows.filter(({ done }) => !done).length
    expect(open.state.rows).toHaveLength(openCount)
    expect(counts.state.rows.find(({ done }) => !done)?.count ?? 0).toBe(openCount)
  })
  for (const query of [all, open, counts]) query.subscribe(check)
  await vi.waitFor(
    () => expect([all, open, counts].every(({ state }) => state.isReady)).toBe(true),
    // Unbundled, the code of live queries is many files.
    { timeout: 10_000 },
  )
  const [first, ...others] = ids
  const last = reducers.remove({ id: String(first) })
  for (const id of others) void reducers.finish({ id })
  await Promise.all([last, ...[5, 6, 7].map((rank) => reducers.addTodo({ title: 'y', rank }))])
  expect(open.state.rows.map(({ rank }) => rank)).toEqual([7, 6, 5])
  expect(counts.state.rows).toEqual([
    { done: false, count: 3 },
    { done: true, count: 3 },
  ])
  expect(check).toHaveBeenCalled()
})

test('a long list comes in parts, changes by what changed, and keeps its rows', async () => {
  const { reducers, live } = universe
  const count = 2 * LIVE_PART_ROWS + 1
  await reducers.addMany({ count })
  const list = live((q) => q.todo.orderBy('rank', 'desc'))
  const { rows: before } = await until(list, ({ isReady }) => isReady)
  expect(before).toHaveLength(count)
  const patches: unknown[] = []
  list.subscribe((_state, patch) => patches.push(patch))
  await reducers.addTodo({ title: 'in between', rank: 10 })
  const at = count - 11
  expect(patches.at(-1)).toMatchObject({ inserted: [{ title: 'in between' }] })
  expect(list.state.rows).toHaveLength(count + 1)
  expect(list.state.rows.slice(0, at).every((row, index) => row === before[index])).toBe(true)
  expect(list.state.rows.at(-1)).toBe(before.at(-1))
})

test('a query is explained before anybody subscribes', async () => {
  const { mode, graph, text } = await universe.explain((q) => q.todo.groupBy('rank').count())
  expect(mode).toBe('incremental')
  expect(graph?.inputs).not.toEqual([])
  expect(text).toContain('todo')
})
