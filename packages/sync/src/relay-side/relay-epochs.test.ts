import type { Epoch, Hash } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { LogState } from './log-state.ts'
import { createRelayWorld, UNIVERSE } from './testing/relay-world.ts'
import { methodsOf } from './testing/store-methods.ts'

const [first, second, third] = ['1', '2', '3'].map((digit) => digit.repeat(16) as Epoch)

test('[RL5] a position under an epoch that a restore took away begins a new one', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  ann.push(world.writer().next())
  await world.settle()
  const { epoch: before } = ann.last('opened')
  const position = { epoch: first as Epoch, offset: 1, hash: 'a'.repeat(32) as Hash }
  const bob = await world.open({ identity: 'bob', open: { position } })
  expect(bob.last('opened')).toMatchObject({ isContinued: false })
  expect(bob.last('opened').epoch).not.toBe(before)
  expect((await world.store.find(UNIVERSE))?.pastEpochs).toEqual([{ epoch: before, lastOffset: 1 }])
})

test('[RL20] whoever comes back under the same unknown epoch finds the new one', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  ann.push(world.writer().next())
  await world.settle()
  const lost = (epoch: Epoch) => ({ position: { epoch, offset: 1, hash: 'a'.repeat(32) as Hash } })
  const bob = await world.open({ identity: 'bob', open: lost(first as Epoch) })
  const { epoch } = bob.last('opened')
  const cid = await world.open({ identity: 'cid', open: lost(first as Epoch) })
  expect(cid.last('opened')).toMatchObject({ isContinued: false, epoch })
  expect(bob.isClosed).toBe(false)
  const dan = await world.open({ identity: 'dan', open: lost(second as Epoch) })
  expect(dan.last('opened').epoch).not.toBe(epoch)
  expect(bob.last('bye').code).toBe('shutting-down')
})

test('[RL9] a base of an epoch before several restores counts up to where all of them agree', async () => {
  const world = createRelayWorld()
  const ann = await world.open()
  const writer = world.writer()
  ann.push(writer.next(), writer.next(), writer.next())
  await world.settle()
  const record = await world.store.find(UNIVERSE)
  const state = await LogState.load(
    {
      ...methodsOf(world.store),
      find: async () =>
        record && {
          ...record,
          epoch: third as Epoch,
          pastEpochs: [
            { epoch: first as Epoch, lastOffset: 3 },
            { epoch: second as Epoch, lastOffset: 2 },
          ],
        },
    },
    UNIVERSE,
  )
  const base = (epoch: Epoch | undefined) =>
    state.effectiveBase({ epoch: epoch as Epoch, offset: 3 })
  expect([first, second, third].map(base)).toEqual([2, 2, 3])
})
