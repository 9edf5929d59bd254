import { beforeEach, expect, test } from 'vitest'
import { errorOf, openTestStore, type TestStore } from '../testing/test-store.ts'

let store: TestStore
const QUERY = 'select id from entity'

beforeEach(() => {
  store = openTestStore()
  store.newEvents()
})

test('createSubscription makes an Active row of the caller, without event', () => {
  const id = store.as('ada').createSubscription({ query: QUERY })
  const now = store.clock.nowMs
  expect(store.rows('subscription')).toEqual([
    {
      subscription_id: id,
      identity: 'ada',
      query: QUERY,
      created_at: now,
      updated_at: now,
      status: 'Active',
    },
  ])
  expect(store.newEvents()).toEqual([])
})

test('createSubscription refuses "": Query cannot be empty', () => {
  const error = errorOf(() => store.as('ada').createSubscription({ query: '' }))
  expect([error.code, error.message]).toEqual(['universe/validation', 'Query cannot be empty'])
})

test.each([
  'select nothing from nowhere',
  'delete from entity',
  'select 1); delete from entity; select (1',
  'pragma user_version = 5',
  'hello',
])('createSubscription refuses what is no readable query: %s', (query) => {
  expect(errorOf(() => store.as('ada').createSubscription({ query })).code).toBe(
    'universe/validation',
  )
  expect(store.rows('subscription')).toEqual([])
})

test.each([
  'select count(*) from entity;',
  'with a(x) as (select 1) select x from a -- the end',
  'values (1), (2)',
])('createSubscription takes any query that only reads: %s', (query) => {
  store.as('ada').createSubscription({ query })
})

test('a subscription can be paused and resumed; Cancelled is final', () => {
  const ada = store.as('ada')
  const id = ada.createSubscription({ query: QUERY })
  const set = (status: 'Active' | 'Paused' | 'Cancelled') =>
    ada.updateSubscriptionStatus({ id, status })
  store.clock.nowMs += 1
  expect(set('Paused')).toBe(true)
  expect(store.rows('subscription')[0]).toMatchObject({
    status: 'Paused',
    updated_at: store.clock.nowMs,
  })
  set('Active')
  set('Cancelled')
  expect(set('Cancelled')).toBe(true)
  expect(errorOf(() => set('Active')).code).toBe('universe/validation')
})

test('another’s subscription is not found: Subscription not found: {id}', () => {
  const id = store.as('ada').createSubscription({ query: QUERY })
  const eve = store.as('eve')
  for (const call of [
    () => eve.updateSubscriptionStatus({ id, status: 'Paused' }),
    () => eve.deleteSubscription({ id }),
  ]) {
    const error = errorOf(call)
    expect([error.code, error.message]).toEqual([
      'universe/subscription-not-found',
      `Subscription not found: ${id}`,
    ])
  }
})

test('deleteSubscription removes the row', () => {
  const ada = store.as('ada')
  const id = ada.createSubscription({ query: QUERY })
  expect(ada.deleteSubscription({ id })).toBe(true)
  expect(store.rows('subscription')).toEqual([])
})
