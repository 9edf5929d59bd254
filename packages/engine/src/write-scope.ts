/** What code inside one open write transaction works with. */
import type { Driver } from '@inner-universe/sqlite'
import type { Changes } from './changes.ts'
import type { RowStore } from './row-store.ts'
import type { Schema } from './schema.ts'
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
}
