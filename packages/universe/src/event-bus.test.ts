import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEventBus, type EventBus, type EventMessage } from './event-bus.ts'
import { EVENT_LATE_MS } from './event-tail.ts'
import type { StandardUniverse } from './standard-universe.ts'
import { createManualClock } from './testing/manual-clock.ts'
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

/** Writes events into a copy of the universe, and gives its file. */
async function fileWith(
  file: Blob,
  events: readonly { readonly type: string; readonly atMs: number }[],
): Promise<Blob> {
  const clock = createManualClock()
  const copy = await openTestUniverse(clock)
  try {
    await copy.importFile(file)
    for (const { type, atMs } of events) {
      clock.advance(atMs - clock.now())
      await copy.reducers.publishEvent({ type, data: {} })
    }
    return await fileOf(copy)
  } finally {
    await copy.close()
  }
}

function fileOf(from: StandardUniverse): Promise<Blob> {
  return new Response(from.exportFile() as ReadableStream<Uint8Array<ArrayBuffer>>).blob()
}

/** A universe and a bus on one clock, and the custom events its handler got. */
async function openListening() {
  const clock = createManualClock()
  clock.advance(1_800_000_000_000)
  const listening = await openTestUniverse(clock)
  await listening.reducers.publishEvent({ type: 'before the bus', data: {} })
  const listeningBus = createEventBus(listening, { ...options, clock })
  const got: string[] = []
  listeningBus.registerHandlerForAll(({ type }) => {
    if (type === type.toLowerCase()) got.push(type)
  })
  const close = async () => {
    await listeningBus.close()
    await listening.close()
  }
  return { clock, listening, bus: listeningBus, got, close }
}

test('events missed in a gap are read from the log: once, in its order, before newer ones', async () => {
  const { clock, listening, bus: gapBus, got, close } = await openListening()
  await gapBus.publish('seen', {})
  const seenMs = clock.now()
  const file = await fileWith(await fileOf(listening), [
    { type: 'far too old', atMs: seenMs - EVENT_LATE_MS - 1 },
    { type: 'late', atMs: seenMs - EVENT_LATE_MS },
    ...Array.from({ length: 1200 }, (_, at) => ({ type: `missed ${at}`, atMs: seenMs + at })),
  ])
  clock.advance(10 * EVENT_LATE_MS)
  await listening.importFile(file)
  await gapBus.publish('newer', {})
  const expected = [
    'seen',
    'late',
    ...Array.from({ length: 1200 }, (_, at) => `missed ${at}`),
    'newer',
  ]
  await expect.poll(() => got.length, { timeout: 5000 }).toBe(expected.length)
  expect(got).toEqual(expected)
  // The same again misses nothing and repeats nothing; what comes after is delivered.
  await listening.importFile(await fileOf(listening))
  await listening.importFile(await fileOf(listening))
  await gapBus.publish('last', {})
  await expect.poll(() => got.at(-1)).toBe('last')
  expect(got).toEqual([...expected, 'last'])
  await close()
  expect(errors).toEqual([])
})

test('a gap right after the start misses nothing, and nothing from before is delivered', async () => {
  const { clock, listening, bus: gapBus, got, close } = await openListening()
  await gapBus.close()
  const file = await fileWith(await fileOf(listening), [{ type: 'missed', atMs: clock.now() + 1 }])
  clock.advance(1)
  const lateBus = createEventBus(listening, { ...options, clock })
  lateBus.registerHandlerForAll(({ type }) => got.push(type))
  await listening.importFile(file)
  await expect.poll(() => got.filter((type) => type === 'missed')).toEqual(['missed'])
  expect(got).not.toContain('before the bus')
  await lateBus.close()
  await close()
  expect(errors).toEqual([])
})

test('an event whose clock is ahead does not hide what a gap misses later', async () => {
  const { clock, listening, bus: gapBus, got, close } = await openListening()
  const nowMs = clock.now()
  const ahead = { type: 'ahead', atMs: nowMs + 1000 * EVENT_LATE_MS }
  await listening.importFile(await fileWith(await fileOf(listening), [ahead]))
  await expect.poll(() => got).toEqual(['ahead'])
  const missed = { type: 'missed', atMs: nowMs + 1 }
  clock.advance(2)
  await listening.importFile(await fileWith(await fileOf(listening), [missed]))
  await gapBus.publish('last', {})
  await expect.poll(() => got).toEqual(['ahead', 'missed', 'last'])
  await close()
})
