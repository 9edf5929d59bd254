import { expect, test } from 'vitest'
import { AWARE_INTERVAL_MS } from '../limits.ts'
import { createRelayWorld, type Player } from './testing/relay-world.ts'

const say = (player: Player, ...state: number[]): void =>
  player.send({ type: 'aware', channel: 1, state: Uint8Array.from(state) })

const heard = (player: Player): string[] =>
  player.all('aware').map(({ sessionId, state }) => `${sessionId} ${state.join()}`)

test('[RL17] the newest state of each goes to the others, not to itself, and to who comes', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const [annId, bobId] = [ann, bob].map((player) => player.last('welcome').sessionId)
  say(ann, 1)
  say(ann, 2)
  say(bob, 9)
  await world.settle(AWARE_INTERVAL_MS)
  expect([heard(ann), heard(bob)]).toEqual([[`${bobId} 9`], [`${annId} 2`]])
  const cid = await world.open({ identity: 'cid' })
  expect(cid.last('opened').aware.map(({ sessionId }) => sessionId)).toEqual([annId, bobId])
  const filling = await world.open({ open: { mode: 'fill' } })
  expect(filling.last('opened').aware).toEqual([])
})

test('[RL17] at most one state per interval, however often it changes', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  for (let count = 0; count < 100; count++) {
    say(ann, count)
    await world.settle(5)
  }
  await world.settle(AWARE_INTERVAL_MS)
  expect(heard(bob).length).toBeLessThanOrEqual(11)
  expect(heard(bob).at(-1)).toContain(' 99')
})

test('[RL17] an end is told as an empty state, and nothing is kept', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const id = ann.last('welcome').sessionId
  say(ann, 1)
  await world.settle(AWARE_INTERVAL_MS)
  ann.close()
  await world.settle(2 * AWARE_INTERVAL_MS)
  expect(heard(bob)).toEqual([`${id} 1`, `${id} `])
  const cid = await world.open({ identity: 'cid' })
  expect(cid.last('opened').aware).toEqual([])
})

test('[RL17] a replica that ends filling beside it is still there', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  say(ann, 1)
  await ann.openUniverse({ channel: 2, mode: 'fill' })
  ann.send({ type: 'close', channel: 2 })
  await world.settle(2 * AWARE_INTERVAL_MS)
  expect(heard(bob).map((text) => text.split(' ')[1])).toEqual(['1'])
})

test('[RL17] who does not read is told the newest once it does, and holds one state of each', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  world.network.hold(true)
  for (let count = 0; count < 8; count++) ann.push(writer.next({ text: 'x'.repeat(200_000) }))
  await world.settle()
  const before = world.relay.counters.bytesOut
  for (let count = 0; count < 50; count++) {
    say(ann, count)
    await world.settle(AWARE_INTERVAL_MS)
  }
  expect(world.relay.counters.bytesOut).toBe(before)
  world.network.hold(false)
  await world.settle(10 * AWARE_INTERVAL_MS)
  expect(heard(bob).map((text) => text.split(' ')[1])).toEqual(['49'])
})

test('[RL17] a state above its limit ends the connection', async () => {
  const world = createRelayWorld({ limits: { awareBytesMax: 10 } })
  const ann = await world.open()
  say(ann, ...new Uint8Array(11))
  await world.settle()
  expect(ann.last('bye').code).toBe('too-large')
})
