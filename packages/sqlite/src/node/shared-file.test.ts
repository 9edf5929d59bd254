import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Driver } from '../driver.ts'
import { openNodeDatabase } from './database.ts'

let folder: string
let drivers: Driver[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inner-universe-shared-'))
  drivers = []
})

afterEach(() => {
  for (const driver of drivers) driver.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(access: 'exclusive' | 'shared'): Driver {
  const path = join(folder, 'file.db')
  const driver = openNodeDatabase({ path, durability: 'process', access })
  drivers.push(driver)
  return driver
}

const locked = expect.objectContaining({ code: 'storage/locked' })

test('drivers that share a file see what the others committed, and write one at a time', () => {
  const [one, other] = [open('shared'), open('shared')]
  one.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)')
  expect(other.prepare('SELECT x FROM t').all()).toEqual([[1]])
  one.exec('BEGIN IMMEDIATE')
  one.exec('INSERT INTO t VALUES (2)')
  expect(() => other.exec('BEGIN IMMEDIATE')).toThrow(locked)
  expect(other.prepare('SELECT count(*) FROM t').get()).toEqual([1])
  one.exec('COMMIT')
  other.exec('BEGIN IMMEDIATE')
  expect(other.prepare('SELECT count(*) FROM t').get()).toEqual([2])
  other.exec('COMMIT')
})

test('a file that is not shared has one owner', () => {
  open('exclusive').exec('CREATE TABLE t (x)')
  expect(() => open('exclusive')).toThrow(locked)
})
