import { expect, test } from 'vitest'
import { replicaWorld } from '../testing/replica-world.ts'

test('[RS1] hello comes first and alone, then each universe is opened from where it stands', async () => {
  const world = replicaWorld()
  const { sync, home } = world.replica()
  sync.start()
  await world.scheduler.advance(10)
  expect(world.relay.heard.map(({ type }) => type)).toEqual(['hello'])
  await world.scheduler.advance(100)
  expect(world.relay.heard.find(({ type }) => type === 'open')).toMatchObject({
    universe: 'universe',
    mode: 'replica',
    stream: home.replica.stream,
    position: home.replica.position(),
    floorOffset: 0,
  })
  expect(sync.status.kind).toBe('live')
})

test('what one replica writes is pushed, acknowledged, read by another, and seen', async () => {
  const world = replicaWorld()
  const a = world.replica()
  const b = world.replica()
  a.sync.start()
  b.sync.start()
  await world.scheduler.advance(100)
  const at = a.write('hello')
  expect(a.sync.status.unsyncedCount).toBe(1)
  await world.scheduler.advance(100)
  expect(a.confirmed).toContainEqual(at)
  expect(a.sync.status).toMatchObject({ kind: 'live', unsyncedCount: 0 })
  expect(b.home.replica.texts()).toEqual(['hello'])
  for (const { home } of [a, b]) {
    expect(home.replica.position()).toEqual({
      epoch: world.relay.epoch(),
      offset: 1,
      hash: world.relay.hashAt(1),
    })
  }
  await world.scheduler.advance(5000)
  expect(world.relay.heard.filter(({ type }) => type === 'seen')).toHaveLength(2)
})
