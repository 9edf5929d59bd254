import { beforeEach, expect, test } from 'vitest'
import { errorOf, OWNER, openTestStore, type TestStore } from '../testing/test-store.ts'
import { faultOfEventData, SYSTEM_EVENT_TYPES } from './event-data.ts'

let store: TestStore

beforeEach(() => {
  store = openTestStore()
  store.newEvents()
})

test('publishEvent adds one row and nothing else', () => {
  const id = store.as('ada').publishEvent({ type: 'my.event', source: 's', data: { a: [1] } })
  const row = store.rows('event_log').find((event) => event.event_id === id)
  expect(row).toEqual({
    event_id: id,
    event_type: 'my.event',
    source: 's',
    timestamp: store.clock.nowMs,
    data: { a: [1] },
  })
  expect(store.newEvents()).toEqual([['my.event', 's', { a: [1] }]])
})

test('publishEvent refuses "": Event type cannot be empty', () => {
  const error = errorOf(() => store.as('ada').publishEvent({ type: '', data: {} }))
  expect([error.code, error.message]).toEqual(['universe/validation', 'Event type cannot be empty'])
})

test.each(SYSTEM_EVENT_TYPES)('a client cannot forge %s, not even an admin', (type) => {
  for (const who of ['ada', OWNER]) {
    const error = errorOf(() => store.as(who).publishEvent({ type, data: {} }))
    expect(error.code).toBe('universe/unauthorized')
  }
})

test('event data that is no map is refused', () => {
  const publish = () => store.as('ada').publishEvent({ type: 'x', data: [1] as never })
  expect(errorOf(publish).message).toBe('event data must be a map')
})

test('every event the reducers write has the data its type asks for', () => {
  const ada = store.as('ada')
  const id = ada.createEntity({ type: 'n' })
  ada.updateEntity({ id, metadata: { name: 'x' } })
  const relation = ada.createRelation({ from: id, to: id, type: 'r' })
  ada.updateRelation({ id: relation, metadata: {} })
  ada.createRelations({ items: [{ from: id, to: id, type: 'r' }] })
  ada.createEntities({ items: [{ type: 'n' }] })
  ada.deleteEntity({ id, cascade: true })
  const versionId = ada.commitStateVersion({ description: '', dataHash: '' })
  ada.recordDelta({ versionId, operations: [], metadata: {} })
  store.as(OWNER).grantAdmin({ identity: 'ada' })
  store.as(OWNER).revokeAdmin({ identity: 'ada' })
  store.engine.connect({ connectionId: 'c', identity: 'ada' })
  store.engine.disconnect({ connectionId: 'c', identity: 'ada' })
  const rows = store.rows('event_log')
  expect(new Set(rows.map((row) => row.event_type))).toEqual(new Set(SYSTEM_EVENT_TYPES))
  for (const row of rows) {
    expect(faultOfEventData(row.event_type as string, row.data)).toBeUndefined()
  }
})

test('with feature_enable_audit_log false no system event is written, custom ones are', () => {
  store.as(OWNER).updateConfig({ key: 'feature_enable_audit_log', value: 'false' })
  store.as('ada').createEntity({ type: 'n' })
  store.as('ada').publishEvent({ type: 'mine', data: {} })
  expect(store.newEvents().map(([type]) => type)).toEqual(['mine'])
})

test('getRecentEvents gives ids by timestamp, then id, newest first', () => {
  const ada = store.as('ada')
  const ids = [0, 0, 5, 5].map((step, at) => {
    store.clock.nowMs += step
    return ada.publishEvent({ type: at % 2 === 0 ? 'even' : 'odd', data: {} })
  })
  const [first, second, third, fourth] = ids
  expect(ada.getRecentEvents({ maxCount: 3 })).toEqual([fourth, third, second])
  expect(ada.getRecentEvents({ maxCount: 9, type: 'even' })).toEqual([third, first])
})

test.each([0, -1, 1001])(
  'getRecentEvents of %d: Max count must be between 1 and 1000',
  (maxCount) => {
    const error = errorOf(() => store.as('ada').getRecentEvents({ maxCount }))
    expect([error.code, error.message]).toEqual([
      'universe/validation',
      'Max count must be between 1 and 1000',
    ])
  },
)

test('a failing reducer leaves no event behind', () => {
  errorOf(() => store.as('ada').createEntity({ type: '' }))
  expect(store.newEvents()).toEqual([])
})

test('with feature_enable_metrics, events.published counts every event', () => {
  store.as('ada').createEntity({ type: 'n' })
  expect(store.rows('metrics')).toEqual([])
  store.as(OWNER).updateConfig({ key: 'feature_enable_metrics', value: 'true' })
  store.as('ada').createEntity({ type: 'n' })
  store.as('ada').publishEvent({ type: 'x', data: {} })
  expect(store.rows('metrics')).toMatchObject([
    { name: 'events.published', kind: 'counter', value: 2, count: 2 },
  ])
})

test('recordMetrics keeps sum, count, smallest and largest of a histogram', () => {
  store.as(OWNER).updateConfig({ key: 'feature_enable_metrics', value: 'true' })
  const observations = [3, 1, 2].map(
    (value) => ({ name: 'latency', kind: 'histogram', value }) as const,
  )
  expect(store.as('ada').recordMetrics({ observations })).toBe(true)
  expect(store.rows('metrics')).toMatchObject([
    { name: 'latency', kind: 'histogram', value: 2, count: 3, sum: 6, min: 1, max: 3 },
  ])
  const gauge = [{ name: 'latency', kind: 'gauge', value: 1 } as const]
  expect(errorOf(() => store.as('ada').recordMetrics({ observations: gauge })).message).toBe(
    'metric "latency" is a histogram, not a gauge',
  )
})
