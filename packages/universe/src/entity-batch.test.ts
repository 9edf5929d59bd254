import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEntityBatch } from './entity-batch.ts'
import { createStandardClient, type StandardClient } from './standard-client.ts'
import type { StandardUniverse } from './standard-universe.ts'
import { createManualClock, type ManualClock } from './testing/manual-clock.ts'
import { openTestUniverse } from './testing/test-universe.ts'

let universe: StandardUniverse
let client: StandardClient
let clock: ManualClock

beforeEach(async () => {
  universe = await openTestUniverse()
  client = createStandardClient(universe)
  clock = createManualClock()
})

afterEach(() => universe.close())

test('a full batch goes at once, as one transaction', async () => {
  const transactions: number[] = []
  universe.onChanges(['entity'], ({ changes }) => transactions.push(changes.length))
  const batch = createEntityBatch(client, { clock })
  const ids = await Promise.all(Array.from({ length: 50 }, () => batch.add({ type: 'n' })))
  expect(new Set(ids).size).toBe(50)
  expect(transactions).toEqual([50])
  expect(clock.timerCount).toBe(0)
})

test('a batch that is not full goes after waitMs', async () => {
  const batch = createEntityBatch(client, { clock, waitMs: 100 })
  const added = batch.add({ type: 'n' })
  clock.advance(99)
  expect(batch.waitingCount).toBe(1)
  clock.advance(1)
  expect(batch.waitingCount).toBe(0)
  expect(await client.getEntity(await added)).toBeDefined()
})

test('each has its own result or error: one refusal does not touch the others', async () => {
  const batch = createEntityBatch(client, { clock, sizeMax: 3 })
  const outcomes = await Promise.allSettled(['a', '', 'c'].map((type) => batch.add({ type })))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(outcomes[1]).toMatchObject({ reason: { message: 'Entity type cannot be empty' } })
  expect(await client.countEntities()).toBe(2)
})

test('an item added after a flush starts a wait of its own', async () => {
  const batch = createEntityBatch(client, { clock, sizeMax: 2, waitMs: 100 })
  const first = [batch.add({ type: 'n' }), batch.add({ type: 'n' })]
  clock.advance(60)
  const late = batch.add({ type: 'n' })
  clock.advance(99)
  expect(batch.waitingCount).toBe(1)
  clock.advance(1)
  await Promise.all([...first, late])
})

test('flush sends what has gathered and resolves when it is settled', async () => {
  const batch = createEntityBatch(client, { clock })
  const refused = batch.add({ type: '' })
  refused.catch(() => undefined)
  const added = batch.add({ type: 'n' })
  await batch.flush()
  expect(await client.countEntities()).toBe(1)
  await expect(refused).rejects.toMatchObject({ code: 'universe/validation' })
  await added
})

test('an item aborted before the batch goes is call/aborted and never made', async () => {
  const batch = createEntityBatch(client, { clock })
  const controller = new AbortController()
  const aborted = batch.add({ type: 'n' }, { signal: controller.signal })
  controller.abort()
  await expect(aborted).rejects.toMatchObject({ code: 'call/aborted' })
  expect([batch.waitingCount, clock.timerCount]).toEqual([0, 0])
  await batch.flush()
  expect(await client.countEntities()).toBe(0)
})

test('close flushes and refuses further items', async () => {
  const batch = createEntityBatch(client, { clock })
  const added = batch.add({ type: 'n' })
  await batch.close()
  expect(await client.getEntity(await added)).toBeDefined()
  await expect(batch.add({ type: 'n' })).rejects.toMatchObject({ code: 'client/closed' })
  expect(clock.timerCount).toBe(0)
})
