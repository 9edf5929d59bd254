import { startTestPostgres, type TestPostgres } from '@inner-universe/tooling'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ReceiptHistory, receiptDefinition, TEST_CLOCK, viewStoreContract } from '../../testing/index.ts'
import type { ViewStore } from '../view-store.ts'
import { openPostgresStore } from './open-postgres-store.ts'

let server: TestPostgres
let pool: pg.Pool
let schemaCount = 0

beforeAll(async () => {
  server = await startTestPostgres()
  pool = new pg.Pool({ connectionString: server.url, max: 6 })
}, 120_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

/** A schema that no other run uses, on a server that may be everybody's. */
function newSchema(): string {
  schemaCount += 1
  return `views_test_${process.pid}_${schemaCount}`
}

async function dropSchema(schema: string): Promise<void> {
  await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
}

viewStoreContract({
  name: 'a view in Postgres',
  isPersistent: true,
  async create() {
    const schema = newSchema()
    return {
      open: (options) => openPostgresStore({ ...options, pool, schema }),
      async damage() {
        const { rows } = await pool.query(
          `SELECT table_name FROM ${schema}._view_piece WHERE piece = 'dearest/rows'`,
        )
        const table = `${schema}."${rows[0].table_name}"`
        await pool.query(`UPDATE ${table} SET w = w + 1 WHERE r = (SELECT r FROM ${table} ORDER BY r LIMIT 1)`)
      },
      async raiseFormat() {
        await pool.query(`UPDATE ${schema}._view SET format = format + 1`)
      },
      remove: () => dropSchema(schema),
    }
  },
})

async function openStore(schema: string): Promise<ViewStore> {
  return openPostgresStore({
    pool,
    schema,
    view: 'receipts',
    definition: receiptDefinition(),
    clock: TEST_CLOCK,
  })
}
