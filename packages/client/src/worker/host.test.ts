import { MODULE_SENDER, type Module } from '@inner-universe/core'
import { openEngine, type Undo } from '@inner-universe/engine'
import { undo } from '@inner-universe/engine/undo'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test } from 'vitest'
import {
  CONTRACT_VERSION,
  type PageItem,
  type WorkerItem,
  type WorkerMessage,
} from '../rpc/contract.ts'
import type { Lane } from '../rpc/link.ts'
import { todos } from '../testing/todos.ts'
import { Host } from './host.ts'
import type { HostOptions } from './host-options.ts'
import { createLive } from './live/worker-live.ts'

const CLIENT = '0123456789abcdef0123456789abcdef'

/** A host whose turns the test runs, and a client that notes what it is sent. */
function setup(
  options: Partial<HostOptions> = {},
  leftover: readonly string[] = [],
  driver = openNodeDatabase({ path: ':memory:', durability: 'process' }),
) {
  const deferred: (() => void)[] = []
  const faults: unknown[] = []
  const groups: (string | undefined)[] = []
  const module = todos as unknown as Module
  const gone = new Map<string, () => void>()
  const late: { undo: Undo | undefined } = { undo: undefined }
  let nowMs = 1_800_000_000_000
  const engine = openEngine({
    driver,
    module,
    now: () => nowMs++,
    randomBytes: (byteCount) => new Uint8Array(byteCount).map(() => nowMs++ & 255),
    identity: 'owner',
    stream: 'continue',
    undo: () => late.undo,
  })
  for (const connectionId of leftover) engine.connect({ connectionId, identity: 'ada' })
  const host = new Host({
    module,
    engine,
    storage: 'memory',
    storageReason: undefined,
    wallMs: () => nowMs,
    now: () => nowMs,
    defer: (run) => void deferred.push(run),
    setTimer: () => () => undefined,
    setDeadline: () => undefined,
    readMsMax: 1_000,
    onGroup: (callId) => void groups.push(callId),
    watchPresence: (clientId, onGone) => {
      gone.set(clientId, onGone)
      return () => gone.delete(clientId)
    },
    onFault: (error) => void faults.push(error),
    isUsable: () => true,
    onUnusable: () => undefined,
    isSuspicious: false,
    condemnedCallIds: new Set(),
    loadLive: () => createLive,
    ...options,
  })
  const connect = (clientId = CLIENT, hello: Record<string, unknown> = {}) => {
    const messages: WorkerMessage[] = []
    const lane: Lane = {
      onMessage: () => undefined,
      send: (message) => void messages.push(message as WorkerMessage),
      close: () => undefined,
    }
    host.accept(lane, () => undefined)
    lane.onMessage({
      kind: 'hello',
      contractVersion: CONTRACT_VERSION,
      clientId,
      identity: undefined,
      moduleName: 'todos',
      schemaVersion: 1,
      hasToken: false,
      ...hello,
    })
    const send = (...items: PageItem[]): void =>
      lane.onMessage({ kind: 'batch', oldestPendingNumber: 1, items })
    const items = (): WorkerItem[] =>
      messages.flatMap((message) => (message.kind === 'batch' ? message.items : []))
    return { lane, messages, send, items }
  }
  const turn = (): void => {
    for (const run of deferred.splice(0)) run()
  }
  const settle = (): void => {
    while (deferred.length > 0) turn()
  }
  return { host, driver, engine, connect, turn, settle, faults, groups, gone, late }
}

const call = (
  number: number,
  reducer = 'addTodo',
  args: unknown = { title: 't' },
  isResent = false,
) => ({ kind: 'call', number, reducer, args, timestampMs: 1, isResent }) as const
const read = (id: number) =>
  ({
    kind: 'read',
    id,
    read: { kind: 'sql', text: 'select count(*) as n from todo', params: [] },
  }) as const

test('what is not understood ends the link with client/protocol, and the host goes on', () => {
  const { connect, settle } = setup()
  const bad = connect()
  bad.lane.onMessage({ kind: 'batch', items: 'all' })
  expect(bad.messages.at(-1)).toMatchObject({ kind: 'refused', error: { code: 'client/protocol' } })
  bad.send(call(1))
  settle()
  expect(bad.items()).toEqual([])
  const good = connect('f'.repeat(32))
  good.send(call(1))
  settle()
  expect(good.items()).toMatchObject([{ kind: 'answer', number: 1 }])
})

test.each([
  [{ moduleName: 'notes' }, 'engine/module-mismatch'],
  [{ contractVersion: 99 }, 'client/protocol'],
  [{ schemaVersion: 2 }, 'client/protocol'],
  [{ identity: MODULE_SENDER }, 'client/protocol'],
  [{ identity: 'banned' }, 'universe/unauthorized'],
])('a hello with %o is refused with %s', (hello, code) => {
  const { connect } = setup()
  expect(connect(CLIENT, hello).messages).toMatchObject([{ kind: 'refused', error: { code } }])
})

test('calls that wait share a transaction; a read waits for the calls sent before it, not after', () => {
  const { connect, turn, settle, groups } = setup()
  const client = connect()
  client.send(call(1), call(2), read(1), call(3))
  turn()
  expect(groups).toEqual([undefined])
  expect(client.items().map((item) => item.kind)).toEqual(['rows', 'answer', 'answer', 'answer'])
  settle()
})

test('a cancelled call is answered and not run, its neighbours are', () => {
  const { connect, settle, engine } = setup()
  const client = connect()
  client.send(call(1), call(2), { kind: 'cancel-call', number: 1 })
  settle()
  expect(client.items()).toMatchObject([
    { kind: 'refusal', number: 1, error: { code: 'call/aborted' } },
    { kind: 'answer', number: 2 },
  ])
  expect(engine.count({ table: 'todo', orderBy: [] })).toBe(1)
})

test('a call sent again is answered from the store, also to a client that came back', () => {
  const { connect, settle, engine } = setup()
  const client = connect()
  client.send(call(1))
  settle()
  const [answer] = client.items()
  const again = connect()
  again.send(call(1, 'addTodo', { title: 't' }, true))
  settle()
  expect(again.items()).toEqual([answer])
  expect(engine.count({ table: 'todo', orderBy: [] })).toBe(1)
  // The old link has no say any more.
  client.send(call(2))
  settle()
  expect(engine.count({ table: 'todo', orderBy: [] })).toBe(1)
})

test('after a hang, calls sent again run one by one, and the condemned one does not run', () => {
  const { connect, settle, groups } = setup({
    isSuspicious: true,
    condemnedCallIds: new Set([`${CLIENT}:2`]),
  })
  const client = connect()
  client.send(
    call(1, 'addTodo', { title: 'a' }, true),
    call(2, 'addTodo', { title: 'b' }, true),
    call(3, 'addTodo', { title: 'c' }, true),
    call(4),
    call(5),
  )
  settle()
  expect(groups).toEqual([`${CLIENT}:1`, `${CLIENT}:3`, undefined])
  expect(client.items()[1]).toMatchObject({ number: 2, error: { code: 'reducer/time-limit' } })
  expect(client.items().map((item) => 'number' in item && item.number)).toEqual([1, 2, 3, 4, 5])
})

test('answers wait for the patches of live queries the caller has', () => {
  const { connect, settle } = setup()
  const client = connect()
  client.send({
    kind: 'subscribe',
    id: 1,
    read: { kind: 'query', query: { table: 'todo', orderBy: [] } },
  })
  settle()
  client.send(call(1))
  settle()
  // The first rows are not acknowledged yet, so the patch, and the answer behind it, have to wait.
  expect(client.items().map((item) => item.kind)).toEqual(['live-cut'])
  client.send({ kind: 'acknowledge' })
  settle()
  expect(client.items().map((item) => item.kind)).toEqual(['live-cut', 'live-cut', 'answer'])
})

test('a client that is gone is disconnected, and its waiting calls are dropped', () => {
  const { connect, settle, engine, gone } = setup()
  const client = connect()
  client.send(call(1))
  gone.get(CLIENT)?.()
  settle()
  expect(engine.count({ table: 'todo', orderBy: [] })).toBe(0)
  expect(engine.query({ table: 'visit', orderBy: [] }).map((row) => row.kind)).toEqual([
    'connected',
    'disconnected',
  ])
  expect(gone.size).toBe(0)
})

test('while suspended nothing runs; afterwards everything that came does', () => {
  const { host, connect, settle, engine } = setup()
  const client = connect()
  host.suspend()
  client.send(call(1))
  settle()
  expect(client.items()).toEqual([])
  host.resume(engine)
  settle()
  expect(client.items().map((item) => item.kind)).toEqual(['gap', 'answer'])
})

test('a connection left over waits for its tab: back, it is kept; gone, it is disconnected', () => {
  const back = 'a'.repeat(32)
  const dead = 'b'.repeat(32)
  const { engine, connect, gone } = setup({}, [back, dead])
  const leftoverGone = gone.get(back)
  gone.get(dead)?.()
  connect(back, { identity: 'ada' })
  // The lock of its first watch may have been given just before it came back.
  leftoverGone?.()
  const visits = () =>
    engine
      .query({ table: 'visit', orderBy: [] })
      .map(({ connection, kind }) => `${String(connection)[0]} ${kind}`)
      .sort()
  expect(visits()).toEqual(['a connected', 'b connected', 'b disconnected'])
  expect(engine.connections()).toEqual([{ connectionId: back, identity: 'ada' }])
  gone.get(back)?.()
  expect(visits()).toEqual(['a connected', 'a disconnected', 'b connected', 'b disconnected'])
  expect(engine.connections()).toEqual([])
})

test('a full disk keeps nobody out whom no reducer could refuse', () => {
  const { connect, driver, faults } = setup({
    module: { ...(todos as unknown as Module), lifecycle: {} },
  })
  const [pageCount] = driver.prepare('PRAGMA page_count').get() ?? []
  driver.exec(`PRAGMA max_page_count = ${pageCount}`)
  // Longer than what is left of the table's only page.
  const identity = 'x'.repeat(10_000)
  expect(connect(CLIENT, { identity }).messages).toMatchObject([{ kind: 'welcome' }])
  expect(faults).toMatchObject([{ code: 'storage/quota-exceeded' }])
})

/** What a host of late undo loads, as the test says. */
function setupLateUndo(driver?: Driver) {
  const loads: PromiseWithResolvers<Undo>[] = []
  const loadUndo = (): Promise<Undo> => {
    const load = Promise.withResolvers<Undo>()
    loads.push(load)
    return load.promise
  }
  const setUp = setup({ loadUndo }, [], driver)
  const { late, settle } = setUp
  const load = async (): Promise<void> => {
    late.undo = undo
    loads.at(-1)?.resolve(undo)
    await new Promise((resolve) => setTimeout(resolve))
    settle()
  }
  const fail = async (): Promise<void> => {
    loads.at(-1)?.reject(new Error('offline'))
    await new Promise((resolve) => setTimeout(resolve))
    settle()
  }
  return { ...setUp, loads, load, fail }
}

const recorded = (number: number, isResent = false) =>
  ({ ...call(number, 'addTodo', { title: `t${number}` }, isResent), undo: RECORD }) as const
const RECORD = { kind: 'record', scope: 'list' } as const
const stateRead = { kind: 'read', id: 9, read: { kind: 'undo-state', scope: 'list' } } as const

test('[UN19] a recorded call waits for the code of undo, with what its client called after; others go on', async () => {
  const { connect, settle, loads, load } = setupLateUndo()
  const ada = connect(CLIENT, { identity: 'ada' })
  const bob = connect('b'.repeat(32), { identity: 'bob' })
  ada.send(call(1), recorded(2), call(3), read(1), stateRead)
  bob.send(call(1), read(1))
  settle()
  const kindsOf = (items: readonly WorkerItem[]) =>
    items.map((item) => ('number' in item ? item.number : item.kind))
  expect(kindsOf(ada.items())).toEqual([1])
  expect(kindsOf(bob.items())).toEqual(['rows', 1])
  expect(loads).toHaveLength(1)
  await load()
  expect(kindsOf(ada.items())).toEqual([1, 'rows', 'value', 2, 3])
  expect(ada.items().find((item) => item.kind === 'value')).toMatchObject({
    value: { canUndo: true, undoLabel: 'addTodo' },
  })
  bob.send({ ...call(2), undo: RECORD })
  settle()
  expect(bob.items().at(-1)).toMatchObject({ kind: 'answer', number: 2 })
  expect(loads).toHaveLength(1)
})

test('[UN19] a waiting recorded call can be cancelled, and is answered before the calls after it', async () => {
  const { connect, settle, load, engine } = setupLateUndo()
  const client = connect()
  client.send(recorded(1), recorded(2))
  settle()
  client.send({ kind: 'cancel-call', number: 2 }, { kind: 'cancel-call', number: 1 })
  settle()
  expect(client.items()).toMatchObject([
    { kind: 'refusal', number: 1, error: { code: 'call/aborted' } },
    { kind: 'refusal', number: 2, error: { code: 'call/aborted' } },
  ])
  await load()
  expect(engine.sql('select * from todo').rowCount).toBe(0)
})

test('[UN19] where the code cannot be had recorded calls are refused, but for those that had run', async () => {
  const first = setupLateUndo()
  first.connect().send(recorded(1))
  first.settle()
  await first.load()
  // Another leader's worker.
  const next = setupLateUndo(first.driver)
  expect(next.loads).toHaveLength(1)
  const client = next.connect()
  client.send(recorded(1, true), recorded(2), stateRead)
  next.settle()
  expect(client.items()).toEqual([])
  await next.fail()
  expect(client.items()).toMatchObject([
    { kind: 'read-failed', error: { code: 'undo/not-configured' } },
    { kind: 'answer', number: 1 },
    { kind: 'refusal', number: 2, error: { code: 'undo/not-configured' } },
  ])
  expect(next.engine.sql('select * from todo').rowCount).toBe(1)
  client.send(recorded(3))
  next.settle()
  expect(next.loads).toHaveLength(2)
  await next.load()
  expect(client.items().at(-1)).toMatchObject({ kind: 'answer', number: 3 })
})
