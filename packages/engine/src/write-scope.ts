/** What code inside one open write transaction works with. */
import type { LocalStamp, StoredValue } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import type { Changes } from './changes.ts'
import type { RowStore } from './row-store.ts'
import type { ColumnSchema, Schema, TableSchema } from './schema.ts'
import type { Streams } from './streams.ts'

/**
 * Handed to whoever writes: the table API, `apply`, visibility. Lives for one transaction; all of it
 * is undone together with the file when the transaction is rolled back.
 */
export interface WriteScope {
  readonly driver: Driver
  readonly schema: Schema
  readonly rows: RowStore
  readonly streams: Streams
  /** Every write to a visible row is noted here, with stored values in column order. */
  readonly changes: Changes
  /**
   * Where it is given: rows that read NULL since this transaction because another holds their value
   * of a unique column.
   */
  readonly lostClaims?: Map<string, LostClaim>
}

/** One value of one unique column: all rows that have it claim it. */
export interface ClaimedValue {
  readonly table: TableSchema
  readonly column: ColumnSchema
  readonly value: StoredValue
}

/** A row that read its value of a unique column and now reads NULL. */
export interface LostClaim extends ClaimedValue {
  readonly id: string
  /** Of the cell. */
  readonly clock: LocalStamp
  readonly holder: { readonly id: string; readonly clock: LocalStamp }
}

/** A row whose life or references were just written. */
export interface TouchedRow {
  readonly table: TableSchema
  readonly id: string
}

/**
 * Makes the visible rows what the referential rules say (MERGE.md MR8–MR13), after some rows were
 * written: hides, shows and shadows them and others, and notes each in `scope.changes`.
 *
 * On entry each touched row lies in the file either visible (with merged references in its cells, its
 * shadows of before dropped where the column was written) or hidden, and its tombstone, if any, is
 * written. Nothing else is assumed: a row that stays dead may still lie among the visible ones.
 */
export type SettleVisibility = (scope: WriteScope, touched: readonly TouchedRow[]) => void
