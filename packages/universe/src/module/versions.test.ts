import { beforeEach, expect, test } from 'vitest'
import { errorOf, OWNER, openTestStore, type TestStore } from '../testing/test-store.ts'

let store: TestStore
const NO_ID = '00000000-0000-7000-8000-000000000000'

beforeEach(() => {
  store = openTestStore()
  store.newEvents()
})

function commit(parentVersionId?: string): string {
  const input = { description: 'd', dataHash: 'h' }
  return store
    .as('ada')
    .commitStateVersion(parentVersionId === undefined ? input : { ...input, parentVersionId })
}

test('commitStateVersion makes a root owned by the caller, with its event', () => {
  const id = commit()
  expect(store.rows('state_version')).toEqual([
    {
      version_id: id,
      parent_version_id: null,
      merge_parent_id: null,
      timestamp: store.clock.nowMs,
      description: 'd',
      data_hash: 'h',
      owner: 'ada',
    },
  ])
  const data = { version_id: id, parent_version_id: null, description: 'd', data_hash: 'h' }
  expect(store.newEvents()).toEqual([['STATE_VERSION_COMMITTED', id, data]])
})

test('branches and several roots are allowed', () => {
  const root = commit()
  commit(root)
  commit(root)
  commit()
  expect(store.rows('state_version')).toHaveLength(4)
})

test('a parent that is not there: Parent version not found: {id}', () => {
  const error = errorOf(() => commit(NO_ID))
  expect([error.code, error.message]).toEqual([
    'universe/version-not-found',
    `Parent version not found: ${NO_ID}`,
  ])
})

test('with feature_enable_state_versioning false, commits and deltas are refused', () => {
  const id = commit()
  store.as(OWNER).updateConfig({ key: 'feature_enable_state_versioning', value: 'false' })
  expect(errorOf(() => commit()).code).toBe('universe/validation')
  const delta = { versionId: id, operations: [], metadata: { description: 'd' } }
  expect(errorOf(() => store.as('ada').recordDelta(delta)).code).toBe('universe/validation')
})

test('recordDelta keeps operations in order; DELTA_RECORDED carries their count', () => {
  const versionId = commit()
  store.newEvents()
  const operations = [
    { kind: 'set', path: 'data.items', value: [1] },
    { kind: 'insert', path: 'data.items', value: 2 },
  ] as const
  const id = store
    .as('ada')
    .recordDelta({ versionId, operations, metadata: { description: 'd', author: 'ada' } })
  const metadata = { description: 'd', author: 'ada', tags: [] }
  expect(store.rows('delta_record')).toEqual([
    {
      delta_id: id,
      state_version_id: versionId,
      operations,
      role: 'record',
      timestamp: store.clock.nowMs,
      metadata,
    },
  ])
  const data = { delta_id: id, state_version_id: versionId, operations_count: 2, metadata }
  expect(store.newEvents()).toEqual([['DELTA_RECORDED', id, data]])
})

test('recordDelta without operations is allowed', () => {
  const versionId = commit()
  store.as('ada').recordDelta({ versionId, operations: [], metadata: {} })
  expect(store.rows('delta_record')).toHaveLength(1)
})

test('recordDelta of a version that is not there: State version not found: {id}', () => {
  const input = { versionId: NO_ID, operations: [], metadata: {} }
  const error = errorOf(() => store.as('ada').recordDelta(input))
  expect([error.code, error.message]).toEqual([
    'universe/version-not-found',
    `State version not found: ${NO_ID}`,
  ])
})

test('one operation that is not sound refuses the whole delta, naming its index', () => {
  const versionId = commit()
  const operations = [
    { kind: 'delete', path: 'a' },
    { kind: 'rename', path: 'b' },
  ] as never
  const error = errorOf(() => store.as('ada').recordDelta({ versionId, operations, metadata: {} }))
  expect([error.code, error.message, error.details]).toEqual([
    'universe/validation',
    'Invalid operation 1: kind must be one of set, delete, insert, remove, patch, not "rename"',
    { operationIndex: 1 },
  ])
  expect(store.rows('delta_record')).toEqual([])
})

test('a parent delta must be there', () => {
  const versionId = commit()
  const ada = store.as('ada')
  const delta = (parent_delta_id: string) =>
    ada.recordDelta({ versionId, operations: [], metadata: { parent_delta_id } })
  expect(errorOf(() => delta(NO_ID)).message).toBe(`Parent delta not found: ${NO_ID}`)
  const first = ada.recordDelta({ versionId, operations: [], metadata: {} })
  expect(delta(first)).not.toBe(first)
})

test('getVersionHistory gives ids newest first, itself first, at most maxDepth', () => {
  const [first, second, third] = [commit()].flatMap((root) => {
    const child = commit(root)
    return [root, child, commit(child)]
  }) as [string, string, string]
  const history = (maxDepth: number) =>
    store.as('ada').getVersionHistory({ versionId: third, maxDepth })
  expect(history(10)).toEqual([third, second, first])
  expect(history(2)).toEqual([third, second])
  expect(history(0)).toEqual([])
})

test('getVersionHistory of a version that is not there: State version not found: {id}', () => {
  const call = () => store.as('ada').getVersionHistory({ versionId: NO_ID, maxDepth: 1 })
  expect(errorOf(call).message).toBe(`State version not found: ${NO_ID}`)
})
