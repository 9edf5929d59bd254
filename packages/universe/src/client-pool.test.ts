import { expect, test } from 'vitest'
import { type ClientPoolOptions, createClientPool } from './client-pool.ts'
import type { StandardClient } from './standard-client.ts'
import { createManualClock } from './testing/manual-clock.ts'

// The pool hands its client on and never calls it, so that any object will do.
const client = {} as StandardClient

function pool(options: ClientPoolOptions = {}) {
  const clock = createManualClock()
  return { clock, pool: createClientPool(client, { sizeMax: 2, clock, ...options }) }
}

test('at most sizeMax leases are out, and the next waits', async () => {
  const { pool: leases } = pool()
  const first = await leases.acquire()
  await leases.acquire()
  expect(first.client).toBe(client)
  const third = leases.acquire()
  expect([leases.inUseCount, leases.waitingCount]).toEqual([2, 1])
  first.release()
  await third
  expect([leases.inUseCount, leases.waitingCount]).toEqual([2, 0])
})

test('those who wait are served in the order they came', async () => {
  const { pool: leases } = pool({ sizeMax: 1 })
  const held = await leases.acquire()
  const order: number[] = []
  const waiting = [1, 2, 3].map(async (number) => {
    const lease = await leases.acquire()
    order.push(number)
    lease.release()
  })
  held.release()
  await Promise.all(waiting)
  expect(order).toEqual([1, 2, 3])
})

test('a newcomer does not overtake who waits', async () => {
  const { pool: leases } = pool({ sizeMax: 1 })
  const held = await leases.acquire()
  const order: string[] = []
  const waiter = leases.acquire().then((lease) => {
    order.push('waiter')
    lease.release()
  })
  held.release()
  await leases.with(() => void order.push('newcomer'))
  await waiter
  expect(order).toEqual(['waiter', 'newcomer'])
})

test('releasing twice frees one place only', async () => {
  const { pool: leases } = pool()
  const lease = await leases.acquire()
  lease.release()
  lease.release()
  expect(leases.inUseCount).toBe(0)
})

test('a wait that takes too long is call/timed-out, and its place in the queue is gone', async () => {
  const { pool: leases, clock } = pool({ sizeMax: 1, acquireTimeoutMs: 50 })
  const held = await leases.acquire()
  const waiting = leases.acquire()
  clock.advance(50)
  await expect(waiting).rejects.toMatchObject({ code: 'call/timed-out' })
  held.release()
  expect([leases.inUseCount, leases.waitingCount, clock.timerCount]).toEqual([0, 0, 0])
})

test('an abort ends the wait with call/aborted', async () => {
  const { pool: leases, clock } = pool({ sizeMax: 1 })
  await leases.acquire()
  const controller = new AbortController()
  const waiting = leases.acquire({ signal: controller.signal })
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'call/aborted' })
  await expect(leases.acquire({ signal: controller.signal })).rejects.toMatchObject({
    code: 'call/aborted',
  })
  expect([leases.waitingCount, clock.timerCount]).toEqual([0, 0])
})

test('with gives the lease back also when the work fails', async () => {
  const { pool: leases } = pool()
  const work = leases.with(() => {
    throw new Error('no')
  })
  await expect(work).rejects.toThrow('no')
  expect(leases.inUseCount).toBe(0)
})

test('shutdown refuses those who wait and newcomers, and waits for the leases out', async () => {
  const { pool: leases, clock } = pool({ sizeMax: 1 })
  const held = await leases.acquire()
  const waiting = leases.acquire()
  let isDown = false
  const down = leases.shutdown().then(() => {
    isDown = true
  })
  await expect(waiting).rejects.toMatchObject({ code: 'client/closed' })
  await expect(leases.acquire()).rejects.toMatchObject({ code: 'client/closed' })
  expect(isDown).toBe(false)
  held.release()
  await down
  expect(clock.timerCount).toBe(0)
})

test('one more than waitingMax is refused with call/backlog-full', async () => {
  const { pool: leases } = pool({ sizeMax: 1, waitingMax: 1 })
  const held = await leases.acquire()
  const waiting = leases.acquire()
  await expect(leases.acquire()).rejects.toMatchObject({ code: 'call/backlog-full' })
  held.release()
  await waiting
})
