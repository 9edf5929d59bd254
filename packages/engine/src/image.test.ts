import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createSegmentWriter,
  defineModule,
  type LogEntry,
  type Module,
  type StreamId,
  t,
  table,
} from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { describe, expect, it, test } from 'vitest'
import { TRIMMED_ROWS_MAX, TRIMMED_WRITES_MAX } from './drop-log.ts'
import { foreignBatch, SyncLog } from './testing/sync-log.ts'
import { openTestEngine, type TestEngine } from './testing/test-engine.ts'

const columns = { key: t.key(), title: t.text().default(''), at: t.ref('note').optional() }
const tables = {
  note: table({ ...columns, data: t.bytes().optional(), real: t.real().default(0.5) }),
  draft: table({ key: t.key() }).local(),
  timer: table({ id: t.id(), when: t.json() }).schedule('ring', 'when'),
}

const module = defineModule({
  name: 'images',
  version: 1,
  tables,
  reducers: (reducer) => ({
    put: reducer({ key: t.text(), title: t.text().default('') }, (ctx, { key, title }) => {
      ctx.db.note.upsert({ key, title, data: new Uint8Array([1, 2]) })
    }),
    drop: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.delete(key as never)
    }),
    local: reducer({}, (ctx) => {
      ctx.db.draft.insert({ key: 'd' })
      ctx.db.timer.insert({ when: { everyMs: 1000 } })
    }),
    ring: reducer({ id: t.text(), when: t.json() }, () => undefined),
  }),
})

const newer = {
  ...module,
  version: 2,
  tables: { ...tables, later: table({ key: t.key(), text: t.text() }) },
} as unknown as Module

const open = (seed: number, options = {}) => openTestEngine(module, { seed, ...options })
const countOf = ({ driver }: TestEngine, name: string) =>
  driver.prepare(`SELECT count(*) FROM ${name}`).get()?.[0]

const A = 'a'.repeat(32) as StreamId

/** A batch of a newer version of the module: one row of a table that this one does not have. */
function newerEntry(): LogEntry {
  const writer = createSegmentWriter({ stream: A, firstSeq: 1, schemaVersion: 2 })
  writer.append({
    hlc: 5,
    reducer: 'r',
    operations: [{ kind: 'insert', table: 'later', id: 'l', cells: { text: 'waits' } }],
  })
  const batch = foreignBatch(writer.finish())
  return {
    kind: 'batch',
    offset: 1,
    batch,
    previous: '0'.repeat(32) as never,
    base: { epoch: '' as never, offset: 0 },
    origins: [],
  }
}

describe('[SY9] the digest', () => {
  it('is of what is visible, however the file came to it', () => {
    const [a, b] = [open(1), open(2)]
    b.call('put', { key: 'gone' })
    b.call('drop', { key: 'gone' })
    b.engine.replica.startStream()
    for (const key of ['y', 'x']) b.call('put', { key })
    b.call('local')
    for (const key of ['x', 'y']) a.call('put', { key })
    expect(b.engine.digest()).toBe(a.engine.digest())
    expect(a.engine.digest()).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is another one when a value, a row or a name is another one', () => {
    const a = open(1)
    const digests = new Set([a.engine.digest()])
    for (const title of ['', 'one', 'two']) {
      a.call('put', { key: 'x', title })
      digests.add(a.engine.digest())
    }
    a.call('put', { key: 'y' })
    digests.add(a.engine.digest())
    digests.add(openTestEngine(newer).engine.digest())
    expect(digests.size).toBe(6)
  })
})

describe('[SY11] dropping the log', () => {
  it('forgets what the relay has, in slices, and leaves a sound file', () => {
    const log = new SyncLog()
    const [a, b] = [open(1), open(2)]
    for (const key of ['x', 'y', 'z']) {
      a.call('put', { key })
      log.takeFrom(a.engine)
    }
    b.call('put', { key: 'w' })
    log.giveTo(b.engine)
    const heads = b.engine.replica.batchHeads()
    expect(b.engine.dropLog(2, 1)).toBe(1)
    expect(b.engine.dropLog(2, 1)).toBe(0)
    expect(b.engine.dropLog(2, 1)).toBe(0)
    expect(countOf(b, '_log')).toBe(2)
    expect(b.engine.replica.batchHeads()).toEqual(heads)
    expect(b.engine.verify()).toEqual([])
    // Read once more from the beginning: what was dropped is known all the same.
    expect(b.engine.replica.receive(log.entries, log.positionAt(3)).kind).toBe('received')
    expect(b.engine.dropLog(9, 1e9)).toBe(0)
    expect(b.engine.unsyncedCount()).toBe(1)
    log.takeFrom(b.engine)
    log.giveTo(a.engine)
    expect(a.engine.digest()).toBe(b.engine.digest())
    expect(b.engine.dropLog(9, 1e9)).toBe(0)
    expect([countOf(b, '_log'), b.engine.verify()]).toEqual([0, []])
    b.call('put', { key: 'v' })
    expect(b.engine.verify()).toEqual([])
  })

  it('keeps what waits for a newer schema', () => {
    const a = open(1)
    a.engine.replica.receive([newerEntry()], new SyncLog().positionAt(1))
    expect(a.engine.dropLog(1, 1e9)).toBe(0)
    expect([countOf(a, '_log'), a.engine.verify()]).toEqual([1, []])
    a.engine.close = () => undefined
    const again = openTestEngine(newer, { driver: a.driver })
    expect(again.engine.get('later', 'l')).toEqual({ key: 'l', text: 'waits' })
    expect(again.engine.dropLog(1, 1e9)).toBe(0)
    expect(countOf(again, '_log')).toBe(0)
  })
})

describe('[SY18] dropping clocks of cells', () => {
  const overrides = (of: ReturnType<typeof open>) => countOf(of, '_rows_note WHERE _o IS NOT NULL')

  /** A replica with clocks of so many cells above no floor, and a way to lay one. */
  function openTrimmed(rowCount: number) {
    const log = new SyncLog()
    const a = open(1)
    const keys = Array.from({ length: rowCount }, (_, index) => `k${index}`)
    const puts = (title: string) => a.commit(...keys.map((key) => ['put', { key, title }] as const))
    const layFloor = () => {
      log.takeFrom(a.engine)
      const { length } = log.entries
      log.pushFloor({ baseOffset: length, hlc: log.hlcAt(length), forgotten: [] })
      log.giveTo(a.engine)
    }
    puts('one')
    puts('two')
    return { log, a, layFloor, puts }
  }

  test('they go after a floor, a slice at a time and once', () => {
    const { log, a, layFloor } = openTrimmed(TRIMMED_WRITES_MAX + 1)
    expect([a.engine.dropLog(0, 1), overrides(a)]).toEqual([0, TRIMMED_WRITES_MAX + 1])
    layFloor()
    expect([a.engine.dropLog(0, 1), overrides(a)]).toEqual([1, 1])
    const again = open(2, { driver: a.driver })
    expect([again.engine.dropLog(0, 1), overrides(a)]).toEqual([0, 0])
    again.call('put', { key: 'k0', title: 'three' })
    expect([again.engine.dropLog(0, 1), overrides(a)]).toEqual([0, 1])
    log.takeFrom(again.engine)
    const b = open(3)
    log.giveTo(b.engine)
    expect(b.engine.digest()).toBe(again.engine.digest())
  })

  test('rows that have none are looked at a slice at a time too', () => {
    const { a, layFloor } = openTrimmed(TRIMMED_ROWS_MAX + 1)
    layFloor()
    for (let row = 0; row <= TRIMMED_ROWS_MAX; row += TRIMMED_WRITES_MAX) a.engine.dropLog(0, 1)
    expect([a.engine.dropLog(0, 1), overrides(a)]).toEqual([0, 0])
    layFloor()
    expect([a.engine.dropLog(0, 1), a.engine.dropLog(0, 1)]).toEqual([1, 0])
  })

  test('floors that come in the middle do not keep the last rows out', () => {
    const { a, layFloor } = openTrimmed(3 * TRIMMED_WRITES_MAX)
    for (let slice = 0; slice < 3; slice++) {
      layFloor()
      expect(a.engine.dropLog(0, 1)).toBe(1)
    }
    expect(overrides(a)).toBe(0)
  })
})

test('[SY17] an engine without a log keeps what waits for a newer schema', () => {
  const fold = open(1, { keepsLog: false, join: { owner: 'o' } })
  fold.engine.replica.receive([newerEntry()], new SyncLog().positionAt(1))
  const again = openTestEngine(newer, { driver: fold.driver, keepsLog: false })
  expect(again.engine.get('later', 'l')).toEqual({ key: 'l', text: 'waits' })
})

test('[SY12] an image holds what all share, and a replica can begin from it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'image-'))
  try {
    const log = new SyncLog()
    const a = open(1)
    a.call('put', { key: 'x' })
    a.call('put', { key: 'gone' })
    a.call('drop', { key: 'gone' })
    log.takeFrom(a.engine)
    const fold = open(3, { keepsLog: false, join: { owner: 'owner' } })
    log.giveTo(fold.engine)
    fold.call('local')
    fold.engine.connect({ connectionId: 'c', identity: 'i' })
    fold.engine.stripForImage()
    for (const name of [
      '_log',
      '_call',
      '_schedule',
      '_connection',
      '_conflict',
      '_kv',
      '_rows_draft',
    ]) {
      expect([name, countOf(fold, name)]).toEqual([name, 0])
    }
    expect(countOf(fold, '_stream WHERE is_own')).toBe(0)
    fold.driver.exec('VACUUM')
    const path = join(directory, 'image.db')
    writeFileSync(path, Buffer.concat([...fold.driver.exportChunks(1 << 20)]))
    const b = open(4, { driver: openNodeDatabase({ path, durability: 'process' }), stream: 'new' })
    expect(b.engine.replica.position()).toEqual(log.positionAt(1))
    expect(b.engine.digest()).toBe(a.engine.digest())
    expect(b.engine.info.owner).toBe('owner')
    expect(b.engine.unsyncedCount()).toBe(0)
    expect(b.engine.verify()).toEqual([])
    a.call('put', { key: 'gone', title: 'back' })
    log.takeFrom(a.engine)
    log.giveTo(b.engine)
    b.call('put', { key: 'y' })
    log.takeFrom(b.engine)
    log.giveTo(a.engine)
    expect(b.engine.digest()).toBe(a.engine.digest())
    b.engine.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
