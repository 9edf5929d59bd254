/**
 * What feeds a live query: rows, kept up to date, and the way to them from any earlier version that a
 * page may have.
 */
import type { Row, RowChange } from '@inner-universe/core'
import type { LiveExplanation } from '../../rpc/contract.ts'
import type { RowsPatch } from '../../rpc/row-patch.ts'

/** Names the rows as they were at one moment. Only its source can read it. */
export type RowsVersion = object | number

/** What leads from a version to the rows of now. `all`: it is not known any more. */
export type RowsSince = RowsPatch<Row> | 'nothing' | 'all'

/**
 * A query that is kept up to date.
 *
 * `fill` and `step` may throw what the engine throws, or what the query's functions throw; the source
 * is then of no use any more, and the query goes on with a new one at the next change.
 */
export interface LiveSource {
  readonly tables: ReadonlySet<string>
  readonly explanation: LiveExplanation
  /** Fills it, in slices: yields where calls may run. Changes come to `step` meanwhile. */
  fill(): Iterator<undefined, void>
  /** False when these changes surely leave its rows as they are. Cost: O(changes). */
  isTouchedBy(changes: readonly RowChange[]): boolean
  /** Takes in changes. Undefined: too many to name, anything may have changed (`rerun` only). */
  step(changes: readonly RowChange[] | undefined): void
  readonly rowCount: number
  /** The rows as they are now. Never changed afterwards. Cost: O(rows), or none. */
  rows(): readonly Row[]
  /** Of the rows as they are now. */
  readonly version: RowsVersion
  /**
   * The way from a version to now. Computed once, whoever asks for the same.
   * Cost: O(what changed since · log rows) for `incremental` sources.
   */
  since(version: RowsVersion): RowsSince
  /** Every page has the version of now: what led to it is not asked for any more. */
  forget(): void
}
