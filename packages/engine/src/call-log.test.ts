import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineModule, formatCallId, t, table } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CALL_ANSWERS_MS_MAX } from './call-log.ts'
import type { CallOutcome } from './engine.ts'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'counter',
  version: 1,
  tables: { tally: table({ key: t.key(), count: t.counter() }) },
  reducers: (reducer) => ({
    count: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.tally.upsert({ key })
      ctx.db.tally.increment(key, 'count')
      return { count: ctx.db.tally.get(key)?.count, bytes: new Uint8Array([7]), none: undefined }
    }),
    nothing: reducer({}, () => undefined),
    refuse: reducer({}, (ctx) => {
      ctx.db.tally.insert({ key: 'x' })
      throw Object.assign(new Error('refused'), { details: { why: 'just so' } })
    }),
  }),
})

/** What of an outcome crosses threads. */
function plain(outcomes: readonly CallOutcome[]) {
  return outcomes.map((outcome) => {
    if (outcome.ok) return [outcome.callId, outcome.value]
    const { code, message, details } = outcome.error
    return [outcome.callId, code, message, details]
  })
}

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'calls-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

test('[TX10] a call sent again is answered as before and not run', () => {
  const { engine, nextCall } = openTestEngine(module)
  for (const call of [nextCall('count', { key: 'a' }), nextCall('nothing'), nextCall('refuse')]) {
    const first = engine.commit([call])
    const second = engine.commit([call])
    expect(first.outcomes).toMatchObject([{ isRepeated: false }])
    expect(plain(second.outcomes)).toEqual(plain(first.outcomes))
    expect(second).toMatchObject({ outcomes: [{ isRepeated: true }], changeset: undefined })
  }
  expect(engine.get('tally', 'a')).toEqual({ key: 'a', count: 1 })
})

test('[TX10] answers outlive the process', () => {
  const path = join(directory, 'answers.db')
  const open = () =>
    openTestEngine(module, { driver: openNodeDatabase({ path, durability: 'power' }) })
  const one = open()
  const calls = [one.nextCall('count', { key: 'a' }), one.nextCall('refuse')]
  const { outcomes } = one.engine.commit(calls)
  one.engine.close()
  const two = open()
  const repeated = two.engine.commit(calls).outcomes
  expect(plain(repeated)).toEqual(plain(outcomes))
  expect(repeated.every(({ isRepeated }) => isRepeated)).toBe(true)
  expect(two.engine.get('tally', 'a')?.count).toBe(1)
  two.engine.close()
})

test('[TX11] a call twice in one group runs once', () => {
  const { engine, nextCall } = openTestEngine(module)
  const call = nextCall('count', { key: 'a' })
  const { outcomes } = engine.commit([call, nextCall('count', { key: 'a' }), call])
  expect(outcomes).toMatchObject([
    { value: { count: 1 }, isRepeated: false },
    { value: { count: 2 }, isRepeated: false },
    { value: { count: 1 }, isRepeated: true },
  ])
})

test('[TX12] answers below the oldest pending call are forgotten, and never run again', () => {
  const { engine, nextCall } = openTestEngine(module)
  const first = nextCall('count', { key: 'a' }, { oldestPendingNumber: 1 })
  const second = nextCall('count', { key: 'a' }, { oldestPendingNumber: 1 })
  engine.commit([first])
  engine.commit([second])
  engine.commit([nextCall('nothing', {}, { oldestPendingNumber: 2 })])
  expect(engine.sql('SELECT last_number FROM _call').columns).toEqual([[2, 3]])
  expect(engine.commit([second]).outcomes).toMatchObject([{ ok: true, isRepeated: true }])
  expect(engine.commit([first]).outcomes).toMatchObject([
    { ok: false, error: { code: 'call/forgotten' } },
  ])
  expect(engine.get('tally', 'a')?.count).toBe(2)
})

test('[TX12] calls that arrive out of order run once each', () => {
  const { engine, nextCall } = openTestEngine(module)
  const calls = [1, 2, 3, 4].map(() => nextCall('count', { key: 'a' }, { oldestPendingNumber: 1 }))
  for (const index of [2, 0, 3, 2, 1, 0, 3]) engine.commit(calls.slice(index, index + 1))
  expect(engine.get('tally', 'a')?.count).toBe(4)
  expect(engine.verify()).toEqual([])
})

test('[TX12] the answers of a client silent for a week are deleted at the next start', () => {
  const path = join(directory, 'silent.db')
  const driver = () => openNodeDatabase({ path, durability: 'process' })
  const one = openTestEngine(module, { driver: driver() })
  one.call('nothing')
  const { nowMs } = one
  one.engine.close()
  const open = (now: number) => {
    const { engine } = openTestEngine(module, { driver: driver(), now: () => now })
    const count = engine.sql('SELECT count(*) FROM _call').columns[0]?.[0]
    engine.close()
    return count
  }
  expect(open(nowMs + CALL_ANSWERS_MS_MAX)).toBe(1)
  expect(open(nowMs + CALL_ANSWERS_MS_MAX + 1)).toBe(0)
})

test('clients do not answer for each other, and a malformed call id is refused', () => {
  const { engine, nextCall } = openTestEngine(module)
  const call = nextCall('count', { key: 'a' })
  const other = { ...call, callId: formatCallId('f'.repeat(32) as never, 1) }
  expect(engine.commit([call, other]).outcomes).toMatchObject([
    { value: { count: 1 } },
    { value: { count: 2 } },
  ])
  const { outcomes } = engine.commit([{ ...call, callId: 'nonsense' as never }])
  expect(outcomes).toMatchObject([{ ok: false, error: { code: 'table/invalid-value' } }])
})
