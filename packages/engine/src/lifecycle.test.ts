import { defineModule, MODULE_SENDER, t, table } from '@inner-universe/core'
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

test('a module without lifecycle has nothing to run', () => {
  const { engine } = openTestEngine({ ...module, lifecycle: {} })
  const connection = { connectionId: 'c1', identity: 'ada' }
  expect(engine.connect(connection)).toEqual({ outcomes: [], changeset: undefined })
  expect(engine.disconnect(connection)).toEqual({ outcomes: [], changeset: undefined })
})
