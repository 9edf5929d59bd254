import { expect, test } from 'vitest'
import type { Connection } from '../transport.ts'
import { pipe } from './pipe.ts'
import { virtualScheduler } from './virtual-scheduler.ts'

function createNetwork(delays: number[] = []) {
  const scheduler = virtualScheduler()
  const events: string[] = []
  const ends: Connection[] = []
  const network = pipe({
    scheduler,
    delayMs: () => delays.shift() ?? 1,
    accept(connection) {
      ends.push(connection)
      return {
        onMessage: (bytes) => events.push(`far got ${bytes.join()}`),
        onClose: () => events.push('far closed'),
      }
    },
  })
  const connect = (): Connection =>
    network.connect({
      onOpen: () => events.push('near opened'),
      onMessage: (bytes) => events.push(`near got ${bytes.join()}`),
      onClose: () => events.push('near closed'),
    })
  return { scheduler, events, ends, network, connect }
}

test('messages of one direction arrive in order whatever their delays', async () => {
  const { scheduler, events, connect } = createNetwork([0, 9, 3])
  const near = connect()
  await scheduler.advance(0)
  near.send(Uint8Array.of(1))
  near.send(Uint8Array.of(2))
  await scheduler.advance(5)
  expect(events).toEqual(['near opened'])
  await scheduler.advance(5)
  expect(events).toEqual(['near opened', 'far got 1', 'far got 2'])
})

test('what was sent before a close still arrives, and nothing after it', async () => {
  const { scheduler, events, ends, connect } = createNetwork()
  const near = connect()
  await scheduler.advance(1)
  ends[0]?.send(Uint8Array.of(7))
  ends[0]?.close()
  ends[0]?.send(Uint8Array.of(8))
  near.send(Uint8Array.of(9))
  await scheduler.advance(10)
  expect(events).toEqual(['near opened', 'far closed', 'near got 7', 'near closed'])
})

test('a break loses what is under way and tells both ends once', async () => {
  const { scheduler, events, network, connect } = createNetwork()
  const near = connect()
  await scheduler.advance(1)
  near.send(Uint8Array.of(1))
  network.setUp(false)
  await scheduler.advance(10)
  expect(events).toEqual(['near opened', 'near closed', 'far closed'])
  connect()
  await scheduler.advance(10)
  expect(events.slice(3)).toEqual(['near closed'])
  expect(network.connectionCount()).toBe(0)
})

test('a held pipe piles up bytes and lets them go in order', async () => {
  const { scheduler, events, ends, network, connect } = createNetwork()
  connect()
  await scheduler.advance(1)
  network.hold(true)
  ends[0]?.send(Uint8Array.of(1, 1))
  ends[0]?.send(Uint8Array.of(2))
  await scheduler.advance(10)
  expect(ends[0]?.bufferedBytes()).toBe(3)
  network.hold(false)
  await scheduler.advance(1)
  expect(events).toEqual(['near opened', 'near got 1,1', 'near got 2'])
  expect(ends[0]?.bufferedBytes()).toBe(0)
})

test('time moves in order of timers, lets promises through, and can be set apart from them', async () => {
  const scheduler = virtualScheduler({ startMs: 1000 })
  const events: string[] = []
  scheduler.setTimer(20, () => events.push(`b ${scheduler.now()}`))
  scheduler.setTimer(10, async () => {
    await Promise.resolve()
    events.push(`a ${scheduler.now()}`)
    scheduler.setTimer(5, () => events.push(`c ${scheduler.now()}`))
  })
  const cancel = scheduler.setTimer(12, () => events.push('never'))
  cancel()
  await scheduler.advance(18)
  scheduler.setWallTime(5000)
  expect(await scheduler.drain(100)).toBe(true)
  expect(events).toEqual(['a 1010', 'c 1015', 'b 5002'])
})
