import { defineModule, type ReducerContext, t, table } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { errorOf } from './testing/expect-error.ts'
import { openTestEngine } from './testing/test-engine.ts'

const tables = {
  thing: table({
    id: t.id(),
    text: t.text().max(5),
    size: t.int().min(0).default(1),
    share: t.real().optional(),
    isOn: t.bool().default(true),
    at: t.timestamp().optional(),
    raw: t.bytes().optional(),
    any: t.json().optional(),
    list: t.array(t.int()).default([]),
    place: t.object({ x: t.int(), y: t.int().default(0) }).optional(),
    kind: t.enum(['a', 'b']).default('a'),
    count: t.counter(),
    tags: t.set(t.text()),
  }).index('byText', ['text']),
  named: table({
    key: t.key(),
    note: t.text().optional(),
    count: t.counter(),
    tags: t.set(t.text()),
  }),
  entry: table({ id: t.id(), text: t.text() }).appendOnly(),
  local: table({ key: t.key(), count: t.counter(), tags: t.set(t.int()) }).local(),
  event: table({ id: t.id(), text: t.text() }).transient(),
}

type Context = ReducerContext<typeof tables>
let body: (db: Context['db'], ctx: Context) => unknown = () => null

const module = defineModule({
  name: 'things',
  version: 1,
  tables,
  reducers: (reducer) => ({ run: reducer({}, (ctx) => body(ctx.db, ctx) as null) }),
})

function run(work: typeof body): unknown {
  body = work
  return openTestEngine(module).call('run')
}

const full = {
  text: 'abc',
  size: 2,
  share: 0.5,
  isOn: false,
  at: 5,
  raw: new Uint8Array([1, 2]),
  any: { b: [1, { c: null }], a: 'x' },
  list: [3, 1],
  place: { x: 1, y: 2 },
  kind: 'b' as const,
  count: 4,
  tags: ['b', 'a', 'b'],
}

test('[TA1] insert gives the row back as it reads, defaults and id filled in', () => {
  run((db) => {
    const row = db.thing.insert(full)
    expect(row).toEqual({ ...full, id: expect.any(String), tags: ['a', 'b'] })
    expect(db.thing.get(row.id)).toEqual(row)
    const bare = db.thing.insert({ text: '' })
    expect(bare).toEqual({
      id: bare.id,
      text: '',
      size: 1,
      share: null,
      isOn: true,
      at: null,
      raw: null,
      any: null,
      list: [],
      place: null,
      kind: 'a',
      count: 0,
      tags: [],
    })
    expect(db.thing.get(bare.id)).toEqual(bare)
    expect(db.thing.insert({ text: 'x', place: { x: 1 } as never }).place).toEqual({ x: 1, y: 0 })
    return null
  })
})

test('[TA1] what the caller does to its values afterwards changes nothing', () => {
  body = (db) => {
    const raw = new Uint8Array([1])
    const any = { list: [1] }
    const { id } = db.thing.insert({ text: 'x', raw, any })
    raw[0] = 9
    any.list.push(2)
    return id
  }
  const { engine, nextCall } = openTestEngine(module)
  const { outcomes, changeset } = engine.commit([nextCall('run')])
  const id = outcomes[0]?.ok ? (outcomes[0].value as string) : ''
  expect(engine.get('thing', id)).toMatchObject({ raw: new Uint8Array([1]), any: { list: [1] } })
  expect(changeset?.changes[0]?.after).toMatchObject({ raw: new Uint8Array([1]) })
})

test.each<[what: string, row: object, reason: RegExp]>([
  ['a missing column', {}, /missing/],
  ['a value of another type', { text: 1 }, /expected a text, got an integer/],
  ['a text too long', { text: 'abcdef' }, /longer than 5/],
  ['a number out of range', { text: '', size: -1 }, /less than 0/],
  ['a fraction', { text: '', size: 0.5 }, /got a fraction/],
  ['NaN', { text: '', share: Number.NaN }, /finite/],
  ['null', { text: null }, /got null/],
  ['a member that is none', { text: '', kind: 'c' }, /not one of "a", "b"/],
  ['a wrong element', { text: '', list: [1, 'x'] }, /at 1: expected an integer/],
  ['an unknown field', { text: '', place: { x: 1, z: 1 } }, /at z: unknown name/],
  ['what JSON cannot hold', { text: '', any: [undefined] }, /undefined/],
  ['a wrong id', { text: '', id: 'x' }, /not an id|an id/],
  ['a wrong set', { text: '', tags: [1] }, /at 0: expected a text/],
])('[TA2] %s is refused, with table, column and reason', (_what, row, reason) => {
  run((db) => {
    const error = errorOf(() => db.thing.insert(row as never), 'table/invalid-value')
    expect(error.details).toMatchObject({ table: 'thing', column: expect.any(String) })
    expect(error.message).toMatch(reason)
    return null
  })
})

test('[TA2] an unknown column is refused, in rows, patches and conditions', () => {
  run((db) => {
    const { id } = db.thing.insert({ text: 'x' })
    errorOf(() => db.thing.insert({ text: 'x', nope: 1 } as never), 'table/unknown-column')
    errorOf(() => db.thing.update(id, { nope: 1 } as never), 'table/unknown-column')
    errorOf(() => db.thing.increment(id, 'nope' as never), 'table/unknown-column')
    errorOf(() => db.thing.where({ nope: 1 } as never).all(), 'query/invalid')
    errorOf(() => db.thing.insert({ text: 'x', toString: 1 } as never), 'table/unknown-column')
    return null
  })
})

test('[TA3] a second row of one id is refused', () => {
  run((db) => {
    const { id } = db.thing.insert({ text: 'x' })
    errorOf(() => db.thing.insert({ id, text: 'y' }), 'table/duplicate-id')
    db.named.insert({ key: 'k' })
    errorOf(() => db.named.insert({ key: 'k' }), 'table/duplicate-id')
    db.local.insert({ key: 'k' })
    errorOf(() => db.local.insert({ key: 'k' }), 'table/duplicate-id')
    expect(db.thing.count()).toBe(1)
    return null
  })
})

test('[TA4] update changes the named columns only, and never the key', () => {
  run((db, ctx) => {
    const before = db.thing.insert(full)
    const after = db.thing.update(before.id, { text: 'new', any: null, share: undefined })
    expect(after).toEqual({ ...before, text: 'new', any: null })
    expect(db.thing.get(before.id)).toEqual(after)
    expect(db.thing.update(before.id, { id: before.id, text: 'x' } as never).text).toBe('x')
    errorOf(() => db.thing.update(before.id, { id: ctx.newId() } as never), 'table/invalid-value')
    errorOf(() => db.thing.update('nowhere', { text: 'x' }), 'table/row-not-found')
    errorOf(() => db.thing.update(before.id, { text: null } as never), 'table/invalid-value')
    return null
  })
})

test('[TA5] upsert inserts, or updates what is given', () => {
  run((db) => {
    expect(db.named.upsert({ key: 'k', note: 'a' })).toMatchObject({ note: 'a' })
    db.named.increment('k', 'count', 3)
    expect(db.named.upsert({ key: 'k', tags: ['x'] })).toEqual({
      key: 'k',
      note: 'a',
      count: 3,
      tags: ['x'],
    })
    expect(db.thing.upsert({ text: 'new' }).text).toBe('new')
    return null
  })
})

test('[TA6] delete says whether there was a row; a natural key can come back', () => {
  run((db) => {
    db.named.insert({ key: 'k', note: 'old', count: 5, tags: ['a', 'b'] })
    expect(db.named.delete('k')).toBe(true)
    expect(db.named.delete('k')).toBe(false)
    expect(db.named.get('k')).toBeUndefined()
    const back = db.named.insert({ key: 'k', count: 2, tags: ['b', 'c'] })
    expect(back).toEqual({ key: 'k', note: null, count: 2, tags: ['b', 'c'] })
    expect(db.named.get('k')).toEqual(back)
    return null
  })
})

test('[TA7] counters move by increments, sets by elements', () => {
  run((db) => {
    for (const of of [db.named, db.local]) {
      of.insert({ key: 'k' })
      of.increment('k', 'count')
      of.increment('k', 'count', -5)
      expect(of.get('k')?.count).toBe(-4)
    }
    db.named.addToSet('k', 'tags', 'b')
    db.named.addToSet('k', 'tags', 'a')
    db.named.addToSet('k', 'tags', 'b')
    db.named.removeFromSet('k', 'tags', 'nowhere')
    expect(db.named.get('k')?.tags).toEqual(['a', 'b'])
    db.named.removeFromSet('k', 'tags', 'a')
    expect(db.named.get('k')?.tags).toEqual(['b'])
    errorOf(() => db.named.increment('k', 'note'), 'table/invalid-value')
    errorOf(() => db.named.increment('k', 'count', 0.5), 'table/invalid-value')
    errorOf(
      () => db.named.increment('k', 'count', Number.MAX_SAFE_INTEGER + 1),
      'table/invalid-value',
    )
    errorOf(() => db.named.increment('no', 'count'), 'table/row-not-found')
    errorOf(() => db.named.addToSet('k', 'tags', 1), 'table/invalid-value')
    errorOf(() => db.named.addToSet('k', 'count', 1), 'table/invalid-value')
    return null
  })
})

test('[TA8] append-only rows are never updated, but deleted', () => {
  run((db) => {
    const { id } = db.entry.insert({ text: 'x' })
    errorOf(() => db.entry.update(id, { text: 'y' }), 'table/invalid-value')
    errorOf(() => db.entry.upsert({ id, text: 'y' }), 'table/invalid-value')
    expect(db.entry.delete(id)).toBe(true)
    return null
  })
})

test('[TA9] rows of a transient table are gone as soon as they are inserted', () => {
  run((db) => {
    const { id } = db.event.insert({ text: 'x' })
    expect(db.event.get(id)).toBeUndefined()
    expect(db.event.all()).toEqual([])
    errorOf(() => db.event.update(id, { text: 'y' }), 'table/invalid-value')
    return null
  })
})

test('[TA10] queries chain, read own writes and leave their receiver as it was', () => {
  run((db) => {
    for (const [index, text] of ['c', 'a', 'b', 'a'].entries()) {
      db.thing.insert({ text, size: index })
    }
    const all = db.thing.where({ size: { gte: 1 } })
    expect(
      all
        .orderBy('text')
        .limit(2)
        .all()
        .map(({ size }) => size),
    ).toEqual([1, 3])
    expect(all.orderBy('text', 'desc').first()?.size).toBe(2)
    expect(all.count()).toBe(3)
    expect(
      all
        .orderBy('text')
        .offset(1)
        .all()
        .map(({ size }) => size),
    ).toEqual([3, 2])
    const [first] = db.thing.orderBy('text').all()
    const rest = db.thing
      .orderBy('text')
      .after(['a', first?.id ?? ''])
      .all()
    expect(rest.map(({ size }) => size)).toEqual([3, 2, 0])
    expect(db.thing.find({ text: 'a', size: { gt: 1 } })?.size).toBe(3)
    expect(db.thing.limit(0).first()).toBeUndefined()
    expect(db.thing.all()).toHaveLength(4)
    return null
  })
})
