/**
 * Drafts: calls on top of a version, run by the real reducers in a transaction that is undone. HISTORY.md
 * HI44–HI46.
 *
 * The state of the version is written over the present, the calls are run, what came of it is looked at, and
 * all of it is undone: nobody is told, no delta is made, no clock moves.
 */
import {
  type ClientId,
  type DraftCall,
  formatCallId,
  HISTORY_REDUCERS,
  hashOf,
  UniverseError,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { callError } from '../call-error.ts'
import { type CallFacts, CallScope } from '../call-scope.ts'
import { Changes, isSameRow, type StoredRow } from '../changes.ts'
import { copyResult } from '../plain-value.ts'
import type { TableSchema } from '../schema.ts'
import type { WriteScope } from '../write-scope.ts'
import { rowsBetween } from './history-call.ts'
import type { ChangedRow } from './state-difference.ts'
import type { VersionKeeper } from './version-keeper.ts'
import { type StateRows, type StateSkipped, writeTargets } from './write-state.ts'

/** What is done to the state of a version. */
export interface Draft {
  readonly version: string
  /** Rows to be written first. */
  readonly rows?: StateRows
  readonly calls: readonly DraftCall[]
  readonly sender: string
}

/** A draft while it stands. */
export interface EvaluatedDraft {
  /** What the calls returned. */
  readonly results: readonly unknown[]
  /** What could not be written of the rows given. */
  readonly skipped: readonly StateSkipped[]
  /** The rows that are other than in the version, by table and id. */
  differences(): readonly ChangedRow[]
}

/**
 * Evaluates a draft and lets `read` look at it: the present is the draft's state then, for whatever reads rows.
 * Inside a transaction or outside of any.
 *
 * Cost: writing the difference of the version to the present, and running the calls.
 *
 * @throws UniverseError `history/…` for a version that cannot be read, and what a call throws, with
 * `details.callIndex`.
 */
export function evaluateDraft<T>(
  keeper: VersionKeeper,
  { version, rows, calls, sender }: Draft,
  read: (draft: EvaluatedDraft) => T,
): T {
  const { marker } = keeper.markerOf(version)
  const base = rowsBetween(keeper, undefined, marker, { isWhole: true })
  const { driver } = keeper.parts
  return undone(driver, () => {
    const { parts, runner } = keeper.wired
    const changes = new Changes()
    const { rows: store, streams, reader, reducerMsMax, now } = parts
    const scope: WriteScope = { driver, schema: reader.schema, rows: store, streams, changes }
    // Above all that was ever merged here. The engine's clock stays where it is.
    let hlc = newestHlc(driver)
    const clock = {
      nextHlc: () => ++hlc,
      streamIndex: streams.writing.index,
      now,
      limitMs: reducerMsMax,
    }
    const scopeOf = (call: DraftCall) => new CallScope(scope, factsOf(call, sender), clock)
    const state = { reducer: HISTORY_REDUCERS, args: {}, seed: '', timestampMs: 0 }
    const { skipped } = writeTargets(scopeOf(state), overlaid(base, rows))
    const results = calls.map((call, callIndex) => {
      try {
        refuseOwn(call.reducer)
        return copyResult(runner.run(scopeOf(call), call.reducer, call.args))
      } catch (error) {
        const { code, message, details } = callError(error, call.reducer)
        throw new UniverseError(code, message, { details: { ...details, callIndex }, cause: error })
      }
    })
    const differences = () => differencesOf(keeper, scope, base, rows)
    return read({ results, skipped, differences })
  })
}

/** Runs `body` and undoes what it wrote. */
function undone<T>(driver: Driver, body: () => T): T {
  const isNested = driver.isInTransaction
  driver.prepare(isNested ? 'SAVEPOINT draft' : 'BEGIN').run()
  try {
    return body()
  } finally {
    // SQLite may have given the transaction up by itself.
    if (driver.isOpen && driver.isInTransaction) {
      if (isNested) {
        driver.prepare('ROLLBACK TO draft').run()
        driver.prepare('RELEASE draft').run()
      } else {
        driver.prepare('ROLLBACK').run()
      }
    }
  }
}

function newestHlc(driver: Driver): number {
  const [hlc] = driver.prepare('SELECT max(head_hlc) FROM _stream').get() ?? []
  return Number(hlc ?? 0)
}

function refuseOwn(reducer: string): void {
  if (!reducer.startsWith(HISTORY_REDUCERS)) return
  throw new UniverseError(
    'reducer/rejected',
    `a draft cannot call "${reducer}"; name, merge or revert when it is committed`,
    { details: { reducer } },
  )
}

/** A call's identity follows from its seed: run again, it draws the same ids. */
function factsOf({ reducer, seed, timestampMs }: DraftCall, sender: string): CallFacts {
  const client = hashOf(new TextEncoder().encode(seed)) as string as ClientId
  const callNumber = 1
  const callId = formatCallId(client, callNumber)
  return { callId, client, callNumber, reducer, timestampMs, sender, connectionId: null }
}

function overlaid(base: StateRows, rows: StateRows | undefined): StateRows {
  const all = new Map(base)
  for (const [table, byId] of rows ?? []) {
    all.set(table, new Map([...(all.get(table) ?? []), ...byId]))
  }
  return all
}

/** Compares what stands with the version: `base` has where that is other than the present was. */
function differencesOf(
  keeper: VersionKeeper,
  { changes, rows }: WriteScope,
  base: StateRows,
  written: StateRows | undefined,
): ChangedRow[] {
  const differences: ChangedRow[] = []
  for (const table of keeper.tables) {
    const noted = new Map([...changes.of(table)].map((row) => [row.id, row.before]))
    const ids = new Set([...namesOf(base, table), ...namesOf(written, table), ...noted.keys()])
    for (const id of ids) {
      const after: StoredRow | undefined = rows.get(table, id)?.values
      const present = noted.has(id) ? noted.get(id) : after
      const ofBase = base.get(table)
      const before = ofBase?.has(id) ? ofBase.get(id) : present
      if (!isSameRow(before, after)) differences.push({ table, id, before, after })
    }
  }
  return differences
}

function namesOf(rows: StateRows | undefined, table: TableSchema): Iterable<string> {
  return rows?.get(table)?.keys() ?? []
}
