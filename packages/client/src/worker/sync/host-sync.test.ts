/** The wiring between a host and its sync, with a host of words only and time that stands still. */
import { hashOf } from '@inner-universe/core'
import type { Connect, ConnectionEvents, ImageSource } from '@inner-universe/sync'
import { virtualScheduler } from '@inner-universe/sync/testing'
import { expect, test } from 'vitest'
import type { SyncNews } from '../../rpc/contract.ts'
import { STATUS_MS_MIN } from '../../rpc/limits.ts'
import type { HostClient } from '../host-client.ts'
import type { OpenDatabase } from '../host-commands.ts'
import type { SyncHost } from '../sync-part.ts'
import { HostSync } from './host-sync.ts'

const TAB = 'ab'.repeat(16)

function setup({ isPaused = false } = {}) {
  const scheduler = virtualScheduler()
  const deferred: (() => void)[] = []
  const connections: ConnectionEvents[] = []
  const faults: unknown[] = []
  let unsyncedCount = 0
  const replica = {
    unsyncedCount: () => unsyncedCount,
    pendingStreams: () => [],
    lastFloor: () => undefined,
  }
  const clients = new Set<HostClient>()
  const host = {
    engine: { replica },
    clients: () => clients,
    flush: () => undefined,
  } as unknown as SyncHost
  const connect: Connect = (events) => {
    connections.push(events)
    return { send: () => undefined, bufferedBytes: () => 0, close: () => undefined }
  }
  const sync = new HostSync({
    host,
    database: {
      host,
      store: { dropStaged: async () => undefined },
      clock: { offsetMs: 0 },
    } as unknown as OpenDatabase,
    request: { url: 'ws://relay', universe: 'home', isPaused },
    connect,
    imagesWith: () => ({}) as ImageSource,
    scheduler,
    compression: { deflate: (bytes) => bytes, inflate: (bytes) => bytes },
    hashChunk: async (bytes) => hashOf(bytes),
    randomFloat: () => 0,
    isOnline: true,
    defer: (run) => void deferred.push(run),
    onFault: (error) => void faults.push(error),
  })
  /** A tab that has come, and what it is told. */
  const arrive = (clientId = TAB, hasToken = true) => {
    const news: SyncNews[] = []
    const client = {
      clientId,
      hasToken,
      post: (item: SyncNews) => void news.push(item),
    } as unknown as HostClient
    clients.add(client)
    sync.welcome(client)
    return {
      client,
      news,
      statuses: () =>
        news.flatMap((item) =>
          item.kind === 'sync-status' ? [`${item.status.kind} ${item.status.unsyncedCount}`] : [],
        ),
      asked: () => news.flatMap((item) => (item.kind === 'token-wanted' ? [item.id] : [])),
    }
  }
  /** A commit of so many deltas, with the turn that follows it. */
  const commit = (count: number): void => {
    unsyncedCount += count
    sync.committed()
    for (const run of deferred.splice(0)) run()
  }
  const leave = (client: HostClient): void => {
    clients.delete(client)
    sync.leave(client)
  }
  return { sync, scheduler, deferred, connections, faults, arrive, leave, commit }
}

test('another state is told at once, another count only so often', async () => {
  const { sync, scheduler, arrive, commit } = setup({ isPaused: true })
  const { client, statuses } = arrive()
  sync.start()
  expect(statuses()).toEqual(['paused 0'])
  for (let call = 0; call < 10; call++) commit(1)
  expect(statuses()).toHaveLength(1)
  await scheduler.advance(STATUS_MS_MIN)
  expect(statuses()).toEqual(['paused 0', 'paused 10'])
  sync.take(client, { kind: 'pause', isPaused: false })
  expect(statuses()).toEqual(['paused 0', 'paused 10', 'connecting 10'])
  await sync.stop()
})

test('a commit is followed up after the turn, once', async () => {
  const { sync, deferred, faults } = setup({ isPaused: true })
  sync.start()
  sync.committed()
  sync.committed()
  expect(deferred).toHaveLength(1)
  await sync.stop()
  // It may be stopped in between, as it is for an import.
  for (const run of deferred) run()
  expect(faults).toEqual([])
})

test('it connects with the token of a tab, which may come later', async () => {
  const { sync, scheduler, connections, arrive } = setup()
  sync.start()
  await scheduler.settle()
  const without = arrive('cd'.repeat(16), false)
  const { client, asked } = arrive()
  await scheduler.settle()
  expect([without.asked(), asked()]).toEqual([[], [1]])
  expect(connections).toHaveLength(0)
  sync.take(client, { kind: 'token', id: 1, token: 'secret' })
  await scheduler.settle()
  expect(connections).toHaveLength(1)
  await sync.stop()
})

test('after a denial, the next tab is asked at once', async () => {
  const { sync, scheduler, connections, arrive, leave } = setup()
  const first = arrive()
  sync.start()
  await scheduler.settle()
  const error = { name: 'UniverseError', message: 'signed out', code: 'sync/unauthorized' }
  // However often it asks before it believes it.
  for (let id = 1; first.asked().includes(id); id++) {
    sync.take(first.client, { kind: 'token-failed', id, error })
    await scheduler.settle()
  }
  expect(first.statuses().at(-1)).toBe('denied 0')
  leave(first.client)
  const second = arrive('ef'.repeat(16))
  await scheduler.settle()
  sync.take(second.client, { kind: 'token', id: second.asked()[0] ?? 0, token: 'secret' })
  await scheduler.settle()
  expect(connections).toHaveLength(1)
  await sync.stop()
})

test('offline it does not try; online again it does', async () => {
  const { sync, scheduler, arrive, connections } = setup()
  const { client, asked } = arrive()
  sync.take(client, { kind: 'network', isOnline: false })
  sync.start()
  await scheduler.advance(600_000)
  expect(asked()).toEqual([])
  sync.take(client, { kind: 'network', isOnline: true })
  await scheduler.settle()
  sync.take(client, { kind: 'token', id: 1, token: 'secret' })
  await scheduler.settle()
  expect(connections).toHaveLength(1)
  await sync.stop()
})
