/** What the reducers of versions that write states share. HISTORY.md HI32, HI39. */
import {
  type Hash,
  HISTORY_REDUCERS,
  HISTORY_TABLES,
  type ReducerContext,
  type TableAccess,
  UniverseError,
} from '@inner-universe/core'
import type { CallScope } from '../call-scope.ts'
import { currentCall } from '../table-access.ts'
import { type ComparedState, changedRows, digestOfState } from './state-difference.ts'
import type { VersionKeeper } from './version-keeper.ts'
import type { StateRows } from './write-state.ts'

/** Things left out or disagreed about that one answer tells; of more the number. */
export const HISTORY_TOLD_MAX = 100

/**
 * The call under way, with the past as it was before it.
 *
 * @throws UniverseError `reducer/rejected` within another reducer, which may take back what it called, while
 * what becomes of the whole state is not taken back by halves.
 */
export function historyCall(keeper: VersionKeeper): CallScope {
  const call = currentCall(keeper.parts.session)
  const { reducer } = call.facts
  if (!reducer.startsWith(HISTORY_REDUCERS)) {
    throw new UniverseError(
      'reducer/rejected',
      `reducer "${reducer}" called one of those that write versions; call those by themselves`,
      { details: { reducer } },
    )
  }
  keeper.keep(call.scope.changes)
  return call
}

/** The rows that make one state of another. `isWhole`: those of documents too. */
export function rowsBetween(
  keeper: VersionKeeper,
  from: ComparedState,
  to: ComparedState,
  { isWhole }: { readonly isWhole: boolean },
): StateRows {
  const tables = keeper.tables.filter(
    ({ definition }) => isWhole || definition.documentsOf === undefined,
  )
  return new Map(
    tables.map((table) => {
      const changed = [...changedRows(keeper, table, from, to)]
      return [table, new Map(changed.map(({ id, after }) => [id, after]))]
    }),
  )
}

/** Digest of a version's state. */
export function digestOf(keeper: VersionKeeper, version: string): Hash {
  const { digest, state, marker } = keeper.markerOf(version)
  return (state === 'ready' ? digest : undefined) ?? digestOfState(keeper, marker)
}

/** What there is too much of for one answer: the first of it, and how much it is. */
export function toldOf<T>(all: readonly T[]): {
  readonly told: readonly T[]
  readonly count: number
} {
  return { told: all.slice(0, HISTORY_TOLD_MAX), count: all.length }
}

/** A row of `history_ref`. */
export interface RefRow {
  /** `branch:<name>` or `tag:<name>` */
  readonly id: string
  readonly version: string
}

/** The table of names, as reducers write it. */
export function refsIn({ db }: ReducerContext): TableAccess<RefRow, RefRow, Partial<RefRow>> {
  return db[HISTORY_TABLES.ref] as unknown as TableAccess<RefRow, RefRow, Partial<RefRow>>
}
