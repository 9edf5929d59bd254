import { startTestPostgres, type TestPostgres } from '@inner-universe/tooling'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  expectIngested,
  ingestTogether,
  ingestUntilKilled,
  Outputs,
  ReceiptHistory,
  receiptDefinition,
  TEST_CLOCK,
  viewStoreContract,
} from '../../testing/index.ts'
import type { ViewStore } from '../view-store.ts'
import { openPostgresStore } from './open-postgres-store.ts'

/** Kills of one run. Many are for a run of their own. */
const KILLS = Number(process.env.VIEWS_KILLS ?? 2)

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
        await pool.query(
          `UPDATE ${table} SET w = w + 1 WHERE r = (SELECT r FROM ${table} ORDER BY r LIMIT 1)`,
        )
      },
      async raiseFormat() {
        await pool.query(`UPDATE ${schema}._view SET format = format + 1`)
      },
      remove: () => dropSchema(schema),
    }
  },
})

function openStore(schema: string, rebuild?: () => never): Promise<ViewStore> {
  return openPostgresStore({
    pool,
    schema,
    view: 'receipts',
    definition: receiptDefinition(),
    clock: TEST_CLOCK,
    ...(rebuild === undefined ? {} : { rebuild }),
  })
}

function refuse(): never {
  throw new Error('what is there is served, not built anew')
}

test(
  '[VS19] after a kill the view is that of the committed batches, served at once',
  async () => {
    const schema = newSchema()
    const ingestion = { target: { url: server.url, schema }, seed: 31, batches: 100_000 }
    for (let kill = 0; kill < KILLS; kill += 1) {
      const said = await ingestUntilKilled(ingestion, Math.random() * 150)
      const store = await openStore(schema, refuse)
      expect(await expectIngested(store, ingestion)).toBeGreaterThanOrEqual(said ?? 0)
      await store.close()
    }
    await dropSchema(schema)
  },
  20_000 + 10_000 * KILLS,
)

test('[VS20] several processes bring batches to one database, each after the one before it', async () => {
  const schema = newSchema()
  const ingestion = { target: { url: server.url, schema }, seed: 32, batches: 20 }
  await ingestTogether(ingestion, 2)
  const store = await openStore(schema, refuse)
  expect(await expectIngested(store, ingestion)).toBe(19)
  await store.close()
  await dropSchema(schema)
}, 60_000)

test('[VS17] a server that goes away in a batch leaves nothing of it; the store goes on with the next', async () => {
  const schema = newSchema()
  const application = `${schema}_store`
  const own = new pg.Pool({ connectionString: server.url, application_name: application })
  own.on('error', () => undefined)
  const store = await openPostgresStore({
    pool: own,
    schema,
    view: 'receipts',
    definition: receiptDefinition(),
    clock: TEST_CLOCK,
  })
  const history = new ReceiptHistory(33)
  const outputs = new Outputs()
  const batches = [history.next(20), history.next(20), history.next(20)] as const
  outputs.add(await store.run(batches[0], { inputTime: 0, frontier: -1 }))
  // The batch is held up by a lock on the record until its connection has been ended.
  const blocker = await pool.connect()
  await blocker.query(`BEGIN; SELECT 1 FROM ${schema}._view FOR UPDATE`)
  const failing = store.run(batches[1], { inputTime: 1, frontier: 0 })
  const failed = expect(failing).rejects.toMatchObject({
    code: 'views/backend',
    details: { backendCode: '57P01' },
  })
  await endConnections(application)
  await failed
  await blocker.query('ROLLBACK')
  blocker.release()
  expect((await store.status()).inputTime).toBe(0)
  outputs.add(await store.run(batches[1], { inputTime: 1, frontier: 0 }))
  // Between batches a connection may go as well.
  await endConnections(application)
  outputs.add(await retried(() => store.run(batches[2], { inputTime: 2, frontier: 1 })))
  expect(outputs.differenceTo(Outputs.recomputed(receiptDefinition(), batches))).toBeUndefined()
  expect(await store.verify()).toBe(true)
  await store.close()
  await own.end()
  await dropSchema(schema)
})

/** Ends the connections of an application, once there is one that waits for a lock or for nothing. */
async function endConnections(application: string): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = $1 AND (wait_event_type = 'Lock' OR state = 'idle')`,
      [application],
    )
    if (rows.length > 0) return
    await TEST_CLOCK.wait(5)
  }
}

/** A pool may hand out a connection that has just ended: then the batch is given again. */
async function retried<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    expect(error).toMatchObject({ code: 'views/backend' })
    return work()
  }
}
