/** Opens a relay's storage in a SQLite file, and notices when the file is a copy. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Epoch } from '@inner-universe/core'
import { inTransaction } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import type { LogStore } from '@inner-universe/sync/relay-side'
import { SqliteLogStore } from './sqlite-log-store.ts'
import { prepareSchema } from './sqlite-schema.ts'

/** Where the store is, and what it is given from outside. */
export interface SqliteLogStoreOptions {
  /** Path of the database; `<path>.instance` is kept beside it. */
  readonly path: string
  /** Random bytes as lower-case hex: epochs, and the identity of this file. */
  readonly randomHex: (byteCount: number) => string
  /** Wall time, ms since 1970. */
  readonly now: () => number
}

/**
 * Opens the store, creating it when there is none.
 *
 * A file whose `instance` beside it is missing or another one is a copy, or was put back from a
 * backup: what was appended since may be lost, so every universe begins a new epoch.
 *
 * @throws UniverseError `storage/…`, `engine/format-too-new`.
 */
export function openSqliteLogStore(options: SqliteLogStoreOptions): LogStore {
  const { path, randomHex, now } = options
  const driver = openNodeDatabase({ path, durability: 'power' })
  try {
    prepareSchema(driver)
    const store = new SqliteLogStore(driver)
    const [instance] = driver.prepare('SELECT instance FROM store').get() ?? []
    if (instance !== readInstance(path) || instance === '') {
      const fresh = randomHex(16)
      const epochMs = now()
      inTransaction(driver, () => {
        store.startEpochs(() => randomHex(8) as Epoch, epochMs)
        driver.prepare('UPDATE store SET instance = ?1').run([fresh])
      })
      // Order matters: broken off here, the next opening finds them different, which is harmless.
      writeInstance(path, fresh)
    }
    return store
  } catch (error) {
    driver.close()
    throw error
  }
}

function readInstance(path: string): string | undefined {
  const file = `${path}.instance`
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

function writeInstance(path: string, instance: string): void {
  writeFileSync(`${path}.instance.new`, `${instance}\n`)
  renameSync(`${path}.instance.new`, `${path}.instance`)
}
