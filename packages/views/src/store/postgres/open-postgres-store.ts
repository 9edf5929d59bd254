/** A view in a Postgres database: a `ViewStore` that several processes may share. STORES.md VS15–VS17. */
import { isUniverseError, UniverseError } from '@inner-universe/core'
import type { Circuit, Deltas } from '../../circuit.ts'
import type { StateName } from '../../state.ts'
import {
  checkViewName,
  isSameView,
  storeChanged,
  storeCorrupt,
  unknownPiece,
  type ViewIdentity,
} from '../format.ts'
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
import { Connection, type PostgresSource } from './connection.ts'
import { beginText, isLockRefused, PostgresBackend } from './postgres-backend.ts'
import { PostgresCache } from './postgres-cache.ts'
import {
  hasRecordTables,
  lockSchema,
  type Names,
  namesOf,
  readPieces,
  readRecord,
} from './postgres-record.ts'
import { PostgresState } from './postgres-state.ts'

/** Where the view is, and what it is. The pool or client is the caller's, who ends it after the store. */
export type PostgresStoreOptions = ViewStoreOptions &
  PostgresSource & {
    /** Of the store's own: made if it is not there. Default `inner_universe_views`. */
    readonly schema?: string
  }

/**
 * Opens a view of a Postgres database: at once if its state is of the same definition, else it is filled
 * by `rebuild`, in one transaction.
 *
 * @throws UniverseError `views/store-changed` and `views/store-corrupt` where there is no `rebuild`,
 * `views/store-too-new`, `views/timed-out` while another process fills it, `views/backend`; what
 * `rebuild` throws.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<ViewStore> {
  checkViewName(options.view)
  const { clock, view, definition, timeoutMs = WAIT_MS_MAX } = options
  const names = namesOf(options.schema)
  const identity = { definitionHash: definition.definitionHash, schemaVersion: 0 }
  const opening: Opening = { options, names, identity, timeoutMs }
  const opened =
    (await Connection.use(options, (by) => openServed(by, opening))) ??
    (await Connection.use(options, (by) => fill(by, opening)))
  const backend = new PostgresBackend({ source: options, names, view, identity, ...opened })
  return new PostgresStore(
    opened.state,
    backend,
    { names, view },
    new TimedRuns({ backend, clock, timeoutMs }),
  )
}

interface Opening {
  readonly options: PostgresStoreOptions
  readonly names: Names
  readonly identity: ViewIdentity
  readonly timeoutMs: number
}

interface Opened {
  readonly state: PostgresState
  readonly circuit: Circuit
}

/** The view as it is, if it may be served. */
async function openServed(by: Connection, opening: Opening): Promise<Opened | undefined> {
  const { view, rebuild, verifies = false } = opening.options
  await by.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const found = await judge(by, opening, verifies).finally(() => by.query('COMMIT'))
  if (typeof found !== 'string') return found
  assertRebuildable(view, found, rebuild)
  return undefined
}

/** State that is there is made anew only by who can fill it. */
function assertRebuildable(
  view: string,
  found: RebuildReason,
  rebuild: PostgresStoreOptions['rebuild'],
): void {
  if (found === 'missing' || rebuild !== undefined) return
  throw found === 'changed'
    ? storeChanged(view)
    : storeCorrupt(view, 'it does not fit its digest or its tables')
}

async function judge(
  by: Connection,
  { options: { view, definition }, names, identity }: Opening,
  verifies: boolean,
): Promise<Opened | RebuildReason> {
  if (!(await hasRecordTables(by, names))) return 'missing'
  const record = await readRecord(by, names, view, false)
  if (record?.phase !== 'ready') return 'missing'
  if (!isSameView(record, identity)) return 'changed'
  try {
    const entries = await readPieces(by, names, view)
    const state = new PostgresState({ names, view, record, entries, isNew: false })
    const circuit = definition.createCircuit(state)
    if (verifies && (await state.readDigest(by)) !== record.digest) return 'corrupt'
    return { state, circuit }
  } catch (error) {
    if (isUniverseError(error, 'views/store-corrupt')) return 'corrupt'
    if (isUniverseError(error, 'views/store-changed')) return 'changed'
    throw error
  }
}

async function fill(by: Connection, opening: Opening): Promise<Opened> {
  const { options, names, identity, timeoutMs } = opening
  const { view, definition, verifies = false } = options
  try {
    await by.query(beginText(timeoutMs))
    await lockSchema(by, names)
    // Somebody else may have filled it in the meantime.
    const found = await judge(by, opening, verifies)
    if (typeof found !== 'string') {
      await by.query('COMMIT')
      return found
    }
    assertRebuildable(view, found, options.rebuild)
    const isThere = await hasRecordTables(by, names)
    const record = isThere ? await readRecord(by, names, view, true) : undefined
    const entries = new Map<StateName, never>()
    const state = new PostgresState({ names, view, record, entries, isNew: true })
    const circuit = definition.createCircuit(state)
    await state.start(by, identity)
    await rebuildFrom(options, found, async (inputs) => {
      await state.step(by, circuit, inputs, false)
      await state.flush(by)
      state.discard(state.record)
    })
    await by.query('COMMIT')
    return { state, circuit }
  } catch (error) {
    // Where the connection is gone, so is the transaction.
    await by.query('ROLLBACK').catch(() => undefined)
    if (!isLockRefused(error)) throw error
    throw new UniverseError(
      'views/timed-out',
      `waited ${timeoutMs} ms for another process that fills a view; retry`,
      { details: { timeoutMs }, cause: error },
    )
  }
}

class PostgresStore implements ViewStore {
  readonly kind = 'postgres'
  readonly #state: PostgresState
  readonly #backend: PostgresBackend
  readonly #place: { readonly names: Names; readonly view: string }
  readonly #runs: TimedRuns

  constructor(
    state: PostgresState,
    backend: PostgresBackend,
    place: { readonly names: Names; readonly view: string },
    runs: TimedRuns,
  ) {
    this.#state = state
    this.#backend = backend
    this.#place = place
    this.#runs = runs
  }

  run(inputs: Deltas, time?: Time): Promise<Deltas> {
    return this.#runs.run(inputs, time)
  }

  skip(inputTime: number): Promise<void> {
    return this.#runs.skip(inputTime)
  }

  status(): Promise<StoreStatus> {
    return this.#runs.inTurn(() => this.#backend.status())
  }

  cache<R>(name: StateName): ReadonlyCache<R> {
    if (!this.#state.has(name)) throw unknownPiece(name)
    const { names, view } = this.#place
    const use = <T>(work: (by: Connection) => Promise<T>): Promise<T> =>
      this.#runs.inTurn(() => this.#backend.use(work))
    return new PostgresCache<R>(use, names, view, name)
  }

  verify(): Promise<boolean> {
    return this.#runs.inTurn(() => this.#backend.verify())
  }

  close(): Promise<void> {
    return this.#runs.close()
  }
}
