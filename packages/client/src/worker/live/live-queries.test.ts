import type { RowChange } from '@inner-universe/core'
import { expect, test } from 'vitest'
import type { LiveNews, LiveRead, WorkerItem } from '../../rpc/contract.ts'
import { LIVE_CHANGES_MAX, LIVE_PART_ROWS, LIVE_QUERIES_MAX } from '../../rpc/limits.ts'
import type { Subscriber } from '../live-part.ts'
import { explainRerun } from './explain.ts'
import { LiveQueries } from './live-queries.ts'
import { RerunSource } from './rerun-source.ts'

interface FakePage extends Subscriber {
  readonly items: WorkerItem[]
  /** The news of all cuts. */
  readonly news: () => LiveNews[]
}

function createPage(): FakePage {
  const items: WorkerItem[] = []
  return {
    items,
    post: (item) => void items.push(item),
    news: () => items.flatMap((item) => (item.kind === 'live-cut' ? item.news : [])),
  }
}

const read = (text: string): LiveRead => ({ kind: 'sql', text, params: [] })
const change = (id: string, table = 'todo'): RowChange => ({
  table,
  id,
  before: undefined,
  after: { id },
})

/** Live queries over one list of ids that the test holds, and a clock that a run moves. */
function setup(runMs = 0) {
  const state = { ids: ['a'], nowMs: 0, runs: 0, runMs, fault: undefined as Error | undefined }
  const run = () => {
    if (state.fault) throw state.fault
    state.runs++
    state.nowMs += state.runMs
    return { keys: state.ids, rows: state.ids.map((id) => ({ id })) }
  }
  const tables = new Set(['todo'])
  const live = new LiveQueries({
    createSource: () =>
      new RerunSource({
        tables,
        explanation: explainRerun(tables, 'always'),
        isTouchedBy: (changes) => changes.some(({ table }) => table === 'todo'),
        run,
        suspects: () => undefined,
      }),
    query: () => [],
    now: () => state.nowMs,
  })
  /** What a turn of the host does. */
  const turn = (changes: readonly RowChange[] = []): void => {
    if (changes.length > 0) live.onChanges(changes)
    live.run()
    live.deliver()
  }
  const insert = (id: string): void => {
    state.ids = [...state.ids, id]
    turn([change(id)])
  }
  const subscribe = (page: Subscriber, id: number, text = 'x'): void => {
    live.subscribe(page, id, read(text))
    turn()
  }
  const acknowledge = (page: Subscriber): void => {
    live.acknowledge(page)
    turn()
  }
  return { state, live, insert, turn, subscribe, acknowledge }
}

const kinds = (page: FakePage): string[] => page.news().map(({ kind }) => kind)

test('equal queries run once, whoever asks', () => {
  const { state, insert, subscribe, acknowledge } = setup()
  const [one, two] = [createPage(), createPage()]
  subscribe(one, 1)
  subscribe(two, 7)
  expect(state.runs).toBe(1)
  acknowledge(one)
  acknowledge(two)
  insert('b')
  expect(state.runs).toBe(2)
  expect(kinds(one)).toEqual(['rows', 'patch'])
  expect(two.news()[1]).toMatchObject({
    id: 7,
    patch: { inserted: [{ index: 1, row: { id: 'b' } }] },
  })
})

test('at most one cut is on the way; what happens meanwhile is gathered into the next', () => {
  const { live, insert, subscribe, acknowledge } = setup()
  const page = createPage()
  subscribe(page, 1)
  expect(live.isBehind(page)).toBe(false)
  insert('b')
  insert('c')
  expect(kinds(page)).toEqual(['rows'])
  expect(live.isBehind(page)).toBe(true)
  acknowledge(page)
  expect(live.isBehind(page)).toBe(false)
  expect(page.news()[1]).toMatchObject({
    patch: { inserted: [{ row: { id: 'b' } }, { row: { id: 'c' } }] },
  })
  acknowledge(page)
  expect(page.items).toHaveLength(2)
})

test('the news of all queries of a page go in one cut, acknowledged once', () => {
  const { insert, subscribe, acknowledge } = setup()
  const page = createPage()
  subscribe(page, 1, 'x')
  subscribe(page, 2, 'y')
  expect(page.items).toHaveLength(1)
  acknowledge(page)
  expect(page.items).toMatchObject([
    { news: [{ kind: 'rows', id: 1 }] },
    { news: [{ kind: 'rows', id: 2 }] },
  ])
  acknowledge(page)
  insert('b')
  expect(page.items[2]).toMatchObject({
    news: [
      { kind: 'patch', id: 1 },
      { kind: 'patch', id: 2 },
    ],
  })
})

test('rows that went away and came back while a cut was on the way are no news', () => {
  const { state, insert, turn, subscribe, acknowledge } = setup()
  const page = createPage()
  subscribe(page, 1)
  insert('b')
  state.ids = ['a']
  turn([change('b')])
  acknowledge(page)
  expect(kinds(page)).toEqual(['rows'])
})

test('changes to other tables run nothing', () => {
  const { state, turn, subscribe } = setup()
  subscribe(createPage(), 1)
  turn([change('b', 'other')])
  expect(state.runs).toBe(1)
})

test('an expensive query takes at most a quarter of the time', () => {
  const { state, live, insert, turn, subscribe, acknowledge } = setup(200)
  const page = createPage()
  subscribe(page, 1)
  acknowledge(page)
  insert('b')
  acknowledge(page)
  expect(state.runs).toBe(2)
  insert('c')
  insert('d')
  expect(state.runs).toBe(2)
  const dueMs = live.nextDueMs() as number
  expect(dueMs).toBeGreaterThan(state.nowMs)
  turn()
  expect(state.runs).toBe(2)
  state.nowMs = dueMs
  turn()
  expect(state.runs).toBe(3)
  expect(page.news().at(-1)).toMatchObject({ patch: { inserted: [{}, {}] } })
  expect(live.nextDueMs()).toBeUndefined()
})

test('a new subscriber of a query that waits its turn sees the rows of now', () => {
  const { insert, subscribe } = setup(200)
  subscribe(createPage(), 1)
  insert('b')
  insert('c')
  const late = createPage()
  subscribe(late, 1)
  expect(late.news()[0]).toMatchObject({ rows: { rows: [{}, {}, {}] } })
})

test('a failing query tells its subscribers and recovers with the next change', () => {
  const { state, insert, subscribe, acknowledge } = setup()
  const page = createPage()
  subscribe(page, 1)
  acknowledge(page)
  state.fault = new Error('broken')
  insert('b')
  expect(page.news()[1]).toMatchObject({ kind: 'failed', error: { message: 'broken' } })
  acknowledge(page)
  state.fault = undefined
  insert('c')
  expect(page.news()[2]).toMatchObject({ kind: 'rows', rows: { rows: [{}, {}, {}] } })
})

test('a query that nobody is subscribed to any more costs nothing', () => {
  const { state, live, insert, subscribe } = setup()
  const page = createPage()
  subscribe(page, 1, 'x')
  subscribe(page, 2, 'y')
  live.unsubscribe(page, 1)
  live.leave(page)
  insert('b')
  expect(state.runs).toBe(2)
  expect(live.isBehind(page)).toBe(false)
})

test('too many changes to keep are one: anything may have changed', () => {
  const { state, insert, turn, subscribe, acknowledge } = setup(200)
  const page = createPage()
  subscribe(page, 1)
  acknowledge(page)
  insert('b')
  acknowledge(page)
  state.ids = ['z']
  turn(Array.from({ length: LIVE_CHANGES_MAX }, (_, index) => change(`${index}`)))
  turn([change('last')])
  state.nowMs += 10_000
  turn()
  expect(page.news().at(-1)).toMatchObject({
    patch: { removed: [0, 1], inserted: [{ row: { id: 'z' } }] },
  })
})

test('a long first result comes in parts between which others have their turn', () => {
  const { state, live, insert, turn, subscribe, acknowledge } = setup()
  state.ids = Array.from({ length: 2 * LIVE_PART_ROWS + 5 }, (_, index) => `${index}`)
  const page = createPage()
  // Every look at the clock takes longer than a slice.
  Object.defineProperty(state, 'nowMs', { get: () => ++ticks * 100, set: () => undefined })
  let ticks = 0
  subscribe(page, 1)
  expect(live.isBusy).toBe(true)
  for (let turns = 0; live.isBusy; turns++) {
    // A change that comes in between is in the cut, as a patch of what the parts began.
    if (turns === 0) insert('last')
    else turn()
  }
  expect(page.items).toMatchObject([
    { kind: 'live-part', id: 1, isFirst: true },
    { kind: 'live-part', id: 1, isFirst: false },
    {
      kind: 'live-cut',
      news: [
        { kind: 'rows', id: 1, isRest: true, rows: { rows: { length: 5 } } },
        { kind: 'patch', id: 1, patch: { inserted: [{ index: 2 * LIVE_PART_ROWS + 5 }] } },
      ],
    },
  ])
  acknowledge(page)
  expect(page.items).toHaveLength(3)
})

test('a page has a limited number of live queries', () => {
  const { live, turn, acknowledge } = setup()
  const page = createPage()
  for (let id = 0; id < LIVE_QUERIES_MAX; id++) live.subscribe(page, id, read('x'))
  turn()
  acknowledge(page)
  live.subscribe(page, LIVE_QUERIES_MAX, read('x'))
  turn()
  expect(page.items.at(-1)).toMatchObject({
    news: [{ kind: 'failed', id: LIVE_QUERIES_MAX, error: { code: 'query/too-large' } }],
  })
})
