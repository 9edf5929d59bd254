import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineModule, type Module, t, table } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SyncLog } from './testing/sync-log.ts'
import { openTestEngine, type TestEngine, type TestEngineOptions } from './testing/test-engine.ts'

const older = defineModule({
  name: 'notes',
  version: 1,
  tables: { note: table({ key: t.key(), title: t.text().unique().optional() }) },
  reducers: (reducer) => ({
    put: reducer({ key: t.text(), title: t.text() }, (ctx, row) => {
      ctx.db.note.upsert(row)
    }),
  }),
})

const newer = (version: number): Module =>
  defineModule({
    name: 'notes',
    version,
    tables: {
      note: table({
        key: t.key(),
        title: t.text().unique().optional(),
        likes: t.counter(),
        color: t.text().default('none'),
      }),
      sticker: table({ key: t.key() }),
      ...(version > 2 && { folder: table({ key: t.key() }) }),
    },
    reducers: (reducer) => ({
      put: reducer({ key: t.text(), title: t.text() }, (ctx, row) => {
        ctx.db.note.upsert(row)
      }),
      like: reducer({ key: t.text() }, (ctx, { key }) => {
        ctx.db.note.increment(key, 'likes')
      }),
      paint: reducer({ key: t.text(), color: t.text() }, (ctx, { key, color }) => {
        ctx.db.note.update(key, { color })
        ctx.db.sticker.insert({ key: `${key} ${color}` })
      }),
    }),
  }) as unknown as Module

let directory: string
let log: SyncLog

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'replication-'))
  log = new SyncLog()
})
afterEach(() => rmSync(directory, { recursive: true }))

let seed = 0
function openFile(module: Module, options: TestEngineOptions = {}): TestEngine {
  seed += 1
  const driver = openNodeDatabase({ path: join(directory, 'universe.db'), durability: 'process' })
  return openTestEngine(module, { seed, driver, ...options })
}

/** Opens the file without the code that exchanges deltas. */
const openAlone = (module: Module) => openFile(module, { isReplicated: false })

const rowsOf = (engine: TestEngine['engine'], name: string) =>
  engine.query({ table: name, orderBy: [{ column: 'key', direction: 'asc' }] })

test('[SY19] without replication a file that was synced works, and syncs what it wrote later', () => {
  const first = openFile(older)
  first.call('put', { key: 'a', title: 'A' })
  log.takeFrom(first.engine)
  const other = openTestEngine(older, { seed: 90 })
  log.giveTo(other.engine)
  other.call('put', { key: 'b', title: 'B' })
  log.takeFrom(other.engine)
  log.giveTo(first.engine)
  first.engine.close()

  const alone = openAlone(older)
  alone.call('put', { key: 'b', title: 'changed' })
  const [taken] = alone.commit(['put', { key: 'c', title: 'A' }])
  expect(taken).toMatchObject({ ok: false, error: { code: 'table/duplicate-value' } })
  expect(alone.engine.unsyncedCount()).toBe(1)
  expect(alone.engine.conflicts()).toEqual([])
  expect(alone.engine.verify()).toEqual([])
  alone.engine.close()

  const again = openFile(older)
  log.takeFrom(again.engine)
  log.giveTo(other.engine)
  expect(again.engine.unsyncedCount()).toBe(0)
  expect(rowsOf(other.engine, 'note')).toEqual([
    { key: 'a', title: 'A' },
    { key: 'b', title: 'changed' },
  ])
  expect(other.engine.digest()).toBe(again.engine.digest())
  again.engine.close()
  other.engine.close()
})

test('[SY19] without replication what needs it is refused, and what is local is not', () => {
  const { engine } = openAlone(older)
  const refused: readonly (() => unknown)[] = [
    () => engine.replica,
    () => engine.apply([]),
    () => engine.readLog(engine.info.stream, 1, 1),
    () => engine.digest(),
    () => engine.carryOver(),
    () => engine.adopt({} as never, {} as never),
    () => engine.dropLog(1, 1),
    () => engine.deadRows(1),
    () => engine.stripForImage(),
  ]
  for (const call of refused) {
    expect(call).toThrow(expect.objectContaining({ code: 'sync/not-configured' }))
  }
  expect(engine.streamHeads()).toEqual([])
  engine.close()
})

test('[MG14] what waits for a newer schema outlasts upgrades without replication, then counts once', () => {
  const writer = openTestEngine(newer(2), { seed: 90 })
  writer.call('put', { key: 'x', title: 'X' })
  writer.call('like', { key: 'x' })
  writer.call('paint', { key: 'x', color: 'red' })
  log.takeFrom(writer.engine)
  const first = openFile(older)
  log.giveTo(first.engine)
  expect(rowsOf(first.engine, 'note')).toEqual([{ key: 'x', title: 'X' }])
  first.engine.close()

  // Twice, so that the schema to begin from is not the last one.
  for (const version of [2, 3]) {
    const alone = openAlone(newer(version))
    alone.call('like', { key: 'x' })
    expect(rowsOf(alone.engine, 'sticker')).toEqual([])
    expect(alone.engine.verify()).toEqual([])
    alone.engine.close()
  }

  for (let time = 0; time < 2; time++) {
    const again = openFile(newer(3))
    expect(rowsOf(again.engine, 'note')).toEqual([{ key: 'x', title: 'X', likes: 3, color: 'red' }])
    expect(rowsOf(again.engine, 'sticker')).toEqual([{ key: 'x red' }])
    expect(again.driver.prepare('SELECT count(*) FROM _unapplied').get()).toEqual([0])
    expect(again.engine.verify()).toEqual([])
    log.takeFrom(again.engine)
    again.engine.close()
  }
  const fresh = openTestEngine(newer(3), { seed: 91 })
  log.giveTo(fresh.engine)
  expect(rowsOf(fresh.engine, 'note')).toEqual([{ key: 'x', title: 'X', likes: 3, color: 'red' }])
  fresh.engine.close()
  writer.engine.close()
})
