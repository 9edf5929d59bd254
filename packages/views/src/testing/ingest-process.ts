// Process of the tests of restarts and of ingestion by several: brings its share of the batches of a
// history, each after the one before it, and says of each when it is committed.
import { openNodeDatabase } from '@inner-universe/sqlite/node'
import pg from 'pg'
import { openPostgresStore } from '../store/postgres/index.ts'
import { openSqliteStore } from '../store/sqlite/index.ts'
import type { ViewStoreOptions } from '../store/view-store.ts'
import { TEST_CLOCK } from './real-clock.ts'
import { ReceiptHistory, receiptDefinition } from './view-history.ts'

interface IngestTask {
  /** A file path, or a Postgres URL and a schema. */
  readonly path?: string
  readonly url?: string
  readonly schema?: string
  readonly seed: number
  /** Changes per batch. */
  readonly changes: number
  /** Of so many processes, which one this is: batch `i` is of process `i % processes`. */
  readonly process: number
  readonly processes: number
  /** Batches of the history. */
  readonly batches: number
}

const task: IngestTask = JSON.parse(process.argv[2] ?? '')
const options: ViewStoreOptions = {
  view: 'receipts',
  definition: receiptDefinition(),
  clock: TEST_CLOCK,
}
const pool = task.url === undefined ? undefined : new pg.Pool({ connectionString: task.url })
const driver =
  task.path === undefined
    ? undefined
    : openNodeDatabase({ path: task.path, durability: 'process', access: 'shared' })
const store =
  driver === undefined
    ? await openPostgresStore({
        ...options,
        pool: pool as pg.Pool,
        ...(task.schema === undefined ? {} : { schema: task.schema }),
      })
    : await openSqliteStore({ ...options, driver })
const { inputTime: last } = await store.status()
const history = new ReceiptHistory(task.seed)
for (let inputTime = 0; inputTime < task.batches; inputTime += 1) {
  const batch = history.next(task.changes)
  if (inputTime <= last || inputTime % task.processes !== task.process) continue
  await store.run(batch, { inputTime, frontier: inputTime - 1 })
  process.stdout.write(`${inputTime}\n`)
}
await store.close()
driver?.close()
await pool?.end()
