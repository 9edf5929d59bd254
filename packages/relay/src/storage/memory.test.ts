import { describe, expect, test } from 'vitest'
import { createMemoryLogStore } from './index.ts'
import { logStoreContract } from './testing/log-store-contract.ts'

describe('in memory', () => {
  for (const { title, run } of logStoreContract) {
    test(title, () =>
      run({
        open: createMemoryLogStore,
        isPersistent: false,
        crash: () => undefined,
        dispose: () => undefined,
      }),
    )
  }
})

test('a copy goes its own way', async () => {
  const store = createMemoryLogStore()
  const epoch = 'e000000000000001' as never
  await store.create({ universe: 'a', module: 'm', owner: 'ann', epoch, epochMs: 1 })
  const copy = store.copy()
  await store.create({ universe: 'b', module: 'm', owner: 'ann', epoch, epochMs: 1 })
  await store.startEpoch('a', 'e000000000000002' as never, 2)
  expect((await copy.list()).map((record) => [record.universe, record.epoch])).toEqual([
    ['a', epoch],
  ])
})
