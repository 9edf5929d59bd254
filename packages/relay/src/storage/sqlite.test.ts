import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Epoch } from '@inner-universe/core'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import type { LogStore } from '@inner-universe/sync/relay-side'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openSqliteLogStore } from './sqlite.ts'
import { type LogStoreHarness, logStoreContract } from './testing/log-store-contract.ts'

describe('in a SQLite file', () => {
  for (const { title, run } of logStoreContract) test(title, () => run(fileHarness()))
})

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-store-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a store opened where it was closed goes on in its epoch', async () => {
  const store = await createGarden('relay.db')
  const { epoch } = (await store.find('garden')) ?? {}
  await store.close()
  const again = open('relay.db')
  expect((await again.find('garden'))?.epoch).toBe(epoch)
  await again.close()
})

test('a copy without its instance begins a new epoch, once', async () => {
  const store = await createGarden('relay.db')
  const before = await store.find('garden')
  await store.close()
  cpSync(join(folder, 'relay.db'), join(folder, 'copy.db'))
  const copy = open('copy.db', 7000)
  const after = await copy.find('garden')
  expect(after?.epoch).not.toBe(before?.epoch)
  expect(after?.epochMs).toBe(7000)
  expect(after?.pastEpochs).toEqual([{ epoch: before?.epoch, lastOffset: 0 }])
  await copy.close()
  const again = open('copy.db')
  expect((await again.find('garden'))?.epoch).toBe(after?.epoch)
  await again.close()
})

test('an older file put back under a newer instance begins a new epoch', async () => {
  await (await createGarden('relay.db')).close()
  cpSync(join(folder, 'relay.db'), join(folder, 'backup.db'))
  writeFileSync(join(folder, 'relay.db.instance'), 'another\n')
  const store = open('relay.db')
  const { epoch } = (await store.find('garden')) ?? {}
  await store.close()
  cpSync(join(folder, 'backup.db'), join(folder, 'relay.db'))
  const restored = open('relay.db')
  expect((await restored.find('garden'))?.pastEpochs).toHaveLength(1)
  expect((await restored.find('garden'))?.epoch).not.toBe(epoch)
  await restored.close()
})

test('a database of something else, or of a later format, is refused and left alone', async () => {
  const path = join(folder, 'other.db')
  const other = openNodeDatabase({ path, durability: 'power' })
  other.exec('CREATE TABLE thing (x)')
  other.close()
  const bytes = readFileSync(path)
  expect(() => open('other.db')).toThrow('not of a relay')
  expect(readFileSync(path).equals(bytes)).toBe(true)
  await (await createGarden('relay.db')).close()
  const later = openNodeDatabase({ path: join(folder, 'relay.db'), durability: 'power' })
  later.exec('PRAGMA user_version = 99')
  later.close()
  expect(() => open('relay.db')).toThrow('format 99')
})

test('two relays do not open one file', async () => {
  const store = await createGarden('relay.db')
  expect(() => open('relay.db')).toThrow(expect.objectContaining({ code: 'storage/locked' }))
  await store.close()
})

async function createGarden(name: string): Promise<LogStore> {
  const store = open(name)
  const epoch = 'e000000000000001' as Epoch
  await store.create({ universe: 'garden', module: 'm', owner: 'ann', epoch, epochMs: 1 })
  return store
}

let random = 0
function open(name: string, nowMs = 1): LogStore {
  return openAt(join(folder, name), nowMs)
}

function openAt(path: string, nowMs: number): LogStore {
  return openSqliteLogStore({
    path,
    randomHex: (byteCount) => (++random).toString(16).padStart(byteCount * 2, '0'),
    now: () => nowMs,
  })
}

/** A crash is a copy of the files as they are while the store is open. */
function fileHarness(): LogStoreHarness {
  const root = mkdtempSync(join(tmpdir(), 'log-store-'))
  let place = join(root, 'first')
  let crashes = 0
  cpSync(mkdtempSync(join(root, 'empty-')), place, { recursive: true })
  return {
    isPersistent: true,
    open: () => openAt(join(place, 'relay.db'), 1),
    crash() {
      const next = join(root, `crash-${++crashes}`)
      cpSync(place, next, { recursive: true })
      place = next
    },
    dispose: () => rmSync(root, { recursive: true }),
  }
}
