import { expect, test } from 'vitest'
import { createRelayWorld, UNIVERSE } from './testing/relay-world.ts'
import { methodsOf } from './testing/store-methods.ts'

test('[RL13] [RL14] a batch is acknowledged once durable, named to its author and sent to others', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const writer = world.writer()
  const batch = writer.next()
  ann.push(batch)
  await world.settle()
  const { stream, hash } = batch
  expect(ann.all('ack')).toEqual([{ type: 'ack', channel: 1, stream, seq: 1, hash, offset: 1 }])
  expect(ann.entries()).toEqual([
    { kind: 'own', offset: 1, stream, firstSeq: 1, deltaCount: 1, hash },
  ])
  const [entry] = bob.entries()
  expect(entry?.kind === 'batch' && entry.batch.body).toEqual(batch.content)
  expect(bob.last('data').hash).toBe((await world.store.find(UNIVERSE))?.hash)
  // The acknowledgement comes first.
  expect(ann.received.map(({ type }) => type)).toEqual(['welcome', 'opened', 'ack', 'data'])
})

test('[RL13] pushes of one turn of several replicas are one append, without gaps', async () => {
  let appends = 0
  const world = createRelayWorld({
    wrap: (store) => ({
      ...methodsOf(store),
      append(list) {
        appends += 1
        return store.append(list)
      },
    }),
  })
  const ann = await world.open()
  const bob = await world.open({ identity: 'bob' })
  const one = world.writer()
  const two = world.writer()
  ann.push(one.next(), one.next(), one.next())
  bob.push(two.next(), two.next())
  await world.settle()
  expect(appends).toBe(1)
  expect(ann.all('ack').map(({ offset }) => offset)).toEqual([1, 2, 3])
  expect(bob.all('ack').map(({ offset }) => offset)).toEqual([4, 5])
  expect(ann.entries().map(({ kind, offset }) => [kind, offset])).toEqual([
    ['own', 1],
    ['own', 2],
    ['own', 3],
    ['batch', 4],
    ['batch', 5],
  ])
})
