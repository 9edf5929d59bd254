import {
  defineModule,
  encodeKey,
  type Id,
  t,
  table,
  UNDO_BYTES_MAX,
  UNDO_SCOPES_MAX,
  UNDO_STEPS_MAX,
} from '@inner-universe/core'
import { describe, expect, it } from 'vitest'
import type { AdoptOptions, CallUndo, UndoResult } from '../engine.ts'
import { errorOf } from '../testing/expect-error.ts'
import { SyncLog } from '../testing/sync-log.ts'
import { openTestEngine, type TestEngine } from '../testing/test-engine.ts'

const module = defineModule({
  name: 'outline',
  version: 1,
  tables: {
    note: table({
      key: t.key(),
      title: t.text().default(''),
      picture: t.bytes().optional(),
      stars: t.counter(),
      tags: t.set(t.text()),
      slug: t.text().unique().optional(),
      parent: t.ref('note', { onDelete: 'cascade' }).optional(),
      friend: t.ref('note', { onDelete: 'null' }).optional(),
      author: t.ref('person').optional(),
    }),
    person: table({ id: t.id(), name: t.text() }),
    event: table({ key: t.key(), count: t.counter() }).appendOnly(),
    draft: table({ key: t.key(), text: t.text(), hits: t.counter() }).local(),
    alarm: table({ id: t.id(), when: t.json<{ atMs: number }>() }).local().schedule('ring', 'when'),
    cursor: table({ key: t.key(), at: t.int() }).transient(),
  },
  reducers: (reducer) => ({
    put: reducer({ rows: t.json() }, ({ db }, { rows }) => {
      for (const row of rows as never[]) db.note.upsert(row)
    }),
    paint: reducer({ key: t.text(), picture: t.bytes() }, ({ db }, { key, picture }) => {
      db.note.update(key, { picture })
    }),
    star: reducer({ key: t.text(), by: t.int() }, ({ db }, { key, by }) =>
      db.note.increment(key, 'stars', by),
    ),
    tag: reducer({ key: t.text(), tag: t.text() }, ({ db }, { key, tag }) =>
      db.note.addToSet(key, 'tags', tag),
    ),
    untag: reducer({ key: t.text(), tag: t.text() }, ({ db }, { key, tag }) =>
      db.note.removeFromSet(key, 'tags', tag),
    ),
    drop: reducer({ key: t.text() }, ({ db }, { key }) => db.note.delete(key)),
    meet: reducer({ name: t.text() }, ({ db }, { name }) => db.person.insert({ name }).id),
    happen: reducer({ key: t.text(), count: t.int() }, ({ db }, row) => {
      db.event.insert(row)
    }),
    forget: reducer({ key: t.text() }, ({ db }, { key }) => db.event.delete(key)),
    sketch: reducer({ key: t.text(), text: t.text() }, ({ db, kv }, row) => {
      db.draft.upsert(row)
      if (row.text === 'hit') db.draft.increment(row.key, 'hits')
      kv.category('seen').put(row.key, row.text)
    }),
    tear: reducer({ key: t.text() }, ({ db }, { key }) => db.draft.delete(key)),
    remind: reducer({ atMs: t.int() }, ({ db }, { atMs }) => {
      db.alarm.insert({ when: { atMs } })
    }),
    point: reducer({ at: t.int() }, ({ db }, { at }) => {
      db.cursor.insert({ key: 'me', at })
    }),
    ring: reducer({ id: t.text(), when: t.json() }, () => undefined),
    fail: reducer({}, ({ db }) => {
      db.note.insert({ key: 'never' })
      throw new Error('no')
    }),
  }),
})

const SCOPE = 'editor'
const KEY = { identity: 'alice', scope: SCOPE }
const ANEW: AdoptOptions = { keepsStream: false, denied: [], settled: [] }

/** A call recorded as a step of its own, unless it is told otherwise. */
function record(
  test: TestEngine,
  reducer: string,
  args: unknown,
  undo: Partial<Extract<CallUndo, { kind: 'record' }>> = {},
): unknown {
  const call = test.nextCall(reducer, args, {
    undo: { kind: 'record', scope: SCOPE, groupMs: 0, ...undo },
  })
  const [outcome] = test.engine.commit([call]).outcomes
  if (outcome?.ok !== true) throw outcome?.error
  return outcome.value
}

function turn(test: TestEngine, kind: 'undo' | 'redo', scope: string = SCOPE): UndoResult {
  const [outcome] = test.engine.commit([
    test.nextCall(kind, {}, { undo: { kind, scope } }),
  ]).outcomes
  if (outcome?.ok !== true) throw outcome?.error
  return outcome.value as UndoResult
}

const undo = (test: TestEngine, scope?: string) => turn(test, 'undo', scope)
const redo = (test: TestEngine, scope?: string) => turn(test, 'redo', scope)
const note = ({ engine }: TestEngine, key: string) => engine.get('note', key)
const whyOf = ({ skipped }: UndoResult) => skipped.map(({ id, column, why }) => [id, column, why])

function openPair(...rows: object[]) {
  const log = new SyncLog()
  const a = openTestEngine(module)
  a.call('put', { rows })
  log.takeFrom(a.engine)
  const b = openTestEngine(module, { seed: 2, stream: 'new', join: { owner: 'owner' } })
  log.giveTo(b.engine)
  const exchange = () => {
    for (const { engine } of [a, b, a]) {
      log.takeFrom(engine)
      log.giveTo(engine)
    }
    expect(b.engine.digest()).toBe(a.engine.digest())
    expect(a.engine.verify()).toEqual([])
  }
  return { log, a, b, exchange }
}

const stepsOf = ({ driver }: TestEngine) =>
  driver.prepare('SELECT count(*) FROM _undo').get()?.[0] as number

describe('recording', () => {
  it('[UN1] only calls that ask for it are recorded, in their own transaction', () => {
    const test = openTestEngine(module)
    test.call('put', { rows: [{ key: 'a' }] })
    expect(test.engine.undo.state(KEY).canUndo).toBe(false)
    errorOf(() => record(test, 'fail', {}), 'reducer/rejected')
    expect(test.engine.undo.state(KEY).canUndo).toBe(false)
    // In one group with one that fails after it has written: what stands is recorded.
    const undo = { kind: 'record', scope: SCOPE, groupMs: 0 } as const
    test.engine.commit([
      test.nextCall('put', { rows: [{ key: 'b' }] }, { undo }),
      test.nextCall('fail', {}, { undo }),
      test.nextCall('put', { rows: [{ key: 'c' }] }, { undo }),
    ])
    expect(stepsOf(test)).toBe(2)
    expect(test.engine.undo.state(KEY)).toEqual({
      canUndo: true,
      canRedo: false,
      undoLabel: 'put',
      redoLabel: null,
    })
  })

  it('[UN2] its tables are made by the first recorded call and stay when the file is opened again', () => {
    const test = openTestEngine(module)
    const tables = () =>
      test.driver.prepare("SELECT name FROM sqlite_schema WHERE name GLOB '_undo*'").all().length
    test.call('put', { rows: [{ key: 'a' }] })
    expect([undo(test).isDone, tables()]).toEqual([false, 0])
    test.engine.undo.clear(KEY)
    record(test, 'put', { rows: [{ key: 'b' }] })
    expect(tables()).toBe(4)
    const again = openTestEngine(module, { driver: test.driver, seed: 3 })
    expect(undo(again)).toMatchObject({ isDone: true, rowCount: 1 })
    expect(note(again, 'b')).toBeUndefined()
    again.engine.stripForImage()
    expect(tables()).toBe(0)
  })

  it('[UN3] steps belong to an identity and a scope', () => {
    const test = openTestEngine(module)
    record(test, 'put', { rows: [{ key: 'a' }] })
    record(test, 'put', { rows: [{ key: 'b' }] }, { scope: 'other' })
    expect(test.engine.undo.state({ identity: 'bob', scope: SCOPE }).canUndo).toBe(false)
    undo(test)
    expect(note(test, 'a')).toBeUndefined()
    expect(note(test, 'b')).toBeDefined()
    expect(test.engine.undo.state({ ...KEY, scope: 'other' }).canUndo).toBe(true)
    test.engine.undo.clear(KEY)
    expect(test.engine.undo.state(KEY)).toMatchObject({ canUndo: false, canRedo: false })
    expect(undo(test, 'other').isDone).toBe(true)
  })

  it('[UN4] calls close in time are one step, and calls of one group', () => {
    const test = openTestEngine(module)
    const put = (key: string, part: Partial<Extract<CallUndo, { kind: 'record' }>> = {}) =>
      record(test, 'put', { rows: [{ key }] }, { groupMs: undefined, ...part })
    put('a', { label: 'First' })
    test.nowMs += 499
    put('b', { label: 'Second' })
    test.nowMs += 500
    put('c')
    put('d', { group: 'drag' })
    test.nowMs += 10_000
    put('e', { group: 'drag' })
    put('f', { group: 'drop' })
    expect(stepsOf(test)).toBe(4)
    for (const keys of ['f', 'de', 'c']) {
      expect(undo(test).rowCount).toBe(keys.length)
      for (const key of keys) expect(note(test, key)).toBeUndefined()
    }
    expect(test.engine.undo.state(KEY)).toMatchObject({ undoLabel: 'First', redoLabel: 'put' })
    // What was undone is done: the next call begins a step, however soon it comes.
    put('g')
    expect(stepsOf(test)).toBe(2)
  })

  it('[UN5] steps, bytes and scopes are bounded, the oldest go', () => {
    const test = openTestEngine(module)
    for (let n = 0; n < UNDO_STEPS_MAX + 5; n++) record(test, 'put', { rows: [{ key: `k${n}` }] })
    expect(stepsOf(test)).toBe(UNDO_STEPS_MAX)
    let count = 0
    while (undo(test).isDone) count += 1
    expect(count).toBe(UNDO_STEPS_MAX)
    expect(note(test, 'k4')).toBeDefined()
    expect(note(test, 'k5')).toBeUndefined()
    const title = 'x'.repeat(UNDO_BYTES_MAX / 5)
    for (const key of 'abcdef') record(test, 'put', { rows: [{ key, title }] })
    expect(stepsOf(test)).toBeLessThan(6)
    expect(stepsOf(test)).toBeGreaterThan(2)
    record(test, 'put', { rows: [...'ghijkl'].map((key) => ({ key, title })) })
    expect(test.engine.undo.state(KEY).canUndo).toBe(false)
    for (let n = 0; n <= UNDO_SCOPES_MAX; n++) {
      record(test, 'put', { rows: [{ key: `s${n}` }] }, { scope: `scope ${n}` })
    }
    const canUndo = (n: number) => test.engine.undo.state({ ...KEY, scope: `scope ${n}` }).canUndo
    expect([canUndo(0), canUndo(1), canUndo(UNDO_SCOPES_MAX)]).toEqual([false, true, true])
  })

  it('[UN6] a recorded call forgets what was undone in its scope', () => {
    const test = openTestEngine(module)
    record(test, 'put', { rows: [{ key: 'a' }] })
    record(test, 'put', { rows: [{ key: 'b' }] })
    undo(test)
    record(test, 'put', { rows: [{ key: 'c' }] }, { scope: 'other' })
    test.call('put', { rows: [{ key: 'd' }] })
    expect(test.engine.undo.state(KEY).canRedo).toBe(true)
    record(test, 'put', { rows: [{ key: 'e' }] })
    expect(test.engine.undo.state(KEY).canRedo).toBe(false)
    expect(redo(test).isDone).toBe(false)
  })

  it('[UN7] a call that changes no row makes no step, and rows of transient tables are in none', () => {
    const test = openTestEngine(module)
    record(test, 'drop', { key: 'nothing' })
    record(test, 'point', { at: 1 })
    expect(test.engine.undo.state(KEY).canUndo).toBe(false)
  })
})

describe('undoing', () => {
  it('[UN8] one delta restores all values, whatever their kind', () => {
    const test = openTestEngine(module)
    const picture = new Uint8Array([1, 2])
    test.call('put', { rows: [{ key: 'a', title: 'one', tags: ['x'], slug: 's' }] })
    test.call('paint', { key: 'a', picture })
    const before = note(test, 'a')
    record(test, 'put', { rows: [{ key: 'a', title: 'two', tags: ['y'], slug: null, stars: 3 }] })
    record(test, 'paint', { key: 'a', picture: new Uint8Array([3]) })
    const after = note(test, 'a')
    const count = test.engine.unsyncedCount()
    undo(test)
    undo(test)
    expect(note(test, 'a')).toEqual(before)
    expect(test.engine.unsyncedCount()).toBe(count + 2)
    redo(test)
    redo(test)
    expect(note(test, 'a')).toEqual(after)
  })

  it('[UN9] it is a call: run once, in a changeset, and it says when there is nothing to undo', () => {
    const test = openTestEngine(module)
    record(test, 'put', { rows: [{ key: 'a' }] })
    record(test, 'put', { rows: [{ key: 'b' }] })
    const call = test.nextCall('undo', {}, { undo: { kind: 'undo', scope: SCOPE } })
    const { outcomes, changeset } = test.engine.commit([call])
    expect(outcomes[0]).toMatchObject({ ok: true, delta: { seq: 3 } })
    expect(changeset?.changes).toMatchObject([{ table: 'note', id: 'b', after: undefined }])
    const [again] = test.engine.commit([call]).outcomes
    expect(again).toMatchObject({ isRepeated: true, value: { isDone: true, rowCount: 1 } })
    expect(note(test, 'a')).toBeDefined()
    undo(test)
    const nothing = { isDone: false, label: null, rowCount: 0, skipped: [], skippedCount: 0 }
    expect(undo(test)).toEqual(nothing)
    expect(redo(test, 'other')).toEqual(nothing)
  })

  it('[UN10] a cell that somebody wrote since stays, is told, and is the step’s no more', () => {
    const { a, b, exchange } = openPair({ key: 'x', title: 'start', slug: 'old' })
    record(a, 'put', { rows: [{ key: 'x', title: 'mine', slug: 'new' }] })
    exchange()
    b.nowMs += 1000
    b.call('put', { rows: [{ key: 'x', title: 'theirs' }] })
    exchange()
    expect(whyOf(undo(a))).toEqual([['x', 'title', 'changed']])
    expect(note(a, 'x')).toMatchObject({ title: 'theirs', slug: 'old' })
    expect(redo(a).skipped).toEqual([])
    exchange()
    expect(note(b, 'x')).toMatchObject({ title: 'theirs', slug: 'new' })
    // The same user outside of the scope counts as anybody else; the same value too.
    record(a, 'put', { rows: [{ key: 'x', title: 'again' }] })
    a.call('put', { rows: [{ key: 'x', title: 'between' }] })
    a.call('put', { rows: [{ key: 'x', title: 'again' }] })
    expect(undo(a)).toMatchObject({ isDone: true, rowCount: 0, skippedCount: 1 })
    expect(note(a, 'x')).toMatchObject({ title: 'again' })
    expect(a.engine.undo.state(KEY).canRedo).toBe(false)
  })

  it('[UN11] counters move back by the sum of the step, sets by its elements', () => {
    const { a, b, exchange } = openPair({ key: 'x', stars: 10, tags: ['p', 'q'] })
    const grouped = { group: 'g' }
    record(a, 'star', { key: 'x', by: 5 }, grouped)
    record(a, 'star', { key: 'x', by: -2 }, grouped)
    record(a, 'tag', { key: 'x', tag: 'r' }, grouped)
    record(a, 'untag', { key: 'x', tag: 'p' }, grouped)
    b.call('star', { key: 'x', by: 100 })
    b.call('tag', { key: 'x', tag: 's' })
    b.call('tag', { key: 'x', tag: 'r' })
    exchange()
    expect(note(a, 'x')).toMatchObject({ stars: 113, tags: ['q', 'r', 's'] })
    expect(undo(a).skipped).toEqual([])
    // What the other added as well stays.
    expect(note(a, 'x')).toMatchObject({ stars: 110, tags: ['p', 'q', 'r', 's'] })
    redo(a)
    exchange()
    expect(note(b, 'x')).toMatchObject({ stars: 113, tags: ['q', 'r', 's'] })
  })

  it('[UN11] an element that somebody else removed is the step’s no more', () => {
    const { a, b, exchange } = openPair({ key: 'x', tags: ['q'] })
    record(a, 'tag', { key: 'x', tag: 'r' })
    exchange()
    b.call('untag', { key: 'x', tag: 'r' })
    exchange()
    undo(a)
    redo(a)
    exchange()
    expect(note(a, 'x')).toMatchObject({ tags: ['q'] })
    expect(note(b, 'x')).toMatchObject({ tags: ['q'] })
  })

  it('[UN12] an inserted row goes only as it was left, a deleted one comes back with what others wrote', () => {
    const { a, b, exchange } = openPair({ key: 'x', title: 'x', stars: 2, tags: ['t'] })
    record(a, 'put', { rows: [{ key: 'new', title: 'new' }] })
    exchange()
    b.call('star', { key: 'new', by: 1 })
    exchange()
    expect(whyOf(undo(a))).toEqual([['new', null, 'changed']])
    expect(note(a, 'new')).toBeDefined()
    record(a, 'drop', { key: 'x' })
    b.nowMs += 1000
    b.call('put', { rows: [{ key: 'x', title: 'theirs' }] })
    b.call('star', { key: 'x', by: 3 })
    exchange()
    expect(note(b, 'x')).toBeUndefined()
    expect(whyOf(undo(a))).toEqual([['x', 'title', 'changed']])
    exchange()
    expect(note(b, 'x')).toMatchObject({ title: 'theirs', stars: 5, tags: ['t'] })
    // To delete it again would take what they wrote.
    expect(whyOf(redo(a))).toEqual([['x', null, 'changed']])
    record(a, 'drop', { key: 'x' })
    exchange()
    b.call('put', { rows: [{ key: 'x', title: 'anew' }] })
    exchange()
    expect(whyOf(undo(a))).toEqual([['x', null, 'exists']])
    record(a, 'put', { rows: [{ key: 'x', title: 'once more' }] })
    exchange()
    b.nowMs += 1000
    b.call('drop', { key: 'x' })
    exchange()
    expect(whyOf(undo(a))).toEqual([['x', null, 'deleted']])
  })

  it('[UN12] natural keys and append-only rows come back, and what hung on a row shows again', () => {
    const test = openTestEngine(module)
    test.call('put', { rows: [{ key: 'root' }, { key: 'leaf', parent: 'root', friend: 'root' }] })
    record(test, 'drop', { key: 'root' })
    expect(note(test, 'leaf')).toBeUndefined()
    undo(test)
    expect(note(test, 'leaf')).toMatchObject({ parent: 'root', friend: 'root' })
    redo(test)
    expect([note(test, 'root'), note(test, 'leaf')]).toEqual([undefined, undefined])
    undo(test)
    test.call('happen', { key: 'e', count: 1 })
    record(test, 'forget', { key: 'e' }, { group: 'g' })
    record(test, 'happen', { key: 'e', count: 5 }, { group: 'g' })
    undo(test)
    expect(test.engine.get('event', 'e')).toMatchObject({ count: 1 })
    redo(test)
    expect(test.engine.get('event', 'e')).toMatchObject({ count: 5 })
  })

  it('[UN13] a row that others have come to refer to stays', () => {
    const { a, b, exchange } = openPair({ key: 'old', friend: 'root' })
    record(a, 'put', { rows: [{ key: 'root' }] })
    const id = record(a, 'meet', { name: 'Ada' }) as Id
    exchange()
    b.call('put', {
      rows: [
        { key: 'leaf', parent: 'root' },
        { key: 'work', author: id },
      ],
    })
    exchange()
    expect(whyOf(undo(a))).toEqual([[id, null, 'referenced']])
    expect(whyOf(undo(a))).toEqual([['root', null, 'referenced']])
    exchange()
    expect(note(b, 'leaf')).toBeDefined()
    // A reference that was there before, and waited, does not keep it.
    const alone = openTestEngine(module)
    alone.call('put', { rows: [{ key: 'old', friend: 'root' }] })
    record(alone, 'put', { rows: [{ key: 'root' }, { key: 'leaf', parent: 'root' }] })
    expect(undo(alone)).toMatchObject({ rowCount: 2, skipped: [] })
    expect(note(alone, 'old')).toMatchObject({ friend: null })
  })

  it('[UN13] a row that comes back under what is gone is told as hidden', () => {
    const { a, b, exchange } = openPair({ key: 'root' }, { key: 'leaf', parent: 'root' })
    record(a, 'drop', { key: 'leaf' })
    exchange()
    b.call('drop', { key: 'root' })
    exchange()
    expect(whyOf(undo(a))).toEqual([['leaf', null, 'hidden']])
    b.call('put', { rows: [{ key: 'root' }] })
    exchange()
    expect(note(a, 'leaf')).toMatchObject({ parent: 'root' })
  })

  it('[UN14] a value that another row has by now is left out; values that were swapped are swapped back', () => {
    const test = openTestEngine(module)
    test.call('put', {
      rows: [
        { key: 'a', slug: 's' },
        { key: 'b', slug: 't' },
      ],
    })
    const rows = [
      { key: 'a', slug: null },
      { key: 'b', slug: 's' },
      { key: 'a', slug: 't' },
    ]
    record(test, 'put', { rows })
    expect(undo(test).skipped).toEqual([])
    expect([note(test, 'a'), note(test, 'b')]).toMatchObject([{ slug: 's' }, { slug: 't' }])
    record(test, 'put', { rows: [{ key: 'a', slug: null, title: 'free' }] })
    test.call('put', { rows: [{ key: 'c', slug: 's' }] })
    expect(whyOf(undo(test))).toEqual([['a', 'slug', 'duplicate']])
    expect(note(test, 'a')).toMatchObject({ slug: null, title: '' })
    record(test, 'drop', { key: 'b' })
    test.call('put', { rows: [{ key: 'd', slug: 't' }] })
    expect(whyOf(undo(test))).toEqual([['b', 'slug', 'duplicate']])
    expect(note(test, 'b')).toMatchObject({ slug: null })
  })

  it('[UN15] steps before one that was undone know what it wrote, and nothing else', () => {
    const { a, b, exchange } = openPair({ key: 'x', title: '0' })
    for (const title of ['1', '2', '3']) record(a, 'put', { rows: [{ key: 'x', title }] })
    for (const title of ['2', '1', '0']) {
      expect(undo(a).skipped).toEqual([])
      expect(note(a, 'x')).toMatchObject({ title })
    }
    for (const title of ['1', '2', '3']) {
      expect(redo(a).skipped).toEqual([])
      expect(note(a, 'x')).toMatchObject({ title })
    }
    exchange()
    b.nowMs += 1000
    b.call('put', { rows: [{ key: 'x', title: 'theirs' }] })
    exchange()
    a.nowMs += 2000
    record(a, 'put', { rows: [{ key: 'x', title: '4' }] })
    // Back to theirs, which the step before must not take.
    undo(a)
    expect(note(a, 'x')).toMatchObject({ title: 'theirs' })
    expect(whyOf(undo(a))).toEqual([['x', 'title', 'changed']])
    expect(note(a, 'x')).toMatchObject({ title: 'theirs' })
  })
})

describe('[UN16] the file under the steps', () => {
  const stage = (log: SyncLog, seed: number) => {
    const staged = openTestEngine(module, { seed, stream: 'new', join: { owner: 'owner' } })
    log.giveTo(staged.engine)
    return staged
  }

  it('steps go over into a rebuilt file and follow what is authored anew', () => {
    const { log, a, b } = openPair({ key: 'x', title: 'start', tags: ['p'] })
    record(a, 'put', { rows: [{ key: 'x', title: 'mine' }] })
    record(a, 'tag', { key: 'x', tag: 'q' })
    record(a, 'put', { rows: [{ key: 'y', title: 'new' }] })
    record(a, 'drop', { key: 'y' })
    undo(a)
    b.call('put', { rows: [{ key: 'z' }] })
    log.takeFrom(b.engine)
    for (const options of [ANEW, { ...ANEW, keepsStream: true }]) {
      const to = stage(log, options.keepsStream ? 70 : 71)
      to.nowMs = a.nowMs + 1
      to.engine.adopt(structuredClone(a.engine.carryOver()), options)
      expect(to.engine.info.stream === a.engine.info.stream).toBe(options.keepsStream)
      expect(to.engine.undo.state(KEY)).toEqual(a.engine.undo.state(KEY))
      for (let count = 0; count < 3; count++) expect(undo(to).skipped).toEqual([])
      expect(note(to, 'x')).toMatchObject({ title: 'start', tags: ['p'] })
      expect(note(to, 'y')).toBeUndefined()
      for (let count = 0; count < 4; count++) expect(redo(to).skipped).toEqual([])
      expect(note(to, 'x')).toMatchObject({ title: 'mine', tags: ['p', 'q'] })
      expect(to.engine.verify()).toEqual([])
    }
  })

  it('what was not authored anew is told when it is undone', () => {
    const { log, a, b } = openPair({ key: 'x', title: 'start' })
    record(a, 'put', { rows: [{ key: 'x', title: 'mine' }] })
    b.call('drop', { key: 'x' })
    log.takeFrom(b.engine)
    const to = stage(log, 70)
    to.nowMs = a.nowMs + 1
    to.engine.adopt(structuredClone(a.engine.carryOver()), ANEW)
    expect(whyOf(undo(to))).toEqual([['x', null, 'deleted']])
  })

  it('an undo that is authored anew keeps what it wrote', () => {
    const { log, a, b } = openPair({ key: 'x', title: 'start' })
    record(a, 'put', { rows: [{ key: 'x', title: 'mine' }, { key: 'y' }] })
    log.takeFrom(a.engine)
    log.giveTo(a.engine)
    undo(a)
    b.call('put', { rows: [{ key: 'z' }] })
    log.giveTo(b.engine)
    log.takeFrom(b.engine)
    const to = stage(log, 70)
    to.nowMs = a.nowMs + 1
    const { adopted } = to.engine.adopt(structuredClone(a.engine.carryOver()), ANEW)
    expect(adopted).toMatchObject([{ kind: 'reauthored' }])
    expect([note(to, 'x'), note(to, 'y')]).toMatchObject([{ title: 'start' }, undefined])
    expect(redo(to)).toMatchObject({ rowCount: 2, skipped: [] })
    log.takeFrom(to.engine)
    log.giveTo(b.engine)
    expect(b.engine.digest()).toBe(to.engine.digest())
    expect(note(b, 'x')).toMatchObject({ title: 'mine' })
  })

  it('after a floor has dropped clocks, a cell counts as untouched while it has the value of the step', () => {
    const { log, a, b, exchange } = openPair({ key: 'x', title: 'start', slug: 'old' })
    record(a, 'put', { rows: [{ key: 'x', title: 'mine', slug: 'new' }] })
    record(a, 'drop', { key: 'x' })
    undo(a)
    exchange()
    b.nowMs += 1000
    b.call('put', { rows: [{ key: 'x', title: 'theirs' }] })
    exchange()
    const baseOffset = log.entries.length
    log.pushFloor({ baseOffset, hlc: log.hlcAt(baseOffset), forgotten: [] })
    log.giveTo(a.engine)
    while (a.engine.dropLog(log.entries.length, 1e9) > 0);
    expect(whyOf(undo(a))).toEqual([['x', 'title', 'changed']])
    expect(note(a, 'x')).toMatchObject({ title: 'theirs', slug: 'old' })
  })

  it('a row that a floor has forgotten comes back whole', () => {
    const { log, a } = openPair()
    const id = a.call('meet', { name: 'Ada' }) as string
    a.call('put', { rows: [{ key: 'x' }] })
    record(a, 'drop', { key: 'x' })
    log.takeFrom(a.engine)
    log.giveTo(a.engine)
    const baseOffset = log.entries.length
    const hlc = log.hlcAt(baseOffset)
    const forgotten = [{ table: 'note', ids: ['x'] }]
    log.pushFloor({ baseOffset, hlc, forgotten })
    log.giveTo(a.engine)
    expect(undo(a)).toMatchObject({ rowCount: 1, skipped: [] })
    expect(note(a, 'x')).toMatchObject({ key: 'x', stars: 0, tags: [] })
    expect(a.engine.get('person', id)).toBeDefined()
    expect(a.engine.verify()).toEqual([])
  })
})

it('[UN18] local tables are undone by their values, and timers with them; key-value entries are not', () => {
  const test = openTestEngine(module)
  test.call('sketch', { key: 'a', text: 'one' })
  record(test, 'sketch', { key: 'a', text: 'hit' })
  record(test, 'sketch', { key: 'b', text: 'two' })
  record(test, 'tear', { key: 'a' })
  const count = test.engine.unsyncedCount()
  undo(test)
  expect(test.engine.get('draft', 'a')).toEqual({ key: 'a', text: 'hit', hits: 1 })
  undo(test)
  undo(test)
  expect(test.engine.kv.get(encodeKey('seen'), encodeKey('a'))).toEqual(encodeKey('hit'))
  expect(test.engine.query({ table: 'draft', orderBy: [] })).toEqual([
    { key: 'a', text: 'one', hits: 0 },
  ])
  for (let times = 0; times < 3; times++) expect(redo(test).skipped).toEqual([])
  expect(test.engine.query({ table: 'draft', orderBy: [] })).toMatchObject([{ key: 'b' }])
  expect(test.engine.unsyncedCount()).toBe(count)
  test.call('sketch', { key: 'a', text: 'elsewhere' })
  expect(whyOf(undo(test))).toEqual([['a', null, 'exists']])
  record(test, 'remind', { atMs: test.nowMs + 1000 })
  const dueMs = test.engine.nextDueMs()
  undo(test)
  expect(test.engine.nextDueMs()).toBeUndefined()
  redo(test)
  expect(test.engine.nextDueMs()).toBe(dueMs)
})
