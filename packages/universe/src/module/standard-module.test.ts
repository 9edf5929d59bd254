import { defineModule, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { openTestStore, type TestStore } from '../testing/test-store.ts'
import { standardModule, standardReducers } from './standard-module.ts'
import { standardLifecycle } from './system.ts'
import { standardTables } from './tables.ts'

/** Gives each store what the other has written. */
function exchange(left: TestStore, right: TestStore): void {
  const logOf = ({ engine }: TestStore) =>
    engine.streamHeads().flatMap(({ stream }) => engine.readLog(stream, 1, 1e9))
  const [ofLeft, ofRight] = [logOf(left), logOf(right)]
  left.engine.apply(ofRight.map((segment) => segment.bytes))
  right.engine.apply(ofLeft.map((segment) => segment.bytes))
}

test('every table of the founding documents is there, with its columns', () => {
  const columns = Object.fromEntries(
    Object.entries(standardModule.tables).map(([name, { definition }]) => [
      name,
      Object.keys(definition.columns),
    ]),
  )
  expect(columns).toMatchObject({
    entity: expect.arrayContaining(['id', 'entity_type', 'created_at', 'updated_at', 'metadata']),
    relation: expect.arrayContaining([
      'id',
      'from_entity',
      'to_entity',
      'relation_type',
      'created_at',
      'metadata',
    ]),
    state_version: [
      'version_id',
      'parent_version_id',
      'merge_parent_id',
      'timestamp',
      'description',
      'data_hash',
      'owner',
    ],
    delta_record: ['delta_id', 'state_version_id', 'operations', 'role', 'timestamp', 'metadata'],
    event_log: ['event_id', 'event_type', 'source', 'timestamp', 'data'],
    config: expect.arrayContaining(['key', 'value', 'description', 'updated_at', 'updated_by']),
    client_connection: [
      'connection_id',
      'identity',
      'connected_at',
      'last_active_at',
      'client_info',
      'status',
    ],
    subscription: ['subscription_id', 'identity', 'query', 'created_at', 'updated_at', 'status'],
  })
})

test('an entity deleted here while it gets a relation there stays: no end dangles', () => {
  const [left, right] = [openTestStore({ seed: 1 }), openTestStore({ seed: 2 })]
  const ada = left.as('ada')
  const [a, b] = ada.createEntities({ items: [{ type: 'n' }, { type: 'n' }] })
  exchange(left, right)
  left.clock.nowMs += 10
  ada.deleteEntity({ id: b as string })
  const relation = right.as('bob').createRelation({ from: a as string, to: b as string, type: 'r' })
  exchange(left, right)
  for (const store of [left, right]) {
    expect(store.rows('relation').map((row) => [row.id, row.to_entity])).toEqual([[relation, b]])
    expect(store.rows('entity').map((row) => row.id)).toEqual([a, b])
  }
})

test('of two edits made apart the newer one wins as a whole, on both replicas', () => {
  const [left, right] = [openTestStore({ seed: 1 }), openTestStore({ seed: 2 })]
  const id = left.as('ada').createEntity({ type: 'n', metadata: { name: 'old' } })
  exchange(left, right)
  left.as('ada').updateEntity({ id, metadata: { name: 'left' }, expectedRevision: 1 })
  right.clock.nowMs += 10
  right.as('ada').updateEntity({ id, metadata: { name: 'right' }, expectedRevision: 1 })
  exchange(left, right)
  for (const store of [left, right]) {
    const row = store.rows('entity')[0]
    expect([row?.metadata, row?.revision, row?.updated_at]).toEqual([
      { name: 'right', tags: [], properties: {} },
      2,
      right.clock.nowMs,
    ])
  }
})

test('connections, subscriptions and metrics stay on their replica', () => {
  const [left, right] = [openTestStore({ seed: 1 }), openTestStore({ seed: 2 })]
  left.engine.connect({ connectionId: 'c', identity: 'ada' })
  left.as('ada').createSubscription({ query: 'select 1' })
  exchange(left, right)
  expect(right.rows('client_connection')).toEqual([])
  expect(right.rows('subscription')).toEqual([])
  expect(right.rows('event_log').map((row) => row.event_type)).toContain('CLIENT_CONNECTED')
})

const app = defineModule({
  name: 'app',
  version: 1,
  tables: { ...standardTables, note: table({ id: t.id<'note'>(), about: t.ref('entity') }) },
  reducers: (reducer) => ({
    ...standardReducers(reducer),
    addNote: reducer({ type: t.text() }, (ctx, { type }) => {
      const about = ctx.call('createEntity', { type }) as never
      return ctx.db.note.insert({ about }).id
    }),
    // What a merge of foreign rows could bring, and no reducer of ours would write.
    forgeCycle: reducer({}, (ctx) => {
      const [first, second] = [ctx.newId<'state_version'>(), ctx.newId<'state_version'>()]
      const row = { timestamp: 0, description: '', data_hash: '', owner: '' }
      const { state_version } = ctx.db
      state_version.insert({ ...row, version_id: first, parent_version_id: second })
      state_version.insert({ ...row, version_id: second, parent_version_id: first })
      return [first, second]
    }),
  }),
  lifecycle: standardLifecycle,
})

test('an app composes its own module with the standard one', () => {
  const store = openTestStore({ module: app })
  const ada = store.as('ada') as unknown as { addNote(args: { type: string }): string }
  ada.addNote({ type: 'n' })
  expect(store.rows('entity')).toHaveLength(1)
  expect(store.rows('note' as never)).toHaveLength(1)
  expect(store.newEvents().map(([type]) => type)).toEqual(['SYSTEM_INITIALIZED', 'ENTITY_CREATED'])
})

test('a version history ends also on a cycle, each version once', () => {
  const store = openTestStore({ module: app })
  const ada = store.as('ada')
  const { forgeCycle } = ada as unknown as { forgeCycle(args: object): readonly string[] }
  const [first, second] = forgeCycle({})
  expect(ada.getVersionHistory({ versionId: first as string, maxDepth: 100 })).toEqual([
    first,
    second,
  ])
})
