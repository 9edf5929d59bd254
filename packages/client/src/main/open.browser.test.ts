import { afterEach, expect, test, vi } from 'vitest'
import { notes } from '../testing/notes.ts'
import { codeOf, openTodos, type Todos, until } from '../testing/open-todos.ts'
import { deleteUniverse, listUniverses, openUniverse } from './open.ts'

const open: { close(): Promise<void> }[] = []
let testCount = 0
let name = ''

afterEach(async () => {
  for (const universe of open.splice(0)) await universe.close()
  if (name !== '') await deleteUniverse(name)
  name = ''
})

function newName(): string {
  name = `client test ${++testCount}`
  return name
}

async function openNew(options: Partial<Parameters<typeof openTodos>[0]> = {}): Promise<Todos> {
  const universe = await openTodos({ name: newName(), ...options })
  open.push(universe)
  return universe
}

test('one tab: open, call, query, search, SQL, live, and all of it there after reopening', async () => {
  const universe = await openNew()
  expect(universe.connection).toEqual({ kind: 'open', role: 'leader' })
  expect(await universe.storage()).toMatchObject({ kind: 'opfs', reason: undefined })
  const live = universe.live((q) => q.todo.orderBy('rank'))
  const stop = live.subscribe(() => undefined)
  await until(live, (state) => state.isReady)
  const id = await universe.reducers.addTodo({ title: 'milk' })
  expect(live.state.rows).toEqual([{ id, title: 'milk', done: false, rank: 0 }])
  expect(await universe.get('todo', id)).toEqual(live.state.rows[0])
  expect(await universe.search('todo', 'mil')).toHaveLength(1)
  expect(await universe.sql('select count(*) as n from todo')).toEqual([{ n: 1 }])
  await universe.reducers.addMany({ count: 300 })
  expect(live.state.rows).toHaveLength(301)
  stop()
  const { identity } = universe
  await universe.close()
  expect(await codeOf(universe.count((q) => q.todo))).toBe('client/closed')
  const again = await openTodos({ name })
  open.push(again)
  expect(await again.query((q) => q.todo.orderBy('rank'))).toHaveLength(301)
  expect(again.identity).toBe(identity)
  expect(await again.verify()).toEqual([])
  expect(await listUniverses()).toContain(name)
})

test('refusals are typed and leave the data as it was', async () => {
  const universe = await openNew()
  const { reducers } = universe
  const refused = await reducers.refuse({ reason: 'because' }).then(undefined, (error) => error)
  expect(refused).toMatchObject({
    code: 'universe/validation',
    message: 'because',
    details: { reason: 'because' },
  })
  expect(await codeOf(reducers.throwPlainly({}))).toBe('reducer/rejected')
  expect(await codeOf(reducers.later({}))).toBe('reducer/asynchronous')
  expect(await codeOf(reducers.addTodo({ title: 5 as never }))).toBe('reducer/invalid-arguments')
  expect(await codeOf(reducers.addTodo({ title: 'x'.repeat(5_000_000) }))).toBe('call/too-large')
  expect(await codeOf(universe.sql('nonsense'))).toBe('sql/invalid')
  expect(await universe.count((q) => q.todo)).toBe(0)
})

test('a call that is aborted before it begins does nothing; one that began takes effect', async () => {
  const universe = await openNew()
  const controller = new AbortController()
  const first = universe.reducers.addMany({ count: 2000 })
  const waiting = universe.reducers.addTodo({ title: 'x' }, { signal: controller.signal })
  controller.abort()
  expect(await codeOf(waiting)).toBe('call/aborted')
  expect(await first).toBe(2000)
  const late = new AbortController()
  const begun = universe.reducers.addTodo({ title: 'y' }, { signal: late.signal })
  await begun
  late.abort()
  expect(await codeOf(begun)).toBe('fulfilled')
  expect(await universe.count((q) => q.todo)).toBe(2001)
})

test('a thousand calls at once are each answered, in few transactions', async () => {
  const universe = await openNew()
  let transactions = 0
  universe.onChanges(['todo'], () => transactions++)
  const ids = await Promise.all(
    Array.from({ length: 1000 }, (_, rank) => universe.reducers.addTodo({ title: 'x', rank })),
  )
  expect(new Set(ids).size).toBe(1000)
  expect(transactions).toBeLessThan(100)
})

test('without OPFS the universe is in memory and says why', async () => {
  const universe = await openNew({
    worker: () =>
      new Worker(new URL('../testing/no-opfs.worker.ts', import.meta.url), { type: 'module' }),
  })
  const storage = await universe.storage()
  expect(storage.kind).toBe('memory')
  expect(storage.reason).toContain('SecurityError')
  await universe.reducers.addTodo({ title: 'milk' })
  expect(await universe.count((q) => q.todo)).toBe(1)
})

test('memory that was asked for needs no reason', async () => {
  const universe = await openNew({ storage: 'memory' })
  expect(await universe.storage()).toMatchObject({ kind: 'memory', reason: undefined })
})

test('a full disk refuses the call and nothing else; reads go on, and calls once there is room', async () => {
  const universe = await openNew({
    worker: () =>
      new Worker(new URL('../testing/full-disk.worker.ts', import.meta.url), { type: 'module' }),
  })
  const disk = new BroadcastChannel('full disk')
  await universe.reducers.addTodo({ title: 'before' })
  disk.postMessage(true)
  await vi.waitFor(async () => {
    expect(await codeOf(universe.reducers.addTodo({ title: 'full' }))).toBe(
      'storage/quota-exceeded',
    )
  })
  const before = await universe.query((q) => q.todo.where({ title: { ne: 'full' } }))
  expect(before).toMatchObject([{ title: 'before' }])
  disk.postMessage(false)
  await vi.waitFor(async () => {
    expect(await codeOf(universe.reducers.addTodo({ title: 'after' }))).toBe('fulfilled')
  })
  expect(await universe.verify()).toEqual([])
  disk.close()
})

test('a browser without Web Locks is told apart, with what it lacks', async () => {
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true })
  try {
    await expect(openTodos({ name: 'any' })).rejects.toMatchObject({
      code: 'client/unsupported',
      details: { missing: [expect.stringContaining('Web Locks')] },
    })
  } finally {
    Reflect.deleteProperty(navigator, 'locks')
  }
})

test('a worker script that is missing or throws is named within bounded time', async () => {
  const missing = openTodos({
    name: newName(),
    worker: () => new Worker('/nowhere/todos.worker.js', { type: 'module' }),
  })
  const error = await missing.catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'client/worker-failed' })
  expect((error as Error).message).toContain('/nowhere/todos.worker.js')
  const throwing = openTodos({
    name,
    worker: () =>
      new Worker(new URL('../testing/throwing.worker.ts', import.meta.url), { type: 'module' }),
  })
  await expect(throwing).rejects.toMatchObject({
    code: 'client/worker-failed',
    message: expect.stringContaining('thrown at start'),
  })
  // Nothing is left behind: the name can be opened.
  open.push(await openTodos({ name }))
})

test('a second module under the same name is refused, while open and after', async () => {
  const universe = await openNew()
  await universe.reducers.addTodo({ title: 'milk' })
  const asNotes = () =>
    openUniverse(notes, {
      name,
      worker: () =>
        new Worker(new URL('../testing/notes.worker.ts', import.meta.url), { type: 'module' }),
    })
  expect(await codeOf(asNotes())).toBe('engine/module-mismatch')
  await universe.close()
  expect(await codeOf(asNotes())).toBe('engine/module-mismatch')
  const again = await openTodos({ name })
  open.push(again)
  expect(await again.count((q) => q.todo)).toBe(1)
})

test('opening can be aborted', async () => {
  const name = newName()
  expect(await codeOf(openTodos({ name, signal: AbortSignal.abort() }))).toBe('call/aborted')
  const controller = new AbortController()
  const opening = openTodos({ name, signal: controller.signal })
  controller.abort()
  expect(await codeOf(opening)).toBe('call/aborted')
  open.push(await openTodos({ name }))
})

test('an open universe cannot be deleted; a closed one is gone', async () => {
  const universe = await openNew()
  await universe.reducers.addTodo({ title: 'milk' })
  expect(await codeOf(deleteUniverse(name))).toBe('storage/locked')
  await universe.close()
  await deleteUniverse(name)
  expect(await listUniverses()).not.toContain(name)
  const fresh = await openTodos({ name })
  open.push(fresh)
  expect(await fresh.count((q) => q.todo)).toBe(0)
})

test('export and import round trip; what is no universe changes nothing', async () => {
  const source = await openNew()
  await source.reducers.addMany({ count: 500 })
  const file = await new Response(
    source.exportFile() as ReadableStream<Uint8Array<ArrayBuffer>>,
  ).blob()
  await source.reducers.addTodo({ title: 'later', rank: 1000 })
  const live = source.live((q) => q.todo.orderBy('rank', 'desc').limit(1))
  const stop = live.subscribe(() => undefined)
  await until(live, (state) => state.isReady)

  expect(await codeOf(source.importFile(new Blob(['garbage'.repeat(1000)])))).toBe(
    'storage/not-a-database',
  )
  expect(await codeOf(source.importFile(file, { signal: AbortSignal.abort() }))).toBe(
    'call/aborted',
  )
  expect(await source.count((q) => q.todo)).toBe(501)

  const progress: number[] = []
  await source.importFile(file, { onProgress: ({ doneBytes }) => progress.push(doneBytes) })
  expect(progress.at(-1)).toBe(file.size)
  expect(await source.count((q) => q.todo)).toBe(500)
  expect((await until(live, ({ rows }) => rows[0]?.title !== 'later')).rows[0]?.rank).toBe(499)
  await source.reducers.addTodo({ title: 'goes on', rank: 2000 })
  expect(live.state.rows[0]).toMatchObject({ title: 'goes on' })
  expect(await source.verify()).toEqual([])
  stop()
})
