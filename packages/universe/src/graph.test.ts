import { afterEach, beforeEach, expect, test } from 'vitest'
import { createStandardClient, type StandardClient } from './standard-client.ts'
import type { StandardUniverse } from './standard-universe.ts'
import { openTestUniverse } from './testing/test-universe.ts'

let universe: StandardUniverse
let client: StandardClient
let ids: Readonly<Record<string, string>>

/** a → b → c → a (a cycle), a → d → c (a diamond), a → a (itself), e ⇄ b (bidirectional). */
beforeEach(async () => {
  universe = await openTestUniverse()
  client = createStandardClient(universe)
  const names = ['a', 'b', 'c', 'd', 'e', 'alone']
  const made = await client.createEntities(names.map((name) => ({ type: 'n', metadata: { name } })))
  ids = Object.fromEntries(names.map((name, at) => [name, made[at] as string]))
  const relate = (from: string, to: string, type: string, bidirectional = false) => ({
    from: ids[from] as string,
    to: ids[to] as string,
    type,
    metadata: { bidirectional },
  })
  await client.createRelations([
    relate('a', 'b', 'r'),
    relate('b', 'c', 'r'),
    relate('c', 'a', 'back'),
    relate('a', 'd', 's'),
    relate('d', 'c', 's'),
    relate('a', 'a', 'self'),
    relate('e', 'b', 'r', true),
  ])
})

afterEach(() => universe.close())

async function neighbourNames(name: string, options = {}): Promise<readonly string[]> {
  const found = await client.neighbours(ids[name] as string, options)
  return found.map(({ entity, relation, direction }) => {
    const way = direction === 'out' ? '→' : '←'
    return `${way}${relation.relation_type} ${entity.metadata.name}`
  })
}

async function reached(name: string, options = {}): Promise<Readonly<Record<string, number>>> {
  const found = await client.traverse(ids[name] as string, options)
  return Object.fromEntries(found.map(({ entity, depth }) => [entity.metadata.name, depth]))
}

test('neighbours go both ways by default, a self relation comes once', async () => {
  expect((await neighbourNames('a')).toSorted()).toEqual(['←back c', '→r b', '→s d', '→self a'])
})

test('neighbours can be asked for one way, some types, and a number', async () => {
  expect((await neighbourNames('a', { direction: 'out' })).toSorted()).toEqual([
    '→r b',
    '→s d',
    '→self a',
  ])
  expect(await neighbourNames('a', { types: ['s'] })).toEqual(['→s d'])
  expect(await neighbourNames('a', { types: [] })).toEqual([])
  expect(await neighbourNames('a', { limit: 2 })).toHaveLength(2)
  expect(await neighbourNames('alone')).toEqual([])
})

test('a bidirectional relation is walked both ways', async () => {
  expect((await neighbourNames('b', { direction: 'out' })).toSorted()).toEqual(['←r e', '→r c'])
  expect(await neighbourNames('e', { direction: 'in' })).toEqual(['→r b'])
})

test('a traversal gives each entity once at its shortest depth, through cycles and diamonds', async () => {
  expect(await reached('a', { direction: 'out', depthMax: 10 })).toEqual({
    a: 0,
    b: 1,
    d: 1,
    c: 2,
    e: 2,
  })
  expect(await reached('c', { direction: 'in', depthMax: 10 })).toEqual({
    c: 0,
    b: 1,
    d: 1,
    a: 2,
    e: 2,
  })
})

test('a traversal is bounded by depth, types and number, the nearest first', async () => {
  expect(await reached('a', { direction: 'out', depthMax: 1 })).toEqual({ a: 0, b: 1, d: 1 })
  expect(await reached('a', { direction: 'out', types: ['s'], depthMax: 9 })).toEqual({
    a: 0,
    d: 1,
    c: 2,
  })
  const three = await client.traverse(ids.a as string, { limit: 3, depthMax: 16 })
  expect(three.map(({ depth }) => depth)).toEqual([0, 1, 1])
  expect(await reached('alone')).toEqual({ alone: 0 })
})

test('a traversal from what is not there: universe/entity-not-found', async () => {
  const nowhere = client.traverse('00000000-0000-7000-8000-000000000000')
  await expect(nowhere).rejects.toMatchObject({ code: 'universe/entity-not-found' })
})

test('bad bounds are query/invalid', async () => {
  for (const options of [{ depthMax: 17 }, { limit: -1 }, { direction: 'up' as never }]) {
    await expect(client.traverse(ids.a as string, options)).rejects.toMatchObject({
      code: 'query/invalid',
    })
  }
})
