import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import type { Driver, SqlRow } from '../driver.ts'
import { openDatabase } from './database.ts'
import { startSqlite } from './instance.ts'
import { loadSqlite } from './load.ts'
import { IMPORT_MODULE, IMPORT_NAMES } from './wa-sqlite-names.ts'

const wasm = readFileSync(createRequire(import.meta.url).resolve('wa-sqlite/dist/wa-sqlite.wasm'))
const sqlite = await loadSqlite({ wasm })

test('the time is the clock’s, and local time that of the time zone', () => {
  const driver = open()
  const before = Date.now()
  const [ms, local] = row(driver, "SELECT unixepoch('subsec') * 1000, datetime('now', 'localtime')")
  expect(ms).toBeGreaterThanOrEqual(before - 1)
  expect(ms).toBeLessThanOrEqual(Date.now() + 1)
  expect(Math.abs(Date.parse(String(local)) - before)).toBeLessThan(5_000)
  for (const seconds of [0, -86_400 * 365 * 20, 951_782_400, 4_102_444_800 + 86_399]) {
    const [text] = row(driver, `SELECT datetime(${seconds}, 'unixepoch', 'localtime')`)
    expect(Date.parse(`${text}`)).toBe(seconds * 1000)
  }
  driver.close()
})

test('every instance has random numbers of its own', async () => {
  const seen = new Set<unknown>()
  for (const instance of [sqlite, await loadSqlite({ wasm }), await loadSqlite({ wasm })]) {
    const driver = openDatabase(instance, { kind: 'memory' }, 'power')
    seen.add(row(driver, 'SELECT hex(randomblob(16))')[0])
    driver.close()
  }
  expect(seen.size).toBe(3)
})

test('a database in memory finds no disk, and goes on', () => {
  const driver = open()
  driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
  driver.exec("INSERT INTO entry VALUES (1, 'x')")
  const isUnavailable = expect.objectContaining({ code: 'storage/unavailable' })
  for (const path of ['other.db', '/other.db', '/tmp/other.db', '/dev/urandom/other.db']) {
    expect(() => driver.exec(`ATTACH '${path}' AS other`)).toThrow(isUnavailable)
    expect(() => driver.exec(`VACUUM INTO '${path}'`)).toThrow(isUnavailable)
  }
  expect(() => driver.exec("PRAGMA temp_store_directory = '/tmp'")).toThrow('sqlite refused (1)')
  driver.exec('PRAGMA temp_store = file; CREATE TEMP TABLE draft (body)')
  expect(row(driver, 'SELECT body FROM entry')).toEqual(['x'])
  driver.close()
})

test('the heap grows under a database, and nothing of it is lost', async () => {
  const fresh = await loadSqlite({ wasm })
  const driver = openDatabase(fresh, { kind: 'memory' }, 'power')
  const byteCount = fresh.HEAPU8.length
  driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
  const body = new Uint8Array(3_000_000).fill(7)
  const insert = driver.prepare('INSERT INTO entry VALUES (?, ?)')
  for (let id = 0; id < 20; id++) insert.run([id, body])
  expect(fresh.HEAPU8.length).toBeGreaterThan(byteCount)
  expect(fresh.HEAP32.length * 4).toBe(fresh.HEAPU8.length)
  const kept = driver.prepare('SELECT body FROM entry').all() as [Uint8Array][]
  expect(kept.map(([blob]) => Buffer.compare(blob, body))).toEqual(Array(20).fill(0))
  expect(driver.integrityCheck()).toEqual(['ok'])
  driver.close()
})

test('memory that cannot be had is an error, and SQLite goes on', () => {
  const driver = open()
  expect(sqlite.malloc(2 ** 31 - 65_536)).toBe(0)
  expect(row(driver, 'SELECT 1')).toEqual([1])
  driver.close()
})

test('what is not there for SQLite throws when it is called', async () => {
  const names = new Set<string>(Object.values(IMPORT_NAMES))
  const missing = WebAssembly.Module.imports(new WebAssembly.Module(wasm)).filter(
    ({ name }) => !names.has(name),
  )
  expect(missing).not.toEqual([])
  await startSqlite(async (imports) => {
    const given = imports[IMPORT_MODULE] as Record<string, () => unknown>
    for (const { name } of missing) {
      expect(given[name], name).toThrow(expect.objectContaining({ code: 'storage/io' }))
    }
    return (await WebAssembly.instantiate(wasm, imports)).instance
  })
})

function open(): Driver {
  return openDatabase(sqlite, { kind: 'memory' }, 'power')
}

function row(driver: Driver, sql: string): SqlRow {
  const [first] = driver.prepare(sql).all()
  if (first === undefined) throw new Error(`no row: ${sql}`)
  return first
}
