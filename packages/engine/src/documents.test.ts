import {
  APPEND_REDUCER,
  BLOB_BYTES_MAX,
  COMPACT_REDUCER,
  DOCUMENT_CHECKPOINT_BYTES_MAX,
  DOCUMENT_COVERS_MAX,
  DOCUMENT_UPDATE_BYTES_MAX,
  defineModule,
  queriesOf,
  type Relation,
  t,
  table,
} from '@inner-universe/core'
import { describe, expect, it, test } from 'vitest'
import type { Engine } from './engine.ts'
import { compileRelation } from './relation-sql.ts'
import { compileSchema } from './schema.ts'
import { encodeSchema } from './schema-text.ts'
import { moduleOfSchema } from './stored-schema.ts'
import { errorOf } from './testing/expect-error.ts'
import { SyncLog } from './testing/sync-log.ts'
import { openTestEngine, type TestEngine, type TestEngineOptions } from './testing/test-engine.ts'

const columns = { key: t.key(), title: t.text(), at: t.ref('note').optional() }
const note = table({ ...columns, body: t.richText(), steps: t.list() })
const folder = table({ key: t.key(), note: t.ref('note') })

const notes = defineModule({
  name: 'notes',
  version: 2,
  tables: { note, folder, draft: table({ key: t.key() }).local() },
  reducers: (reducer) => ({
    put: reducer({ key: t.text(), title: t.text().default('') }, (ctx, { key, title }) => {
      ctx.db.note.upsert({ key, title })
    }),
    drop: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.delete(key)
    }),
    putWith: reducer({ key: t.text(), update: t.bytes() }, (ctx, { key, update }) => {
      ctx.db.note.insert({ key, title: '' })
      ctx.call(APPEND_REDUCER, { table: 'note', row: key, document: 'body', update })
    }),
    file: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.folder.insert({ key, note: key as never })
    }),
    any: reducer({ method: t.text(), args: t.json() }, (ctx, { method, args }) => {
      const access = ctx.db.note as unknown as Record<string, (...of: unknown[]) => unknown>
      const of = access[method]?.(...(args as unknown[])) as { all?: () => unknown }
      return of?.all?.() as string
    }),
  }),
})

/** The module before any of its tables had documents. */
const older = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table(columns), folder, draft: table({ key: t.key() }).local() },
  reducers: (reducer) => ({
    put: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.upsert({ key, title: '' })
    }),
  }),
})

const open = (seed: number, options: TestEngineOptions = {}) =>
  openTestEngine(notes, { seed, ...options })
const joined = (seed: number, options: TestEngineOptions = {}) =>
  open(seed, { join: { owner: 'owner' }, stream: 'new', ...options })

const PLACE = { table: 'note', row: 'a', document: 'body' }
const append = (to: TestEngine, text: string, place: object = {}) =>
  to.call(APPEND_REDUCER, { ...PLACE, update: bytes(text), ...place }) as string
const compact = (to: TestEngine, text: string, covers: readonly string[], place: object = {}) =>
  to.call(COMPACT_REDUCER, { ...PLACE, checkpoint: bytes(text), covers, ...place })
const bytes = (text: string) => new TextEncoder().encode(text)

interface Row {
  readonly update: Uint8Array
}

/** What the rows of a document hold, checkpoints in capitals. */
function texts({ engine }: { engine: Engine }, place: object = {}): readonly string[] {
  const { row, document } = { ...PLACE, ...place }
  return engine
    .query({
      table: 'note_document',
      where: {
        kind: 'and',
        of: [
          { kind: 'compare', column: 'row', operator: 'eq', value: row },
          { kind: 'compare', column: 'document', operator: 'eq', value: document },
        ],
      },
      orderBy: [],
    })
    .map((found) => new TextDecoder().decode((found as unknown as Row).update))
    .sort()
}

/** Both push and read until nothing is left. */
function sync(log: SyncLog, ...all: readonly TestEngine[]): void {
  for (const { engine } of all) log.takeFrom(engine)
  for (const { engine } of all) log.giveTo(engine)
  for (const { engine } of all) expect(engine.verify()).toEqual([])
  expect(new Set(all.map(({ engine }) => engine.digest())).size).toBe(1)
}

/** Two replicas that share note a. */
function openPair(): { log: SyncLog; a: TestEngine; b: TestEngine } {
  const log = new SyncLog()
  const a = open(1)
  a.call('put', { key: 'a' })
  log.takeFrom(a.engine)
  const b = joined(2)
  log.giveTo(b.engine)
  return { log, a, b }
}

function openOne(): TestEngine {
  const one = open(1)
  for (const key of ['a', 'b']) one.call('put', { key })
  return one
}

describe('[DC2] the hidden table', () => {
  it('has a row for each update, with its place and time, and SQL reads it', () => {
    const one = openOne()
    one.nowMs += 5
    const id = append(one, 'x')
    const [row] = one.engine.query({ table: 'note_document', orderBy: [] })
    expect(row).toEqual({
      ...{ id, row: 'a', document: 'body', update: bytes('x'), kind: 0, created: one.nowMs },
    })
    const { columns: read } = one.engine.sql(
      'SELECT note.title, d.id FROM note_document d JOIN note ON note.key = d."row"',
    )
    expect(read).toEqual([[''], [id]])
  })

  it('finds the updates of a document by an index', () => {
    const { columns: plan } = openOne().engine.sql(
      'EXPLAIN QUERY PLAN SELECT id FROM note_document WHERE "row" = ?1 AND document = ?2',
      ['a', 'body'],
    )
    expect(String(plan.at(-1))).toContain('_ix_note_document.byDocument (row=? AND document=?)')
  })

  it('tells listeners of what is appended, and rows have nothing of it', () => {
    const one = openOne()
    const call = one.nextCall(APPEND_REDUCER, { ...PLACE, update: bytes('x') })
    const { changeset } = one.engine.commit([call])
    expect(changeset?.changes.map((change) => change.table)).toEqual(['note_document'])
    expect(one.engine.get('note', 'a')).toEqual({ key: 'a', title: '', at: null })
    expect([texts(one), texts(one, { document: 'steps' })]).toEqual([['x'], []])
  })
})

describe('[DC4] a document has no value', () => {
  const one = openOne()
  const refusal = { code: 'document/not-a-scalar', details: { table: 'note', column: 'body' } }

  it.each<readonly [string, readonly unknown[]]>([
    ['insert', [{ key: 'x', title: '', body: 'text' }]],
    ['upsert', [{ key: 'a', title: '', body: 'text' }]],
    ['update', ['a', { body: 'text' }]],
    ['increment', ['a', 'body']],
    ['addToSet', ['a', 'body', 'x']],
    ['where', [{ body: 'text' }]],
    ['where', [{ 'body.deep': 'text' }]],
    ['find', [{ body: null }]],
    ['orderBy', ['body']],
  ])('in %s', (method, args) => {
    expect(errorOf(() => one.call('any', { method, args }), 'document/not-a-scalar')).toMatchObject(
      {
        ...refusal,
        message:
          'column "note.body" is a document and has no value; open it with universe.doc("note", id, "body")',
      },
    )
  })

  // As it looks to somebody whose types say that it is a text.
  const q = queriesOf({ note: table({ ...columns, body: t.text() }), folder })
  const filed = q.folder.join(q.note, { on: { note: 'key' } })
  it.each<readonly [string, { readonly relation: Relation }]>([
    ['where', q.note.where((row) => row.body.eq('x'))],
    ['where of a match', q.note.where({ body: 'x' }).select('key')],
    ['orderBy', q.note.orderBy('body')],
    ['orderBy of a value', q.note.orderBy((row) => row.body.upper())],
    ['select', q.note.select('key', 'body')],
    ['select of a value', q.note.select((row) => ({ text: row.body }))],
    ['groupBy', q.note.groupBy('body').count()],
    ['an aggregate', q.note.groupBy('title').aggregate((row, { max }) => ({ n: max(row.body) }))],
    ['a join', q.folder.join(q.note, { on: { key: 'body' } })],
    ['what follows a join', filed.where((row) => row.note.body.eq('x'))],
    ['what follows a filter', q.note.where({ title: 'x' }).select('body')],
  ])('in %s of a query over tables', (_what, query) => {
    const schema = compileSchema(notes)
    expect(
      errorOf(() => compileRelation(schema, query.relation), 'document/not-a-scalar'),
    ).toMatchObject(refusal)
  })

  it('in queries over one table, and as a cursor', () => {
    for (const part of [
      { where: { kind: 'compare', column: 'body', operator: 'eq', value: 'x' }, orderBy: [] },
      { orderBy: [{ column: 'body', direction: 'asc' }] },
    ] as const) {
      const query = { table: 'note', ...part }
      expect(errorOf(() => one.engine.query(query), 'document/not-a-scalar')).toMatchObject(refusal)
    }
    expect(errorOf(() => one.engine.sql('SELECT body FROM note'), 'sql/invalid').message).toContain(
      'no such column: body',
    )
  })
})

describe('[DC5] append', () => {
  const one = openOne()
  one.call('put', { key: 'gone' })
  one.call('drop', { key: 'gone' })

  it.each<readonly [string, object, string]>([
    ['of a table that is not there', { table: 'nowhere' }, 'document/not-found'],
    ['of a member of all objects', { table: 'constructor' }, 'document/not-found'],
    ['of a table without documents', { table: 'folder' }, 'document/not-found'],
    ['of the hidden table', { table: 'note_document' }, 'document/not-found'],
    ['of a column that is not there', { document: 'nothing' }, 'document/not-found'],
    ['of a column of another kind', { document: 'title' }, 'document/not-found'],
    ['of another member of all objects', { document: 'toString' }, 'document/not-found'],
    ['of a row that is not there', { row: 'nobody' }, 'table/row-not-found'],
    ['of a row that is gone', { row: 'gone' }, 'table/row-not-found'],
    ['without bytes', { update: bytes('') }, 'document/invalid-update'],
    [
      'of more bytes than may be',
      { update: new Uint8Array(DOCUMENT_UPDATE_BYTES_MAX + 1) },
      'document/too-large',
    ],
    ['of what are no bytes', { update: 'text' }, 'reducer/invalid-arguments'],
  ])('is refused %s', (_what, place, code) => {
    errorOf(() => append(one, 'x', place), code as never)
    expect(one.engine.count({ table: 'note_document', orderBy: [] })).toBe(0)
  })

  it('is called by reducers of the module, in their transaction and delta', () => {
    const { log, a, b } = openPair()
    const before = a.engine.unsyncedCount()
    a.call('putWith', { key: 'new', update: bytes('x') })
    expect(a.engine.unsyncedCount()).toBe(before + 1)
    errorOf(() => a.call('putWith', { key: 'none', update: bytes('') }), 'document/invalid-update')
    expect(a.engine.get('note', 'none')).toBe(undefined)
    sync(log, a, b)
    expect(texts(b, { row: 'new' })).toEqual(['x'])
  })

  it('of as many bytes as may be is taken', () => {
    const other = openOne()
    append(other, '', { update: new Uint8Array(DOCUMENT_UPDATE_BYTES_MAX) })
    expect(texts(other).map(({ length }) => length)).toEqual([DOCUMENT_UPDATE_BYTES_MAX])
  })
})

describe('[DC6] compact', () => {
  it('puts a checkpoint in the place of what it covers, in one delta', () => {
    const one = openOne()
    const [x, y] = [append(one, 'x'), append(one, 'y')]
    append(one, 'z')
    const before = one.engine.unsyncedCount()
    const id = compact(one, 'XY', [x, y])
    expect(one.engine.unsyncedCount()).toBe(before + 1)
    expect(texts(one)).toEqual(['XY', 'z'])
    expect(one.engine.get('note_document', id as string)).toMatchObject({ kind: 1 })
  })

  it('leaves rows of other documents alone, whoever names them', () => {
    const one = openOne()
    const x = append(one, 'x')
    const others = [append(one, 'y', { row: 'b' }), append(one, 'z', { document: 'steps' })]
    compact(one, 'X', [x, ...others, 'a', 'nonsense'])
    expect(texts(one)).toEqual(['X'])
    expect(texts(one, { row: 'b' })).toEqual(['y'])
    expect(texts(one, { document: 'steps' })).toEqual(['z'])
  })

  it('writes nothing when all that it covers is gone', () => {
    const one = openOne()
    const x = append(one, 'x')
    compact(one, 'X', [x])
    const before = one.engine.unsyncedCount()
    expect(compact(one, 'again', [x])).toBe(null)
    expect(compact(one, 'nothing', [])).toBe(null)
    expect([texts(one), one.engine.unsyncedCount()]).toEqual([['X'], before])
  })

  it.each<readonly [string, object, string]>([
    ['of what is no document', { document: 'title' }, 'document/not-found'],
    ['of a row that is not there', { row: 'nobody' }, 'table/row-not-found'],
    ['without bytes', { checkpoint: bytes('') }, 'document/invalid-update'],
    [
      'of more than a cell holds',
      { checkpoint: new Uint8Array(BLOB_BYTES_MAX + 1) },
      'reducer/invalid-arguments',
    ],
    [
      'of more rows than may be',
      { covers: Array.from({ length: DOCUMENT_COVERS_MAX + 1 }, String) },
      'reducer/invalid-arguments',
    ],
  ])('is refused %s, and leaves what it covers', (_what, part, code) => {
    const one = openOne()
    const x = append(one, 'x')
    errorOf(() => compact(one, 'X', [x], part), code as never)
    expect(texts(one)).toEqual(['x'])
  })

  it('of as much as may be fits into a delta, and is read elsewhere', () => {
    const { a, b } = openPair()
    const covers = Array.from({ length: DOCUMENT_COVERS_MAX - 1 }, (_, n) => `${n}`.padEnd(36, '-'))
    compact(a, '', [append(a, 'x'), ...covers], {
      checkpoint: new Uint8Array(DOCUMENT_CHECKPOINT_BYTES_MAX),
    })
    const { stream } = a.engine.info
    b.engine.apply(a.engine.readLog(stream, 2, 1e9).map((segment) => segment.bytes))
    expect(texts(b).map(({ length }) => length)).toEqual([DOCUMENT_CHECKPOINT_BYTES_MAX])
  })
})

test('[DC7] bytes are kept as they are, whatever they are', () => {
  const one = openOne()
  const update = Uint8Array.of(0, 255, 128, 0)
  const id = append(one, '', { update })
  expect(one.engine.get('note_document', id)).toMatchObject({ update })
})

describe('[DC8] replicas', () => {
  it('that append at once have both updates', () => {
    const { log, a, b } = openPair()
    append(a, 'x')
    append(b, 'y')
    sync(log, a, b)
    expect(texts(a)).toEqual(['x', 'y'])
  })

  it('that compact at once have both checkpoints, and one after the next compaction', () => {
    const { log, a, b } = openPair()
    const x = append(a, 'x')
    sync(log, a, b)
    const y = append(b, 'y')
    const first = compact(a, 'X', [x]) as string
    const second = compact(b, 'XY', [x, y]) as string
    const z = append(a, 'z')
    sync(log, a, b)
    expect(texts(b)).toEqual(['X', 'XY', 'z'])
    compact(b, 'XYZ', [first, second, z])
    sync(log, a, b)
    expect(texts(a)).toEqual(['XYZ'])
    expect(a.engine.conflicts()).toEqual([])
    expect(b.engine.conflicts()).toEqual([])
  })
})

describe('[DC10] a deletion of the owner', () => {
  it('hides its documents, here and elsewhere, and those that are appended at the same time', () => {
    const { log, a, b } = openPair()
    append(a, 'x')
    sync(log, a, b)
    append(b, 'y')
    compact(b, 'X', [append(b, 'z')])
    a.call('drop', { key: 'a' })
    expect(texts(a)).toEqual([])
    sync(log, a, b)
    expect(texts(b)).toEqual([])
    expect([a.engine.conflicts(), b.engine.conflicts()]).toEqual([[], []])
    errorOf(() => append(b, 'late'), 'table/row-not-found')
    const forgettable = b.engine.deadRows(log.hlcAt(log.entries.length))
    expect(forgettable.map((row) => row.table).sort()).toEqual([
      'note',
      ...Array(4).fill('note_document'),
    ])
  })

  it('is undone for both by a row that keeps the owner, or its key inserted anew', () => {
    const { log, a, b } = openPair()
    append(a, 'x')
    sync(log, a, b)
    a.call('drop', { key: 'a' })
    b.call('file', { key: 'a' })
    sync(log, a, b)
    expect(texts(a)).toEqual(['x'])
    const one = openOne()
    append(one, 'x')
    one.call('drop', { key: 'a' })
    expect(texts(one)).toEqual([])
    one.call('put', { key: 'a' })
    expect(texts(one)).toEqual(['x'])
  })
})

describe('[DC11] updates are kept', () => {
  it('where pending writes are authored anew', () => {
    const { log, a, b } = openPair()
    const x = append(a, 'x')
    sync(log, a, b)
    append(b, 'y')
    compact(b, 'X', [x])
    compact(a, 'X also', [x])
    log.takeFrom(a.engine)
    for (const keepsStream of [true, false]) {
      const to = joined(keepsStream ? 8 : 9)
      log.giveTo(to.engine)
      to.engine.adopt(structuredClone(b.engine.carryOver()), {
        ...{ keepsStream, denied: [], settled: [] },
      })
      expect(texts(to)).toEqual(['X', 'X also', 'y'])
      expect(to.engine.verify()).toEqual([])
    }
  })

  it('at a floor, which forgets what compaction has deleted', () => {
    const { log, a, b } = openPair()
    compact(a, 'X', [append(a, 'x')])
    log.takeFrom(a.engine)
    const base = log.entries.length
    const dead = a.engine.deadRows(log.hlcAt(base))
    expect(dead.map(({ table: name }) => name)).toEqual(['note_document'])
    log.pushFloor({
      baseOffset: base,
      hlc: log.hlcAt(base),
      forgotten: [{ table: 'note_document', ids: dead.map(({ id }) => id) }],
    })
    log.giveTo(a.engine)
    log.giveTo(b.engine)
    expect(a.engine.digest()).toBe(b.engine.digest())
    expect(a.engine.deadRows(log.hlcAt(base))).toEqual([])
    expect(texts(b)).toEqual(['X'])
  })

  it('in images', () => {
    const { log, a } = openPair()
    compact(a, 'X', [append(a, 'x')])
    append(a, 'y')
    log.takeFrom(a.engine)
    const fold = joined(3, { keepsLog: false })
    log.giveTo(fold.engine)
    fold.engine.stripForImage()
    const from = open(4, { driver: fold.driver, stream: 'new' })
    expect(texts(from)).toEqual(['X', 'y'])
    expect(from.engine.digest()).toBe(a.engine.digest())
  })

  it('by whoever has only the schema, and can write them too', () => {
    const { log, a, b } = openPair()
    const x = append(a, 'x')
    log.takeFrom(a.engine)
    const made = moduleOfSchema('notes', encodeSchema(notes))
    expect(encodeSchema(made)).toBe(encodeSchema(notes))
    const fold = openTestEngine(made, { seed: 3, stream: 'new', join: { owner: 'owner' } })
    log.giveTo(fold.engine)
    append(fold, 'y')
    compact(fold, 'X', [x])
    sync(log, a, b, fold)
    expect(texts(a)).toEqual(['X', 'y'])
  })
})

describe('[DC12] versions', () => {
  it('add documents to files that have none', () => {
    const one = openTestEngine(older)
    one.call('put', { key: 'a' })
    const again = open(2, { driver: one.driver })
    append(again, 'x')
    expect(texts(again)).toEqual(['x'])
    expect(again.engine.verify()).toEqual([])
  })

  it('add documents to tables that have some, whose updates an older one takes as they are', () => {
    const { log, a, b } = openPair()
    const next = defineModule({
      ...{ name: 'notes', version: 3, reducers: () => ({}) },
      tables: {
        ...notes.tables,
        note: table({ ...columns, body: t.richText(), steps: t.list(), board: t.jsonDoc() }),
      },
    })
    const c = openTestEngine(next, { seed: 3, driver: b.driver })
    append(c, 'x', { document: 'board' })
    log.takeFrom(c.engine)
    log.giveTo(a.engine)
    expect(texts(a, { document: 'board' })).toEqual(['x'])
    errorOf(() => append(a, 'y', { document: 'board' }), 'document/not-found')
  })

  it('that know no documents keep their rows, and show them once they do', () => {
    const log = new SyncLog()
    const old = openTestEngine(older, { seed: 1 })
    old.call('put', { key: 'a' })
    log.takeFrom(old.engine)
    const a = joined(2)
    log.giveTo(a.engine)
    const x = append(a, 'x')
    append(a, 'y')
    compact(a, 'X', [x])
    log.takeFrom(a.engine)
    log.giveTo(old.engine)
    expect(old.engine.query({ table: 'note', orderBy: [] })).toHaveLength(1)
    const held = old.engine.readLog(a.engine.info.stream, 1, 1e9)
    const elsewhere = joined(4)
    log.giveTo(elsewhere.engine, 1)
    elsewhere.engine.apply(held.map((segment) => segment.bytes))
    expect(texts(elsewhere)).toEqual(['X', 'y'])
    const now = open(3, { driver: old.driver })
    expect(texts(now)).toEqual(['X', 'y'])
    expect(now.engine.verify()).toEqual([])
  })

  it('do not take documents away, nor change their kind', () => {
    const tables = { folder, draft: table({ key: t.key() }).local() }
    for (const [changed, message] of [
      [table({ ...columns, body: t.richText() }), /document "note.steps" is gone/],
      [
        table({ ...columns, body: t.jsonDoc(), steps: t.list() }),
        /document "note.body" was richText and is jsonDoc/,
      ],
      [
        table({ ...columns, body: t.richText(), steps: t.text().default('') }),
        /document "note.steps" is gone/,
      ],
      [table(columns), /document "note.body" is gone/],
    ] as const) {
      const { driver } = open(1)
      const next = defineModule({
        ...{ name: 'notes', version: 3, reducers: () => ({}) },
        tables: { ...tables, note: changed },
      })
      expect(
        errorOf(() => openTestEngine(next, { driver }), 'engine/schema-incompatible').message,
      ).toMatch(message)
    }
  })
})
