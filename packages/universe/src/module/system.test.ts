import { beforeEach, expect, test } from 'vitest'
import { errorOf, OWNER, openTestStore, type TestStore } from '../testing/test-store.ts'

let store: TestStore

beforeEach(() => {
  store = openTestStore()
})

test('init makes six configuration rows', () => {
  const values = Object.fromEntries(store.rows('config').map((row) => [row.key, row.value]))
  expect(values).toEqual({
    module_version: '0.1.0',
    start_time: String(store.clock.nowMs),
    feature_enable_state_versioning: 'true',
    feature_enable_audit_log: 'true',
    cache_size_mb: '256',
    log_level: 'info',
  })
})

test('init stores the owner as admin and writes SYSTEM_INITIALIZED without source', () => {
  expect(store.rows('admin')).toMatchObject([{ identity: OWNER }])
  expect(store.newEvents()).toEqual([
    [
      'SYSTEM_INITIALIZED',
      null,
      { version: '0.1.0', timestamp: store.clock.nowMs, initialized_by: OWNER },
    ],
  ])
})

test('a connection has a row of its own, also a second one of the same identity', () => {
  store.newEvents()
  store.engine.connect({ connectionId: 'c1', identity: 'ada' })
  store.engine.connect({ connectionId: 'c2', identity: 'ada' })
  const now = store.clock.nowMs
  const row = { identity: 'ada', connected_at: now, last_active_at: now, client_info: null }
  expect(store.rows('client_connection')).toEqual([
    { connection_id: 'c1', ...row, status: 'Connected' },
    { connection_id: 'c2', ...row, status: 'Connected' },
  ])
  expect(store.newEvents()).toEqual([
    ['CLIENT_CONNECTED', 'ada', { identity: 'ada', connection_id: 'c1' }],
    ['CLIENT_CONNECTED', 'ada', { identity: 'ada', connection_id: 'c2' }],
  ])
})

test('a disconnect marks the row of that connection, and a reconnect revives it', () => {
  for (const connectionId of ['c1', 'c2']) store.engine.connect({ connectionId, identity: 'ada' })
  store.newEvents()
  store.engine.disconnect({ connectionId: 'c2', identity: 'ada' })
  const statuses = () => store.rows('client_connection').map((row) => row.status)
  expect(statuses()).toEqual(['Connected', 'Disconnected'])
  expect(store.newEvents()).toEqual([
    ['CLIENT_DISCONNECTED', 'ada', { identity: 'ada', connection_id: 'c2' }],
  ])
  store.engine.connect({ connectionId: 'c2', identity: 'ada' })
  expect(statuses()).toEqual(['Connected', 'Connected'])
})

test('CLIENT_DISCONNECTED is written also when no row was found', () => {
  store.newEvents()
  store.engine.disconnect({ connectionId: 'ghost', identity: 'ada' })
  expect(store.newEvents()).toHaveLength(1)
  expect(store.rows('client_connection')).toEqual([])
})

test('a call moves last_active_at of its connection, at most every half minute', () => {
  store.engine.connect({ connectionId: 'c1', identity: 'ada' })
  const ada = store.as('ada', 'c1')
  const activeAt = () => store.rows('client_connection')[0]?.last_active_at
  const connectedAt = store.clock.nowMs
  store.clock.nowMs += 29_999
  ada.createEntity({ type: 'n' })
  expect(activeAt()).toBe(connectedAt)
  store.clock.nowMs += 1
  ada.createEntity({ type: 'n' })
  expect(activeAt()).toBe(store.clock.nowMs)
})

test('touchConnection says what the client is and how it is', () => {
  store.engine.connect({ connectionId: 'c1', identity: 'ada' })
  const ada = store.as('ada', 'c1')
  expect(ada.touchConnection({ clientInfo: 'demo 1.0', status: 'Disconnecting' })).toBe(true)
  expect(store.rows('client_connection')[0]).toMatchObject({
    client_info: 'demo 1.0',
    status: 'Disconnecting',
  })
  expect(store.as('eve', 'c1').touchConnection({})).toBe(false)
  expect(store.as('ada').touchConnection({})).toBe(false)
})

test('getSystemStatus counts, with the uptime in whole seconds', () => {
  const ada = store.as('ada')
  const id = ada.createEntity({ type: 'n' })
  ada.createRelation({ from: id, to: id, type: 'r' })
  store.engine.connect({ connectionId: 'c1', identity: 'ada' })
  store.clock.nowMs += 2999
  expect(ada.getSystemStatus({})).toEqual({
    status: 'Running',
    version: '0.1.0',
    uptimeSeconds: 2,
    entityCount: 1,
    relationCount: 1,
    eventCount: 4,
    connectedClients: 1,
  })
})

test('the system is Degraded while the audit log or state versioning is off', () => {
  const owner = store.as(OWNER)
  owner.updateConfig({ key: 'feature_enable_audit_log', value: 'false' })
  expect(owner.getSystemStatus({}).status).toBe('Degraded')
})

test('retention keeps the newest rows of the event log when it has a limit', () => {
  const owner = store.as(OWNER)
  for (let at = 0; at < 10; at++) {
    store.clock.nowMs += 1
    owner.publishEvent({ type: `e${at}`, data: {} })
  }
  expect(owner.applyRetention({})).toBe(0)
  owner.updateConfig({ key: 'event_log_max_rows', value: '3' })
  expect(owner.applyRetention({})).toBe(8)
  expect(store.rows('event_log').map((row) => row.event_type)).toEqual(['e7', 'e8', 'e9'])
})

test('retention keeps what states are made of', () => {
  const owner = store.as(OWNER)
  const operations = [{ kind: 'set', path: '', value: 1 }] as const
  const state = { description: '', dataHash: 'h', operations, isCheckpoint: true }
  const versionId = owner.commitState(state)
  owner.recordDelta({ versionId, operations, metadata: {} })
  owner.recordDelta({ versionId, operations, metadata: {} })
  const rolesLeft = () => store.rows('delta_record').map(({ role }) => role)
  owner.updateConfig({ key: 'delta_record_max_rows', value: '1' })
  owner.applyRetention({})
  expect(rolesLeft().sort()).toEqual(['checkpoint', 'record'])
  owner.updateConfig({ key: 'delta_record_max_age_ms', value: '1000' })
  store.clock.nowMs += 2000
  owner.applyRetention({})
  expect(rolesLeft()).toEqual(['checkpoint'])
})

test('retention drops events and deltas past their age', () => {
  const owner = store.as(OWNER)
  const versionId = owner.commitStateVersion({ description: '', dataHash: '' })
  owner.recordDelta({ versionId, operations: [], metadata: {} })
  owner.updateConfig({ key: 'event_log_max_age_ms', value: '1000' })
  owner.updateConfig({ key: 'delta_record_max_age_ms', value: '1000' })
  store.clock.nowMs += 1001
  owner.publishEvent({ type: 'young', data: {} })
  expect(owner.applyRetention({})).toBe(4)
  expect(store.rows('event_log').map((row) => row.event_type)).toEqual(['young'])
  expect(store.rows('delta_record')).toEqual([])
})

test('retention runs by its timer every minute', () => {
  const owner = store.as(OWNER)
  owner.updateConfig({ key: 'event_log_max_rows', value: '0' })
  store.clock.nowMs += 60_000
  expect(store.engine.nextDueMs()).toBeLessThanOrEqual(store.clock.nowMs)
  store.engine.runDue(store.clock.nowMs)
  expect(store.rows('event_log')).toEqual([])
  expect(store.engine.nextDueMs()).toBeGreaterThan(store.clock.nowMs)
})

test('a long clean-up goes on by itself, a part at a time, oldest first', () => {
  const owner = store.as(OWNER)
  for (let at = 0; at < 4500; at++) owner.publishEvent({ type: 'x', data: {} })
  owner.updateConfig({ key: 'event_log_max_rows', value: '1' })
  expect(owner.applyRetention({})).toBe(2000)
  store.clock.nowMs += 1000
  store.engine.runDue(store.clock.nowMs)
  store.clock.nowMs += 1000
  store.engine.runDue(store.clock.nowMs)
  expect(store.rows('event_log')).toHaveLength(1)
  expect(store.rows('retention_schedule').map((row) => row.id)).toEqual(['regular'])
})

test('retention marks silent connections Idle and removes those long gone', () => {
  const owner = store.as(OWNER)
  for (const connectionId of ['c1', 'c2']) store.engine.connect({ connectionId, identity: 'ada' })
  store.engine.disconnect({ connectionId: 'c2', identity: 'ada' })
  store.clock.nowMs += 300_001
  owner.applyRetention({})
  const rows = () => store.rows('client_connection').map((row) => [row.connection_id, row.status])
  expect(rows()).toEqual([
    ['c1', 'Idle'],
    ['c2', 'Disconnected'],
  ])
  store.as('ada', 'c1').createEntity({ type: 'n' })
  expect(rows()[0]).toEqual(['c1', 'Connected'])
  store.clock.nowMs += 86_400_001
  owner.applyRetention({})
  expect(rows()).toEqual([['c1', 'Idle']])
})

test('applyRetention is for its timer and for admins', () => {
  expect(errorOf(() => store.as('ada').applyRetention({})).code).toBe('universe/unauthorized')
})
