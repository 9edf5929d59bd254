import type { RowChange } from '@inner-universe/core'
import { expect, test } from 'vitest'
import type { LiveRead, WorkerItem } from '../rpc/contract.ts'
import { LIVE_CHANGES_MAX } from '../rpc/limits.ts'
import { diffRows } from '../rpc/row-patch.ts'
import { LiveQueries, type Subscriber } from './live-queries.ts'
import type { LiveSource } from './live-source.ts'

interface FakeSubscriber extends Subscriber {
  readonly items: WorkerItem[]
}

function subscriber(): FakeSubscriber {
  const items: WorkerItem[] = []
  return { items, post: (item) => void items.push(item) }
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
  const hydrate = () => {
    if (state.fault) throw state.fault
    state.runs++
    state.nowMs += state.runMs
    return { keys: state.ids, rows: state.ids.map((id) => ({ id })) }
  }
  const createSource = (): LiveSource => ({
    tables: new Set(['todo']),
    isTouchedBy: (changes) => changes.some(({ table }) => table === 'todo'),
    hydrate,
    step: (before) => diffRows(before, hydrate()),
  })
  const live = new LiveQueries({ createSource, now: () => state.nowMs })
  const insert = (id: string): void => {
    state.ids = [...state.ids, id]
    live.onChanges([change(id)])
  }
  return { state, live, insert }
}

const kinds = ({ items }: FakeSubscriber): string[] => items.map((item) => item.kind)

test('equal queries run once, whoever asks', () => {
  const { state, live, insert } = setup()
  const [one, two] = [subscriber(), subscriber()]
  live.subscribe(one, 1, read('x'))
  live.subscribe(two, 7, read('x'))
  expect(state.runs).toBe(1)
  live.acknowledge(one, 1)
  live.acknowledge(two, 7)
  insert('b')
  expect(state.runs).toBe(2)
  expect(kinds(one)).toEqual(['live-rows', 'live-patch'])
  expect(two.items[1]).toMatchObject({
    id: 7,
    patch: { inserted: [{ index: 1, row: { id: 'b' } }] },
  })
})

test('at most one patch is on the way; what happens meanwhile is gathered into the next', () => {
  const { live, insert } = setup()
  const page = subscriber()
  live.subscribe(page, 1, read('x'))
  expect(live.isBehind(page)).toBe(false)
  insert('b')
  insert('c')
  expect(kinds(page)).toEqual(['live-rows'])
  expect(live.isBehind(page)).toBe(true)
  live.acknowledge(page, 1)
  expect(live.isBehind(page)).toBe(false)
  expect(page.items[1]).toMatchObject({
    patch: { inserted: [{ row: { id: 'b' } }, { row: { id: 'c' } }] },
  })
  live.acknowledge(page, 1)
  expect(page.items).toHaveLength(2)
})

test('rows that went away and came back while a patch was on the way are no news', () => {
  const { state, live, insert } = setup()
  const page = subscriber()
  live.subscribe(page, 1, read('x'))
  insert('b')
  state.ids = ['a']
  live.onChanges([change('b')])
  live.acknowledge(page, 1)
  expect(kinds(page)).toEqual(['live-rows'])
})

test('changes to other tables run nothing', () => {
  const { state, live } = setup()
  live.subscribe(subscriber(), 1, read('x'))
  live.onChanges([change('b', 'other')])
  expect(state.runs).toBe(1)
})

test('an expensive query takes at most a quarter of the time', () => {
  const { state, live, insert } = setup(200)
  const page = subscriber()
  live.subscribe(page, 1, read('x'))
  live.acknowledge(page, 1)
  insert('b')
  live.acknowledge(page, 1)
  expect(state.runs).toBe(2)
  insert('c')
  insert('d')
  expect(state.runs).toBe(2)
  const dueMs = live.nextDueMs() as number
  expect(dueMs).toBeGreaterThan(state.nowMs)
  live.runDue()
  expect(state.runs).toBe(2)
  state.nowMs = dueMs
  live.runDue()
  expect(state.runs).toBe(3)
  expect(page.items.at(-1)).toMatchObject({ patch: { inserted: [{}, {}] } })
  expect(live.nextDueMs()).toBeUndefined()
})

test('a new subscriber of a query that waits its turn sees the rows of now', () => {
  const { live, insert } = setup(200)
  live.subscribe(subscriber(), 1, read('x'))
  insert('b')
  insert('c')
  const late = subscriber()
  live.subscribe(late, 1, read('x'))
  expect(late.items[0]).toMatchObject({ rows: { rows: [{}, {}, {}] } })
})

test('a failing query tells its subscribers and recovers with the next change', () => {
  const { state, live, insert } = setup()
  const page = subscriber()
  live.subscribe(page, 1, read('x'))
  live.acknowledge(page, 1)
  state.fault = new Error('broken')
  insert('b')
  expect(page.items[1]).toMatchObject({ kind: 'live-failed', error: { message: 'broken' } })
  state.fault = undefined
  insert('c')
  expect(page.items[2]).toMatchObject({ kind: 'live-rows', rows: { rows: [{}, {}, {}] } })
})

test('a query that nobody is subscribed to any more costs nothing', () => {
  const { state, live, insert } = setup()
  const page = subscriber()
  live.subscribe(page, 1, read('x'))
  live.subscribe(page, 2, read('y'))
  live.unsubscribe(page, 1)
  live.removeSubscriber(page)
  insert('b')
  expect(state.runs).toBe(2)
  expect(live.isBehind(page)).toBe(false)
})

test('too many changes to keep are one: anything may have changed', () => {
  const { state, live, insert } = setup(200)
  const page = subscriber()
  live.subscribe(page, 1, read('x'))
  live.acknowledge(page, 1)
  insert('b')
  live.acknowledge(page, 1)
  state.ids = ['z']
  live.onChanges(Array.from({ length: LIVE_CHANGES_MAX }, (_, index) => change(`${index}`)))
  live.onChanges([change('last')])
  state.nowMs += 10_000
  live.runDue()
  expect(page.items.at(-1)).toMatchObject({
    patch: { removed: [0, 1], inserted: [{ row: { id: 'z' } }] },
  })
})
