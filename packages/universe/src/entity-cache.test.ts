import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEntityCache } from './cache.ts'
import { createStandardClient, type StandardClient } from './standard-client.ts'
import type { StandardUniverse } from './standard-universe.ts'
import { createManualClock } from './testing/manual-clock.ts'
import { openTestUniverse } from './testing/test-universe.ts'

let universe: StandardUniverse
let client: StandardClient

beforeEach(async () => {
  universe = await openTestUniverse()
  client = createStandardClient(universe)
})

afterEach(() => universe.close())

test('an entity is read once, and again after it has changed', async () => {
  const entities = createEntityCache(client, { clock: createManualClock() })
  const id = await client.createEntity({ type: 'n', metadata: { name: 'A' } })
  const first = await entities.getEntity(id)
  expect(await entities.getEntity(id)).toBe(first)
  await client.updateEntity({ id, metadata: { name: 'B' } })
  expect((await entities.getEntity(id))?.metadata.name).toBe('B')
  await client.deleteEntity({ id })
  expect(await entities.getEntity(id)).toBeUndefined()
  entities.close()
})

test('that there is no entity is remembered until it is created', async () => {
  const entities = createEntityCache(client, { clock: createManualClock() })
  const id = '0b7f3c1e-9a4d-5e2f-8c6b-1a2b3c4d5e6f'
  expect(await entities.getEntity(id)).toBeUndefined()
  expect(entities.cache.get(`entity:${id}`)).toEqual({ value: undefined })
  await client.createEntities([{ id, type: 'n' }])
  expect((await entities.getEntity(id))?.id).toBe(id)
  entities.close()
})

test('a closed cache follows no changes and holds nothing', async () => {
  const entities = createEntityCache(client, { clock: createManualClock() })
  await entities.getEntity(await client.createEntity({ type: 'n' }))
  entities.close()
  expect(entities.cache.size).toBe(0)
})
