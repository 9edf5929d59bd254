import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Driver } from '../driver.ts'
import { inTransaction } from '../transaction.ts'
import { openNodeDatabase } from './database.ts'
import { deleteNodeDatabase, importNodeDatabase } from './files.ts'

let folder = ''
let path = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
  path = join(folder, 'universe.db')
})

afterEach(() => rmSync(folder, { recursive: true }))

const withCode = (code: string) => expect.objectContaining({ code })

test('a second owner is refused until the first has closed, also in another process', () => {
  const driver = open()
  fill(driver, 5)
  // An export opens the file a second time; it must not give the lock away.
  expect([...driver.exportChunks(10_000)].length).toBeGreaterThan(0)
  expect(open).toThrow(withCode('storage/locked'))
  expect(() => deleteNodeDatabase(path)).toThrow(withCode('storage/locked'))
  const script = `const { DatabaseSync } = require('node:sqlite')
    try { new DatabaseSync(${JSON.stringify(path)}, { timeout: 0 }).prepare('SELECT * FROM entry').all() }
    catch (error) { process.stdout.write(String(error.errcode)) }`
  expect(spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout).toBe('5')
  driver.close()
  const next = open()
  expect(count(next)).toBe(5)
  next.close()
})

test('a path that cannot be opened is unavailable', () => {
  expect(() => openNodeDatabase({ path: join(folder, 'no/such.db'), durability: 'power' })).toThrow(
    withCode('storage/unavailable'),
  )
})

test('what was committed survives a killed process', () => {
  const script = `
    import { openNodeDatabase } from ${JSON.stringify(new URL('./database.ts', import.meta.url).href)}
    const driver = openNodeDatabase({ path: ${JSON.stringify(path)}, durability: 'process' })
    driver.exec('CREATE TABLE entry (id INTEGER PRIMARY KEY, body TEXT)')
    for (let id = 1; id <= 20; id++) driver.prepare('INSERT INTO entry VALUES (?, ?)').run([id, 'x'])
    driver.exec('BEGIN IMMEDIATE')
    driver.prepare('INSERT INTO entry VALUES (21, ?)').run(['half'])
    process.kill(process.pid, 'SIGKILL')`
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script])
  expect(signal).toBe('SIGKILL')
  const driver = open()
  expect(count(driver)).toBe(20)
  expect(driver.integrityCheck()).toEqual(['ok'])
  driver.close()
})

describe('damage', () => {
  test.each([
    ['the magic', 0, 'storage/not-a-database'],
    ['the schema page', 100, 'storage/corrupt'],
  ])('in %s is told at open, and the bytes stay', (_, at, code) => {
    fillFile(50)
    const bytes = readFileSync(path).fill(0xa5, at, at + 50)
    writeFileSync(path, bytes)
    expect(open).toThrow(withCode(code))
    expect(readFileSync(path)).toEqual(bytes)
  })
})

describe('import', () => {
  test('takes the place of the old database, or of none', async () => {
    const bytes = exported(300)
    for (let round = 0; round < 2; round++) {
      const progress: number[] = []
      await importNodeDatabase({
        path,
        chunks: [bytes.subarray(0, 70), bytes.subarray(70)],
        validate: (driver) => expect(count(driver)).toBe(300),
        onProgress: (bytesWritten) => progress.push(bytesWritten),
      })
      expect(progress).toEqual([70, bytes.length])
      const driver = open()
      expect(count(driver)).toBe(300)
      fill(driver, 3)
      driver.close()
      expect(readdirSync(folder)).toEqual(['universe.db'])
    }
  })

  test('takes the place of a damaged one', async () => {
    writeFileSync(path, 'not a database '.repeat(100))
    writeFileSync(`${path}-wal`, 'a log of something else')
    await importNodeDatabase({ path, chunks: [exported(30)] })
    const driver = open()
    expect(count(driver)).toBe(30)
    driver.close()
  })

  test('that fails leaves what was there, whatever fails', async () => {
    const bytes = exported(300)
    const damaged = bytes.slice().fill(0xa5, 3 * 8_192, 3 * 8_192 + 500)
    const refuse = () => {
      throw Object.assign(new Error('another module'), { code: 'engine/module-mismatch' })
    }
    const attempts = [
      [{ chunks: [] }, 'storage/not-a-database'],
      [{ chunks: [new TextEncoder().encode('letter '.repeat(99))] }, 'storage/not-a-database'],
      [{ chunks: [damaged] }, 'storage/corrupt'],
      [{ chunks: [bytes.subarray(0, 30_000)] }, 'storage/corrupt'],
      [{ chunks: [bytes], signal: AbortSignal.abort() }, 'call/aborted'],
      [{ chunks: [bytes], validate: refuse }, 'engine/module-mismatch'],
    ] as const
    for (const [options, code] of attempts) {
      await expect(importNodeDatabase({ path, ...options })).rejects.toThrow(withCode(code))
      expect(readdirSync(folder)).toEqual([])
    }
    fillFile(7)
    for (const [options, code] of attempts) {
      await expect(importNodeDatabase({ path, ...options })).rejects.toThrow(withCode(code))
      expect(readdirSync(folder)).toEqual(['universe.db'])
    }
    const driver = open()
    expect(count(driver)).toBe(7)
    await expect(importNodeDatabase({ path, chunks: [bytes] })).rejects.toThrow(
      withCode('storage/locked'),
    )
    expect(count(driver)).toBe(7)
    driver.close()
  })
})

test('a deleted database is gone with all its files, and deleting again is fine', () => {
  fillFile(10)
  deleteNodeDatabase(path)
  deleteNodeDatabase(path)
  expect(readdirSync(folder)).toEqual([])
})

function open(): Driver {
  return openNodeDatabase({ path, durability: 'power' })
}

function fillFile(rowCount: number): void {
  const driver = open()
  fill(driver, rowCount)
  driver.close()
}

function fill(driver: Driver, rowCount: number): void {
  driver.exec('CREATE TABLE IF NOT EXISTS entry (id INTEGER PRIMARY KEY, body TEXT)')
  inTransaction(driver, () => {
    const insert = driver.prepare('INSERT INTO entry (body) VALUES (?)')
    for (let row = 0; row < rowCount; row++) insert.run(['x'.repeat(300)])
  })
}

function count(driver: Driver): unknown {
  return driver.prepare('SELECT count(*) FROM entry').get()?.[0]
}

function exported(rowCount: number): Uint8Array {
  const driver = openNodeDatabase({ path: ':memory:', durability: 'power' })
  fill(driver, rowCount)
  const bytes = Buffer.concat([...driver.exportChunks(10_000)])
  driver.close()
  return new Uint8Array(bytes)
}
