import { beforeEach, expect, test } from 'vitest'
import { errorOf, OWNER, openTestStore, type TestStore } from '../testing/test-store.ts'

let store: TestStore

beforeEach(() => {
  store = openTestStore()
  store.newEvents()
})

function valueOfKey(key: string): unknown {
  return store.rows('config').find((row) => row.key === key)?.value
}

test('updateConfig inserts, then replaces, with the description overwritten and no event', () => {
  const ada = store.as('ada')
  expect(ada.updateConfig({ key: 'k', value: '1', description: 'd' })).toBe(true)
  expect(ada.updateConfig({ key: 'k', value: '2' })).toBe(true)
  const now = store.clock.nowMs
  expect(store.rows('config').find((row) => row.key === 'k')).toEqual({
    key: 'k',
    value: '2',
    description: null,
    updated_at: now,
    updated_by: 'ada',
    owner: 'ada',
  })
  expect(store.newEvents()).toEqual([])
})

test.each([
  'log_level',
  'cache_size_mb',
  'feature_enable_anything',
  'admin_x',
  'security_x',
  'start_time',
  'module_version',
  'event_log_max_rows',
  'event_log_max_age_ms',
])('%s is for admins only', (key) => {
  const error = errorOf(() => store.as('ada').updateConfig({ key, value: 'true' }))
  expect([error.code, error.message]).toEqual([
    'universe/unauthorized',
    'Unauthorized: Admin privileges required for this configuration key',
  ])
})

test('the owner of the universe is an admin; others become one by grantAdmin until revokeAdmin', () => {
  const ada = store.as('ada')
  const setLevel = () => ada.updateConfig({ key: 'log_level', value: 'debug' })
  expect(errorOf(setLevel).code).toBe('universe/unauthorized')
  expect(store.as(OWNER).grantAdmin({ identity: 'ada' })).toBe(true)
  expect(store.as(OWNER).grantAdmin({ identity: 'ada' })).toBe(false)
  expect(setLevel()).toBe(true)
  expect(ada.revokeAdmin({ identity: 'ada' })).toBe(true)
  expect(errorOf(setLevel).code).toBe('universe/unauthorized')
})

test('only an admin grants and revokes, and the owner cannot lose the right', () => {
  const ada = store.as('ada')
  for (const call of [
    () => ada.grantAdmin({ identity: 'ada' }),
    () => ada.revokeAdmin({ identity: OWNER }),
  ]) {
    expect(errorOf(call).message).toBe('Unauthorized: Admin privileges required')
  }
  const revoke = () => store.as(OWNER).revokeAdmin({ identity: OWNER })
  expect(errorOf(revoke).code).toBe('universe/validation')
})

test('adminOperation sets a key that exists already', () => {
  store.as(OWNER).adminOperation({ key: 'cache_size_mb', value: '512' })
  expect(valueOfKey('cache_size_mb')).toBe('512')
  store.as(OWNER).adminOperation({ key: 'new_key', value: 'x' })
  expect(valueOfKey('new_key')).toBe('x')
})

test('adminOperation by another: Unauthorized: Admin privileges required', () => {
  const error = errorOf(() => store.as('ada').adminOperation({ key: 'k', value: 'v' }))
  expect([error.code, error.message]).toEqual([
    'universe/unauthorized',
    'Unauthorized: Admin privileges required',
  ])
})

test('a key that is not for admins belongs to who made it', () => {
  store.as('ada').updateConfig({ key: 'theme', value: 'dark' })
  const eve = () => store.as('eve').updateConfig({ key: 'theme', value: 'light' })
  expect(errorOf(eve).code).toBe('universe/unauthorized')
  store.as(OWNER).updateConfig({ key: 'theme', value: 'grey' })
  expect(store.rows('config').find((row) => row.key === 'theme')).toMatchObject({
    value: 'grey',
    owner: 'ada',
    updated_by: OWNER,
  })
})

test.each([
  ['', 'x', 'Config key cannot be empty'],
  [
    'log_level',
    'loud',
    'Invalid value for log_level: it must be one of error, warn, info, debug, trace',
  ],
  [
    'feature_enable_audit_log',
    'yes',
    'Invalid value for feature_enable_audit_log: it must be one of true, false',
  ],
  [
    'event_log_max_rows',
    '-1',
    'Invalid value for event_log_max_rows: it must be a whole number from 0',
  ],
  [
    'security_write_policy',
    'all',
    'Invalid value for security_write_policy: it must be one of owner, anyone',
  ],
])('the setting %j = %j is refused: %s', (key, value, message) => {
  expect(errorOf(() => store.as(OWNER).updateConfig({ key, value })).message).toBe(message)
})

test('under maintenance only admins write; everybody reads', () => {
  store.as(OWNER).updateConfig({ key: 'admin_system_state', value: 'Maintenance' })
  const create = () => store.as('ada').createEntity({ type: 'n' })
  expect(errorOf(create).code).toBe('universe/unauthorized')
  expect(store.as('ada').getSystemStatus({}).status).toBe('Maintenance')
  store.as(OWNER).createEntity({ type: 'n' })
  store.as(OWNER).updateConfig({ key: 'admin_system_state', value: 'Running' })
  create()
})
