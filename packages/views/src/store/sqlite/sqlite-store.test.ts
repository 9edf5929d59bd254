import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { viewStoreContract } from '../../testing/index.ts'
import type { ViewStore } from '../view-store.ts'
import { openSqliteStore } from './open-sqlite-store.ts'

function damage(driver: Driver): void {
  const [table] = driver
    .prepare("SELECT table_name FROM _view_piece WHERE piece = 'dearest/rows'")
    .get() as [string]
  driver.exec(`UPDATE "${table}" SET w = w + 1 WHERE r = (SELECT min(r) FROM "${table}")`)
}

viewStoreContract({
  name: 'a view in a SQLite database in memory',
  isPersistent: true,
  async create() {
    const driver = openNodeDatabase({ path: ':memory:', durability: 'process' })
    return {
      open: (options) => openSqliteStore({ ...options, driver, cachedMax: 3 }),
      damage: async () => damage(driver),
      raiseFormat: async () => driver.exec('UPDATE _view SET format = format + 1'),
      remove: async () => driver.close(),
    }
  },
})

viewStoreContract({
  name: 'a view in a SQLite file',
  isPersistent: true,
  async create() {
    const folder = mkdtempSync(join(tmpdir(), 'inner-universe-views-'))
    const drivers: Driver[] = []
    const connect = (): Driver => {
      const path = join(folder, 'views.db')
      const driver = openNodeDatabase({ path, durability: 'process', access: 'shared' })
      drivers.push(driver)
      return driver
    }
    return {
      // Each over a connection of its own, as another process would be.
      async open(options): Promise<ViewStore> {
        return openSqliteStore({ ...options, driver: connect() })
      },
      damage: async () => damage(connect()),
      raiseFormat: async () => connect().exec('UPDATE _view SET format = format + 1'),
      async remove() {
        for (const driver of drivers) driver.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
})
