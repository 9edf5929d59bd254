import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { KvRow } from '@inner-universe/core'
import { compareKeys, encodeKey, isUniverseError, prefixRange } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import fc from 'fast-check'
import { afterAll, afterEach, expect, test } from 'vitest'
import { errorOf } from '../testing/expect-error.ts'
import type { KvOperation } from './kv-operation.ts'
import { type KvStore, openKvStore } from './kv-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'kv-store-'))
const open: Driver[] = []
let fileCount = 0

afterEach(() => {
  for (const driver of open.splice(0)) driver.close()
})
afterAll(() => rmSync(folder, { recursive: true }))

function database(path = ':memory:'): Driver {
  const driver = openNodeDatabase({ path, durability: 'process' })
  open.push(driver)
  return driver
}

function newPath(): string {
  return join(folder, `${++fileCount}.db`)
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const EMPTY = bytes()
const A = encodeKey('a')
const B = encodeKey('b')
const ALL = { start: EMPTY, stop: EMPTY }
const keysOf = (rows: readonly KvRow[]): number[][] => rows.map(({ key }) => [...key])

test('[KS1] a new file has the table kv, WITHOUT ROWID, and user_version 1, and keeps its entries', () => {
  const path = newPath()
  const store = openKvStore(database(path))
  store.put(A, bytes(1), bytes(2))
  store.close()
  const driver = database(path)
  expect(driver.prepare('SELECT user_version FROM pragma_user_version').get()).toEqual([1])
  expect(
    driver.prepare('SELECT name, type, "notnull", pk FROM pragma_table_info(\'kv\')').all(),
  ).toEqual([
    ['category', 'BLOB', 1, 1],
    ['key', 'BLOB', 1, 2],
    ['payload', 'BLOB', 1, 0],
  ])
  const [sql] = driver.prepare("SELECT sql FROM sqlite_schema WHERE name = 'kv'").get() ?? []
  expect(sql).toMatch(/WITHOUT ROWID$/)
  expect(openKvStore(driver).get(A, bytes(1))).toEqual(bytes(2))
})

test('[KS15] a file has a write-ahead log, synchronous by its durability, temp_store in memory, foreign_keys off', () => {
  const settingsOf = (durability: 'power' | 'process') => {
    const driver = openNodeDatabase({ path: join(folder, `${++fileCount}.db`), durability })
    open.push(driver)
    openKvStore(driver)
    return ['journal_mode', 'synchronous', 'temp_store', 'foreign_keys'].map(
      (name) => driver.prepare(`PRAGMA ${name}`).get()?.[0],
    )
  }
  expect(settingsOf('power')).toEqual(['wal', 2, 2, 0])
  expect(settingsOf('process')).toEqual(['wal', 1, 2, 0])
})

test('[KS14] a file of another program is read and written', () => {
  const path = newPath()
  const other = new DatabaseSync(path)
  other.exec(`
    PRAGMA journal_mode = wal;
    CREATE TABLE kv (category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL,
      PRIMARY KEY (category, key)) WITHOUT ROWID;
    PRAGMA user_version = 1;
    INSERT INTO kv VALUES (x'00036c6f67', x'000263318000000000000001', x'00026869');
  `)
  other.close()
  const store = openKvStore(database(path))
  const log = encodeKey('log')
  expect(store.get(log, encodeKey('c1', 1))).toEqual(encodeKey('hi'))
  store.put(log, encodeKey('c1', 2), EMPTY)
  store.close()
  const again = new DatabaseSync(path)
  const keys = again.prepare('SELECT hex(key) AS key FROM kv ORDER BY key').all()
  expect(keys.map(({ key }) => key)).toEqual([
    '000263318000000000000001',
    '000263318000000000000002',
  ])
  again.close()
})

test('[KS2] another user_version is refused and the file keeps its bytes', () => {
  const path = newPath()
  const driver = database(path)
  driver.exec('PRAGMA user_version = 7')
  driver.close()
  const before = readFileSync(path)
  const refused = errorOf(() => openKvStore(database(path)), 'kv/backend')
  expect(refused.message).toBe('incompatible persistency user_version: got 7, expected 1')
  expect(refused.details).toEqual({ found: 7, expected: 1 })
  // The driver was closed: another owner can look.
  database(path).close()
  expect(readFileSync(path).equals(before)).toBe(true)
})

test('[KS3] a database of something else is refused and keeps its bytes', () => {
  const path = newPath()
  const driver = database(path)
  driver.exec('CREATE TABLE note (body TEXT)')
  driver.close()
  const before = readFileSync(path)
  expect(errorOf(() => openKvStore(database(path)), 'kv/backend').message).toContain('not a job')
  expect(readFileSync(path).equals(before)).toBe(true)
  const other = database()
  other.exec('CREATE TABLE kv (id INTEGER PRIMARY KEY); PRAGMA user_version = 1')
  errorOf(() => openKvStore(other), 'kv/backend')
})

test('[KS4] put, put again, get, exists; other keys and categories are not touched', () => {
  const store = openKvStore(database())
  store.put(A, bytes(1), bytes(10))
  store.put(B, bytes(1), bytes(20))
  store.put(A, bytes(1, 0), bytes(30))
  store.put(A, bytes(1), bytes(11))
  expect(store.get(A, bytes(1))).toEqual(bytes(11))
  expect(store.get(B, bytes(1))).toEqual(bytes(20))
  expect(store.get(A, bytes(1, 0))).toEqual(bytes(30))
  expect(store.get(A, bytes(2))).toBeUndefined()
  expect(store.exists(A, bytes(1))).toBe(true)
  expect(store.exists(B, bytes(2))).toBe(false)
})

test('[KS5] delete tells whether the key was there', () => {
  const store = openKvStore(database())
  store.put(A, bytes(1), bytes(10))
  store.put(B, bytes(1), bytes(20))
  expect(store.delete(A, bytes(1))).toBe(true)
  expect(store.delete(A, bytes(1))).toBe(false)
  expect(store.exists(A, bytes(1))).toBe(false)
  expect(store.exists(B, bytes(1))).toBe(true)
})

test('[KS6] deletePrefix deletes what begins with the bytes, and tells how many', () => {
  const store = openKvStore(database())
  const keys = [bytes(1), bytes(1, 0xff), bytes(1, 0xff, 0xff), bytes(2), bytes(0xff), EMPTY]
  for (const key of keys) {
    store.put(A, key, EMPTY)
    store.put(B, key, EMPTY)
  }
  expect(store.deletePrefix(A, bytes(1, 0xff))).toBe(2)
  expect(store.deletePrefix(A, bytes(0xff))).toBe(1)
  expect(keysOf(store.scan(A, ALL).rows)).toEqual([[], [1], [2]])
  expect(store.count(B, ALL)).toBe(6)
  expect(store.deletePrefix(A, EMPTY)).toBe(3)
})

test('[KS7] empty categories, keys, payloads and prefixes work', () => {
  const store = openKvStore(database())
  store.batch([{ kind: 'put', category: EMPTY, key: EMPTY, payload: EMPTY }])
  store.put(EMPTY, A, EMPTY)
  expect(store.get(EMPTY, EMPTY)).toEqual(EMPTY)
  expect(store.exists(EMPTY, EMPTY)).toBe(true)
  expect(store.scanPrefix(EMPTY, EMPTY).rows).toEqual([
    { key: EMPTY, payload: EMPTY },
    { key: A, payload: EMPTY },
  ])
  expect(store.count(EMPTY, prefixRange(EMPTY))).toBe(2)
  expect(store.delete(EMPTY, EMPTY)).toBe(true)
  expect(store.deletePrefix(EMPTY, EMPTY)).toBe(1)
})

/** A disk with room for a few pages only. */
function small(driver: Driver): KvStore {
  const store = openKvStore(driver)
  driver.exec('PRAGMA max_page_count = 8')
  return store
}

const big: KvOperation = { kind: 'put', category: A, key: bytes(9), payload: new Uint8Array(1e6) }

test('[KS8] a batch is done in its order, or not at all', () => {
  const store = small(database())
  const counts = store.batch([
    { kind: 'put', category: A, key: bytes(1), payload: bytes(1) },
    { kind: 'delete', category: A, key: bytes(1) },
    { kind: 'delete', category: A, key: bytes(1) },
    { kind: 'put', category: A, key: bytes(2), payload: bytes(2) },
    { kind: 'deletePrefix', category: A, key: EMPTY },
    { kind: 'put', category: A, key: bytes(3), payload: bytes(3) },
  ])
  expect(counts).toEqual([1, 1, 0, 1, 1, 1])
  expect(keysOf(store.scan(A, ALL).rows)).toEqual([[3]])
  const put: KvOperation = { kind: 'put', category: A, key: bytes(4), payload: EMPTY }
  errorOf(
    () => store.batch([{ kind: 'delete', category: A, key: bytes(3) }, put, big]),
    'kv/backend',
  )
  expect(keysOf(store.scan(A, ALL).rows)).toEqual([[3]])
  expect(store.batch([])).toEqual([])
})

test('[KS8] within a transaction a batch that is refused leaves the others', () => {
  const store = openKvStore(database())
  store.transaction(() => {
    store.put(A, bytes(1), EMPTY)
    const wrong = { kind: 'put', category: A, key: bytes(2), payload: null } as never
    const fine: KvOperation = { kind: 'put', category: A, key: bytes(3), payload: EMPTY }
    errorOf(() => store.batch([fine, wrong]), 'kv/backend')
    store.batch([{ ...fine, key: bytes(4) }])
    return undefined
  })
  expect(keysOf(store.scan(A, ALL).rows)).toEqual([[1], [4]])
  expect(() =>
    store.transaction(() => {
      store.put(A, bytes(5), EMPTY)
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(store.exists(A, bytes(5))).toBe(false)
})

const anyBytes = fc.uint8Array({ maxLength: 3, max: 255 })
// Few different bytes, among them the ends: ranges then really cut something off.
const anyKey = fc.array(fc.constantFrom(0, 1, 254, 255), { maxLength: 3 }).map((of) => bytes(...of))

test('[KS9] [KS10] [KS11] [KS12] scans are the sorted entries of the range, whole or in pages', () => {
  const store = openKvStore(database())
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyKey, anyBytes), { maxLength: 30 }),
      fc.record({ start: anyKey, stop: anyKey }),
      fc.boolean(),
      fc.integer({ min: 1, max: 4 }),
      (entries, range, reverse, pageSize) => {
        store.deletePrefix(A, EMPTY)
        store.put(B, bytes(1), EMPTY)
        const byKey = new Map<string, KvRow>()
        for (const [key, payload] of entries) {
          store.put(A, key, payload)
          byKey.set(String(key), { key, payload })
        }
        const sorted = [...byKey.values()].sort((a, b) => compareKeys(a.key, b.key))
        if (reverse) sorted.reverse()
        const inRange = sorted.filter(
          ({ key }) =>
            compareKeys(key, range.start) >= 0 &&
            (range.stop.length === 0 || compareKeys(key, range.stop) < 0),
        )
        expect(store.scan(A, range, { reverse })).toEqual({ rows: inRange, next: undefined })
        expect(store.count(A, range)).toBe(inRange.length)
        const prefixed = sorted.filter(({ key }) =>
          range.start.every((byte, at) => key[at] === byte),
        )
        expect(store.scanPrefix(A, range.start, { reverse }).rows).toEqual(prefixed)
        for (const size of [{ limit: pageSize }, { bytesMax: pageSize }]) {
          const pages: KvRow[] = []
          let after: Uint8Array | undefined
          do {
            const page = store.scan(A, range, { reverse, ...size, ...(after && { after }) })
            if ('limit' in size) expect(page.rows.length).toBeLessThanOrEqual(pageSize)
            pages.push(...page.rows)
            after = page.next
          } while (after !== undefined)
          expect(pages).toEqual(inRange)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('[KS10] a range whose stop is not after its start holds nothing', () => {
  const store = openKvStore(database())
  store.put(A, bytes(1), EMPTY)
  store.put(A, bytes(2), EMPTY)
  for (const range of [
    { start: bytes(2), stop: bytes(1) },
    { start: bytes(1), stop: bytes(1) },
  ]) {
    expect(store.scan(A, range).rows).toEqual([])
    expect(store.count(A, range)).toBe(0)
  }
})

test('[KS11] a limit of 0 gives nothing', () => {
  const store = openKvStore(database())
  store.put(A, bytes(1), EMPTY)
  expect(store.scan(A, ALL, { limit: 0 })).toEqual({ rows: [], next: undefined })
})

test('[KS13] errors have codes: refused by SQLite, closed, a limit that is none, another owner', () => {
  const store = small(database())
  const full = errorOf(() => store.batch([big]), 'kv/backend')
  expect(full.details).toMatchObject({ backendCode: 13, code: 'storage/quota-exceeded' })
  for (const limit of [-1, 0.5, Number.NaN]) {
    errorOf(() => store.scan(A, ALL, { limit }), 'kv/invalid-argument')
  }
  store.close()
  store.close()
  errorOf(() => store.get(A, A), 'kv/closed')
  errorOf(() => store.put(A, A, A), 'kv/closed')
  errorOf(() => store.transaction(() => 1), 'kv/closed')
  const path = newPath()
  openKvStore(database(path))
  let refused: unknown
  try {
    openKvStore(database(path))
  } catch (error) {
    refused = error
  }
  expect(isUniverseError(refused, 'storage/locked')).toBe(true)
})
