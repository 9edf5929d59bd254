import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import type { LivePatch, LiveState, Universe } from '../main/universe.ts'
import { todos } from '../testing/todos.ts'
import { type Clock, defineModule, openUniverse, systemClock, t, table } from './index.ts'

type Todos = Universe<typeof todos.tables, typeof todos.reducers>

const directory = mkdtempSync(join(tmpdir(), 'inner-universe-client-'))
const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const universe of open.splice(0)) await universe.close()
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function openTodos(
  options: Parameters<typeof openUniverse>[1] = { memory: true },
): Promise<Todos> {
  const universe = await openUniverse(todos, options)
  open.push(universe)
  return universe
}

const codeOf = (promise: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(promise).then(
    () => 'fulfilled',
    (error: { code?: string }) => error.code ?? String(error),
  )

/** The next state of a live query for which the condition holds. */
function until<R>(
  live: { subscribe(listener: (state: LiveState<R>) => void): () => void },
  holds: (state: LiveState<R>) => boolean,
): Promise<LiveState<R>> {
  return new Promise((resolve) => {
    const stop = live.subscribe((state) => {
      if (!holds(state)) return
      resolve(state)
      queueMicrotask(() => stop())
    })
  })
}

test('calls give values back, reads see them, and typed rows come out decoded', async () => {
  const universe = await openTodos()
  const id = await universe.reducers.addTodo({ title: 'milk' })
  expect(await universe.get('todo', id)).toEqual({ id, title: 'milk', done: false, rank: 0 })
  expect(await universe.query((q) => q.todo.where({ done: false }))).toHaveLength(1)
  expect(await universe.count((q) => q.todo)).toBe(1)
  expect(await universe.sql('select title from todo where id = ?1', [id])).toEqual([
    { title: 'milk' },
  ])
  expect(await universe.search('todo', 'mil')).toMatchObject([{ id }])
  expect(await universe.get('todo', 'nowhere')).toBeUndefined()
})

test('a read sent right after a call sees it, without awaiting the call', async () => {
  const universe = await openTodos()
  const call = universe.reducers.addTodo({ title: 'milk' })
  expect(await universe.count((q) => q.todo)).toBe(1)
  await call
})

test('calls made together share transactions and are answered each on its own', async () => {
  const universe = await openTodos()
  const transactions: number[] = []
  universe.onChanges(['todo'], ({ changes }) => transactions.push(changes.length))
  const calls = Array.from({ length: 100 }, (_, rank) =>
    universe.reducers.addTodo({ title: 'x', rank }),
  )
  const refused = universe.reducers.refuse({ reason: 'no' })
  expect(new Set(await Promise.all(calls)).size).toBe(100)
  expect(await codeOf(refused)).toBe('universe/validation')
  expect(await universe.count((q) => q.todo)).toBe(100)
  expect(transactions.length).toBeLessThan(10)
  expect(transactions.reduce((sum, count) => sum + count, 0)).toBe(100)
})

test('refusals are typed, whatever the reducer did', async () => {
  const universe = await openTodos()
  const { reducers } = universe
  await expect(reducers.refuse({ reason: 'bad title' })).rejects.toMatchObject({
    message: 'bad title',
  })
  expect(await codeOf(reducers.throwPlainly({}))).toBe('reducer/rejected')
  expect(await codeOf(reducers.later({}))).toBe('reducer/asynchronous')
  expect(await codeOf(reducers.giveFunction({}))).toBe('reducer/invalid-result')
  expect(await codeOf(reducers.addTodo({ title: 5 as never }))).toBe('reducer/invalid-arguments')
  expect(await codeOf(reducers.addTodo({ title: (() => 1) as never }))).toBe(
    'reducer/invalid-arguments',
  )
  const { missing } = reducers as unknown as { missing?: unknown }
  expect(missing).toBeUndefined()
  expect(await codeOf(universe.sql('create table x (y)'))).toBe('sql/not-read-only')
  expect(await codeOf(universe.sql('select * from nowhere'))).toBe('sql/invalid')
  expect(await universe.count((q) => q.todo)).toBe(0)
})

test('too large and too many are refused before they are sent; so is an aborted call', async () => {
  const universe = await openTodos()
  const { addTodo } = universe.reducers
  expect(await codeOf(addTodo({ title: 'x'.repeat(5_000_000) }))).toBe('call/too-large')
  expect(await codeOf(addTodo({ title: 'x' }, { signal: AbortSignal.abort() }))).toBe(
    'call/aborted',
  )
  const controller = new AbortController()
  const call = addTodo({ title: 'x' }, { signal: controller.signal })
  controller.abort()
  expect(await codeOf(call)).toBe('call/aborted')
  expect(await codeOf(universe.query((q) => q.todo, { signal: AbortSignal.abort() }))).toBe(
    'call/aborted',
  )
  expect(await universe.count((q) => q.todo)).toBe(0)
  const id = await addTodo({ title: 'y' })
  expect(await universe.get('todo', id)).toMatchObject({ title: 'y' })
})

test('a time-out leaves the outcome open', async () => {
  const clock: Clock = {
    ...systemClock,
    setTimer: (run, delayMs) => {
      if (delayMs !== 1) return systemClock.setTimer(run, delayMs)
      run()
      return () => undefined
    },
  }
  const universe = await openTodos({ memory: true, clock })
  const call = universe.reducers.addMany({ count: 5000 }, { timeoutMs: 1 })
  expect(await codeOf(call)).toBe('call/timed-out')
  expect(await universe.count((q) => q.todo)).toBe(5000)
})

test('arguments are those of the moment of the call', async () => {
  const universe = await openTodos()
  const args = { title: 'before' }
  const call = universe.reducers.addTodo(args)
  args.title = 'after'
  expect(await universe.get('todo', await call)).toMatchObject({ title: 'before' })
})

test('a live query has its patch before the call that caused it is answered', async () => {
  const universe = await openTodos()
  const live = universe.live((q) => q.todo.where({ done: false }).orderBy('rank'))
  const titles: string[][] = []
  const patches: (LivePatch<unknown> | undefined)[] = []
  live.subscribe((state, patch) => {
    titles.push(state.rows.map((row) => row.title))
    patches.push(patch)
  })
  await until(live, (state) => state.isReady)
  const b = await universe.reducers.addTodo({ title: 'b', rank: 2 })
  expect(titles.at(-1)).toEqual(['b'])
  await universe.reducers.addTodo({ title: 'a', rank: 1 })
  expect(titles.at(-1)).toEqual(['a', 'b'])
  const [, rowB] = live.state.rows
  await universe.reducers.addTodo({ title: 'c', rank: 3 })
  expect(live.state.rows[1]).toBe(rowB)
  await universe.reducers.finish({ id: b })
  expect(titles.at(-1)).toEqual(['a', 'c'])
  expect(patches.at(-1)).toMatchObject({ inserted: [], updated: [], deleted: [{ title: 'b' }] })
})

test('a change that no row of the query can see costs no patch', async () => {
  const universe = await openTodos()
  const live = universe.live((q) => q.todo.where({ done: true }))
  let calls = 0
  live.subscribe(() => calls++)
  await until(live, (state) => state.isReady)
  await universe.reducers.addTodo({ title: 'open' })
  expect(calls).toBe(1)
  expect(live.state.rows).toEqual([])
})

test('windows stay right: a row leaves the limit when another enters', async () => {
  const universe = await openTodos()
  const live = universe.live((q) => q.todo.orderBy('rank', 'desc').limit(2))
  await universe.reducers.addMany({ count: 5 })
  await until(live, (state) => state.isReady)
  const stop = live.subscribe(() => undefined)
  expect(live.state.rows.map((row) => row.rank)).toEqual([4, 3])
  const id = await universe.reducers.addTodo({ title: 'top', rank: 9 })
  expect(live.state.rows.map((row) => row.rank)).toEqual([9, 4])
  await universe.reducers.finish({ id })
  expect(live.state.rows[0]).toMatchObject({ id, done: true })
  await universe.reducers.remove({ id })
  expect(live.state.rows.map((row) => row.rank)).toEqual([4, 3])
  stop()
})

test('live SQL and live search follow their tables', async () => {
  const universe = await openTodos()
  const count = universe.liveSql<{ n: number }>(
    'select count(*) as n from todo where done = ?1',
    [0],
  )
  const found = universe.liveSearch('todo', 'milk')
  const stops = [count.subscribe(() => undefined), found.subscribe(() => undefined)]
  await until(count, (state) => state.isReady)
  await until(found, (state) => state.isReady)
  const id = await universe.reducers.addTodo({ title: 'oat milk' })
  await universe.reducers.addTodo({ title: 'bread' })
  expect(count.state.rows).toEqual([{ n: 2 }])
  expect(found.state.rows).toMatchObject([{ id }])
  for (const stop of stops) stop()
})

test('a wrong live query says so, and others are not disturbed', async () => {
  const universe = await openTodos()
  const wrong = universe.liveSql('select * from nowhere')
  const failed = await until(wrong, (state) => state.error !== undefined)
  expect(failed.error).toMatchObject({ code: 'sql/invalid' })
  expect(await universe.count((q) => q.todo)).toBe(0)
})

test('an async iteration sees the rows after each change', async () => {
  const universe = await openTodos()
  const seen: number[] = []
  for await (const rows of universe.live((q) => q.todo)) {
    seen.push(rows.length)
    if (rows.length === 2) break
    void universe.reducers.addTodo({ title: 'x' })
  }
  expect(seen).toEqual([0, 1, 2])
})

test('changes come per transaction, in order, before the answer', async () => {
  const universe = await openTodos()
  const log: string[] = []
  const stop = universe.onChanges(['todo'], ({ origin, changes }) => {
    for (const { before, after } of changes) log.push(`${origin} ${before?.done}>${after?.done}`)
  })
  const id = await universe.reducers.addTodo({ title: 'x' })
  expect(log).toEqual(['local undefined>false'])
  await universe.reducers.finish({ id })
  await universe.reducers.remove({ id })
  expect(log.slice(1)).toEqual(['local false>true', 'local true>undefined'])
  stop()
  await universe.reducers.addTodo({ title: 'y' })
  expect(log).toHaveLength(3)
  expect(() => universe.onChanges(['nowhere' as 'todo'], () => undefined)).toThrow(
    expect.objectContaining({ code: 'table/unknown' }),
  )
})

test('identity, connection and lifecycle', async () => {
  const universe = await openTodos({ memory: true, identity: 'ada' })
  expect(universe.identity).toBe('ada')
  expect(await universe.reducers.whoAmI({})).toEqual({
    sender: 'ada',
    connectionId: universe.connectionId,
  })
  expect(await universe.query((q) => q.visit)).toMatchObject([
    { sender: 'ada', kind: 'connected', connection: universe.connectionId },
  ])
  expect(await codeOf(openUniverse(todos, { memory: true, identity: 'banned' }))).toBe(
    'universe/unauthorized',
  )
})

test('a schedule runs by itself and is seen live', async () => {
  const universe = await openTodos()
  const live = universe.live((q) => q.todo)
  const done = until(live, (state) => state.rows.length === 1)
  await universe.reducers.remindAt({ atMs: Date.now() + 20, title: 'tea' })
  expect((await done).rows).toMatchObject([{ title: 'tea' }])
})

test('a file keeps everything; the owner stays who made it', async () => {
  const path = join(directory, 'a.db')
  const first = await openTodos({ path })
  const { identity } = first
  await first.reducers.addMany({ count: 300 })
  await first.close()
  expect(await codeOf(first.query((q) => q.todo))).toBe('client/closed')
  expect(await codeOf(first.reducers.addTodo({ title: 'x' }))).toBe('client/closed')
  const second = await openTodos({ path })
  expect(second.identity).toBe(identity)
  const rows = await second.query((q) => q.todo.orderBy('rank'))
  expect(rows).toHaveLength(300)
  expect(rows[299]).toMatchObject({ title: 'todo 299', rank: 299, done: false })
  expect(await second.query((q) => q.visit.where({ kind: 'disconnected' }))).toHaveLength(1)
  expect(await second.verify()).toEqual([])
  expect(await second.storage()).toMatchObject({ kind: 'file', isPersistent: true })
})

test('closing answers the calls under way first, and is idempotent', async () => {
  const universe = await openTodos()
  const calls = Array.from({ length: 50 }, (_, rank) =>
    universe.reducers.addTodo({ title: 'x', rank }),
  )
  await Promise.all([universe.close(), universe.close()])
  expect(await Promise.all(calls)).toHaveLength(50)
})

test('another module under the same file is refused and the file untouched', async () => {
  const path = join(directory, 'b.db')
  const universe = await openTodos({ path })
  await universe.reducers.addTodo({ title: 'x' })
  await universe.close()
  const other = defineModule({
    name: 'notes',
    version: 1,
    tables: { note: table({ id: t.id(), text: t.text() }) },
    reducers: () => ({}),
  })
  expect(await codeOf(openUniverse(other, { path }))).toBe('engine/module-mismatch')
  expect(await (await openTodos({ path })).count((q) => q.todo)).toBe(1)
})

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  )
}

test.each(['file', 'memory'] as const)('export and import round trip (%s)', async (kind) => {
  const at = (name: string) =>
    kind === 'file' ? { path: join(directory, `${name}.db`) } : ({ memory: true } as const)
  const source = await openTodos(at(`source-${kind}`))
  await source.reducers.addMany({ count: 500 })
  const progress: number[] = []
  const bytes = await bytesOf(
    source.exportFile({ onProgress: ({ doneBytes }) => progress.push(doneBytes) }),
  )
  expect(progress.at(-1)).toBe(bytes.byteLength)
  const target = await openTodos(at(`target-${kind}`))
  await target.reducers.addTodo({ title: 'replaced' })
  const live = target.live((q) => q.todo.orderBy('rank'))
  const stop = live.subscribe(() => undefined)
  await until(live, (state) => state.isReady)
  let gaps = 0
  target.onChanges(['todo'], () => undefined, { onGap: () => gaps++ })
  await target.importFile(new Blob([bytes]))
  expect(await target.count((q) => q.todo)).toBe(500)
  expect(live.state.rows).toHaveLength(500)
  expect(gaps).toBe(1)
  await target.reducers.addTodo({ title: 'goes on', rank: 1000 })
  expect(live.state.rows.at(-1)).toMatchObject({ title: 'goes on' })
  expect(await target.verify()).toEqual([])
  stop()
})

test('an import of garbage, of nothing, of a damaged or foreign file changes nothing', async () => {
  const universe = await openTodos({ path: join(directory, 'c.db') })
  await universe.reducers.addMany({ count: 400 })
  const bytes = await bytesOf(universe.exportFile())
  expect(await codeOf(universe.importFile(new Blob([])))).toBe('storage/not-a-database')
  expect(await codeOf(universe.importFile(new Blob(['garbage'.repeat(1000)])))).toBe(
    'storage/not-a-database',
  )
  const damaged = bytes.slice()
  damaged.fill(0x55, 8192 * 2, 8192 * 6)
  expect(await codeOf(universe.importFile(new Blob([damaged])))).toBe('storage/corrupt')
  const path = join(directory, 'd.db')
  const { DatabaseSync } = await import('node:sqlite')
  const foreign = new DatabaseSync(path)
  foreign.exec('create table t (x); insert into t values (1)')
  foreign.close()
  const { readFileSync } = await import('node:fs')
  expect(await codeOf(universe.importFile(new Blob([readFileSync(path)])))).toBe(
    'engine/module-mismatch',
  )
  expect(
    await codeOf(universe.importFile(new Blob([bytes]), { signal: AbortSignal.abort() })),
  ).toBe('call/aborted')
  expect(await universe.count((q) => q.todo)).toBe(400)
  await universe.reducers.addTodo({ title: 'still open' })
})

test('a write during an export ends it', async () => {
  const universe = await openTodos()
  await universe.reducers.addMany({ count: 20_000 })
  const reader = universe.exportFile().getReader()
  await reader.read()
  await universe.reducers.addTodo({ title: 'x' })
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  }
  expect(await codeOf(rest())).toBe('storage/changed')
})

test('a damaged file is not opened', async () => {
  const path = join(directory, 'e.db')
  writeFileSync(path, 'not a database, but long enough to have a header '.repeat(50))
  expect(await codeOf(openUniverse(todos, { path }))).toBe('storage/not-a-database')
})

/** What a killed process leaves: the universe's files as they are while it is open. */
function copyWhileOpen(from: string, to: string): void {
  for (const file of readdirSync(directory)) {
    if (!file.startsWith(from)) continue
    copyFileSync(join(directory, file), join(directory, file.replace(from, to)))
  }
}

const visits = async (universe: Todos): Promise<string[]> =>
  (await universe.query((q) => q.visit.orderBy('id'))).map((row) => `${row.connection} ${row.kind}`)

test('who was connected when the process was killed is disconnected when the file is opened', async () => {
  const killed = await openTodos({ path: join(directory, 'killed.db') })
  copyWhileOpen('killed.db', 'left.db')
  const later = await openTodos({ path: join(directory, 'left.db') })
  const expected = [
    `${killed.connectionId} connected`,
    `${killed.connectionId} disconnected`,
    `${later.connectionId} connected`,
  ]
  expect(await visits(later)).toEqual(expected)
  await later.close()
  const last = await openTodos({ path: join(directory, 'left.db') })
  expect(await visits(last)).toEqual([
    ...expected,
    `${later.connectionId} disconnected`,
    `${last.connectionId} connected`,
  ])
})

test('an import connects whom the file does not know and disconnects whom it alone knows', async () => {
  const source = await openTodos()
  const target = await openTodos()
  await target.importFile(new Blob([await bytesOf(source.exportFile())]))
  const expected = [
    `${source.connectionId} connected`,
    `${source.connectionId} disconnected`,
    `${target.connectionId} connected`,
  ]
  await expect.poll(async () => (await visits(target)).sort()).toEqual(expected.toSorted())
  // Its own file back again: it is connected there.
  await target.importFile(new Blob([await bytesOf(target.exportFile())]))
  expect((await visits(target)).sort()).toEqual(expected.toSorted())
})
