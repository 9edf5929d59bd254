import {
  createSegmentWriter,
  defineModule,
  type StreamId,
  Table,
  t,
  table,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { describe, expect, it } from 'vitest'
import { Changes } from './changes.ts'
import { noteOffsets } from './claim-offsets.ts'
import { errorOf } from './testing/expect-error.ts'
import { type MergeReplica, openMergeReplica } from './testing/merge-replica.ts'
import { openTestEngine } from './testing/test-engine.ts'
import type { LostClaim, WriteScope } from './write-scope.ts'

const A = 'a'.repeat(32) as StreamId
const B = 'b'.repeat(32) as StreamId
const C = 'c'.repeat(32) as StreamId

const module = defineModule({
  name: 'claiming',
  version: 1,
  tables: {
    user: table({
      key: t.key(),
      email: t.text().unique(),
      badge: t.int().unique().optional(),
      team: t.ref('team', { onDelete: 'cascade' }).optional(),
    })
      .index('byEmail', ['email'])
      .search({ email: 'email' }),
    team: table({ key: t.key() }),
  },
  reducers: (reducer) => ({
    join: reducer({ key: t.text(), email: t.text(), badge: t.int().optional() }, (ctx, args) => {
      ctx.db.user.insert(args)
    }),
    rename: reducer({ key: t.text(), email: t.text() }, (ctx, { key, email }) => {
      ctx.db.user.update(key, { email })
    }),
    put: reducer({ key: t.text(), email: t.text() }, (ctx, args) => {
      ctx.db.user.upsert(args)
    }),
    leave: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.user.delete(key)
    }),
    swap: reducer({}, (ctx) => {
      const [x, y] = ctx.db.user.orderBy('key').all()
      ctx.db.user.update('x', { email: 'none' })
      ctx.db.user.update('y', { email: x?.email ?? '' })
      ctx.db.user.update('x', { email: y?.email ?? '' })
    }),
    comeAndGo: reducer({}, (ctx) => {
      ctx.db.user.insert({ key: 'gone', email: 'e' })
      ctx.db.user.delete('gone')
      ctx.db.user.insert({ key: 'here', email: 'e' })
    }),
  }),
})

describe('[MR17] a call', () => {
  it('is refused a value that another row holds', () => {
    const test = openTestEngine(module)
    test.call('join', { key: 'x', email: 'e', badge: 1 })
    const error = errorOf(
      () => test.call('join', { key: 'y', email: 'e' }),
      'table/duplicate-value',
    )
    expect(error.details).toEqual({ table: 'user', column: 'email', id: 'y' })
    expect(error.message).not.toContain('"e"')
    test.call('join', { key: 'y', email: 'f' })
    errorOf(() => test.call('rename', { key: 'y', email: 'e' }), 'table/duplicate-value')
    errorOf(() => test.call('put', { key: 'y', email: 'e' }), 'table/duplicate-value')
    errorOf(() => test.call('join', { key: 'x', email: 'e' }), 'table/duplicate-id')
    test.call('put', { key: 'x', email: 'e' })
    expect(test.engine.get('user', 'y')).toMatchObject({ email: 'f', badge: null })
  })

  it('gets a value that was let go: by a change, a deletion, a swap', () => {
    const test = openTestEngine(module)
    test.call('join', { key: 'x', email: 'e' })
    test.call('rename', { key: 'x', email: 'f' })
    test.call('join', { key: 'y', email: 'e' })
    test.call('leave', { key: 'y' })
    test.call('join', { key: 'y', email: 'e' })
    test.call('swap')
    expect(test.engine.get('user', 'x')).toMatchObject({ email: 'e' })
    expect(test.engine.get('user', 'y')).toMatchObject({ email: 'f' })
    test.call('leave', { key: 'x' })
    test.call('comeAndGo')
    expect(test.engine.get('user', 'here')).toMatchObject({ email: 'e' })
    expect(test.engine.verify()).toEqual([])
  })

  it('is not kept from a value that only a row out of sight claims', () => {
    const test = openTestEngine(module)
    test.call('join', { key: 'x', email: 'e' })
    test.call('leave', { key: 'x' })
    test.call('join', { key: 'y', email: 'e' })
    errorOf(() => test.call('join', { key: 'x', email: 'e' }), 'table/duplicate-value')
    test.call('join', { key: 'x', email: 'f' })
    expect(test.engine.get('user', 'x')).toMatchObject({ email: 'f' })
  })
})

function join(stream: StreamId, seq: number, hlc: number, key: string, email: string): Uint8Array {
  const writer = createSegmentWriter({ stream, firstSeq: seq, schemaVersion: 1 })
  const cells = { email, badge: null, team: null }
  writer.append({
    hlc,
    reducer: 'join',
    operations: [{ kind: 'insert', table: 'user', id: key, cells }],
  })
  return writer.finish()
}

function leave(stream: StreamId, seq: number, hlc: number, key: string): Uint8Array {
  const writer = createSegmentWriter({ stream, firstSeq: seq, schemaVersion: 1 })
  writer.append({ hlc, reducer: 'leave', operations: [{ kind: 'delete', table: 'user', id: key }] })
  return writer.finish()
}

function emails({ driver }: MergeReplica): unknown {
  return Object.fromEntries(driver.prepare('SELECT key, email FROM user').all() as never)
}

/** Notes an offset; gives who lost a value by it. */
function note(
  replica: MergeReplica,
  stream: StreamId,
  hlc: number,
  offset: number | null,
): LostClaim[] {
  const { driver, schema, rows, streams } = replica
  const lostClaims = new Map<string, LostClaim>()
  const scope: WriteScope = { driver, schema, rows, streams, changes: new Changes(), lostClaims }
  driver.exec('BEGIN')
  noteOffsets(scope, streams.intern(stream, false).index, hlc, hlc, offset)
  driver.exec('COMMIT')
  return [...lostClaims.values()]
}

describe('[MR17] rows that claim one value', () => {
  it('are told apart by clock as long as none is in the log', () => {
    const replica = openMergeReplica(module, C)
    replica.apply([join(B, 1, 20, 'y', 'e')])
    expect(emails(replica)).toEqual({ y: 'e' })
    const { changeset } = replica.apply([join(A, 1, 10, 'x', 'e')])
    expect(emails(replica)).toEqual({ x: 'e', y: null })
    expect(changeset?.changes).toEqual([
      {
        table: 'user',
        id: 'x',
        before: undefined,
        after: { key: 'x', email: 'e', badge: null, team: null },
      },
      {
        table: 'user',
        id: 'y',
        before: { key: 'y', email: 'e', badge: null, team: null },
        after: { key: 'y', email: null, badge: null, team: null },
      },
    ])
  })

  it('are told apart by their place in the log once they have one', () => {
    const replica = openMergeReplica(module, C)
    replica.apply([join(A, 1, 10, 'x', 'e'), join(B, 1, 20, 'y', 'e')])
    const [lost, ...others] = note(replica, B, 20, 7)
    expect(others).toEqual([])
    expect(lost).toMatchObject({ id: 'x', value: 'e', clock: { hlc: 10 }, holder: { id: 'y' } })
    expect(emails(replica)).toEqual({ x: null, y: 'e' })
    expect(note(replica, A, 10, 8)).toEqual([])
    expect(emails(replica)).toEqual({ x: null, y: 'e' })
    // The relay lost what it had acknowledged.
    expect(note(replica, B, 20, null)).toMatchObject([{ id: 'y' }])
    expect(emails(replica)).toEqual({ x: 'e', y: null })
  })

  it('get it one after the other as holders go', () => {
    const replica = openMergeReplica(module, C)
    replica.apply([join(A, 1, 10, 'x', 'e'), join(A, 2, 11, 'y', 'e'), join(B, 1, 12, 'z', 'e')])
    expect(emails(replica)).toEqual({ x: 'e', y: null, z: null })
    replica.apply([leave(B, 2, 13, 'x')])
    expect(emails(replica)).toEqual({ y: 'e', z: null })
    replica.apply([leave(B, 3, 14, 'y')])
    expect(emails(replica)).toEqual({ z: 'e' })
    // It comes back, and claims anew.
    replica.apply([join(B, 4, 15, 'x', 'e')])
    expect(emails(replica)).toEqual({ z: 'e', x: null })
  })

  it('are found by what they show: by indexes, conditions and search', () => {
    const test = openTestEngine(module)
    test.engine.apply([
      join(A, 1, 10, 'x', 'e'),
      join(B, 1, 20, 'y', 'e'),
      join(B, 2, 21, 'z', 'f'),
    ])
    expect(test.engine.search('user', 'e', { limit: 9 }).map(({ key }) => key)).toEqual(['x'])
    expect(test.engine.sql("SELECT key FROM user WHERE email = 'e'").columns).toEqual([['x']])
  })

  it('may write the value again without claiming it anew, or another and hold that', () => {
    const test = openTestEngine(module)
    test.engine.apply([join(A, 1, 10, 'x', 'e'), join(B, 1, 20, 'y', 'e')])
    test.call('put', { key: 'y', email: 'e' })
    expect(test.engine.get('user', 'y')).toMatchObject({ email: null })
    test.call('rename', { key: 'y', email: 'f' })
    expect(test.engine.get('user', 'y')).toMatchObject({ email: 'f' })
    test.call('rename', { key: 'x', email: 'g' })
    test.call('rename', { key: 'y', email: 'e' })
    expect(test.engine.get('user', 'y')).toMatchObject({ email: 'e' })
    expect(test.engine.verify()).toEqual([])
  })
})

it('[MR12] [MR17] a unique column that the schema gains knows the places of what was claimed', () => {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
  const { user, team } = module.tables
  const { badge: _, ...columns } = user.definition.columns
  const older = { ...module, tables: { user: new Table({ ...user.definition, columns }), team } }
  const one = openTestEngine(older as never, { driver: keptOpen(driver) })
  const claim = (stream: StreamId, hlc: number, key: string) => {
    const writer = createSegmentWriter({ stream, firstSeq: 1, schemaVersion: 2 })
    const cells = { email: key, badge: 7, team: null }
    const operations = [{ kind: 'insert', table: 'user', id: key, cells } as const]
    writer.append({ hlc, reducer: 'join', operations })
    return writer.finish()
  }
  one.engine.apply([claim(A, 10, 'x'), claim(B, 20, 'y')])
  one.engine.close()
  driver.exec('UPDATE _log SET offset = CASE first_hlc WHEN 20 THEN 1 ELSE 2 END')
  const two = openTestEngine(module, { driver })
  expect(two.engine.sql('SELECT key, badge FROM user ORDER BY key').columns).toEqual([
    ['x', 'y'],
    [null, 7],
  ])
})

/** The driver without its `close`: the engine owns what it is given, the test owns the file. */
function keptOpen(driver: Driver): Driver {
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'close') return () => undefined
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
