import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openUniverse } from '@inner-universe/client/node'
import type { JsonValue } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { standardModule } from '../module/standard-module.ts'
import { openTestUniverse } from '../testing/test-universe.ts'
import { pythonStateHash, stateHash } from './state-hash.ts'
import { STEPS_MAX } from './stored-states.ts'
import { createTemporalStore } from './temporal-store.ts'

const NO_ID = '00000000-0000-7000-8000-000000000000'

/** A store over a universe of its own, closed when the test is over. */
async function openStore() {
  const universe = await openTestUniverse()
  return {
    universe,
    store: createTemporalStore(universe),
    again: () => createTemporalStore(universe),
  }
}

it('keeps every state, in steps and checkpoints, and reads each back with its hash checked', async () => {
  const { universe, store, again } = await openStore()
  const states: JsonValue[] = []
  const ids: string[] = []
  const state = { title: 'x', tags: Array.from({ length: 50 }, (_, n) => `tag ${n}`), n: 0 }
  for (let n = 0; n < 2 * STEPS_MAX + 5; n++) {
    states.push({ ...state, n, tags: state.tags.with(n % 50, `changed ${n}`) })
    ids.push(await store.commitVersion(states[n] as JsonValue, `commit ${n}`))
  }
  const fresh = again()
  for (const [n, id] of ids.entries()) expect(await fresh.stateOf(id)).toEqual(states[n])
  expect((await store.getCurrentVersion())?.versionId).toBe(ids.at(-1))
  const history = await store.history()
  expect(history.map(({ versionId }) => versionId)).toEqual(ids.toReversed())
  expect(await store.history(ids[3], { limit: 2 })).toMatchObject([
    { versionId: ids[3], dataHash: stateHash(states[3] as JsonValue), description: 'commit 3' },
    { versionId: ids[2] },
  ])
  const roles = await universe.sql('select role, count(*) as n from delta_record group by role')
  expect(roles).toEqual([
    { role: 'checkpoint', n: 3 },
    { role: 'step', n: ids.length - 3 },
  ])
})

it('takes states of any shape', async () => {
  const { store, again } = await openStore()
  const shape = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>
  await fc.assert(
    fc.asyncProperty(fc.array(shape, { minLength: 1, maxLength: 4 }), async (states) => {
      for (const state of states) {
        const id = await store.commitVersion(state, '')
        expect(await again().stateOf(id)).toEqual(JSON.parse(JSON.stringify(state)))
      }
    }),
    { numRuns: 30 },
  )
})

it('goes back, branches, and tells its branches', async () => {
  const { store } = await openStore()
  expect([await store.getCurrentVersion(), await store.history()]).toEqual([undefined, []])
  const one = await store.commitVersion({ n: 1 }, 'one')
  const two = await store.commitVersion({ n: 2 }, 'two')
  expect(await store.checkout(one)).toEqual({ n: 1 })
  const other = await store.commitVersion({ n: 3 }, 'other')
  expect((await store.history()).map(({ versionId }) => versionId)).toEqual([other, one])
  expect((await store.branches()).map(({ versionId }) => versionId)).toEqual([other, two])
  expect(await store.diff(two, other)).toEqual([{ kind: 'set', path: 'n', value: 3 }])
  const root = await store.commitVersion([], 'root', { parentVersionId: null })
  expect(await store.history()).toMatchObject([{ versionId: root, parentVersionId: null }])
})

it('records deltas on a version: all that fit it, or none', async () => {
  const { store } = await openStore()
  const id = await store.commitVersion({ items: [1] }, '')
  await store.recordDelta(id, [{ kind: 'insert', path: 'items', value: 2 }])
  await store.recordDelta(id, [{ kind: 'set', path: '/title', value: 'x' }], { author: 'ada' })
  const wrong = store.recordDelta(id, [
    { kind: 'set', path: 'title', value: 'never' },
    { kind: 'remove', path: 'items', index: 2 },
  ])
  await expect(wrong).rejects.toMatchObject({
    code: 'universe/validation',
    details: { operationIndex: 1 },
  })
  const working = { state: { items: [1, 2], title: 'x' }, skippedDeltaIds: [] }
  expect(await store.workingState(id)).toEqual(working)
  expect(await store.stateOf(id)).toEqual({ items: [1] })
})

it('leaves out recorded deltas that fit no more, as concurrent ones may', async () => {
  const { universe, store } = await openStore()
  const id = await store.commitVersion({ items: [1] }, '')
  const take = { kind: 'remove', path: 'items', index: 0 } as const
  await store.recordDelta(id, [take])
  // As if made elsewhere, without knowing the first.
  const second = await universe.reducers.recordDelta({
    versionId: id,
    operations: [{ kind: 'set', path: 'never', value: 1 }, take],
    metadata: {},
  })
  expect(await store.workingState(id)).toEqual({ state: { items: [] }, skippedDeltaIds: [second] })
})

it('merges branches, the same way wherever it is done', async () => {
  const { store, again } = await openStore()
  const base = await store.commitVersion({ title: 'x', items: ['a'], by: 1 }, 'base')
  const one = await store.commitVersion({ title: 'y', items: ['a', 'b'], by: 2 }, 'one')
  await store.checkout(base)
  const other = await store.commitVersion({ title: 'x', items: ['0', 'a'], by: 3 }, 'other')
  const merged = await store.merge(one)
  expect(merged.conflicts).toEqual([{ path: 'by', base: 1, older: 2, newer: 3 }])
  const state = { title: 'y', items: ['0', 'a', 'b'], by: 3 }
  expect(await again().stateOf(merged.versionId)).toEqual(state)
  // The other way round, and once more.
  expect((await again().merge(other, one)).versionId).toBe(merged.versionId)
  expect((await store.branches()).map(({ versionId }) => versionId)).toEqual([merged.versionId])
  const ids = (await store.history(merged.versionId)).map(({ versionId }) => versionId)
  expect(ids).toEqual([merged.versionId, other, one, base])
  const resolved = await again().merge(one, other, { resolve: () => 'both' })
  expect(await store.stateOf(resolved.versionId)).toEqual({ ...state, by: 'both' })
})

it('has nothing to merge where one version holds the other', async () => {
  const { store } = await openStore()
  const one = await store.commitVersion(1, '')
  const two = await store.commitVersion(2, '')
  const ahead = { versionId: two, conflicts: [] }
  expect([await store.merge(one, two), await store.merge(two, one)]).toEqual([ahead, ahead])
  expect(await store.merge(two, two)).toEqual(ahead)
})

it('merges a merge again with what came after', async () => {
  const { store } = await openStore()
  const base = await store.commitVersion({ a: 0, b: 0, c: 0 }, '')
  const commitOn = (parentVersionId: string, state: JsonValue) =>
    store.commitVersion(state, '', { parentVersionId })
  const one = await commitOn(base, { a: 1, b: 0, c: 0 })
  const other = await commitOn(base, { a: 0, b: 1, c: 0 })
  const first = await store.merge(one, other)
  const late = await commitOn(one, { a: 1, b: 0, c: 1 })
  const second = await store.merge(late, first.versionId)
  expect(second.conflicts).toEqual([])
  expect(await store.stateOf(second.versionId)).toEqual({ a: 1, b: 1, c: 1 })
})

it('refuses what is not there, not stored, or no JSON, and keeps what was', async () => {
  const { universe, store } = await openStore()
  const named = await universe.reducers.commitStateVersion({ description: '', dataHash: 'h' })
  const codeOf = (promise: Promise<unknown>) => promise.catch(({ code }) => code)
  expect(await codeOf(store.checkout(NO_ID))).toBe('universe/version-not-found')
  expect(await codeOf(store.history(NO_ID))).toBe('universe/version-not-found')
  expect(await codeOf(store.merge(NO_ID, named))).toBe('universe/version-not-found')
  const lost = { parentVersionId: NO_ID }
  expect(await codeOf(store.commitVersion(1, '', lost))).toBe('universe/version-not-found')
  expect(await codeOf(store.stateOf(named))).toBe('universe/state-not-stored')
  expect(await codeOf(store.commitVersion(Number.NaN, ''))).toBe('universe/validation')
  // A version named without its state can be a parent all the same.
  const next = await store.commitVersion({ n: 1 }, '', { parentVersionId: named })
  expect(await store.stateOf(next)).toEqual({ n: 1 })
})

it('reads states whose hash was made in the form of Python', async () => {
  const { universe, store } = await openStore()
  const state = { name: 'é', n: 1.5 }
  const id = await universe.reducers.commitState({
    description: '',
    dataHash: pythonStateHash(state),
    operations: [{ kind: 'set', path: '', value: state }],
    isCheckpoint: true,
  })
  expect(await store.stateOf(id)).toEqual(state)
})

it('tells damage, and the nearest version that is sound', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-'))
  const path = join(folder, 'universe.sqlite')
  const open = () => openUniverse(standardModule, { path, durability: 'process' })
  try {
    const before = await open()
    const store = createTemporalStore(before)
    const state = { title: 'a title that is long enough', n: 0 }
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push(await store.commitVersion({ ...state, n }, ''))
    await before.close()
    const driver = openNodeDatabase({ path, durability: 'process' })
    const damage = `update _rows_delta_record set operations = replace(operations, '"value":1', '"value":7')`
    driver.prepare(damage).run()
    driver.close()
    const universe = await open()
    const damaged = createTemporalStore(universe)
    expect(await damaged.stateOf(ids[0] as string)).toEqual(state)
    await expect(damaged.stateOf(ids[1] as string)).rejects.toMatchObject({
      code: 'universe/version-damaged',
      details: { id: ids[1], salvageVersionId: ids[0] },
    })
    // The next step writes over the damage: what it makes is what was committed.
    expect(await damaged.stateOf(ids[2] as string)).toEqual({ ...state, n: 2 })
    await universe.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
