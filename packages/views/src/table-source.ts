/**
 * A table as views read it: the integral of its changes is the table itself, so joins and windows look
 * rows up in it and keep no copy.
 *
 * While a view is being filled (hydrated) in slices, its tables are fed one after the other, each in
 * order of the primary key. What lookups of a table may show at any time is what was fed of it: nothing
 * before its turn, then all up to {@link HydrationBound}, in the end everything. Changes of rows beyond
 * the bound are left out: the rows will be fed as they are then.
 */
import type { Condition, Row, TableQuery } from '@inner-universe/core'
import type { Lookup } from './operator.ts'

/** How much of a table has been fed to a view. `through`: rows up to and with this primary key. */
export type HydrationBound =
  | { readonly kind: 'none' }
  | { readonly kind: 'through'; readonly id: string }
  | { readonly kind: 'all' }

/** One table, for one view. */
export interface TableSource {
  readonly table: string
  readonly primaryKey: string
  /** Rows as they are now, ascending by primary key, after one (undefined: from the first on). */
  page(after: string | undefined, rowsMax: number): readonly Row[]
  /**
   * Rows whose columns equal the parts of a key (an array, in order of `columns`), and that fit a
   * condition. NULL equals nothing. Undefined: no index of the table begins with these columns.
   */
  lookup(columns: readonly string[], condition?: Condition): Lookup<Row> | undefined
  /** Runs a query over this table once: windows refill themselves with it. */
  query(query: TableQuery): readonly Row[]
  /** Read by `lookup`, set by whoever fills the view. */
  bound: HydrationBound
}

/** The tables that a view may read. */
export interface Catalog {
  /** @throws UniverseError `table/unknown`. */
  table(name: string): TableSource
}
