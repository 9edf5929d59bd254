import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isUniverseError } from '@inner-universe/core'
import { describe, expect, test } from 'vitest'
import type { Driver, Durability } from '../driver.ts'
import { type DriverHarness, driverContract, sqlContract } from '../testing/index.ts'
import { MemoryDisk } from '../testing/memory-file.ts'
import { inSavepoint, inTransaction } from '../transaction.ts'
import { openDatabase } from './database.ts'
import { loadSqlite } from './load.ts'

const wasm = readFileSync(createRequire(import.meta.url).resolve('wa-sqlite/dist/wa-sqlite.wasm'))
const sqlite = await loadSqlite({ wasm })

describe('wa-sqlite on files', () => {
  for (const { title, run } of [...driverContract, ...sqlContract])
    test(title, () => run(harness()))
})

test('a commit for power flushes once, one for a killed process never', () => {
  for (const [durability, flushes] of [
    ['power', 1],
    ['process', 0],
  ] as const) {
    const disk = new MemoryDisk()
    const driver = open(disk, durability)
    driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
    insert(driver, 1)
    disk.operations.length = 0
    insert(driver, 2)
    expect(disk.operations.filter((name) => name === 'flush')).toHaveLength(flushes)
    driver.close()
  }
})

test('what was committed survives a process killed at any moment', () => {
  const disk = new MemoryDisk()
  const driver = open(disk)
  driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
  for (let id = 1; id <= 40; id++) {
    insert(driver, id)
    if (id === 20) driver.checkpoint()
    // The copy is what a kill leaves: nothing was closed.
    const survivor = open(new MemoryDisk(disk))
    expect(ids(survivor)).toEqual(Array.from({ length: id }, (_, index) => index + 1))
    expect(survivor.integrityCheck()).toEqual(['ok'])
    survivor.close()
  }
  driver.close()
})

describe('a full disk', () => {
  test('fails the transaction with its code, undoes it, and reads go on', () => {
    const disk = new MemoryDisk()
    const driver = open(disk)
    driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
    insert(driver, 1)
    disk.budget = 100_000
    let error: unknown
    try {
      inTransaction(driver, () => {
        for (let id = 2; id < 10_000; id++) {
          inSavepoint(
            driver,
            () => void driver.prepare('INSERT INTO entry VALUES (?, ?)').run([id, 'x'.repeat(500)]),
          )
        }
      })
    } catch (caught) {
      error = caught
    }
    expect(isUniverseError(error, 'storage/quota-exceeded')).toBe(true)
    expect((error as Error).cause).toMatchObject({ name: 'QuotaExceededError' })
    expect(driver.isInTransaction).toBe(false)
    expect(ids(driver)).toEqual([1])
    disk.budget = Number.POSITIVE_INFINITY
    insert(driver, 2)
    expect(ids(driver)).toEqual([1, 2])
    expect(driver.integrityCheck()).toEqual(['ok'])
    driver.close()
    expect(ids(open(new MemoryDisk(disk)))).toEqual([1, 2])
  })

  test('at any byte loses no acknowledged row and leaves no half transaction', () => {
    for (let budget = 0; budget < 160_000; budget += 1_500) {
      const disk = new MemoryDisk()
      const driver = open(disk)
      driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
      disk.budget = budget
      const acknowledged: number[] = []
      let codes = new Set<string>()
      for (let batch = 0; batch < 12; batch++) {
        try {
          inTransaction(driver, () => {
            for (let row = 0; row < 5; row++) put(driver, batch * 5 + row)
          })
          for (let row = 0; row < 5; row++) acknowledged.push(batch * 5 + row)
          if (batch === 6) driver.checkpoint()
        } catch (error) {
          codes = codes.add((error as { code: string }).code)
        }
        expect(ids(driver)).toEqual(acknowledged)
      }
      expect([...codes].filter((code) => code !== 'storage/quota-exceeded')).toEqual([])
      const copy = new MemoryDisk(disk)
      driver.close()
      for (const survivor of [open(copy), open(new MemoryDisk(disk))]) {
        expect(ids(survivor)).toEqual(acknowledged)
        expect(survivor.integrityCheck()).toEqual(['ok'])
        survivor.close()
      }
    }
  })

  test('at the very start refuses to open and gives the files back', () => {
    const disk = new MemoryDisk()
    disk.budget = 1_000
    expect(() => open(disk)).toThrow(expect.objectContaining({ code: 'storage/quota-exceeded' }))
    disk.budget = Number.POSITIVE_INFINITY
    const driver = open(disk)
    expect(driver.integrityCheck()).toEqual(['ok'])
    driver.close()
  })
})

describe('damage', () => {
  test.each([
    ['the magic', 0, 'storage/not-a-database'],
    ['the page size', 16, 'storage/not-a-database'],
    ['the schema page', 100, 'storage/corrupt'],
  ])('in %s is told at open, and the bytes stay', (_, at, code) => {
    const disk = filledDisk()
    disk.files[0]?.write(new Uint8Array(50).fill(0xa5), { at })
    const before = disk.files.map((file) => file.bytes())
    expect(() => open(disk)).toThrow(expect.objectContaining({ code }))
    expect(disk.files.map((file) => file.bytes())).toEqual(before)
  })

  test('in a later page is told by the query that meets it, and by the check', () => {
    const disk = filledDisk()
    const pageBytes = 8_192
    for (let page = 2; page < 5; page++) {
      disk.files[0]?.write(new Uint8Array(200).fill(0xa5), { at: page * pageBytes })
    }
    const driver = open(disk)
    expect(() => driver.prepare('SELECT sum(length(body)) FROM entry').get()).toThrow(
      expect.objectContaining({ code: 'storage/corrupt' }),
    )
    expect(driver.integrityCheck()).not.toEqual(['ok'])
    expect(driver.prepare('SELECT name FROM sqlite_schema').all()).toEqual([['entry']])
    driver.close()
  })

  test('a file of something else is no database', () => {
    for (const text of ['x', 'this is a letter, not a database '.repeat(500)]) {
      const disk = new MemoryDisk()
      disk.files[0]?.write(new TextEncoder().encode(text), { at: 0 })
      expect(() => open(disk)).toThrow(expect.objectContaining({ code: 'storage/not-a-database' }))
      expect(new TextDecoder().decode(disk.files[0]?.bytes())).toBe(text)
    }
  })
})

test('a refused read is an I/O error, and later reads go on', () => {
  const disk = filledDisk()
  const driver = open(disk)
  const [file] = disk.files
  if (file === undefined) throw new Error('there is a file')
  const read = file.read
  file.read = () => {
    throw new DOMException('cable pulled', 'InvalidStateError')
  }
  expect(() => driver.prepare('SELECT body FROM entry').all()).toThrow(
    expect.objectContaining({ code: 'storage/io' }),
  )
  file.read = read
  expect(ids(driver)).toHaveLength(200)
  driver.close()
})

test('after an exception inside SQLite nothing runs in it again, and another recovers the file', async () => {
  const fragile = await loadSqlite({ wasm })
  const disk = new MemoryDisk()
  const driver = open(disk, 'power', fragile)
  driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
  insert(driver, 1)
  driver.setDeadline(() => {
    throw new RangeError('Maximum call stack size exceeded')
  })
  const endless =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n'
  const isIo = expect.objectContaining({ code: 'storage/io' })
  expect(() => driver.prepare(endless).get()).toThrow(isIo)
  expect(driver.isOpen).toBe(false)
  expect(() => insert(driver, 2)).toThrow(isIo)
  driver.close()
  expect(() => insert(driver, 2)).toThrow(expect.objectContaining({ code: 'engine/closed' }))
  expect(() => open(new MemoryDisk(), 'power', fragile)).toThrow(isIo)
  const survivor = open(new MemoryDisk(disk))
  expect(ids(survivor)).toEqual([1])
  survivor.close()
})

function open(disk: MemoryDisk, durability: Durability = 'power', module = sqlite): Driver {
  const backing = { kind: 'opfs', path: `/memory/${++opened}.db`, files: disk.files } as const
  return openDatabase(module, backing, durability)
}

let opened = 0

function filledDisk(): MemoryDisk {
  const disk = new MemoryDisk()
  const driver = open(disk)
  driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body)')
  inTransaction(driver, () => {
    for (let id = 0; id < 200; id++) put(driver, id)
  })
  driver.close()
  return disk
}

function insert(driver: Driver, id: number): void {
  inTransaction(driver, () => put(driver, id))
}

function put(driver: Driver, id: number): void {
  driver.prepare('INSERT INTO entry VALUES (?, ?)').run([id, 'x'.repeat(500)])
}

function ids(driver: Driver): unknown[] {
  return driver.prepare('SELECT id FROM entry ORDER BY id').all().flat()
}

function harness(): DriverHarness {
  const disk = new MemoryDisk()
  return {
    isPersistent: true,
    interruptsWithinRows: true,
    open: () => open(disk),
    async replace(chunks) {
      const [file, log] = disk.files
      const bytes = Buffer.concat([...chunks])
      file?.truncate(0)
      log?.truncate(0)
      file?.write(bytes, { at: 0 })
      return open(disk)
    },
    dispose: () => undefined,
  }
}
