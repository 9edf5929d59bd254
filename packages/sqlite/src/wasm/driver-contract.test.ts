import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test } from 'vitest'
import { type DriverHarness, driverContract, sqlContract } from '../testing/index.ts'
import { openDatabase } from './database.ts'
import { loadSqlite } from './load.ts'

const wasm = readFileSync(createRequire(import.meta.url).resolve('wa-sqlite/dist/wa-sqlite.wasm'))
const sqlite = await loadSqlite({ wasm })

describe('wa-sqlite in memory', () => {
  for (const { title, run } of [...driverContract, ...sqlContract])
    test(title, () => run(harness()))
})

function harness(): DriverHarness {
  return {
    isPersistent: false,
    interruptsWithinRows: true,
    open: () => openDatabase(sqlite, { kind: 'memory' }, 'power'),
    replace: async (chunks) => {
      return openDatabase(sqlite, { kind: 'memory', contents: Buffer.concat([...chunks]) }, 'power')
    },
    dispose: () => undefined,
  }
}
