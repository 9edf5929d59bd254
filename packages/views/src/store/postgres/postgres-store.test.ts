import { startTestPostgres, type TestPostgres } from '@inner-universe/tooling'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Deltas } from '../../circuit.ts'
import { createGraph } from '../../graph.ts'
import {
  definitionOf,
  deltaOf,
  expectIngested,
  ingestTogether,
  ingestUntilKilled,
  Outputs,
  ReceiptHistory,
  receiptDefinition,
  TEST_CLOCK,
  viewStoreContract,
} from '../../testing/index.ts'
import { pieceTable } from '../format.ts'
import type { ViewStore } from '../view-store.ts'
import type { PostgresPool } from './connection.ts'
import { openPostgresStore } from './open-postgres-store.ts'
import { openPostgresReader } from './postgres-cache.ts'

/** Kills of one run. Many are for a run of their own. */
const KILLS = Number(process.env.VIEWS_KILLS ?? 2)

// Many statements, each a way to the server and back.
vi.setConfig({ testTimeout: 60_000 })

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
  60_000 + 10_000 * KILLS,
)

test('[VS20] several processes bring batches to one database, each after the one before it', async () => {
  const schema = newSchema()
  const ingestion = { target: { url: server.url, schema }, seed: 32, batches: 12 }
  await ingestTogether(ingestion, 2)
  const store = await openStore(schema, refuse)
  expect(await expectIngested(store, ingestion)).toBe(11)
  await store.close()
  await dropSchema(schema)
})

test('[VS20] stores that open a view at once make it once, while the first of them goes on', async () => {
  for (let round = 0; round < 5; round += 1) {
    const schema = newSchema()
    const history = new ReceiptHistory(round)
    const batches = [history.next(20), history.next(20), history.next(20), history.next(20)]
    const outputs = new Outputs()
    const runs = batches.map(async (batch, inputTime) => {
      const view = { view: 'receipts', definition: receiptDefinition(), clock: TEST_CLOCK }
      const store = await openPostgresStore({ ...view, pool, schema })
      outputs.add(await store.run(batch, { inputTime, frontier: inputTime - 1 }))
      await store.close()
    })
    await Promise.all(runs)
    const all = Outputs.recomputed(receiptDefinition(), batches)
    expect(outputs.differenceTo(all), `round ${round}`).toBeUndefined()
    await dropSchema(schema)
  }
})

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
  await endConnections(application, 'Lock')
  await failed
  await blocker.query('ROLLBACK')
  blocker.release()
  expect((await store.status()).inputTime).toBe(0)
  outputs.add(await store.run(batches[1], { inputTime: 1, frontier: 0 }))
  // Between batches a connection may go as well.
  await endConnections(application, 'Client')
  outputs.add(await retried(() => store.run(batches[2], { inputTime: 2, frontier: 1 })))
  expect(outputs.differenceTo(Outputs.recomputed(receiptDefinition(), batches))).toBeUndefined()
  expect(await store.verify()).toBe(true)
  await store.close()
  await own.end()
  await dropSchema(schema)
})

test('[VS17] of a commit that nobody answered, the status says whether it came through', async () => {
  const schema = newSchema()
  let losesAnswer = false
  const store = await openPostgresStore({
    pool: watched(async (text, run) => {
      const result = await run()
      if (losesAnswer && text === 'COMMIT') throw new Error('the answer was lost')
      return result
    }),
    schema,
    view: 'receipts',
    definition: receiptDefinition(),
    clock: TEST_CLOCK,
  })
  const history = new ReceiptHistory(34)
  losesAnswer = true
  await expect(store.run(history.next(), { inputTime: 0, frontier: -1 })).rejects.toMatchObject({
    code: 'views/backend',
    details: { isOutcomeUnknown: true },
  })
  losesAnswer = false
  expect(await store.status()).toEqual({ inputTime: 0, frontier: -1, skipped: [] })
  expect(await store.verify()).toBe(true)
  await store.close()
  await dropSchema(schema)
})

test('a store may have a connection of its own in place of a pool', async () => {
  const schema = newSchema()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  const store = await openPostgresStore({
    client,
    schema,
    view: 'receipts',
    definition: receiptDefinition(),
    clock: TEST_CLOCK,
  })
  const history = new ReceiptHistory(35)
  const batches = [history.next(20), history.next(20)]
  const outputs = new Outputs()
  for (const batch of batches) outputs.add(await store.run(batch))
  expect(outputs.differenceTo(Outputs.recomputed(receiptDefinition(), batches))).toBeUndefined()
  await store.close()
  await client.end()
  await expect(
    openPostgresStore({
      client,
      schema,
      view: 'receipts',
      definition: receiptDefinition(),
      clock: TEST_CLOCK,
    }),
  ).rejects.toMatchObject({ code: 'views/backend' })
  await dropSchema(schema)
})

test('[VS16] a step takes as many statements for a thousand rows as for one', async () => {
  const schema = newSchema()
  let statements = 0
  const counted = watched((_, run) => {
    statements += 1
    return run()
  })
  const store = await openPostgresStore({
    pool: counted,
    schema,
    view: 'receipts',
    definition: receiptDefinition(),
    clock: TEST_CLOCK,
  })
  const product = { id: 1, price: 2 }
  const itemsFrom = (from: number, count: number): Deltas => {
    const items = Array.from({ length: count }, (_, index) => {
      const id = from + index
      return { id, basket: `basket ${id}`, product: 1, quantity: 1, note: id }
    })
    return new Map([['items', deltaOf(items.map((item) => [item, 1] as const))]])
  }
  await store.run(new Map([['products', deltaOf([[product, 1]])]]))
  const cost = async (inputs: Deltas): Promise<number> => {
    const before = statements
    await store.run(inputs)
    return statements - before
  }
  const ofOne = await cost(itemsFrom(0, 1))
  const ofMany = await cost(itemsFrom(1, 1_000))
  expect(ofMany).toBe(ofOne)
  expect(ofOne).toBeLessThan(30)
  await store.close()
  await dropSchema(schema)
})

test('[VS15] what is too long for an index stands in it shortened, and whole beside it', async () => {
  const schema = newSchema()
  const graph = createGraph()
  const rows = graph.source<{ key: string; at: string }>('rows')
  const cached = rows.window({
    by: (row) => row.key,
    orderBy: [{ pick: (row) => row.at, isDescending: false }],
    limit: 1,
  })
  graph.output('first', cached.named('rows'))
  const store = await openPostgresStore({
    pool,
    schema,
    view: 'long',
    definition: definitionOf(graph),
    clock: TEST_CLOCK,
  })
  const long = (end: string): string => `${'x'.repeat(3_000)}${end}`
  const added = ['c', 'a', 'b'].map((end) => ({ key: long('key'), at: long(end) }))
  const first = await store.run(new Map([['rows', deltaOf(added.map((row) => [row, 1] as const))]]))
  expect(first.get('first')?.rows).toEqual([{ key: long('key'), at: long('a') }])
  const { rows: stored } = await pool.query(
    `SELECT length(k) AS k, length(kl) AS kl, length(o) AS o, length(ol) AS ol, length(r) AS r,
       length(rl) > 6000 AS rl FROM ${schema}."${pieceTable('long', 'rows/rows')}"`,
  )
  expect(stored).toEqual(
    added.map(() => ({ k: 33, kl: 3_005, o: 900, ol: 3_003, r: 33, rl: true })),
  )
  const next = await store.run(new Map([['rows', deltaOf([[added[1], -1]])]]))
  expect(next.get('first')).toEqual(
    expect.objectContaining({
      rows: expect.arrayContaining([
        { key: long('key'), at: long('a') },
        { key: long('key'), at: long('b') },
      ]),
    }),
  )
  expect(await store.verify()).toBe(true)
  await store.close()
  await dropSchema(schema)
})

test('[VS18] a view is read beside the store that runs it, as of what is committed', async () => {
  const schema = newSchema()
  const options = { pool, schema, view: 'receipts' }
  await expect(openPostgresReader(options)).rejects.toMatchObject({ code: 'views/not-ready' })
  const store = await openStore(schema)
  const reader = await openPostgresReader(options)
  const history = new ReceiptHistory(42)
  await store.run(history.next(40), { inputTime: 3, frontier: -1 })
  const found = await reader.cache('dearest/rows').get('a')
  expect(found.length).toBeGreaterThan(0)
  expect(found).toEqual(await store.cache('dearest/rows').get('a'))
  await store.run(history.next(40), { inputTime: 4, frontier: 3, flushEverySet: null })
  expect(await reader.cache('dearest/rows').get('a')).toEqual(found)
  expect(await reader.status()).toEqual({ inputTime: 3, frontier: -1, skipped: [] })
  await store.close()
  await dropSchema(schema)
})

type Run = () => Promise<{ rows: unknown[] }>

/** The pool, with something done around every statement. */
function watched(around: (text: string, run: Run) => ReturnType<Run>): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect()
      return {
        query: (text, values) => around(text, () => client.query(text, values)),
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (isBroken) => client.release(isBroken),
      }
    },
  }
}

/** Ends the connections of an application, once there is one that waits for a lock or for nothing. */
async function endConnections(application: string, waitingFor: 'Lock' | 'Client'): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = $1 AND wait_event_type = $2`,
      [application, waitingFor],
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
