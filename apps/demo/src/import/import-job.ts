/**
 * The import of WordNet into the universe: through the bulk reducers, several calls in flight.
 *
 * It may be cancelled, or the tab closed, at any moment: what was acknowledged stays, and the next
 * import skips it, as ids are the same every time. That an import was begun and not finished is kept
 * in `config`, so that any tab can offer to go on, and a Web Lock says whether one is running.
 */
import { isUniverseError } from '@inner-universe/client'
import type { AppUniverse } from '../universe.ts'
import type { ImportBatch, ImportScope } from '../wordnet/read-wordnet.ts'
import { createRate } from './rate.ts'

/** Rows done of all rows. */
export interface ImportProgress {
  readonly scope: ImportScope
  readonly phase: 'entities' | 'relations'
  readonly entityDone: number
  readonly entityTotal: number
  readonly relationDone: number
  readonly relationTotal: number
  readonly rowsPerSecond: number | undefined
  readonly remainingMs: number | undefined
  readonly elapsedMs: number
}

/** How an import stands. */
export type ImportState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly progress: ImportProgress | undefined }
  | { readonly kind: 'cancelled'; readonly progress: ImportProgress | undefined }
  | { readonly kind: 'done'; readonly progress: ImportProgress }
  | { readonly kind: 'failed'; readonly error: Error; readonly scope: ImportScope }

/** What `config` keeps of the last import. */
export interface ImportMark {
  readonly scope: ImportScope
  readonly state: 'begun' | 'done'
}

/** The one import of a tab. */
export interface ImportJob {
  readonly state: ImportState
  /** Calls back at each change of `state`; returns the unsubscribe. */
  readonly subscribe: (listener: () => void) => () => void
  /** Begins, or goes on with what an earlier one left. Does nothing while one runs. */
  readonly start: (scope: ImportScope) => void
  readonly cancel: () => void
  /** Forgets how the last one ended. */
  readonly dismiss: () => void
}

/** Key of the {@link ImportMark} in `config`. */
export const IMPORT_MARK_KEY = 'wordnet_import'

/** Held by the tab that imports. */
export const IMPORT_LOCK = 'inner-universe-demo-import'

/** Calls under way at a time: enough that the database never waits for the page. */
const CALLS_IN_FLIGHT = 4

/** Longest time between two states shown, ms: ten a second read as moving. */
const SHOW_MS = 100

/** Makes the import job of a tab. */
export function createImportJob(
  universe: AppUniverse,
  batchesOf: (scope: ImportScope) => AsyncGenerator<ImportBatch>,
): ImportJob {
  const listeners = new Set<() => void>()
  let state: ImportState = { kind: 'idle' }
  let abort: AbortController | undefined

  function show(next: ImportState): void {
    state = next
    for (const listener of listeners) listener()
  }

  async function run(scope: ImportScope, signal: AbortSignal): Promise<void> {
    let progress: ImportProgress | undefined
    try {
      await mark(universe, { scope, state: 'begun' })
      for await (const next of importRows(universe, batchesOf(scope), scope, signal)) {
        progress = next
        show({ kind: 'running', progress })
      }
      if (progress === undefined) throw new Error('the import gave no rows')
      await mark(universe, { scope, state: 'done' })
      show({ kind: 'done', progress })
    } catch (error) {
      if (signal.aborted) show({ kind: 'cancelled', progress })
      else show({ kind: 'failed', error: asError(error), scope })
    }
  }

  return {
    get state() {
      return state
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    start(scope) {
      if (state.kind === 'running') return
      const controller = new AbortController()
      abort = controller
      show({ kind: 'running', progress: undefined })
      const options = { ifAvailable: true }
      void navigator.locks.request(IMPORT_LOCK, options, (lock) => {
        if (lock !== null) return run(scope, controller.signal)
        const error = new Error('another tab is importing; wait until it has ended')
        show({ kind: 'failed', error, scope })
        return undefined
      })
    },
    cancel() {
      abort?.abort()
    },
    dismiss() {
      if (state.kind !== 'running') show({ kind: 'idle' })
    },
  }
}

/** Reads the value of {@link IMPORT_MARK_KEY}; undefined for none and for what is not understood. */
export function parseImportMark(value: string | undefined): ImportMark | undefined {
  const [scope, state] = value?.split(':') ?? []
  if ((scope !== 'all' && scope !== 'sample') || (state !== 'begun' && state !== 'done')) {
    return undefined
  }
  return { scope, state }
}

async function mark(universe: AppUniverse, { scope, state }: ImportMark): Promise<void> {
  await universe.reducers.updateConfig({
    key: IMPORT_MARK_KEY,
    value: `${scope}:${state}`,
    description: 'How the last import of WordNet ended',
  })
}

async function* importRows(
  universe: AppUniverse,
  batches: AsyncGenerator<ImportBatch>,
  scope: ImportScope,
  signal: AbortSignal,
): AsyncGenerator<ImportProgress> {
  const startMs = performance.now()
  const rate = createRate()
  const done = { entities: 0, relations: 0 }
  const total = { entities: 0, relations: 0 }
  const inFlight = new Set<Promise<void>>()
  let phase: 'entities' | 'relations' = 'entities'
  let failure: { readonly error: unknown } | undefined
  let shownMs = Number.NEGATIVE_INFINITY
  // Only a universe that has rows can hold some of these.
  const mayHaveRows = (await universe.query((q) => q.entity.limit(1), { signal })).length > 0

  function progressNow(): ImportProgress {
    const nowMs = performance.now()
    const doneCount = done.entities + done.relations
    const estimate = rate.estimate(nowMs, doneCount, total.entities + total.relations)
    return {
      scope,
      phase,
      entityDone: done.entities,
      entityTotal: total.entities,
      relationDone: done.relations,
      relationTotal: total.relations,
      rowsPerSecond: estimate?.rowsPerSecond,
      remainingMs: estimate?.remainingMs,
      elapsedMs: nowMs - startMs,
    }
  }

  function begin(batch: Exclude<ImportBatch, { kind: 'size' }>): void {
    const sent = sendBatch(universe, batch, { mayHaveRows, signal })
      .then(() => {
        done[batch.kind] += batch.rows.length
      })
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(() => {
        inFlight.delete(sent)
      })
    inFlight.add(sent)
  }

  try {
    for await (const batch of batches) {
      signal.throwIfAborted()
      if (batch.kind === 'size') {
        total.entities = batch.entityCount
        total.relations = batch.relationCount
      } else {
        // Relations need both their entities.
        if (batch.kind !== phase) await Promise.all(inFlight)
        phase = batch.kind
        begin(batch)
        if (inFlight.size >= CALLS_IN_FLIGHT) await Promise.race(inFlight)
      }
      if (failure !== undefined) throw failure.error
      if (performance.now() - shownMs >= SHOW_MS) {
        shownMs = performance.now()
        yield progressNow()
      }
    }
  } finally {
    await Promise.all(inFlight)
  }
  if (failure !== undefined) throw failure.error
  yield progressNow()
}

type RowBatch = Exclude<ImportBatch, { kind: 'size' }>

async function sendBatch(
  universe: AppUniverse,
  batch: RowBatch,
  { mayHaveRows, signal }: { readonly mayHaveRows: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const known = mayHaveRows ? await knownIds(universe, batch, signal) : new Set<string>()
  if (batch.kind === 'entities') {
    const items = batch.rows.filter((row) => !known.has(row.id))
    if (items.length > 0) await universe.reducers.createEntities({ items }, { signal })
  } else {
    const items = batch.rows.filter((row) => !known.has(row.id))
    if (items.length > 0) await universe.reducers.createRelations({ items }, { signal })
  }
}

/** Ids of the batch that are there. Rows of a batch rise by id, so it is one range of an index. */
async function knownIds(
  universe: AppUniverse,
  { kind, rows }: RowBatch,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const table = kind === 'entities' ? 'entity' : 'relation'
  const known = await universe.sql<{ readonly id: string }>(
    `select id from ${table} where id between ?1 and ?2`,
    [rows[0]?.id ?? '', rows.at(-1)?.id ?? ''],
    { signal },
  )
  return new Set(known.map((row) => row.id))
}

function asError(error: unknown): Error {
  return isUniverseError(error) || error instanceof Error ? error : new Error(String(error))
}
