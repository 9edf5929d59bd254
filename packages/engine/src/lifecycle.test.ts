import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { defineModule, MODULE_SENDER, type Module, t, table } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test } from 'vitest'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine, TEST_START_MS } from './testing/test-engine.ts'

const module = defineModule({
  name: 'visitors',
  version: 1,
  tables: {
    fact: table({ key: t.key(), value: t.json() }),
    visit: table({ key: t.key(), who: t.text() }).local(),
  },
  reducers: () => ({}),
  lifecycle: {
    init(ctx) {
      ctx.db.fact.insert({
        key: 'init',
        value: [ctx.sender, ctx.owner, ctx.connectionId, ctx.timestamp],
      })
    },
    connected(ctx) {
      if (ctx.sender === 'mallory') throw new Error('go away')
      ctx.db.visit.insert({ key: ctx.connectionId ?? '', who: ctx.sender })
    },
    disconnected(ctx) {
      if (!ctx.db.visit.delete(ctx.connectionId ?? '')) throw new Error('nobody was here')
    },
  },
})

test('[LC1] init runs once, as the module, knowing the owner, and leaves a delta', () => {
  const { engine } = openTestEngine(module)
  expect(engine.get('fact', 'init')?.value).toEqual([MODULE_SENDER, 'owner', null, TEST_START_MS])
  expect(engine.streamHeads()).toEqual([{ stream: engine.info.stream, seq: 1 }])
})

test('[LC2] connected runs as the identity that connects; its refusal refuses the connection', () => {
  const { engine } = openTestEngine(module)
  const commit = engine.connect({ connectionId: 'c1', identity: 'ada' })
  expect(commit.changeset?.changes).toMatchObject([{ table: 'visit', after: { who: 'ada' } }])
  const refused = { connectionId: 'c2', identity: 'mallory' }
  expect(errorOf(() => engine.connect(refused), 'reducer/rejected').message).toBe('go away')
  expect(engine.count({ table: 'visit', orderBy: [] })).toBe(1)
})

test('[LC3] disconnected runs, and its failure is returned, not thrown', () => {
  const { engine } = openTestEngine(module)
  const connection = { connectionId: 'c1', identity: 'ada' }
  engine.connect(connection)
  expect(engine.disconnect(connection).outcomes).toMatchObject([{ ok: true }])
  expect(engine.count({ table: 'visit', orderBy: [] })).toBe(0)
  expect(engine.disconnect(connection)).toMatchObject({
    outcomes: [{ ok: false, error: { message: 'nobody was here' } }],
    changeset: undefined,
  })
})

test('[ST12] a connection is kept until it is disconnected, whoever opens the file in between', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'inner-universe-engine-')), 'connections.db')
  const open = (opened: Module) =>
    openTestEngine(opened, { driver: openNodeDatabase({ path, durability: 'process' }) })
  const ada = { connectionId: 'c1', identity: 'ada' }
  const bob = { connectionId: 'c2', identity: 'bob' }
  const mallory = { connectionId: 'c3', identity: 'mallory' }
  const plain = { ...module, lifecycle: {} }
  try {
    const first = open(module)
    first.engine.connect(ada)
    errorOf(() => first.engine.connect(mallory), 'reducer/rejected')
    expect(first.engine.connections()).toEqual([ada])
    first.engine.close()
    // Also by a module that has no lifecycle, and after a second life of the same connection.
    const second = open(plain)
    expect(second.engine.connections()).toEqual([ada])
    second.engine.connect(bob)
    second.engine.connect(bob)
    expect(second.engine.connections()).toEqual([ada, bob])
    second.engine.disconnect(bob)
    second.engine.disconnect(mallory)
    expect(second.engine.connections()).toEqual([ada])
    second.engine.connect(bob)
    second.engine.close()
    // Bob's `disconnected` fails, for `connected` never ran: he is gone all the same.
    const third = open(module)
    expect(third.engine.disconnect(ada).outcomes).toMatchObject([{ ok: true }])
    expect(third.engine.disconnect(bob).outcomes).toMatchObject([{ ok: false }])
    expect(third.engine.connections()).toEqual([])
    expect(third.engine.verify()).toEqual([])
    third.engine.close()
  } finally {
    rmSync(dirname(path), { recursive: true, force: true })
  }
})

test('a module without lifecycle has nothing to run', () => {
  const { engine } = openTestEngine({ ...module, lifecycle: {} })
  const connection = { connectionId: 'c1', identity: 'ada' }
  expect(engine.connect(connection)).toEqual({ outcomes: [], changeset: undefined })
  expect(engine.disconnect(connection)).toEqual({ outcomes: [], changeset: undefined })
})
