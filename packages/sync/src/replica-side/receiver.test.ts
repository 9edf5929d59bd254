import { ZERO_HASH } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { RECEIVE_DELTAS_MAX, SEEN_ENTRIES, SEEN_MS } from '../limits.ts'
import { replicaWorld } from '../testing/replica-world.ts'

const texts = (count: number, prefix = 't'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

test('[RS4] entries out of order, or of another log, are not taken in and end the connection', async () => {
  const world = replicaWorld()
  const { home, sync } = world.replica()
  const author = world.author()
  sync.start()
  await world.scheduler.advance(100)
  author.write(['one'])
  await world.scheduler.advance(100)
  author.write(['two'])
  await world.scheduler.advance(100)
  const second = world.relay.entries()[1]
  if (second === undefined) throw new Error('two entries')
  const say = (offset: number, hash = second.logHash): void =>
    world.relay.say({
      type: 'data',
      channel: 0,
      head: 9,
      hash,
      entries: [{ ...second.wire, offset }],
    })
  for (const offset of [2, 3, 4]) {
    const opens = world.relay.heard.filter(({ type }) => type === 'open').length
    say(offset)
    await world.scheduler.advance(60_000)
    expect(home.replica.position().offset).toBe(2)
    expect(home.replica.texts()).toEqual(['one', 'two'])
    expect(world.relay.heard.filter(({ type }) => type === 'open')).toHaveLength(opens + 1)
  }
  say(3, ZERO_HASH)
  await world.scheduler.advance(100)
  expect(home.replica.position().offset).toBe(2)
})

test('[RS5] many deltas are taken in some hundred at a time, no batch split, the place with them', async () => {
  const world = replicaWorld()
  const { home, sync } = world.replica()
  sync.start()
  await world.scheduler.advance(100)
  const author = world.author()
  world.network.hold(true)
  author.write(texts(1000, 'a'), 200)
  author.write(texts(700, 'b'), 700)
  author.write(texts(2, 'c'), 1)
  world.network.hold(false)
  await world.scheduler.advance(1000)
  expect(home.replica.texts()).toHaveLength(1702)
  const counts = home.replica.received.map((entries) =>
    entries.reduce((sum, each) => sum + (each.kind === 'batch' ? each.batch.deltaCount : 0), 0),
  )
  expect(counts).toEqual([200, 400, 400, 700, 2])
  expect(Math.max(...counts.filter((count) => count !== 700))).toBeLessThanOrEqual(
    RECEIVE_DELTAS_MAX,
  )
  expect(home.replica.position()).toMatchObject({ offset: 8, hash: world.relay.hashAt(8) })
})

test('[RS5] what was read is told by count, or after a while, and never before it is taken in', async () => {
  const world = replicaWorld()
  const { home, sync } = world.replica()
  const author = world.author()
  sync.start()
  await world.scheduler.advance(100)
  const seen = (): number[] =>
    world.relay.heard.flatMap((each) => (each.type === 'seen' ? [each.offset] : []))
  author.write(texts(SEEN_ENTRIES + 1), 1)
  await world.scheduler.advance(1000)
  expect(home.replica.position().offset).toBe(SEEN_ENTRIES + 1)
  const [first = 0] = seen()
  expect(seen()).toHaveLength(1)
  expect(first).toBeGreaterThanOrEqual(SEEN_ENTRIES)
  author.write(['one more'])
  await world.scheduler.advance(SEEN_MS - 10)
  expect(seen()).toHaveLength(first === SEEN_ENTRIES + 1 ? 1 : 2)
  await world.scheduler.advance(1010)
  expect(seen().at(-1)).toBe(SEEN_ENTRIES + 2)
})

test('[RS5] a small credit is given back before it is spent', async () => {
  const world = replicaWorld({ script: { limits: { creditBytes: 2000 } } })
  const { sync } = world.replica()
  const author = world.author()
  sync.start()
  await world.scheduler.advance(100)
  author.write(texts(100), 10)
  await world.scheduler.advance(100)
  expect(world.relay.heard.filter(({ type }) => type === 'seen').length).toBeGreaterThan(0)
})
