import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEventBus, type EventBus, type EventMessage } from './event-bus.ts'
import type { StandardUniverse } from './standard-universe.ts'
import { openTestUniverse } from './testing/test-universe.ts'

let universe: StandardUniverse
let bus: EventBus
let errors: unknown[]

const options = {
  randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
  onError: (error: unknown) => void errors.push(error),
}

beforeEach(async () => {
  errors = []
  universe = await openTestUniverse()
  bus = createEventBus(universe, options)
})

afterEach(async () => {
  await bus.close()
  await universe.close()
})

test('publish gives the id of the log row, and handlers of the type get the event once', async () => {
  const got: EventMessage[] = []
  const others: EventMessage[] = []
  bus.registerHandler('greeting', (message) => got.push(message))
  bus.registerHandler('farewell', (message) => others.push(message))
  const id = await bus.publish('greeting', { to: 'world' }, 'me')
  await expect.poll(() => got.length).toBe(1)
  const row = await universe.get('event_log', id)
  expect(got[0]).toEqual({
    id,
    type: 'greeting',
    source: 'me',
    timestamp: row?.timestamp,
    data: { to: 'world' },
    isOwn: true,
  })
  await bus.publish('end', {})
  expect([got.length, others.length]).toEqual([1, 0])
})

test('several handlers have one type; one for all gets every event, system events too', async () => {
  const got: string[] = []
  bus.registerHandler('ENTITY_CREATED', ({ data }) => got.push(`1 ${data.entity_type}`))
  bus.registerHandler('ENTITY_CREATED', ({ data }) => got.push(`2 ${data.entity_type}`))
  bus.registerHandlerForAll(({ type }) => got.push(type))
  await universe.reducers.createEntity({ type: 'n' })
  await bus.publish('x', {})
  await expect.poll(() => got.toSorted()).toEqual(['1 n', '2 n', 'ENTITY_CREATED', 'x'])
})

test('an event published by others is not own; skipOwn leaves own ones out', async () => {
  const other = createEventBus(universe, options)
  const all: boolean[] = []
  const foreign: string[] = []
  bus.registerHandler('x', ({ isOwn }) => all.push(isOwn))
  bus.registerHandler('x', ({ id }) => foreign.push(id), { skipOwn: true })
  await bus.publish('x', {})
  const id = await other.publish('x', {})
  await expect.poll(() => all).toEqual([true, false])
  expect(foreign).toEqual([id])
  await other.close()
})

test('what a handler throws goes to onError and stops nobody', async () => {
  let calls = 0
  bus.registerHandler('x', () => {
    throw new Error('sync')
  })
  bus.registerHandler('x', async () => {
    throw new Error('async')
  })
  bus.registerHandler('x', () => void calls++)
  await bus.publish('x', {})
  await expect.poll(() => [calls, errors.length]).toEqual([1, 2])
  expect(errors.map((error) => (error as Error).message).sort()).toEqual(['async', 'sync'])
})

test('an unsubscribed handler is not called again', async () => {
  let calls = 0
  const stop = bus.registerHandler('x', () => void calls++)
  await bus.publish('x', {})
  await expect.poll(() => calls).toBe(1)
  stop()
  await bus.publish('x', {})
  await bus.publish('y', {})
  expect(calls).toBe(1)
})

test('a system type cannot be published, and the failure is counted', async () => {
  await universe.reducers.updateConfig({ key: 'feature_enable_metrics', value: 'true' })
  await expect(bus.publish('ENTITY_CREATED', {})).rejects.toMatchObject({
    code: 'universe/unauthorized',
  })
  await bus.publish('x', {})
  await bus.flushMetrics()
  const failures = await universe.get('metrics', 'events.publication_failures')
  const latency = await universe.get('metrics', 'events.publication_latency_ms')
  const published = await universe.get('metrics', 'events.published')
  expect([failures?.value, latency?.kind, latency?.count, published?.value]).toEqual([
    1,
    'histogram',
    1,
    1,
  ])
})

test('a closed bus delivers nothing and refuses to publish', async () => {
  const got: unknown[] = []
  bus.registerHandlerForAll((message) => got.push(message))
  await bus.close()
  await bus.close()
  await universe.reducers.createEntity({ type: 'n' })
  await expect(bus.publish('x', {})).rejects.toMatchObject({ code: 'client/closed' })
  expect(got).toEqual([])
})
