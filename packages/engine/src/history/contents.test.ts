import { defineModule, HISTORY_TABLES, type Module, t, table } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { describe, expect, it } from 'vitest'
import type { EngineOptions } from '../engine-options.ts'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'
import { history } from './engine-history.ts'

const noteColumns = {
  id: t.key(),
  title: t.text().optional(),
  tags: t.set(t.text()),
  likes: t.counter(),
  size: t.int().default(1),
}

function moduleOf(version: number, columns: object = {}): Module {
  const note = table({ ...noteColumns, ...columns }).index('byTitle', ['title'])
  return defineModule({
    name: 'notes',
    version,
    versions: true,
    tables: { note, photo: table({ id: t.key(), bytes: t.bytes() }) },
    reducers: (reducer) => ({
      put: reducer({ id: t.text(), title: t.text() }, ({ db }, row) => {
        db.note.upsert(row as never)
      }),
      many: reducer({ from: t.int(), count: t.int() }, ({ db }, { from, count }) => {
        for (let n = from; n < from + count; n++) {
          db.note.upsert({ id: `n${String(n).padStart(6, '0')}`, title: `t${n}` } as never)
        }
      }),
      drop: reducer({ id: t.text() }, ({ db }, { id }) => db.note.delete(id)),
      photo: reducer({ id: t.text(), size: t.int() }, ({ db }, { id, size }) => {
        db.photo.upsert({ id, bytes: new Uint8Array(size).fill(7) })
      }),
      forget: reducer({ id: t.text() }, ({ db }, { id }) => {
        const versions = db[HISTORY_TABLES.version as never] as unknown as {
          delete(id: string): void
        }
        versions.delete(id)
      }),
      damage: reducer({}, ({ db }) => {
        const chunks = db[HISTORY_TABLES.chunk as never] as unknown as {
          all(): readonly Record<string, unknown>[]
          delete(id: string): void
          insert(row: unknown): void
        }
        const [chunk] = chunks.all()
        chunks.delete(chunk?.id as string)
        chunks.insert({ ...chunk, seal: '0'.repeat(32) })
      }),
    }),
  }) as unknown as Module
}
const module = moduleOf(1)

let seed = 0
function open(options: Partial<EngineOptions> = {}): TestEngine {
  seed += 1
  return openTestEngine(module, { history, seed, ...options })
}

function commitVersion(test: TestEngine, description = 'a version'): string {
  test.nowMs += 1
  return (test.call('history:commit', { description }) as { version: string }).version
}

/** Gives a replica everything that another one has. */
function give(from: TestEngine, to: TestEngine): void {
  for (const { stream } of from.engine.streamHeads()) {
    const held = to.engine.streamHeads().find((head) => head.stream === stream)?.seq ?? 0
    const segments = from.engine.readLog(stream, held + 1, 1e9).map(({ bytes }) => bytes)
    if (segments.length > 0) to.engine.apply(segments)
  }
}

function fillAll({ engine }: TestEngine): number {
  let slices = 0
  while (engine.history.fill()) slices += 1
  return slices
}

const all = { table: 'note', orderBy: [] } as const
const stateOf = ({ engine }: TestEngine, version: string) =>
  engine.history.versions().find(({ id }) => id === version)?.state

describe('contents of versions', () => {
  it('[HI8] are written by their author and taken in elsewhere, whatever is there', () => {
    const [a, b] = [open(), open({ join: { owner: 'owner' } })]
    a.call('many', { from: 0, count: 1200 })
    const first = commitVersion(a, 'first')
    const rows = a.engine.query(all)
    expect(stateOf(a, first)).toBe('writing')
    a.call('put', { id: 'n000001', title: 'later' })
    a.call('drop', { id: 'n000002' })
    const second = commitVersion(a, 'second')
    const secondRows = a.engine.query(all)
    fillAll(a)
    expect(stateOf(a, first)).toBe('ready')
    b.call('put', { id: 'n000003', title: 'own' })
    b.call('put', { id: 'zzz', title: 'own' })
    give(a, b)
    expect(stateOf(b, first)).toBe('arriving')
    expect(() => b.engine.history.past(first)).toThrow(/not here whole/)
    const digest = b.engine.history.digest(null)
    fillAll(b)
    expect(b.engine.history.digest(null)).toBe(digest)
    expect(b.engine.history.past(first).query(all)).toEqual(rows)
    expect(b.engine.history.past(second).query(all)).toEqual(secondRows)
    const infos = b.engine.history.versions()
    expect(infos).toEqual(a.engine.history.versions())
    expect(infos.map(({ rowCount }) => rowCount)).toEqual([1200, 2])
  })

  it('[HI9] leave the states of other versions as they were', () => {
    const [a, b] = [open(), open({ join: { owner: 'owner' } })]
    a.call('many', { from: 0, count: 700 })
    give(a, b)
    const own = commitVersion(b, 'own')
    b.call('many', { from: 100, count: 900 })
    const later = commitVersion(b, 'later')
    b.call('drop', { id: 'n000005' })
    const [ownRows, laterRows] = [own, later].map((id) => b.engine.history.past(id).query(all))
    a.call('drop', { id: 'n000000' })
    a.call('put', { id: 'n000100', title: 'by a' })
    const other = commitVersion(a, 'other')
    const otherRows = a.engine.query(all)
    fillAll(a)
    give(a, b)
    while (b.engine.history.fill()) {
      expect(b.engine.history.past(own).query(all)).toEqual(ownRows)
      b.call('put', { id: 'n000200', title: `busy ${b.nowMs++}` })
    }
    expect(b.engine.history.past(own).query(all)).toEqual(ownRows)
    expect(b.engine.history.past(later).query(all)).toEqual(laterRows)
    expect(b.engine.history.past(other).query(all)).toEqual(otherRows)
  })

  it('[HI8] go on where they stood when the file is opened again', () => {
    const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
    const kept = new Proxy(driver, {
      get(target, name) {
        if (name === 'close') return () => undefined
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    let a = open({ driver: kept })
    a.call('many', { from: 0, count: 2000 })
    const version = commitVersion(a)
    const rows = a.engine.query(all)
    a.engine.history.fill()
    a.engine.history.fill()
    a.call('drop', { id: 'n001999' })
    a = open({ driver: kept })
    fillAll(a)
    const b = open({ join: { owner: 'owner' } })
    give(a, b)
    b.engine.history.fill()
    fillAll(b)
    expect(b.engine.history.past(version).query(all)).toEqual(rows)
    expect(b.engine.history.versions()[0]?.rowCount).toBe(2000)
  })

  it('[HI9] that do not fit their seal are damaged', () => {
    const [a, b] = [open(), open({ join: { owner: 'owner' } })]
    a.call('put', { id: 'a', title: 'one' })
    const version = commitVersion(a)
    fillAll(a)
    a.call('damage', {})
    give(a, b)
    fillAll(b)
    expect(stateOf(b, version)).toBe('damaged')
    expect(() => b.engine.history.past(version)).toThrow(/does not fit/)
    // Where the state was named it is there all the same.
    expect(stateOf(a, version)).toBe('ready')
  })

  it('[HI11] are read by a newer version of the module, and wait for one', () => {
    const newer = moduleOf(2, { color: t.text().default('red') })
    const [a, b] = [open(), openTestEngine(newer, { history, seed: 99, join: { owner: 'owner' } })]
    a.call('put', { id: 'a', title: 'one' })
    const old = commitVersion(a)
    fillAll(a)
    give(a, b)
    b.call('put', { id: 'b', title: 'two' })
    const young = commitVersion(b)
    fillAll(b)
    expect(b.engine.history.past(old).query(all)).toMatchObject([{ id: 'a', color: 'red' }])
    give(b, a)
    fillAll(a)
    expect(stateOf(a, young)).toBe('arriving')
  })

  it('[HI11] stay through a change of schema', () => {
    const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
    const kept = new Proxy(driver, {
      get(target, name) {
        if (name === 'close') return () => undefined
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const a = open({ driver: kept })
    a.call('put', { id: 'a', title: 'one' })
    const version = commitVersion(a)
    a.call('put', { id: 'a', title: 'two' })
    const digest = a.engine.history.digest(version)
    const b = openTestEngine(moduleOf(2, { color: t.text().default('red') }), {
      history,
      driver: kept,
      seed: 77,
    })
    const past = b.engine.history.past(version)
    expect(past.query(all)).toMatchObject([{ id: 'a', title: 'one', color: 'red' }])
    b.call('put', { id: 'a', title: 'three' })
    expect(past.get('note', 'a')).toMatchObject({ title: 'one', color: 'red' })
    expect(b.engine.history.digest(version)).toBe(digest)
    fillAll(b)
    expect(b.engine.history.digest(version)).toBe(digest)
  })

  it('[HI7] of versions that are gone leave the others as they were', () => {
    const a = open()
    const ids: string[] = []
    const states: unknown[] = []
    for (let n = 0; n < 4; n++) {
      a.call('many', { from: n * 400, count: 1000 })
      a.call('drop', { id: `n${String(n * 400 + 5).padStart(6, '0')}` })
      ids.push(commitVersion(a, String(n)))
      states.push(a.engine.query(all))
    }
    a.call('many', { from: 0, count: 2500 })
    for (const at of [1, 3]) {
      a.engine.history.past(ids[at] as string)
      a.call('forget', { id: ids[at] })
      for (let more = true; more; ) {
        more = a.engine.history.fill()
        expect(a.engine.history.past(ids[0] as string).query(all)).toEqual(states[0])
        expect(a.engine.history.past(ids[2] as string).query(all)).toEqual(states[2])
      }
      expect(() => a.engine.history.past(ids[at] as string)).toThrow(/no version/)
    }
    a.call('forget', { id: ids[0] })
    a.call('forget', { id: ids[2] })
    fillAll(a)
    const [left] = a.driver.prepare('SELECT count(*) FROM _past_note').get() ?? []
    expect(left).toBe(0)
  })

  it('[HI8] give large rows chunks of their own', () => {
    const [a, b] = [open(), open({ join: { owner: 'owner' } })]
    for (const [id, size] of [100_000, 100_000, 100_000, 2_000_000, 10].entries()) {
      a.call('photo', { id: `p${id}`, size })
    }
    const version = commitVersion(a)
    fillAll(a)
    const sizes = a.driver.prepare('SELECT length(rows) FROM history_chunk ORDER BY ordinal').all()
    expect(sizes.flat().map((size) => Math.round((size as number) / 100_000))).toEqual([
      2, 1, 20, 0,
    ])
    give(a, b)
    fillAll(b)
    const photos = { table: 'photo', orderBy: [] }
    expect(b.engine.history.past(version).query(photos)).toEqual(a.engine.query(photos))
  })
})
