import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Driver } from '@inner-universe/sqlite'
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import { expect, test, vi } from 'vitest'
import {
  expectIngested,
  ingestTogether,
  ingestUntilKilled,
  ReceiptHistory,
  receiptDefinition,
  TEST_CLOCK,
  viewStoreContract,
} from '../../testing/index.ts'
import type { ViewStore } from '../view-store.ts'
import { openSqliteStore } from './open-sqlite-store.ts'
import { openSqliteReader } from './sqlite-cache.ts'

/** Kills of one run. Many are for a run of their own. */
const KILLS = Number(process.env.VIEWS_KILLS ?? 3)

// Processes take their time to start.
vi.setConfig({ testTimeout: 60_000 })

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

/** A file that several processes bring batches to, and how it is looked into. */
async function withFile(
  work: (path: string, open: () => Promise<ViewStore>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'inner-universe-views-'))
  const path = join(folder, 'views.db')
  const drivers: Driver[] = []
  try {
    await work(path, () => {
      const driver = openNodeDatabase({ path, durability: 'process', access: 'shared' })
      drivers.push(driver)
      return openSqliteStore({
        driver,
        view: 'receipts',
        definition: receiptDefinition(),
        clock: TEST_CLOCK,
        rebuild: () => {
          throw new Error('what is there is served, not built anew')
        },
      })
    })
  } finally {
    for (const driver of drivers) driver.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

test(
  '[VS19] after a kill the view is that of the committed batches, served at once',
  () =>
    withFile(async (path, open) => {
      const ingestion = { target: { path }, seed: 21, batches: 100_000 }
      for (let kill = 0; kill < KILLS; kill += 1) {
        const said = await ingestUntilKilled(ingestion, Math.random() * 100)
        const store = await open()
        expect(await expectIngested(store, ingestion)).toBeGreaterThanOrEqual(said ?? 0)
        await store.close()
      }
    }),
  60_000 + 10_000 * KILLS,
)

test(
  '[VS20] several processes bring batches to one file, each after the one before it',
  () =>
    withFile(async (path, open) => {
      const ingestion = { target: { path }, seed: 22, batches: 16 }
      await ingestTogether(ingestion, 2)
      expect(await expectIngested(await open(), ingestion)).toBe(15)
    }),
  60_000,
)

test('[VS18] a view is read beside the store that runs it, as of what is committed', () =>
  withFile(async (path, open) => {
    const reading = openNodeDatabase({ path, durability: 'process', access: 'shared' })
    const notReady = expect.objectContaining({ code: 'views/not-ready' })
    expect(() => openSqliteReader({ driver: reading, view: 'receipts' })).toThrow(notReady)
    const driver = openNodeDatabase({ path, durability: 'process', access: 'shared' })
    const definition = receiptDefinition()
    const store = await openSqliteStore({ driver, view: 'receipts', definition, clock: TEST_CLOCK })
    const reader = openSqliteReader({ driver: reading, view: 'receipts' })
    const cache = reader.cache('dearest/rows')
    const history = new ReceiptHistory(41)
    await store.run(history.next(40), { inputTime: 3, frontier: -1 })
    expect(reader.status()).toEqual({ inputTime: 3, frontier: -1, skipped: [] })
    const found = await cache.get('a')
    expect(found.length).toBeGreaterThan(0)
    expect(found).toEqual(await store.cache('dearest/rows').get('a'))
    await store.run(history.next(40), { inputTime: 4, frontier: 3, flushEverySet: null })
    expect(await cache.get('a')).toEqual(found)
    await store.close()
    await (await open()).close()
    reading.close()
    driver.close()
  }))
