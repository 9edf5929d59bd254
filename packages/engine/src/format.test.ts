import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineModule, t, table } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test } from 'vitest'
import { FORMAT_VERSION } from './schema.ts'
import { SyncLog } from './testing/sync-log.ts'
import { openTestEngine } from './testing/test-engine.ts'

const module = defineModule({
  name: 'old',
  version: 1,
  tables: { note: table({ key: t.key(), tags: t.set(t.text()) }) },
  reducers: (reducer) => ({
    put: reducer({ key: t.text() }, (ctx, { key }) => {
      ctx.db.note.insert({ key, tags: ['a'] })
    }),
  }),
})

/** Makes a file what format version 1 wrote. */
function toFormat1(driver: Driver): void {
  for (const sql of [
    'CREATE TABLE old_stream AS SELECT idx, id, head_seq, head_hlc, is_own, acked_seq FROM _stream',
    'CREATE TABLE old_log AS SELECT stream, first_seq, count, bytes, offset FROM _log',
    'DROP TABLE _stream',
    'DROP TABLE _log',
    'DROP TABLE _kv',
    'DROP TABLE _conflict',
    'DROP TABLE _claim',
    'DROP INDEX _set_dot_removed',
    `CREATE TABLE _stream (idx INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, head_seq INTEGER NOT NULL,
      head_hlc INTEGER NOT NULL, is_own INTEGER NOT NULL, acked_seq INTEGER NOT NULL)`,
    `CREATE TABLE _log (stream INTEGER NOT NULL, first_seq INTEGER NOT NULL, count INTEGER NOT NULL,
      bytes BLOB NOT NULL, offset INTEGER, PRIMARY KEY (stream, first_seq)) WITHOUT ROWID`,
    'INSERT INTO _stream SELECT * FROM old_stream',
    'INSERT INTO _log SELECT * FROM old_log',
    'DROP TABLE old_stream',
    'DROP TABLE old_log',
    'PRAGMA user_version = 1',
  ]) {
    driver.exec(sql)
  }
}

const schemaOf = (driver: Driver) =>
  driver.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all()

test('[MG9] a file of format version 1 is brought up to date, and syncs what it had', () => {
  const directory = mkdtempSync(join(tmpdir(), 'format-'))
  const path = join(directory, 'universe.db')
  try {
    const first = openTestEngine(module, {
      driver: openNodeDatabase({ path, durability: 'process' }),
    })
    for (const key of ['x', 'y']) first.call('put', { key })
    const schema = schemaOf(first.driver)
    const rows = first.driver.prepare('SELECT * FROM _log').all()
    const digest = first.engine.digest()
    toFormat1(first.driver)
    first.engine.close()
    const again = openTestEngine(module, {
      seed: 3,
      driver: openNodeDatabase({ path, durability: 'process' }),
    })
    expect(again.driver.prepare('PRAGMA user_version').get()).toEqual([FORMAT_VERSION])
    expect(again.driver.prepare('SELECT * FROM _log').all()).toEqual(rows)
    const others = (all: unknown[][]) => all.filter(([name]) => name !== '_stream')
    expect(others(schemaOf(again.driver))).toEqual(others(schema))
    expect(again.engine.verify()).toEqual([])
    expect(again.engine.digest()).toBe(digest)
    again.call('put', { key: 'z' })
    const log = new SyncLog()
    log.takeFrom(again.engine)
    const other = openTestEngine(module, { seed: 2 })
    log.giveTo(other.engine)
    expect(other.engine.digest()).toBe(again.engine.digest())
    expect(again.engine.unsyncedCount()).toBe(0)
    again.engine.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('[MG9] a file of format version 2 gets the key-value entries that it lacked', () => {
  const directory = mkdtempSync(join(tmpdir(), 'format-'))
  const path = join(directory, 'universe.db')
  const open = () =>
    openTestEngine(module, { driver: openNodeDatabase({ path, durability: 'process' }) })
  try {
    const first = open()
    first.call('put', { key: 'x' })
    const schema = schemaOf(first.driver)
    const digest = first.engine.digest()
    first.driver.exec('DROP TABLE _kv')
    first.driver.exec('PRAGMA user_version = 2')
    first.engine.close()
    const again = open()
    expect(again.driver.prepare('PRAGMA user_version').get()).toEqual([FORMAT_VERSION])
    expect([schemaOf(again.driver), again.engine.digest()]).toEqual([schema, digest])
    const [category, key, payload] = [new Uint8Array([1]), new Uint8Array([2]), new Uint8Array([3])]
    again.engine.kv.batch([{ kind: 'put', category, key, payload }])
    expect(again.engine.kv.get(category, key)).toEqual(payload)
    again.engine.close()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
