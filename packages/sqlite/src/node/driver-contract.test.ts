import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { type DriverHarness, driverContract, sqlContract } from '../testing/index.ts'
import { openNodeDatabase } from './database.ts'

describe('node:sqlite in memory', () => {
  for (const { title, run } of [...driverContract, ...sqlContract])
    test(title, () => run(memoryHarness()))
})

describe('node:sqlite in a file', () => {
  for (const { title, run } of [...driverContract, ...sqlContract])
    test(title, () => run(fileHarness()))
})

function memoryHarness(): DriverHarness {
  const open = (contents?: Uint8Array) =>
    openNodeDatabase({ path: ':memory:', durability: 'power', ...(contents && { contents }) })
  return {
    isPersistent: false,
    interruptsWithinRows: false,
    open: () => open(),
    replace: async (chunks) => open(Buffer.concat([...chunks])),
    dispose: () => undefined,
  }
}

function fileHarness(): DriverHarness {
  const folder = mkdtempSync(join(tmpdir(), 'driver-'))
  const path = join(folder, 'universe.db')
  return {
    isPersistent: true,
    interruptsWithinRows: false,
    open: () => openNodeDatabase({ path, durability: 'power' }),
    replace: async (chunks) => {
      writeFileSync(path, Buffer.concat([...chunks]))
      return openNodeDatabase({ path, durability: 'power' })
    },
    dispose: () => rmSync(folder, { recursive: true }),
  }
}
