import { beforeEach, expect, test } from 'vitest'
import { errorOf, openTestStore, type TestStore } from '../testing/test-store.ts'

let store: TestStore
let a: string
let b: string
const NO_ID = '00000000-0000-7000-8000-000000000000'
const PLAIN = { strength: 1, bidirectional: false, tags: [], properties: {} }

beforeEach(() => {
  store = openTestStore()
  const ids = store.as('ada').createEntities({ items: [{ type: 'n' }, { type: 'n' }] })
  ;[a = '', b = ''] = ids
  store.newEvents()
})

test('createRelation gives the id of a row without updated_at', () => {
  const id = store.as('ada').createRelation({ from: a, to: b, type: 'knows' })
  expect(store.rows('relation')).toEqual([
    {
      id,
      from_entity: a,
      to_entity: b,
      relation_type: 'knows',
      created_at: store.clock.nowMs,
      metadata: PLAIN,
      owner: 'ada',
      revision: 1,
    },
  ])
})

test('createRelation writes RELATION_CREATED with everything', () => {
  const id = store.as('ada').createRelation({ from: a, to: b, type: 'knows' })
  const data = {
    relation_id: id,
    from_entity: a,
    to_entity: b,
    relation_type: 'knows',
    metadata: PLAIN,
  }
  expect(store.newEvents()).toEqual([['RELATION_CREATED', id, data]])
})

test('createRelation checks type, then from, then to', () => {
  const ada = store.as('ada')
  const messages = [
    { from: NO_ID, to: NO_ID, type: '' },
    { from: NO_ID, to: NO_ID, type: 'r' },
    { from: a, to: NO_ID, type: 'r' },
  ].map((args) => errorOf(() => ada.createRelation(args)).message)
  expect(messages).toEqual([
    'Relation type cannot be empty',
    `From entity not found: ${NO_ID}`,
    `To entity not found: ${NO_ID}`,
  ])
})

test('duplicates and self relations are allowed', () => {
  const ada = store.as('ada')
  ada.createRelation({ from: a, to: b, type: 'r' })
  ada.createRelation({ from: a, to: b, type: 'r' })
  ada.createRelation({ from: a, to: a, type: 'r' })
  expect(store.rows('relation')).toHaveLength(3)
})

test.each([-0.1, 1.1])('strength %d is refused: it lies between 0 and 1', (strength) => {
  const input = { from: a, to: b, type: 'r', metadata: { strength } }
  expect(errorOf(() => store.as('ada').createRelation(input)).code).toBe(
    'reducer/invalid-arguments',
  )
})

test('updateRelation replaces the metadata; changed_fields has relation fields in order', () => {
  const ada = store.as('ada')
  const id = ada.createRelation({ from: a, to: b, type: 'r' })
  store.newEvents()
  const metadata = { description: 'd', strength: 0.5, bidirectional: true, tags: ['t'] }
  expect(ada.updateRelation({ id, metadata })).toBe(true)
  expect(store.newEvents()).toEqual([
    [
      'RELATION_UPDATED',
      id,
      {
        relation_id: id,
        changed_fields: ['description', 'strength', 'bidirectional', 'tags'],
        old_metadata: { strength: 1, bidirectional: false, tags: [] },
        new_metadata: metadata,
      },
    ],
  ])
  expect(store.rows('relation')[0]).toMatchObject({ metadata, revision: 2 })
})

test('patchRelation changes the named fields only', () => {
  const ada = store.as('ada')
  const id = ada.createRelation({ from: a, to: b, type: 'r', metadata: { description: 'd' } })
  ada.patchRelation({ id, metadata: { strength: 0.25 } })
  expect(store.rows('relation')[0]?.metadata).toEqual({
    ...PLAIN,
    description: 'd',
    strength: 0.25,
  })
})

test('an expected revision that is not the relation’s is a version conflict', () => {
  const ada = store.as('ada')
  const id = ada.createRelation({ from: a, to: b, type: 'r' })
  const error = errorOf(() => ada.updateRelation({ id, metadata: {}, expectedRevision: 4 }))
  expect([error.code, error.details]).toEqual([
    'universe/version-conflict',
    { id, expectedRevision: 4, actualRevision: 1 },
  ])
})

test('deleteRelation writes RELATION_DELETED {relation_id, relation_type}', () => {
  const ada = store.as('ada')
  const id = ada.createRelation({ from: a, to: b, type: 'r' })
  store.newEvents()
  expect(ada.deleteRelation({ id })).toBe(true)
  expect(store.newEvents()).toEqual([
    ['RELATION_DELETED', id, { relation_id: id, relation_type: 'r' }],
  ])
})

test.each(['updateRelation', 'patchRelation', 'deleteRelation'] as const)(
  '%s of an id that is not there: Relation not found: {id}',
  (name) => {
    const args = name === 'deleteRelation' ? { id: NO_ID } : { id: NO_ID, metadata: {} }
    const error = errorOf(() => store.as('ada')[name](args as never))
    expect([error.code, error.message]).toEqual([
      'universe/relation-not-found',
      `Relation not found: ${NO_ID}`,
    ])
  },
)

test('a relation may be changed by its owner and admins, not by others', () => {
  const id = store.as('ada').createRelation({ from: a, to: b, type: 'r' })
  const eve = store.as('eve')
  expect(errorOf(() => eve.updateRelation({ id, metadata: {} })).code).toBe('universe/unauthorized')
  expect(errorOf(() => eve.deleteRelation({ id })).code).toBe('universe/unauthorized')
  expect(eve.createRelation({ from: a, to: b, type: 'mine' })).not.toBe(id)
})

test('createRelations adds all rows with one event', () => {
  const items = Array.from({ length: 1000 }, (_, at) => ({ from: a, to: b, type: `t${at % 3}` }))
  const ids = store.as('ada').createRelations({ items })
  expect(store.rows('relation')).toHaveLength(1000)
  expect(store.newEvents()).toEqual([
    ['RELATIONS_CREATED', ids[0], { count: 1000, first_id: ids[0], last_id: ids[999] }],
  ])
})

test('createRelations with one end missing adds none and names the end', () => {
  const items = [
    { from: a, to: b, type: 'r' },
    { from: a, to: NO_ID, type: 'r' },
  ]
  const error = errorOf(() => store.as('ada').createRelations({ items }))
  expect([error.code, error.message]).toEqual([
    'universe/entity-not-found',
    `To entity not found: ${NO_ID}`,
  ])
  expect(store.rows('relation')).toEqual([])
})
