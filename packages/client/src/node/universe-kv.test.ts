import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareKeys, decodeKey, defineModule, encodeKey, k, t, table } from '@inner-universe/core'
import { expect, it } from 'vitest'
import { openUniverse } from './open.ts'

const module = defineModule({
  name: 'mailbox',
  version: 1,
  tables: { message: table({ key: t.key(), text: t.text() }) },
  reducers: (reducer) => ({
    receive: reducer({ key: t.text(), number: t.int() }, (ctx, { key, number }) => {
      ctx.db.message.insert({ key, text: '' })
      ctx.kv.category('cursor').put([key, number], 'seen')
    }),
  }),
})

const open = (path?: string) =>
  openUniverse(module, path === undefined ? { memory: true } : { path, durability: 'process' })

it('[KS18] universe.kv reads what reducers wrote and writes by itself, in the order of the keys', async () => {
  const universe = await open()
  const cursors = universe.kv.category('cursor')
  await universe.reducers.receive({ key: 'b', number: 2 })
  await cursors.put(['a', 1], new Uint8Array([7]))
  await universe.kv.write([
    { kind: 'put', category: 'cursor', key: ['a', 3], payload: 'x' },
    { kind: 'put', category: 'other', key: ['a', 1], payload: [] },
  ])
  const keysOf = (rows: readonly { readonly key: Uint8Array }[]) =>
    rows.map(({ key }) => decodeKey(key, k.string, k.int))
  expect(keysOf(await cursors.scan())).toEqual([
    ['a', 1],
    ['a', 3],
    ['b', 2],
  ])
  expect(keysOf(await cursors.scan({}, { reverse: true, limit: 1 }))).toEqual([['b', 2]])
  expect(keysOf(await cursors.scan({}, { after: ['a', 1], limit: 1 }))).toEqual([['a', 3]])
  expect(keysOf(await cursors.scanPrefix('a'))).toHaveLength(2)
  expect(await cursors.get(['a', 1])).toEqual(new Uint8Array([7]))
  expect([await cursors.exists(['a', 2]), await cursors.exists(['b', 2])]).toEqual([false, true])
  expect(await cursors.count({ start: ['a', 2] })).toBe(2)
  expect([await cursors.delete(['a', 3]), await cursors.delete(['a', 3])]).toEqual([true, false])
  expect(await cursors.deletePrefix('b')).toBe(1)
  expect(keysOf(await cursors.scan())).toEqual([['a', 1]])
  expect(await universe.kv.category('other').count()).toBe(1)
  await universe.close()
  await expect(cursors.count()).rejects.toMatchObject({ code: 'client/closed' })
})

it('[KS18] iterates over more than a page, and keeps entries in the file of the rows', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'universe-kv-'))
  const path = join(folder, 'universe.sqlite')
  try {
    const first = await open(path)
    const numbers = Array.from({ length: 700 }, (_, n) => n)
    const put = (n: number) =>
      ({ kind: 'put', category: 'log', key: n, payload: new Uint8Array(10) }) as const
    expect(await first.kv.write(numbers.map(put))).toEqual(numbers.map(() => 1))
    await first.close()
    const second = await open(path)
    const keys: Uint8Array[] = []
    for await (const { key } of second.kv.category('log').iterate({}, { reverse: true })) {
      keys.push(key)
    }
    expect(keys).toEqual(numbers.map((n) => encodeKey(n)).sort((a, b) => compareKeys(b, a)))
    await second.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

it('[KS18] refuses what is no key, and writes nothing then', async () => {
  const universe = await open()
  const put = (key: unknown) =>
    ({ kind: 'put', category: 'log', key: key as string, payload: '' }) as const
  await expect(universe.kv.write([put('a'), put(1.5)])).rejects.toMatchObject({
    code: 'kv/invalid-argument',
  })
  expect(await universe.kv.category('log').count()).toBe(0)
  await universe.close()
})
