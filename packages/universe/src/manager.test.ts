import { UniverseError } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { createPersistenceManager } from './manager.ts'
import { openTestUniverse } from './testing/test-universe.ts'

const options = {
  randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
  onError: (error: unknown) => {
    throw error
  },
}

test('initialize opens, and every method works until shutdown', async () => {
  const manager = createPersistenceManager({ ...options, open: openTestUniverse })
  expect(manager.isInitialized).toBe(false)
  expect(await manager.initialize()).toBe(true)
  expect(await manager.initialize()).toBe(true)
  const id = await manager.createEntity({ type: 'n', metadata: { name: 'A' } })
  const to = await manager.createEntity({ type: 'n' })
  expect((await manager.getEntity(id))?.metadata.name).toBe('A')
  expect(await manager.updateEntity({ id, metadata: {} })).toBe(true)
  await manager.createRelation({ from: id, to, type: 'r' })
  await manager.commitVersion({ description: '', dataHash: '' })
  await manager.publishEvent('x', {}, 'me')
  expect(await manager.deleteEntity({ id, cascade: true })).toBe(true)
  await manager.shutdown()
  await manager.shutdown()
  expect(manager.isInitialized).toBe(false)
})

test('before initialize and after shutdown: Persistence layer not initialized', async () => {
  const manager = createPersistenceManager({ ...options, open: openTestUniverse })
  const message = 'Persistence layer not initialized'
  const refused = { code: 'client/closed', message }
  await expect(manager.createEntity({ type: 'n' })).rejects.toMatchObject(refused)
  expect(() => manager.client).toThrow(message)
  await manager.initialize()
  await manager.shutdown()
  await expect(manager.getEntity('x')).rejects.toMatchObject(refused)
  await expect(manager.publishEvent('x', {})).rejects.toMatchObject(refused)
})

test('a failure to open gives false and keeps the typed error; a later try may succeed', async () => {
  const failure = new UniverseError('storage/locked', 'another process has it open')
  let tries = 0
  const manager = createPersistenceManager({
    ...options,
    open: () => (++tries === 1 ? Promise.reject(failure) : openTestUniverse()),
  })
  expect(await manager.initialize()).toBe(false)
  expect([manager.isInitialized, manager.error]).toEqual([false, failure])
  expect(await manager.initialize()).toBe(true)
  expect(manager.error).toBeUndefined()
  await manager.shutdown()
})

test('two initialize at once open one universe', async () => {
  let tries = 0
  const manager = createPersistenceManager({
    ...options,
    open: () => {
      tries += 1
      return openTestUniverse()
    },
  })
  expect(await Promise.all([manager.initialize(), manager.initialize()])).toEqual([true, true])
  expect(tries).toBe(1)
  await manager.shutdown()
})

test('a manager can be initialized again after shutdown', async () => {
  const manager = createPersistenceManager({ ...options, open: openTestUniverse })
  await manager.initialize()
  const down = manager.shutdown()
  expect(await manager.initialize()).toBe(true)
  await down
  expect(manager.isInitialized).toBe(true)
  await manager.shutdown()
})
