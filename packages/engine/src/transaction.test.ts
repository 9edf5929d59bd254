import {
  defineModule,
  hlcToMs,
  MODULE_SENDER,
  type ReducerContext,
  type StandardSchemaV1,
  t,
  table,
  UniverseError,
} from '@inner-universe/core'
import { expect, test } from 'vitest'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine, TEST_START_MS } from './testing/test-engine.ts'

const tables = {
  note: table({ id: t.id(), text: t.text(), count: t.counter(), tags: t.set(t.int()) }),
  event: table({ id: t.id(), text: t.text() }).transient(),
  draft: table({ key: t.key(), text: t.text() }).local(),
}

type Context = ReducerContext<typeof tables>

/** As Zod, Valibot or ArkType give it: takes `{ size: '3' }`, gives `{ size: 3 }`. */
const pair: StandardSchemaV1<{ size: string }, { size: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate(value) {
      const size = Number((value as { size?: unknown } | null)?.size)
      if (size >= 1) return { value: { size } }
      return {
        issues: [
          { message: 'too small', path: ['size'] },
          { message: 'not a pair', path: [{ key: 'list' }, 0] },
        ],
      }
    },
  },
}

const later: StandardSchemaV1<string> = {
  '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: '' }) },
}

/** What the reducers `probe` and `inner` do in the test at hand. */
let probe: (context: Context) => unknown = () => null
let inner: (context: Context) => unknown = () => null

const module = defineModule({
  name: 'notes',
  version: 1,
  tables,
  reducers: (reducer) => ({
    add: reducer({ text: t.text().max(10) }, (ctx, { text }) => ctx.db.note.insert({ text }).id),
    addThenFail: reducer({ text: t.text() }, (ctx, { text }) => {
      ctx.db.note.insert({ text })
      ctx.db.event.insert({ text })
      throw new TypeError('no, thank you')
    }),
    write: reducer({ id: t.text(), text: t.text() }, (ctx, { id, text }) => {
      ctx.db.note.update(id, { text })
    }),
    probe: reducer({}, (ctx) => probe(ctx) as null),
    inner: reducer({}, (ctx) => inner(ctx) as null),
    standard: reducer(pair, (_ctx, args) => args),
    standardLater: reducer(later, () => null),
    many: reducer({ count: t.int() }, (ctx, { count }) => {
      for (let index = 0; index < count; index++) ctx.db.note.insert({ text: 'x'.repeat(1000) })
    }),
  }),
})

const allTexts = (engine: { sql(text: string): { columns: readonly unknown[] } }) =>
  engine.sql('SELECT text FROM note ORDER BY id').columns[0]

test('[TX1] arguments that do not fit are refused before anything runs, every fault listed', () => {
  const { call, engine } = openTestEngine(module)
  const secret = 'a secret, far too long'
  const error = errorOf(
    () => call('add', { text: secret, other: secret }),
    'reducer/invalid-arguments',
  )
  expect(error.details).toEqual({
    reducer: 'add',
    issues: [
      { path: 'other', message: 'unknown name' },
      { path: 'text', message: 'longer than 10 characters' },
    ],
  })
  expect(JSON.stringify([error.message, error.details])).not.toContain(secret)
  expect(engine.unsyncedCount()).toBe(0)
})

test('[TX1] any Standard Schema validates arguments, and what it gives back counts', () => {
  const { call } = openTestEngine(module)
  expect(call('standard', { size: '3' })).toEqual({ size: 3 })
  const error = errorOf(() => call('standard', { size: '0' }), 'reducer/invalid-arguments')
  expect(error.details.issues).toMatchObject([{ path: 'size' }, { path: 'list.0' }])
  errorOf(() => call('standardLater', 'x'), 'reducer/asynchronous')
})

test('[TX1] an unknown reducer is refused', () => {
  const { call } = openTestEngine(module)
  errorOf(() => call('nothing'), 'reducer/unknown')
  errorOf(() => call('toString'), 'reducer/unknown')
})

test('[TX2] a reducer that returns a promise is refused and rolled back', () => {
  const { call, engine } = openTestEngine(module)
  probe = async (ctx) => {
    ctx.db.note.insert({ text: 'x' })
    throw new Error('nobody waits for this')
  }
  errorOf(() => call('probe'), 'reducer/asynchronous')
  expect(allTexts(engine)).toEqual([])
})

test('[TX3] a failing call is rolled back alone, in the file and in memory', () => {
  const { engine, nextCall } = openTestEngine(module)
  const calls = [
    nextCall('add', { text: 'a' }),
    nextCall('addThenFail', { text: 'b' }),
    nextCall('add', { text: 'c' }),
    nextCall('addThenFail', { text: 'd' }),
  ]
  const { outcomes, changeset } = engine.commit(calls)
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true, false])
  expect(outcomes.map(({ callId }) => callId)).toEqual(calls.map(({ callId }) => callId))
  expect(allTexts(engine)).toEqual(['a', 'c'])
  expect(changeset?.changes.map(({ after }) => after?.text)).toEqual(['a', 'c'])
  expect(engine.readLog(engine.info.stream, 1, 1e6)).toMatchObject([{ firstSeq: 1, deltaCount: 2 }])
  expect(engine.verify()).toEqual([])
})

test('[TX4] results are plain data: JSON values, bytes, nothing', () => {
  const { call } = openTestEngine(module)
  const result = { a: [1, null, 'x', { b: true }], bytes: new Uint8Array([1, 2]), $: 'tag' }
  probe = () => ({ ...result, left: undefined })
  expect(call('probe')).toEqual(result)
  probe = () => undefined
  expect(call('probe')).toBeUndefined()
})

test.each([
  ['a function', () => null],
  ['a bigint', 1n],
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['NaN', Number.NaN],
  ['a symbol', Symbol.iterator],
])('[TX4] %s is no result: the call is refused and rolled back', (_what, value) => {
  const { call, engine } = openTestEngine(module)
  probe = (ctx) => {
    ctx.db.note.insert({ text: 'x' })
    return { deep: [value] }
  }
  expect(errorOf(() => call('probe'), 'reducer/invalid-result').details.path).toBe('deep.0')
  expect(engine.unsyncedCount()).toBe(0)
})

test('[TX5] a reducer past its time limit is stopped at its next operation', () => {
  const clock = openTestEngine(module, { reducerMsMax: 100 })
  let reads = 0
  probe = (ctx) => {
    for (;;) {
      reads += 1
      clock.nowMs += 30
      ctx.sql('SELECT 1')
    }
  }
  errorOf(() => clock.call('probe'), 'reducer/time-limit')
  expect(reads).toBe(4)
})

test('[TX5] swallowing the time limit does not help', () => {
  const clock = openTestEngine(module, { reducerMsMax: 100 })
  probe = (ctx) => {
    clock.nowMs += 200
    try {
      ctx.newId()
    } catch {
      return 'finished'
    }
    return 'unlimited'
  }
  errorOf(() => clock.call('probe'), 'reducer/time-limit')
})

test('[TX6] a typed error keeps its code; any other arrives as a refusal with its message', () => {
  const { call } = openTestEngine(module)
  probe = () => {
    throw new UniverseError('universe/unauthorized', 'not yours', { details: { row: 'r' } })
  }
  expect(errorOf(() => call('probe'), 'universe/unauthorized').details).toEqual({ row: 'r' })
  probe = () => {
    throw Object.assign(new Error('too many'), { details: { max: 3, bytes: new Uint8Array(1) } })
  }
  const error = errorOf(() => call('probe'), 'reducer/rejected')
  expect(error.message).toBe('too many')
  expect(error.details).toEqual({ reducer: 'probe', max: 3, bytes: new Uint8Array(1) })
  probe = () => {
    throw Object.assign(new Error('odd'), { details: { when: new Date(0) } })
  }
  expect(errorOf(() => call('probe'), 'reducer/rejected').details).toEqual({ reducer: 'probe' })
  probe = () => {
    throw 'a text'
  }
  expect(errorOf(() => call('probe'), 'reducer/rejected').message).toBe('a text')
})

test('[TX7] nested calls share the transaction and the delta', () => {
  const { call, engine } = openTestEngine(module)
  probe = (ctx) => {
    const id = ctx.call('add', { text: 'a' }) as string
    ctx.call('write', { id, text: 'b' })
    return id
  }
  const id = call('probe') as string
  expect(engine.get('note', id)?.text).toBe('b')
  expect(engine.unsyncedCount()).toBe(1)
})

test('[TX7] a nested call that fails and is caught takes only its own writes back', () => {
  const { call, engine } = openTestEngine(module)
  const other = openTestEngine(module, { seed: 9 })
  const id = call('add', { text: 'a' }) as string
  probe = (ctx) => {
    const { note } = ctx.db
    note.increment(id, 'count', 2)
    note.addToSet(id, 'tags', 1)
    inner = () => {
      note.increment(id, 'count', 5)
      note.addToSet(id, 'tags', 2)
      note.removeFromSet(id, 'tags', 1)
      note.update(id, { text: 'lost' })
      ctx.call('add', { text: 'lost too' })
      throw new Error('inner')
    }
    try {
      ctx.call('inner', {})
    } catch {
      note.increment(id, 'count', 1)
    }
    return null
  }
  call('probe')
  expect(engine.get('note', id)).toMatchObject({ text: 'a', count: 3, tags: [1] })
  expect(engine.count({ table: 'note', orderBy: [] })).toBe(1)
  const segments = engine.readLog(engine.info.stream, 1, 1e6)
  other.engine.apply(segments.map(({ bytes }) => bytes))
  expect(other.engine.get('note', id)).toEqual(engine.get('note', id))
})

test('[TX7] calls nested without end are stopped', () => {
  const { call } = openTestEngine(module)
  probe = (ctx) => ctx.call('probe', {})
  expect(errorOf(() => call('probe'), 'reducer/rejected').message).toMatch(/64 deep/)
})

test('[TX8] a full disk answers every call of the group; data and engine are as before', () => {
  const { call, commit, engine, driver } = openTestEngine(module)
  call('add', { text: 'a' })
  const [pages] = driver.prepare('PRAGMA page_count').get() ?? [0]
  driver.exec(`PRAGMA max_page_count = ${Number(pages) + 2}`)
  const outcomes = commit(['add', { text: 'b' }], ['many', { count: 100 }], ['add', { text: 'c' }])
  for (const outcome of outcomes) {
    expect(outcome.ok === false && outcome.error.code).toBe('storage/quota-exceeded')
  }
  expect(allTexts(engine)).toEqual(['a'])
  expect(engine.unsyncedCount()).toBe(1)
  driver.exec('PRAGMA max_page_count = 1000000')
  expect(commit(['add', { text: 'd' }])[0]?.ok).toBe(true)
  expect(allTexts(engine)).toEqual(['a', 'd'])
  expect(engine.verify()).toEqual([])
})

test('[TX9] a call that writes nothing others must know leaves no delta', () => {
  const { call, engine } = openTestEngine(module)
  probe = (ctx) => {
    ctx.db.draft.insert({ key: 'k', text: 'x' })
    ctx.db.event.insert({ text: 'x' })
    return ctx.sql('SELECT key FROM draft')
  }
  expect(call('probe')).toEqual([{ key: 'k' }])
  expect(engine.unsyncedCount()).toBe(0)
  expect(engine.streamHeads()).toEqual([])
})

test('[TX9] insert then delete in one call leaves nothing', () => {
  const { nextCall, engine } = openTestEngine(module)
  probe = (ctx) => {
    const { note } = ctx.db
    const { id } = note.insert({ text: 'x', count: 2, tags: [1] })
    note.removeFromSet(id, 'tags', 1)
    note.addToSet(id, 'tags', 2)
    note.delete(id)
    return null
  }
  expect(engine.commit([nextCall('probe')]).changeset).toBeUndefined()
  expect(engine.unsyncedCount()).toBe(0)
  for (const name of ['_tombstone', '_hidden', '_set_dot', '_log']) {
    expect(engine.sql(`SELECT count(*) FROM ${name}`).columns).toEqual([[0]])
  }
})

test('[TX13] a changeset has one entry per row, before and after, and none for what is the same', () => {
  const { engine, nextCall, call } = openTestEngine(module)
  const id = call('add', { text: 'a' }) as string
  const { changeset } = engine.commit([
    nextCall('write', { id, text: 'b' }),
    nextCall('add', { text: 'n' }),
    nextCall('write', { id, text: 'c' }),
  ])
  expect(changeset).toMatchObject({ transaction: 2, origin: 'local', tables: new Set(['note']) })
  expect(changeset?.changes).toMatchObject([
    { table: 'note', id, before: { text: 'a' }, after: { text: 'c' } },
    { before: undefined, after: { text: 'n' } },
  ])
  expect(structuredClone(changeset)?.changes).toHaveLength(2)
  const same = engine.commit([nextCall('write', { id, text: 'c' })])
  expect(same.changeset).toBeUndefined()
  expect(engine.unsyncedCount()).toBe(4)
  const back = engine.commit([
    nextCall('write', { id, text: 'd' }),
    nextCall('write', { id, text: 'c' }),
  ])
  expect(back.changeset).toBeUndefined()
})

test('[TX13] a row of a transient table is in the changeset and nowhere else', () => {
  const { engine, nextCall } = openTestEngine(module)
  probe = (ctx) => {
    ctx.db.event.insert({ text: 'ping' })
    return ctx.db.event.count()
  }
  const { outcomes, changeset } = engine.commit([nextCall('probe')])
  expect(outcomes).toMatchObject([{ ok: true, value: 0 }])
  expect(changeset?.changes).toMatchObject([{ table: 'event', after: { text: 'ping' } }])
  expect(engine.count({ table: 'event', orderBy: [] })).toBe(0)
})

test('[TX14] a call draws the same randomness and ids whenever it is run', () => {
  probe = (ctx) => [
    ctx.random.next(),
    ctx.random.integer(1, 6),
    ctx.newId(),
    ctx.newId(),
    ctx.timestamp,
  ]
  const one = openTestEngine(module, { seed: 5 })
  const two = openTestEngine(module, { seed: 6 })
  const first = one.nextCall('probe')
  const second = one.nextCall('probe')
  const draw = (on: typeof one, call: typeof first) => {
    const [outcome] = on.engine.commit([call]).outcomes
    return (outcome?.ok ? outcome.value : []) as [number, number, string, string, number]
  }
  const drawn = draw(one, first)
  expect(draw(two, first)).toEqual(drawn)
  expect(drawn[2] < drawn[3]).toBe(true)
  expect(drawn[4]).toBe(TEST_START_MS)
  const next = draw(one, second)
  expect(next[0]).not.toBe(drawn[0])
  expect(next[2] > drawn[2]).toBe(true)
})

test('[TX14] ids of one call rise beyond 4096', () => {
  const { call } = openTestEngine(module)
  probe = (ctx) => {
    const ids = Array.from({ length: 10_000 }, () => ctx.newId() as string)
    return ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ''))
  }
  expect(call('probe')).toBe(true)
})

test('[TX15] the context refuses once the reducer has returned', () => {
  const { call } = openTestEngine(module)
  let leaked: Context | undefined
  probe = (ctx) => {
    leaked = ctx
    return null
  }
  call('probe')
  errorOf(() => leaked?.newId(), 'engine/read-only')
  errorOf(() => leaked?.sql('SELECT 1'), 'engine/read-only')
  errorOf(() => leaked?.db.note.count(), 'engine/read-only')
  errorOf(() => leaked?.call('add', {}), 'engine/read-only')
})

test('[TX16] sql reads own writes, and refuses to write', () => {
  const { call, engine } = openTestEngine(module)
  probe = (ctx) => {
    ctx.db.note.insert({ text: 'mine' })
    return ctx.sql('SELECT text FROM note WHERE text = ?1', ['mine'])
  }
  expect(call('probe')).toEqual([{ text: 'mine' }])
  for (const sql of ['DELETE FROM _rows_note', 'ROLLBACK', 'PRAGMA user_version = 9', 'VACUUM']) {
    probe = (ctx) => ctx.sql(sql)
    errorOf(() => call('probe'), 'sql/not-read-only')
    errorOf(() => engine.sql(sql), 'sql/not-read-only')
  }
  expect(engine.tablesRead('SELECT count(*) FROM note')).toEqual(new Set(['note']))
})

test('the context says who calls, when and whose universe it is', () => {
  const { call } = openTestEngine(module)
  probe = (ctx) => [ctx.sender, ctx.connectionId, ctx.owner, ctx.timestamp]
  expect(call('probe')).toEqual(['alice', 'c1', 'owner', TEST_START_MS])
  expect(MODULE_SENDER).not.toBe('alice')
})

test('after close every method says so, and closing again is harmless', () => {
  const { engine, nextCall } = openTestEngine(module)
  engine.close()
  engine.close()
  errorOf(() => engine.commit([nextCall('add', { text: 'a' })]), 'engine/closed')
  errorOf(() => engine.query({ table: 'note', orderBy: [] }), 'engine/closed')
})

test('a statement-wide failure inside a group leaves no half-done call', () => {
  const { commit, engine } = openTestEngine(module)
  probe = (ctx) => ctx.sql('SELECT * FROM nowhere')
  const outcomes = commit(['add', { text: 'a' }], ['probe'], ['add', { text: 'b' }])
  expect(outcomes[1]?.ok === false && outcomes[1].error.code).toBe('sql/invalid')
  expect(allTexts(engine)).toEqual(['a', 'b'])
})

test.each([
  ['above the limit of a delta', 16],
  ['above what the log can buffer', 66],
])('[TX17] a call that writes %s fails alone', { timeout: 30_000 }, (_what, megabytes) => {
  const { commit, engine } = openTestEngine(module)
  probe = (ctx) => {
    for (let left = megabytes; left > 0; left -= 4) {
      ctx.db.note.insert({ text: 'x'.repeat(4 * 1024 * 1024 + 1024 * 512) })
    }
  }
  const outcomes = commit(['add', { text: 'a' }], ['probe'], ['add', { text: 'b' }])
  expect(outcomes[1]?.ok === false && outcomes[1].error.code).toBe('reducer/delta-too-large')
  expect(allTexts(engine)).toEqual(['a', 'b'])
  expect(engine.unsyncedCount()).toBe(2)
  expect(engine.verify()).toEqual([])
})

test('[TX18] an answer tells the place of its delta', () => {
  const { engine, nextCall } = openTestEngine(module)
  const { stream } = engine.info
  const [first, nothing, second] = [
    nextCall('add', { text: 'a' }, { oldestPendingNumber: 1 }),
    nextCall('probe', {}, { oldestPendingNumber: 1 }),
    nextCall('add', { text: 'b' }, { oldestPendingNumber: 1 }),
  ]
  probe = () => null
  const places = (...calls: (typeof first)[]) =>
    engine.commit(calls).outcomes.map((outcome) => outcome.ok && outcome.delta)
  expect(places(first, nothing, second, first)).toEqual([
    { stream, seq: 1 },
    undefined,
    { stream, seq: 2 },
    { stream, seq: 1 },
  ])
  engine.replica.startStream()
  // Nothing is written to the new stream yet: the last delta is in the old one.
  expect(places(first)).toEqual([{ stream, seq: 2 }])
})

test('stamps are of the corrected clock, where there is one', () => {
  const behind = openTestEngine(module, { clockNow: () => TEST_START_MS - 60_000 })
  behind.call('add', { text: 'a' })
  const { firstHlc } = behind.engine.replica.nextUnsealed(1e6) ?? { firstHlc: 0 }
  expect(hlcToMs(firstHlc)).toBe(TEST_START_MS - 60_000)
})
