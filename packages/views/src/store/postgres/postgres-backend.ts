import { isUniverseError, UniverseError } from '@inner-universe/core'
import type { Circuit, Deltas } from '../../circuit.ts'
import {
  isSameView,
  notReady,
  storeChanged,
  type ViewIdentity,
  type ViewRecord,
} from '../format.ts'
import type { BatchBackend } from '../timed-runs.ts'
import type { StoreStatus, Time } from '../view-store.ts'
import { Connection, isSqlState, LOCK_NOT_AVAILABLE, type PostgresSource } from './connection.ts'
import { hasRecordTables, type Names, readRecord, readSkipped } from './postgres-record.ts'
import type { PostgresState } from './postgres-state.ts'

/** What a batch needs of a Postgres database. */
export interface PostgresBackendOptions {
  readonly source: PostgresSource
  readonly names: Names
  readonly view: string
  readonly identity: ViewIdentity
  readonly state: PostgresState
  readonly circuit: Circuit
}

/** Batches over a {@link PostgresState}. The lock of a view is that of its record's row. */
export class PostgresBackend implements BatchBackend {
  readonly #options: PostgresBackendOptions
  /** While a transaction is open. */
  #connection: Connection | undefined

  constructor(options: PostgresBackendOptions) {
    this.#options = options
  }

  /** Runs a query on the open transaction's connection, else on one of its own. */
  use<T>(work: (by: Connection) => Promise<T>): Promise<T> {
    if (this.#connection !== undefined) return work(this.#connection)
    return Connection.use(this.#options.source, work)
  }

  async inputTime(): Promise<number> {
    const { names, view } = this.#options
    const record = await this.use((by) => readRecord(by, names, view, false))
    return record?.inputTime ?? -1
  }

  async begin(waitMs: number): Promise<boolean> {
    const connection = await Connection.take(this.#options.source)
    this.#connection = connection
    try {
      await connection.query(beginText(waitMs))
      this.#options.state.discard(await this.#lock(connection))
      return true
    } catch (error) {
      await this.rollback()
      if (isLockRefused(error)) return false
      throw error
    }
  }

  async step(inputs: Deltas, time: Time | undefined): Promise<Deltas> {
    const { state, circuit, names, view } = this.#options
    const by = this.#open()
    const outputs = await state.step(by, circuit, inputs, time?.flushEverySet === true)
    if (time === undefined) await state.flush(by)
    else {
      const { inputTime, frontier } = time
      const known = state.record?.inputTime ?? -1
      await state.flush(by, { inputTime: Math.max(known, inputTime), frontier })
      // It may have been skipped before: a later one has not.
      if (inputTime <= known) {
        await by.query(`DELETE FROM ${names.skipped} WHERE view = $1 AND input_time = $2`, [
          view,
          inputTime,
        ])
      }
    }
    return outputs
  }

  async commit(): Promise<void> {
    const by = this.#open()
    try {
      await by.query('COMMIT')
    } catch (error) {
      await this.rollback()
      throw outcomeUnknown(error)
    }
    this.#release()
  }

  async rollback(): Promise<void> {
    const connection = this.#connection
    if (connection === undefined) return
    try {
      await connection.query('ROLLBACK')
    } catch {
      // The connection is gone, and its transaction with it.
    }
    this.#release()
  }

  async skip(inputTimes: readonly number[]): Promise<void> {
    const { state, names, view } = this.#options
    const by = this.#open()
    const known = state.record?.inputTime ?? -1
    await state.flush(by, { inputTime: Math.max(known, ...inputTimes) })
    await by.query(
      `INSERT INTO ${names.skipped} (view, input_time) SELECT $1, unnest($2::bigint[])
       ON CONFLICT DO NOTHING`,
      [view, inputTimes],
    )
    await this.commit()
  }

  async status(): Promise<StoreStatus> {
    const { names, view } = this.#options
    return this.use((by) => readStatus(by, names, view))
  }

  /** Compares the tables with the digest, as of one moment. */
  async verify(): Promise<boolean> {
    const { names, view, state } = this.#options
    if (this.#connection !== undefined) {
      return (await state.readDigest(this.#connection)) === state.record?.digest
    }
    return Connection.use(this.#options.source, async (by) => {
      await by.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      try {
        const record = await readRecord(by, names, view, false)
        return (await state.readDigest(by)) === record?.digest
      } finally {
        await by.query('ROLLBACK')
      }
    })
  }

  async close(): Promise<void> {
    // Pool and client are the caller's.
  }

  async #lock(by: Connection): Promise<ViewRecord> {
    const { names, view, identity } = this.#options
    const record = await readRecord(by, names, view, true)
    if (record === undefined || !isSameView(record, identity)) throw storeChanged(view)
    return record
  }

  #open(): Connection {
    if (this.#connection !== undefined) return this.#connection
    throw new UniverseError('views/backend', 'the connection was lost; retry')
  }

  /** After a transaction: what was loaded is not known to hold any more. */
  #release(): void {
    this.#connection?.release()
    this.#connection = undefined
    this.#options.state.discard(this.#options.state.record)
  }
}

/** Where a view stands. Throws `views/not-ready` when there is none. */
export async function readStatus(by: Connection, names: Names, view: string): Promise<StoreStatus> {
  const isThere = await hasRecordTables(by, names)
  const record = isThere ? await readRecord(by, names, view, false) : undefined
  if (record?.phase !== 'ready') throw notReady(view)
  const { inputTime, frontier } = record
  return { inputTime, frontier, skipped: await readSkipped(by, names, view) }
}

/** Opens a transaction that waits so long for locks. Zero would be for ever. */
export function beginText(waitMs: number): string {
  return `BEGIN; SET LOCAL lock_timeout = ${Math.max(1, Math.ceil(waitMs))}`
}

/** True for the error of a lock that others have kept too long. */
export function isLockRefused(error: unknown): boolean {
  return isUniverseError(error, 'views/backend') && error.details.backendCode === LOCK_NOT_AVAILABLE
}

/** A commit that the server refused was not done; one that it did not answer may have been. */
function outcomeUnknown(error: unknown): unknown {
  if (!isUniverseError(error, 'views/backend') || isSqlState(error.details.backendCode))
    return error
  return new UniverseError(
    'views/backend',
    'Postgres went away during the commit; `status` says whether the batch came through',
    { details: { ...error.details, isOutcomeUnknown: true }, cause: error },
  )
}
