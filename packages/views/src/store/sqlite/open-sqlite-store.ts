/** A view in a SQLite database: a `ViewStore` that survives a restart. STORES.md VS8–VS14. */
import { isUniverseError, UniverseError } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Circuit, Deltas } from '../../circuit.ts'
import type { StateName } from '../../state.ts'
import { storeChanged, storeCorrupt, type ViewIdentity } from '../format.ts'
import { rebuildFrom } from '../rebuild.ts'
import { TimedRuns } from '../timed-runs.ts'
import {
  type ReadonlyCache,
  type RebuildReason,
  type StoreStatus,
  type Time,
  type ViewStore,
  type ViewStoreOptions,
  WAIT_MS_MAX,
} from '../view-store.ts'
import { tryBegin } from './begin.ts'
import { SqliteBackend } from './sqlite-backend.ts'
import { readStatus, SqliteCache } from './sqlite-cache.ts'
import { openSqliteState, type SqliteState } from './sqlite-state.ts'

/** Where the view is, and what it is. */
export interface SqliteStoreOptions extends ViewStoreOptions {
  /**
   * The caller's, who closes it after the store. Nobody else may have a transaction open on it while a
   * batch runs or a view is filled. Where other processes use the file too: opened with
   * `access: 'shared'`.
   */
  readonly driver: Driver
  /** Groups and values remembered per piece of state. See `CACHED_MAX`. */
  readonly cachedMax?: number
}

/**
 * Opens a view of a SQLite database: at once if its state is of the same definition, else it is filled by
 * `rebuild`, in one transaction.
 *
 * Cost of opening what is there: a few statements, whatever the size of the state (`verifies` apart).
 *
 * @throws UniverseError `views/store-changed` and `views/store-corrupt` where there is no `rebuild`,
 * `views/store-too-new`, `views/timed-out` while another process fills it; what `rebuild` throws.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<ViewStore> {
  const { clock, timeoutMs = WAIT_MS_MAX, driver, view } = options
  const { state, circuit } = openServed(options) ?? (await fill(options, timeoutMs))
  const backend = new SqliteBackend({ driver, view, state, circuit })
  return new SqliteStore(options, state, new TimedRuns({ backend, clock, timeoutMs }))
}

interface Opened {
  readonly state: SqliteState
  readonly circuit: Circuit
}

/** The view as it is, if it may be served. */
function openServed(options: SqliteStoreOptions): Opened | undefined {
  const found = judge(options)
  if (typeof found !== 'string') return found
  if (found !== 'missing' && options.rebuild === undefined) {
    throw found === 'changed'
      ? storeChanged(options.view)
      : storeCorrupt(options.view, 'it does not fit its digest or its tables')
  }
  return undefined
}

function judge(options: SqliteStoreOptions): Opened | RebuildReason {
  const { definition, verifies = false } = options
  const state = openSqliteState(options)
  if (state.record?.phase !== 'ready') return 'missing'
  if (!state.isOf(identityOf(options))) return 'changed'
  try {
    const circuit = definition.createCircuit(state)
    if (verifies && !state.verify()) return 'corrupt'
    return { state, circuit }
  } catch (error) {
    if (isUniverseError(error, 'views/store-corrupt')) return 'corrupt'
    if (isUniverseError(error, 'views/store-changed')) return 'changed'
    throw error
  }
}

async function fill(options: SqliteStoreOptions, timeoutMs: number): Promise<Opened> {
  const { driver, clock, definition } = options
  const deadline = clock.nowMs() + timeoutMs
  while (!tryBegin(driver)) {
    if (clock.nowMs() >= deadline) {
      throw new UniverseError(
        'views/timed-out',
        `waited ${timeoutMs} ms for another process that writes to the database; retry`,
        { details: { timeoutMs } },
      )
    }
    await clock.wait(BUSY_POLL_MS)
  }
  try {
    // Somebody else may have filled it in the meantime.
    const found = judge(options)
    if (typeof found !== 'string') {
      driver.exec('COMMIT')
      return found
    }
    const state = openSqliteState(options)
    state.start(identityOf(options), 'ready')
    const circuit = definition.createCircuit(state)
    await rebuildFrom(options, found, (inputs) => {
      circuit.step(inputs)
      state.flush()
    })
    state.flush()
    driver.exec('COMMIT')
    return { state, circuit }
  } catch (error) {
    if (driver.isOpen && driver.isInTransaction) driver.exec('ROLLBACK')
    throw error
  }
}

/** Pause between two attempts to write, in ms. */
const BUSY_POLL_MS = 5

function identityOf({ definition }: SqliteStoreOptions): ViewIdentity {
  return { definitionHash: definition.definitionHash, schemaVersion: 0 }
}

class SqliteStore implements ViewStore {
  readonly kind = 'sqlite'
  readonly #driver: Driver
  readonly #view: string
  readonly #state: SqliteState
  readonly #runs: TimedRuns

  constructor({ driver, view }: SqliteStoreOptions, state: SqliteState, runs: TimedRuns) {
    this.#driver = driver
    this.#view = view
    this.#state = state
    this.#runs = runs
  }

  run(inputs: Deltas, time?: Time): Promise<Deltas> {
    return this.#runs.run(inputs, time)
  }

  skip(inputTime: number): Promise<void> {
    return this.#runs.skip(inputTime)
  }

  status(): Promise<StoreStatus> {
    return this.#runs.inTurn(async () => readStatus(this.#driver, this.#view))
  }

  cache<R>(name: StateName): ReadonlyCache<R> {
    return new SqliteCache<R>(this.#driver, this.#view, name)
  }

  verify(): Promise<boolean> {
    return this.#runs.inTurn(async () => {
      if (this.#driver.isInTransaction) return this.#state.verify()
      // Others may write meanwhile: record and tables are read as of one moment.
      this.#driver.exec('BEGIN')
      try {
        this.#state.refresh()
        return this.#state.verify()
      } finally {
        this.#driver.exec('COMMIT')
      }
    })
  }

  close(): Promise<void> {
    return this.#runs.close()
  }
}
