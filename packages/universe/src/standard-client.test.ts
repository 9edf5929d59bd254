import { afterEach, beforeEach, expect, test } from 'vitest'
import type { QueryFilter } from './query-filter.ts'
import { createStandardClient, requireEntity, type StandardClient } from './standard-client.ts'
import type { StandardUniverse } from './standard-universe.ts'
import { openTestUniverse } from './testing/test-universe.ts'

let universe: StandardUniverse
let client: StandardClient
const NO_ID = '00000000-0000-7000-8000-000000000000'

beforeEach(async () => {
  universe = await openTestUniverse()
  client = createStandardClient(universe)
})

afterEach(() => universe.close())

/** Five people whose names are letters; the last has no age. */
async function addPeople(): Promise<readonly string[]> {
  return client.createEntities(
    [
      { name: 'Ada', description: '100% of it', properties: { age: 36, city: 'London' } },
      { name: 'bob', properties: { age: 20, city: 'Paris' } },
      { name: 'Cy_d', properties: { age: 50, city: null } },
      { name: 'Dan', tags: ['x', 'y'], properties: { age: 20 } },
      { name: 'Eve', tags: ['y'] },
    ].map((metadata) => ({ type: 'person', metadata })),
  )
}

async function namesWhere(...filters: readonly QueryFilter[]): Promise<readonly unknown[]> {
  const { rows } = await client.queryEntities({ filters, orderBy: [{ field: 'name' }] })
  return rows.map((row) => row.metadata.name)
}

test('an entity goes through create, get, update, delete', async () => {
  const id = await client.createEntity({ type: 'n', metadata: { name: 'A' } })
  expect((await client.getEntity(id))?.metadata.name).toBe('A')
  await client.updateEntity({ id, metadata: { name: 'B' } })
  expect((await requireEntity(client, id)).revision).toBe(2)
  await client.deleteEntity({ id })
  expect(await client.getEntity(id)).toBeUndefined()
  await expect(requireEntity(client, id)).rejects.toMatchObject({
    code: 'universe/entity-not-found',
    message: `Entity not found: ${id}`,
  })
})

test('a refusal arrives with its code, text and details', async () => {
  await expect(client.deleteEntity({ id: NO_ID })).rejects.toMatchObject({
    code: 'universe/entity-not-found',
    message: `Entity not found: ${NO_ID}`,
    details: { id: NO_ID },
  })
})

test.each<[string, QueryFilter, readonly string[]]>([
  ['Equals', { field: 'properties.age', operator: 'Equals', value: 20 }, ['Dan', 'bob']],
  [
    'NotEquals, nulls too',
    { field: 'properties.age', operator: 'NotEquals', value: 20 },
    ['Ada', 'Cy_d', 'Eve'],
  ],
  ['GreaterThan', { field: 'properties.age', operator: 'GreaterThan', value: 36 }, ['Cy_d']],
  ['LessThan', { field: 'properties.age', operator: 'LessThan', value: 36 }, ['Dan', 'bob']],
  [
    'GreaterOrEqual',
    { field: 'properties.age', operator: 'GreaterOrEqual', value: 36 },
    ['Ada', 'Cy_d'],
  ],
  [
    'LessOrEqual',
    { field: 'properties.age', operator: 'LessOrEqual', value: 36 },
    ['Ada', 'Dan', 'bob'],
  ],
  [
    'Contains, with % as text',
    { field: 'description', operator: 'Contains', value: '0%' },
    ['Ada'],
  ],
  [
    'Contains, an element of a list',
    { field: 'tags', operator: 'Contains', value: 'y' },
    ['Dan', 'Eve'],
  ],
  ['StartsWith, case-sensitive', { field: 'name', operator: 'StartsWith', value: 'B' }, []],
  ['EndsWith, with _ as text', { field: 'name', operator: 'EndsWith', value: '_d' }, ['Cy_d']],
  ['In', { field: 'name', operator: 'In', value: ['Ada', 'Eve', 'Zoe'] }, ['Ada', 'Eve']],
  ['In of nothing', { field: 'name', operator: 'In', value: [] }, []],
  ['NotIn', { field: 'name', operator: 'NotIn', value: ['Ada', 'Eve'] }, ['Cy_d', 'Dan', 'bob']],
  [
    'NotIn of nothing',
    { field: 'name', operator: 'NotIn', value: [] },
    ['Ada', 'Cy_d', 'Dan', 'Eve', 'bob'],
  ],
  [
    'Equals null',
    { field: 'properties.city', operator: 'Equals', value: null },
    ['Cy_d', 'Dan', 'Eve'],
  ],
  ['text that looks like SQL', { field: 'name', operator: 'Equals', value: "' or 1=1 --" }, []],
])('the filter %s', async (_title, filter, expected) => {
  await addPeople()
  expect(await namesWhere(filter)).toEqual(expected)
})

test('all filters must hold, and the type narrows', async () => {
  await addPeople()
  await client.createEntity({ type: 'dog', metadata: { name: 'Rex', properties: { age: 20 } } })
  const filters = [{ field: 'properties.age', operator: 'Equals', value: 20 }] as const
  expect((await client.queryEntities({ type: 'dog', filters })).rows).toHaveLength(1)
  expect(await client.countEntities({ type: 'person', filters })).toBe(2)
  expect(await client.countEntities()).toBe(6)
})

test('an unknown field or operator is query/invalid', async () => {
  for (const filter of [
    { field: 'id"; drop table entity; --', operator: 'Equals', value: 1 },
    { field: 'name', operator: 'Like', value: 'x' },
  ] as never[]) {
    await expect(client.queryEntities({ filters: [filter] })).rejects.toMatchObject({
      code: 'query/invalid',
    })
  }
})

test.each([
  [[{ field: 'properties.age', direction: 'desc' }]],
  [[{ field: 'properties.age' }, { field: 'name', direction: 'desc' }]],
  [[{ field: 'created_at' }]],
  [[]],
] as const)('pages by cursor give each row once, in the order of %j', async (orderBy) => {
  await addPeople()
  const all = (await client.queryEntities({ orderBy })).rows.map((row) => row.id)
  const paged: string[] = []
  let after: string | undefined
  do {
    const page = await client.queryEntities({ orderBy, limit: 2, after })
    paged.push(...page.rows.map((row) => row.id))
    after = page.nextCursor
  } while (after !== undefined)
  expect(paged).toEqual(all)
})

test('limit defaults to 100; offset skips', async () => {
  await client.createEntities(Array.from({ length: 101 }, () => ({ type: 'n' })))
  expect((await client.queryEntities()).rows).toHaveLength(100)
  expect((await client.queryEntities({ offset: 99 })).rows).toHaveLength(2)
  await expect(client.queryEntities({ limit: 0 })).rejects.toMatchObject({ code: 'query/invalid' })
})

test('a cursor of another query is query/invalid-cursor', async () => {
  await addPeople()
  const { nextCursor } = await client.queryEntities({ limit: 1 })
  const other = client.queryEntities({ limit: 1, after: nextCursor, type: 'person' })
  await expect(other).rejects.toMatchObject({ code: 'query/invalid-cursor' })
})

test('search finds words of names and descriptions, as they are now', async () => {
  const [ada] = await addPeople()
  const ids = async (text: string) => (await client.searchEntities(text)).map((row) => row.id)
  expect(await ids('ad')).toEqual([ada])
  await client.patchEntity({ id: ada as string, metadata: { name: 'Lovelace' } })
  expect(await ids('ada')).toEqual([])
  expect(await ids('love')).toEqual([ada])
})

test('relations are queried and counted by ends and type', async () => {
  const [a, b, c] = (await addPeople()) as readonly [string, string, string]
  const id = await client.createRelation({ from: a, to: b, type: 'knows' })
  await client.createRelation({ from: a, to: c, type: 'likes' })
  expect(
    (await client.queryRelations({ from: a, type: 'knows' })).rows.map((row) => row.id),
  ).toEqual([id])
  expect(await client.countRelations({ from: a })).toBe(2)
  expect((await client.getRelation(id))?.relation_type).toBe('knows')
  const strong = [{ field: 'strength', operator: 'Equals', value: 1 }] as const
  expect(await client.countRelations({ filters: strong, to: c })).toBe(1)
})

test('events are queried by type, source and time, newest first', async () => {
  const from = await client.publishEvent({ type: 'x', source: 's', data: { n: 1 } })
  await client.publishEvent({ type: 'x', source: 't', data: { n: 2 } })
  const { rows } = await client.queryEvents({ type: 'x' })
  expect(rows.map((row) => row.data)).toEqual([{ n: 2 }, { n: 1 }])
  const paged = await client.queryEvents({ type: 'x', limit: 1 })
  const rest = await client.queryEvents({ type: 'x', after: paged.nextCursor })
  expect(rest.rows.map((row) => row.data)).toEqual([{ n: 1 }])
  expect((await client.queryEvents({ source: 's' })).rows[0]?.event_id).toBe(from)
  const { timestamp } = rows[0] as { timestamp: number }
  expect((await client.queryEvents({ type: 'x', start: timestamp + 1 })).rows).toEqual([])
  expect((await client.queryEvents({ type: 'x', end: timestamp + 1 })).rows).toHaveLength(2)
})

test('state versions: get, query, history', async () => {
  const first = await client.commitStateVersion({ description: '1', dataHash: 'h1' })
  const second = await client.commitStateVersion({
    parentVersionId: first,
    description: '2',
    dataHash: 'h2',
  })
  expect((await client.getStateVersion(second))?.data_hash).toBe('h2')
  const history = await client.getVersionHistory(second)
  expect(history.map((row) => row.description)).toEqual(['2', '1'])
  expect(await client.getVersionHistory(second, { limit: 1 })).toHaveLength(1)
  const newest = await client.queryStateVersions({ limit: 1 })
  expect(newest.rows.map((row) => row.version_id)).toEqual([second])
  expect((await client.queryStateVersions({ parentVersionId: first })).rows).toHaveLength(1)
  await expect(client.getVersionHistory(NO_ID)).rejects.toMatchObject({
    code: 'universe/version-not-found',
  })
})

test('changes are told as INSERTED, UPDATED, DELETED with the row after, or before a delete', async () => {
  const seen: unknown[] = []
  client.subscribeEntityChanges((change, row) => seen.push([change, row.metadata.name]))
  const id = await client.createEntity({ type: 'n', metadata: { name: 'A' } })
  await client.updateEntity({ id, metadata: { name: 'B' } })
  await client.deleteEntity({ id })
  expect(seen).toEqual([
    ['INSERTED', 'A'],
    ['UPDATED', 'B'],
    ['DELETED', 'B'],
  ])
  client.close()
  await client.createEntity({ type: 'n' })
  expect(seen).toHaveLength(3)
})

test('changes of relations, state versions and the event log are told too', async () => {
  const seen: string[] = []
  client.subscribeRelationChanges((change) => seen.push(`relation ${change}`))
  client.subscribeStateVersionChanges((change) => seen.push(`version ${change}`))
  const stop = client.subscribeEventLogChanges((_change, row) => seen.push(row.event_type))
  const id = await client.createEntity({ type: 'n' })
  await client.createRelation({ from: id, to: id, type: 'r' })
  stop()
  await client.commitStateVersion({ description: '', dataHash: '' })
  expect(seen.sort()).toEqual([
    'ENTITY_CREATED',
    'RELATION_CREATED',
    'relation INSERTED',
    'version INSERTED',
  ])
})

test('the status counts, and a configuration can be applied', async () => {
  await addPeople()
  await client.applyConfiguration({ log_level: 'debug', cache_size_mb: 64, theme: 'dark' })
  const status = await client.getSystemStatus()
  expect(status).toMatchObject({ status: 'Running', version: '0.1.0', entityCount: 5 })
  expect(status.connectedClients).toBeGreaterThanOrEqual(1)
  expect((await universe.get('config', 'cache_size_mb'))?.value).toBe('64')
})

test('a standing query runs while it is Active, and ends when it is Cancelled', async () => {
  const counts: unknown[] = []
  const standing = await client.openSubscription(
    'select count(*) as n from entity;',
    ({ rows, isReady }) => {
      if (isReady) counts.push(rows[0]?.n)
    },
  )
  expect([standing.status, standing.isActive]).toEqual(['Active', true])
  await expect.poll(() => counts).toEqual([0])
  await client.createEntity({ type: 'n' })
  await expect.poll(() => counts).toEqual([0, 1])
  await standing.pause()
  await expect.poll(() => standing.isActive).toBe(false)
  await client.createEntity({ type: 'n' })
  await standing.resume()
  await expect.poll(() => counts.at(-1)).toBe(2)
  await standing.cancel()
  await expect.poll(() => [standing.status, standing.isEnded]).toEqual(['Cancelled', true])
  await expect(standing.resume()).rejects.toMatchObject({ code: 'universe/validation' })
})

test('a standing query made before is attached to; one that is not there is not found', async () => {
  const made = await client.openSubscription('select 1 as one', () => undefined)
  made.unsubscribe()
  expect(made.isEnded).toBe(true)
  const rows: unknown[] = []
  await client.attachSubscription(made.id, (state) => rows.push(...state.rows))
  await expect.poll(() => rows).toEqual([{ one: 1 }])
  await expect(client.attachSubscription(NO_ID, () => undefined)).rejects.toMatchObject({
    code: 'universe/subscription-not-found',
  })
})

test('after close every method fails with client/closed', async () => {
  await universe.close()
  await expect(client.createEntity({ type: 'n' })).rejects.toMatchObject({ code: 'client/closed' })
  await expect(client.getEntity(NO_ID)).rejects.toMatchObject({ code: 'client/closed' })
})
