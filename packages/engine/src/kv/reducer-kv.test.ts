import { compareKeys, defineModule, encodeKey, k, t, table } from '@inner-universe/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { errorOf } from '../testing/expect-error.ts'
import { openTestEngine } from '../testing/test-engine.ts'

const kept: { value: unknown } = { value: undefined }

const module = defineModule({
  name: 'mailbox',
  version: 1,
  tables: { message: table({ key: t.key(), text: t.text() }) },
  reducers: (reducer) => ({
    append: reducer({ key: t.text(), text: t.text() }, (ctx, { key, text }) => {
      ctx.db.message.insert({ key, text })
      const cursors = ctx.kv.category('cursor')
      cursors.put([key], text)
      return cursors.count()
    }),
    refuse: reducer({ key: t.text() }, (ctx, { key }) => {
      const cursors = ctx.kv.category('cursor')
      cursors.put([key], 'never')
      cursors.deletePrefix([])
      throw new Error('no')
    }),
    tryInside: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.kv.category('cursor').put(['outer'], key)
      try {
        ctx.call('refuse', { key })
      } catch {
        // What the inner call did is undone, what this one did is not.
      }
      return ctx.kv.category('cursor').scan().length
    }),
    keep: reducer({}, (ctx) => {
      kept.value = ctx.kv.category('cursor')
    }),
    write: reducer({ operations: t.json<readonly Operation[]>() }, (ctx, { operations }) => {
      const entries = ctx.kv.category('model')
      return operations.map(({ kind, part, number, payload }) => {
        const key = [part, number]
        if (kind === 'put') entries.put(key, payload)
        else if (kind === 'delete') return entries.delete(key)
        else return entries.deletePrefix([part])
        return entries.exists(key)
      })
    }),
  }),
})

interface Operation {
  readonly kind: 'put' | 'delete' | 'deletePrefix'
  readonly part: string
  readonly number: number
  readonly payload: string
}

const entriesOf = ({ engine }: ReturnType<typeof openTestEngine>, category: string) =>
  engine.kv.scanPrefix(encodeKey(category), new Uint8Array()).rows

it('[KS16] entries are kept and undone with the rows of their call', () => {
  const test = openTestEngine(module)
  expect(test.call('append', { key: 'a', text: 'one' })).toBe(1)
  errorOf(() => test.call('append', { key: 'a', text: 'again' }), 'table/duplicate-id')
  errorOf(() => test.call('refuse', { key: 'b' }), 'reducer/rejected')
  // In one group with a call that stays.
  const outcomes = test.commit(
    ['append', { key: 'c', text: 'two' }],
    ['refuse', { key: 'd' }],
    ['append', { key: 'e', text: 'three' }],
  )
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
  expect(test.call('tryInside', { key: 'f' })).toBe(4)
  const keys = entriesOf(test, 'cursor').map(({ key }) => key)
  expect(keys).toEqual([['a'], ['c'], ['e'], ['outer']].map((key) => encodeKey(key)))
})

it('[KS16] reads inside a call see its writes, in the order of the keys', () => {
  const operation = fc.record({
    kind: fc.constantFrom(
      'put' as const,
      'put' as const,
      'delete' as const,
      'deletePrefix' as const,
    ),
    part: fc.constantFrom('', 'a', 'ab', 'b'),
    number: fc.integer({ min: -2, max: 2 }),
    payload: fc.constantFrom('', 'x', 'y'),
  })
  fc.assert(
    fc.property(fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 6 }), (calls) => {
      const test = openTestEngine(module)
      const model = new Map<string, Operation>()
      for (const operations of calls) {
        const results = operations.map(({ kind, part, number, payload }) => {
          const key = JSON.stringify([part, number])
          const operation = { kind, part, number, payload }
          if (kind === 'put') model.set(key, operation)
          else if (kind === 'delete') return model.delete(key)
          else {
            const gone = [...model].filter(([, each]) => each.part === part)
            for (const [each] of gone) model.delete(each)
            return gone.length
          }
          return true
        })
        expect(test.call('write', { operations })).toEqual(results)
      }
      const expected = [...model.values()]
        .map(({ part, number, payload }) => ({
          key: encodeKey(part, number),
          payload: encodeKey(payload),
        }))
        .sort((a, b) => compareKeys(a.key, b.key))
      expect(entriesOf(test, 'model')).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})

it('[KS17] entries leave no delta and no trace in the digest, and stay when the file is rebuilt', () => {
  const test = openTestEngine(module)
  const digest = test.engine.digest()
  test.call('tryInside', { key: 'f' })
  expect([test.engine.unsyncedCount(), test.engine.digest()]).toEqual([0, digest])
  const rebuilt = openTestEngine(module, { join: { owner: 'owner' }, stream: 'new' })
  rebuilt.engine.adopt(structuredClone(test.engine.carryOver()), {
    keepsStream: true,
    denied: [],
    settled: [],
  })
  expect(entriesOf(rebuilt, 'cursor')).toEqual(entriesOf(test, 'cursor'))
  expect(rebuilt.engine.verify()).toEqual([])
})

it('[KS18] outside of reducers a batch is written whole or not at all', () => {
  const test = openTestEngine(module)
  const category = encodeKey('cursor')
  const put = (key: number) =>
    ({ kind: 'put', category, key: encodeKey(k.uint16(key)), payload: new Uint8Array() }) as const
  expect(test.engine.kv.batch([put(1), put(2)])).toEqual([1, 1])
  const broken = { ...put(3), payload: 'text' as unknown as Uint8Array, key: null }
  expect(() => test.engine.kv.batch([put(4), broken as never])).toThrow()
  expect(entriesOf(test, 'cursor').map(({ key }) => key)).toEqual([put(1).key, put(2).key])
})

it('[KS19] a context used after its reducer refuses', () => {
  const test = openTestEngine(module)
  test.call('keep')
  errorOf(
    () => (kept.value as { put(a: string, b: string): void }).put('a', 'b'),
    'engine/read-only',
  )
})
