import { afterEach, expect, test, vi } from 'vitest'
import { type FrameTab, openFrameTab } from '../testing/frame-tab.ts'
import { codeOf, openTodos, type Todos, todosWorker, until } from '../testing/open-todos.ts'
import { deleteUniverse } from './open.ts'

const open: { close(): Promise<void> }[] = []
const frames: FrameTab[] = []
let testCount = 0
let name = ''

afterEach(async () => {
  for (const universe of open.splice(0)) await universe.close()
  for (const frame of frames.splice(0)) frame.kill()
  await deleteWhenFree(name)
})

/** The lock of a tab that was killed comes free a moment later. */
async function deleteWhenFree(universe: string): Promise<void> {
  await navigator.locks.request(`inner-universe:${universe}`, () => undefined)
  await deleteUniverse(universe)
}

function newName(): string {
  name = `tabs test ${++testCount}`
  return name
}

async function openHere(options: Partial<Parameters<typeof openTodos>[0]> = {}): Promise<Todos> {
  const universe = await openTodos({ name, ...options })
  open.push(universe)
  return universe
}

async function openThere(): Promise<{ frame: FrameTab; universe: Todos }> {
  const frame = await openFrameTab()
  frames.push(frame)
  return { frame, universe: await frame.openTodos({ name }) }
}

function untilRole(universe: Todos, role: 'leader' | 'follower'): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (universe.connection.kind === 'open' && universe.connection.role === role) resolve()
    }
    universe.onConnection(check)
    check()
  })
}

test('two clients see one universe: the second follows, and both see every change', async () => {
  newName()
  const leader = await openHere()
  const follower = await openHere()
  expect(leader.connection).toEqual({ kind: 'open', role: 'leader' })
  expect(follower.connection).toEqual({ kind: 'open', role: 'follower' })
  expect(follower.identity).toBe(leader.identity)
  const lives = [leader, follower].map((universe) => universe.live((q) => q.todo.orderBy('rank')))
  const stops = lives.map((live) => live.subscribe(() => undefined))
  for (const live of lives) await until(live, (state) => state.isReady)
  const id = await follower.reducers.addTodo({ title: 'from the follower' })
  expect(lives[1]?.state.rows).toMatchObject([{ id }])
  expect(await leader.get('todo', id)).toMatchObject({ title: 'from the follower' })
  await leader.reducers.finish({ id })
  expect(await follower.get('todo', id)).toMatchObject({ done: true })
  expect(await follower.verify()).toEqual([])
  const file = await new Response(
    follower.exportFile() as ReadableStream<Uint8Array<ArrayBuffer>>,
  ).arrayBuffer()
  expect(file.byteLength).toBeGreaterThan(8192)
  for (const stop of stops) stop()
})

test('many rows reach a follower as columns', async () => {
  newName()
  const leader = await openHere()
  const follower = await openHere()
  await leader.reducers.addMany({ count: 1000 })
  const rows = await follower.query((q) => q.todo.orderBy('rank'))
  expect(rows).toHaveLength(1000)
  expect(rows[999]).toMatchObject({ rank: 999, done: false, title: 'todo 999' })
})

test('without SharedWorker tabs talk over a BroadcastChannel', async () => {
  newName()
  const Original = globalThis.SharedWorker
  Reflect.deleteProperty(globalThis, 'SharedWorker')
  try {
    const leader = await openHere()
    const follower = await openHere()
    const live = follower.live((q) => q.todo)
    const stop = live.subscribe(() => undefined)
    await until(live, (state) => state.isReady)
    const id = await follower.reducers.addTodo({ title: 'x' })
    expect(live.state.rows).toMatchObject([{ id }])
    await leader.reducers.addMany({ count: 500 })
    expect(await follower.query((q) => q.todo)).toHaveLength(501)
    expect(await follower.verify()).toEqual([])
    stop()
  } finally {
    globalThis.SharedWorker = Original
  }
})

test('a leader that closes hands over: the follower leads, and calls and live queries go on', async () => {
  newName()
  const leader = await openHere()
  const follower = await openHere()
  const live = follower.live((q) => q.todo.orderBy('rank'))
  const stop = live.subscribe(() => undefined)
  await leader.reducers.addMany({ count: 10 })
  await until(live, ({ rows }) => rows.length === 10)
  const [row] = live.state.rows
  let gaps = 0
  follower.onChanges(['todo'], () => undefined, { onGap: () => gaps++ })
  await leader.close()
  const id = await follower.reducers.addTodo({ title: 'after', rank: 100 })
  expect(follower.connection).toEqual({ kind: 'open', role: 'leader' })
  expect(live.state.rows).toHaveLength(11)
  expect(live.state.rows[10]).toMatchObject({ id })
  expect(live.state.rows[0]).toBe(row)
  expect(gaps).toBe(1)
  stop()
})

test('a tab that is killed while it leads: calls in flight are answered once, by the next leader', async () => {
  newName()
  const { frame, universe: leader } = await openThere()
  const follower = await openHere()
  expect(follower.connection).toEqual({ kind: 'open', role: 'follower' })
  const patches: unknown[] = []
  const live = follower.live((q) => q.todo.where({ rank: { gte: 0 } }).orderBy('rank'))
  const stop = live.subscribe((_state, patch) => patches.push(patch))
  await leader.reducers.addMany({ count: 3 })
  await until(live, ({ rows }) => rows.length === 3)
  const patchCount = patches.length
  const calls = Array.from({ length: 200 }, (_, rank) =>
    follower.reducers.addTodo({ title: `in flight ${rank}`, rank: -1 }),
  )
  await calls[0]
  frame.kill()
  const ids = await Promise.all(calls)
  expect(new Set(ids).size).toBe(200)
  expect(await follower.count((q) => q.todo)).toBe(203)
  await untilRole(follower, 'leader')
  // Nothing that the query asks for has changed: its rows came anew, and no one was told.
  expect(patches).toHaveLength(patchCount)
  expect(live.state.rows).toHaveLength(3)
  stop()
})

test('of several followers one leads next and the others follow it', async () => {
  newName()
  const { frame } = await openThere()
  const first = await openHere()
  const second = await openHere()
  frame.kill()
  await Promise.all([
    first.reducers.addTodo({ title: 'a' }),
    second.reducers.addTodo({ title: 'b' }),
  ])
  expect(await first.count((q) => q.todo)).toBe(2)
  expect(await second.count((q) => q.todo)).toBe(2)
  const roles = [first, second].map(
    ({ connection }) => connection.kind === 'open' && connection.role,
  )
  expect(roles.sort()).toEqual(['follower', 'leader'])
})

test('a tab that goes away is disconnected, whether it closed or was killed', async () => {
  newName()
  const leader = await openHere()
  const closed = await openHere()
  const closedId = closed.connectionId
  await closed.close()
  const { frame, universe } = await openThere()
  const killedId = universe.connectionId
  const live = leader.live((q) => q.visit.where({ kind: 'disconnected' }))
  frame.kill()
  const { rows } = await until(live, (state) => state.rows.length === 2)
  expect(rows.map((row) => row.connection).sort()).toEqual([closedId, killedId].sort())
})

async function visitsOf(universe: Todos): Promise<string[]> {
  const rows = await universe.query((q) => q.visit)
  return rows.map(({ connection, kind }) => `${connection} ${kind}`).sort()
}

test('when the leader and another tab die, both are disconnected; who lives on stays connected', async () => {
  newName()
  const { frame: leaderFrame, universe: leader } = await openThere()
  const { frame: deadFrame, universe: dead } = await openThere()
  const first = await openHere()
  const second = await openHere()
  const died = [leader.connectionId, dead.connectionId]
  const alive = [first.connectionId, second.connectionId]
  // In this order the leader has no time to see the other one go.
  leaderFrame.kill()
  deadFrame.kill()
  const live = first.live((q) => q.visit.where({ kind: 'disconnected' }))
  await until(live, ({ rows }) => rows.length === 2)
  await Promise.all([first, second].map(({ reducers }) => reducers.addTodo({ title: 'x' })))
  expect(await visitsOf(first)).toEqual(
    [
      ...died.flatMap((id) => [`${id} connected`, `${id} disconnected`]),
      ...alive.map((id) => `${id} connected`),
    ].sort(),
  )
  const untilSecondLeft = until(live, ({ rows }) => rows.length === 3)
  await second.close()
  const { rows } = await untilSecondLeft
  expect(rows.filter(({ connection }) => connection === second.connectionId)).toHaveLength(1)
})

test('after every tab has died the next one to open disconnects them', async () => {
  newName()
  const { frame: leaderFrame, universe: leader } = await openThere()
  const { frame: followerFrame, universe: follower } = await openThere()
  const died = [leader.connectionId, follower.connectionId]
  leaderFrame.kill()
  followerFrame.kill()
  const later = await openHere()
  await until(
    later.live((q) => q.visit.where({ kind: 'disconnected' })),
    (state) => state.rows.length === 2,
  )
  expect(await visitsOf(later)).toEqual(
    [
      ...died.flatMap((id) => [`${id} connected`, `${id} disconnected`]),
      `${later.connectionId} connected`,
    ].sort(),
  )
})

test('a worker that is killed is replaced, and calls in flight are answered', async () => {
  newName()
  const workers: Worker[] = []
  const universe = await openHere({
    worker: () => {
      const worker = todosWorker()
      workers.push(worker)
      return worker
    },
  })
  await universe.reducers.addTodo({ title: 'a' })
  const calls = Array.from({ length: 50 }, (_, rank) =>
    universe.reducers.addTodo({ title: 'b', rank }),
  )
  await Promise.resolve()
  workers[0]?.terminate()
  expect(new Set(await Promise.all(calls)).size).toBe(50)
  expect(await universe.count((q) => q.todo)).toBe(51)
  expect(workers.length).toBe(2)
})

test('an endless reducer is stopped and only it fails', async () => {
  newName()
  const leader = await openHere({ reducerMsMax: 300 })
  const follower = await openHere({ reducerMsMax: 300 })
  const calls = [
    leader.reducers.addTodo({ title: 'a' }),
    leader.reducers.spin({ title: 'never' }),
    leader.reducers.addTodo({ title: 'b' }),
    follower.reducers.addTodo({ title: 'c' }),
  ]
  expect(await Promise.all(calls.map(codeOf))).toEqual([
    'fulfilled',
    'reducer/time-limit',
    'fulfilled',
    'fulfilled',
  ])
  expect((await leader.query((q) => q.todo.orderBy('title'))).map((row) => row.title)).toEqual([
    'a',
    'b',
    'c',
  ])
}, 60_000)

test('an endless reducer of a follower is found after its leader is killed, too', async () => {
  newName()
  const { frame, universe: leader } = await openThere()
  await leader.reducers.addTodo({ title: 'a' })
  const follower = await openHere({ reducerMsMax: 300 })
  const spinning = follower.reducers.spin({ title: 'never' })
  const waiting = follower.reducers.addTodo({ title: 'b' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  frame.kill()
  expect(await codeOf(spinning)).toBe('reducer/time-limit')
  expect(await codeOf(waiting)).toBe('fulfilled')
  expect(await follower.count((q) => q.todo)).toBe(2)
}, 60_000)

test('an import that its tab did not live to finish changes nothing and hinders no other', async () => {
  newName()
  const leader = await openHere()
  await leader.reducers.addMany({ count: 10 })
  const file = await new Response(
    leader.exportFile() as ReadableStream<Uint8Array<ArrayBuffer>>,
  ).blob()
  const { frame, universe } = await openThere()
  const isWritten = new Promise<void>((resolve) => {
    const endless = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new Uint8Array(await file.slice(0, 8192).arrayBuffer()))
      },
    })
    void universe.importFile(endless, { onProgress: () => resolve() })
  })
  await isWritten
  frame.kill()
  await leader.reducers.addTodo({ title: 'after' })
  await vi.waitFor(() => leader.importFile(file), { timeout: 10_000 })
  expect(await leader.count((q) => q.todo)).toBe(10)
})
