import { expect, test } from 'vitest'
import { HELLO_TIMEOUT_MS, PING_MS, REPLICA_SILENCE_MS } from '../limits.ts'
import { replicaWorld } from '../testing/replica-world.ts'

test('[RS1] without a welcome in time the connection is given up for another', async () => {
  const world = replicaWorld()
  world.network.hold(true)
  const { sync, statuses } = world.replica()
  sync.start()
  await world.scheduler.advance(HELLO_TIMEOUT_MS - 100)
  expect(world.relay.heard.map(({ type }) => type)).toEqual(['hello'])
  expect(statuses.map(({ kind }) => kind)).toEqual(['connecting'])
  await world.scheduler.advance(1000)
  expect(world.relay.heard.map(({ type }) => type)).toEqual(['hello', 'hello'])
  expect(statuses.map(({ kind }) => kind)).toEqual(['connecting', 'offline', 'connecting'])
})

test('[RS3] an idle replica pings, and a silent relay is given up', async () => {
  const world = replicaWorld()
  const { sync, statuses } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  const pings = (): number => world.relay.heard.filter(({ type }) => type === 'ping').length
  const before = pings()
  await world.scheduler.advance(3 * PING_MS)
  expect(pings() - before).toBe(3)
  expect(sync.status.kind).toBe('live')
  world.network.hold(true)
  const told = statuses.length
  await world.scheduler.advance(REPLICA_SILENCE_MS - PING_MS)
  expect(statuses).toHaveLength(told)
  await world.scheduler.advance(PING_MS + 100)
  expect(statuses.length).toBeGreaterThan(told)
  expect(sync.status.kind).not.toBe('live')
})

test('[RS3] the distance of the clocks is measured by what the relay answers', async () => {
  const world = replicaWorld({ script: { clockAheadMs: 90_000 } })
  const { sync, clockOffsets } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  expect(clockOffsets).toEqual([90_000, 90_000, 90_000])
})
