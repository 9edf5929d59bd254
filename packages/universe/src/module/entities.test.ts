import { beforeEach, expect, test } from 'vitest'
import { errorOf, OWNER, openTestStore, type TestStore } from '../testing/test-store.ts'

let store: TestStore
const NO_ID = '00000000-0000-7000-8000-000000000000'

beforeEach(() => {
  store = openTestStore()
  store.newEvents()
})

test('createEntity gives the id of a row with both times, its owner and revision 1', () => {
  const id = store.as('ada').createEntity({ type: 'note', metadata: { name: 'A', tags: ['x'] } })
  const now = store.clock.nowMs
  expect(store.rows('entity')).toEqual([
    {
      id,
      entity_type: 'note',
      created_at: now,
      updated_at: now,
      metadata: { name: 'A', tags: ['x'], properties: {} },
      owner: 'ada',
      revision: 1,
    },
  ])
})

test('createEntity writes ENTITY_CREATED {entity_id, entity_type, metadata} with the id as source', () => {
  const id = store.as('ada').createEntity({ type: 'note' })
  const metadata = { tags: [], properties: {} }
  expect(store.newEvents()).toEqual([
    ['ENTITY_CREATED', id, { entity_id: id, entity_type: 'note', metadata }],
  ])
})

test('createEntity refuses exactly "": Entity type cannot be empty', () => {
  const error = errorOf(() => store.as('ada').createEntity({ type: '' }))
  expect([error.code, error.message]).toEqual([
    'universe/validation',
    'Entity type cannot be empty',
  ])
  expect(store.newEvents()).toEqual([])
  store.as('ada').createEntity({ type: ' ' })
})

test('updateEntity replaces the metadata whole and moves updated_at and revision', () => {
  const ada = store.as('ada')
  const id = ada.createEntity({ type: 'note', metadata: { name: 'A', properties: { age: 1 } } })
  store.clock.nowMs += 5
  expect(ada.updateEntity({ id, metadata: { description: 'd' } })).toBe(true)
  const [row] = store.rows('entity')
  expect(row?.metadata).toEqual({ description: 'd', tags: [], properties: {} })
  expect([row?.updated_at, row?.revision]).toEqual([store.clock.nowMs, 2])
  expect(row?.created_at).toBe(store.clock.nowMs - 5)
})

test('ENTITY_UPDATED lists changed properties by name and carries nothing unchanged', () => {
  const ada = store.as('ada')
  const metadata = { name: 'A', tags: ['t'], properties: { age: 1, kept: 'long text' } }
  const id = ada.createEntity({ type: 'note', metadata })
  store.newEvents()
  ada.updateEntity({
    id,
    metadata: { ...metadata, name: 'B', properties: { age: 2, kept: 'long text' } },
  })
  expect(store.newEvents()).toEqual([
    [
      'ENTITY_UPDATED',
      id,
      {
        entity_id: id,
        changed_fields: ['name', 'properties.age'],
        old_metadata: { name: 'A', properties: { age: 1 } },
        new_metadata: { name: 'B', properties: { age: 2 } },
      },
    ],
  ])
})

test('updateEntity writes row and event even if nothing changed', () => {
  const ada = store.as('ada')
  const id = ada.createEntity({ type: 'note' })
  store.newEvents()
  ada.updateEntity({ id, metadata: {} })
  expect(store.newEvents()).toEqual([
    [
      'ENTITY_UPDATED',
      id,
      { entity_id: id, changed_fields: [], old_metadata: {}, new_metadata: {} },
    ],
  ])
  expect(store.rows('entity')[0]?.revision).toBe(2)
})

test('patchEntity changes the named fields only', () => {
  const ada = store.as('ada')
  const metadata = { name: 'A', description: 'd', properties: { age: 1, city: 'x' } }
  const id = ada.createEntity({ type: 'note', metadata })
  ada.patchEntity({ id, metadata: { properties: { age: 2 }, removedProperties: ['city'] } })
  expect(store.rows('entity')[0]?.metadata).toEqual({
    name: 'A',
    description: 'd',
    tags: [],
    properties: { age: 2 },
  })
})

test.each(['updateEntity', 'patchEntity', 'deleteEntity'] as const)(
  '%s of an id that is not there: Entity not found: {id}',
  (name) => {
    const args = name === 'deleteEntity' ? { id: NO_ID } : { id: NO_ID, metadata: {} }
    const error = errorOf(() => store.as('ada')[name](args as never))
    expect([error.code, error.message]).toEqual([
      'universe/entity-not-found',
      `Entity not found: ${NO_ID}`,
    ])
  },
)

test('an expected revision that is not the row’s is a version conflict telling both', () => {
  const ada = store.as('ada')
  const id = ada.createEntity({ type: 'note' })
  ada.updateEntity({ id, metadata: { name: 'first' }, expectedRevision: 1 })
  const error = errorOf(() =>
    ada.updateEntity({ id, metadata: { name: 'second' }, expectedRevision: 1 }),
  )
  expect([error.code, error.details]).toEqual([
    'universe/version-conflict',
    { id, expectedRevision: 1, actualRevision: 2 },
  ])
  expect(store.rows('entity')[0]?.metadata).toMatchObject({ name: 'first' })
})

test('deleteEntity deletes and writes ENTITY_DELETED {entity_id, entity_type}', () => {
  const ada = store.as('ada')
  const id = ada.createEntity({ type: 'note' })
  store.newEvents()
  expect(ada.deleteEntity({ id })).toBe(true)
  expect(store.rows('entity')).toEqual([])
  expect(store.newEvents()).toEqual([
    ['ENTITY_DELETED', id, { entity_id: id, entity_type: 'note' }],
  ])
})

test('deleteEntity counts relations at either end, a self relation once', () => {
  const ada = store.as('ada')
  const [a, b] = ada.createEntities({
    items: [{ type: 'n' }, { type: 'n' }],
  }) as readonly string[] as readonly [string, string]
  ada.createRelation({ from: a, to: b, type: 'r' })
  ada.createRelation({ from: b, to: a, type: 'r' })
  ada.createRelation({ from: a, to: a, type: 'self' })
  const error = errorOf(() => ada.deleteEntity({ id: a }))
  expect([error.code, error.message]).toEqual([
    'universe/entity-referenced',
    'Cannot delete entity with 3 existing relationships',
  ])
  expect(store.rows('entity')).toHaveLength(2)
})

test('deleteEntity with cascade takes its relations along, each with its event', () => {
  const ada = store.as('ada')
  const [a, b] = ada.createEntities({
    items: [{ type: 'n' }, { type: 'n' }],
  }) as readonly string[] as readonly [string, string]
  const out = ada.createRelation({ from: a, to: b, type: 'r' })
  const self = ada.createRelation({ from: a, to: a, type: 's' })
  store.newEvents()
  ada.deleteEntity({ id: a, cascade: true })
  expect(store.rows('relation')).toEqual([])
  expect(store.rows('entity').map((row) => row.id)).toEqual([b])
  const events = store.newEvents()
  expect(events.map(([type]) => type).sort()).toEqual([
    'ENTITY_DELETED',
    'RELATION_DELETED',
    'RELATION_DELETED',
  ])
  expect(events.map(([, source]) => source)).toEqual(expect.arrayContaining([out, self, a]))
})

test('an entity may be changed and deleted by its owner and by admins, not by others', () => {
  const id = store.as('ada').createEntity({ type: 'note' })
  const eve = store.as('eve')
  for (const call of [
    () => eve.updateEntity({ id, metadata: {} }),
    () => eve.patchEntity({ id, metadata: {} }),
    () => eve.deleteEntity({ id }),
  ]) {
    expect(errorOf(call).code).toBe('universe/unauthorized')
  }
  store.as(OWNER).updateEntity({ id, metadata: { name: 'by the owner of the universe' } })
  store.as('ada').deleteEntity({ id })
})

test('under security_write_policy anyone, anybody may change an entity', () => {
  const id = store.as('ada').createEntity({ type: 'note' })
  store.as(OWNER).updateConfig({ key: 'security_write_policy', value: 'anyone' })
  expect(store.as('eve').updateEntity({ id, metadata: {} })).toBe(true)
})

test('createEntities adds all rows with one event of count, first and last id', () => {
  const items = Array.from({ length: 1000 }, (_, index) => ({
    type: 'n',
    metadata: { name: `${index}` },
  }))
  const ids = store.as('ada').createEntities({ items })
  expect(new Set(ids).size).toBe(1000)
  expect(store.rows('entity').map((row) => row.id)).toEqual(ids)
  expect(store.newEvents()).toEqual([
    ['ENTITIES_CREATED', ids[0], { count: 1000, first_id: ids[0], last_id: ids[999] }],
  ])
})

test('createEntities of nothing writes nothing', () => {
  expect(store.as('ada').createEntities({ items: [] })).toEqual([])
  expect(store.newEvents()).toEqual([])
})

test('createEntities keeps ids given, and refuses text that is no id, naming the item', () => {
  const id = '0b7f3c1e-9a4d-5e2f-8c6b-1a2b3c4d5e6f'
  const ada = store.as('ada')
  expect(ada.createEntities({ items: [{ id, type: 'n' }] })).toEqual([id])
  const bad = errorOf(() => ada.createEntities({ items: [{ type: 'n' }, { id: 'x', type: 'n' }] }))
  expect([bad.code, bad.message]).toEqual([
    'universe/validation',
    '"x" is not an id: canonical lower-case UUID text is needed (item 1)',
  ])
  expect(errorOf(() => ada.createEntities({ items: [{ id, type: 'n' }] })).code).toBe(
    'table/duplicate-id',
  )
  expect(store.rows('entity')).toHaveLength(1)
})

test('a bulk call with one faulty item adds none', () => {
  const items = [{ type: 'n' }, { type: '' }]
  const error = errorOf(() => store.as('ada').createEntities({ items }))
  expect([error.message, error.details]).toEqual(['Entity type cannot be empty', { itemIndex: 1 }])
  expect(store.rows('entity')).toEqual([])
})

test('more than 1000 items in one bulk call are refused', () => {
  const items = Array.from({ length: 1001 }, () => ({ type: 'n' }))
  expect(errorOf(() => store.as('ada').createEntities({ items })).code).toBe(
    'reducer/invalid-arguments',
  )
})

test('createEntityRaw keeps id and times, for admins only', () => {
  const id = '0b7f3c1e-9a4d-5e2f-8c6b-1a2b3c4d5e6f'
  const raw = { id, type: 'n', createdAt: 5, updatedAt: 7 }
  expect(errorOf(() => store.as('ada').createEntityRaw(raw)).code).toBe('universe/unauthorized')
  expect(store.as(OWNER).createEntityRaw(raw)).toBe(id)
  expect(store.rows('entity')[0]).toMatchObject({ id, created_at: 5, updated_at: 7 })
})
