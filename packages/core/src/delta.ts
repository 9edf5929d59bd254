/**
 * Deltas: what one reducer call changed, as other replicas must know it. See MERGE.md for what each
 * operation means and CODEC.md (DS rules) for the bytes.
 */

import type { QueryValue } from './condition.ts'
import type { Stamp } from './hlc.ts'
import type { StreamId } from './id.ts'

/** Stored form of a cell: what SQLite holds. JSON is canonical text, booleans are 0 and 1. */
export type StoredValue = null | number | bigint | string | Uint8Array

/** Cells by column name. */
export type Cells = Readonly<Record<string, StoredValue>>

/** One operation on one row. All operations of a delta share its stamp. */
export type RowOperation =
  /** Gives the row life and writes all its scalar cells. */
  | { readonly kind: 'insert'; readonly table: string; readonly id: string; readonly cells: Cells }
  /** Writes some scalar cells; does not give life. */
  | { readonly kind: 'update'; readonly table: string; readonly id: string; readonly cells: Cells }
  | { readonly kind: 'delete'; readonly table: string; readonly id: string }
  | {
      readonly kind: 'increment'
      readonly table: string
      readonly id: string
      readonly column: string
      readonly by: number
    }
  /** Adds elements (canonical JSON texts) to a set; the dot of each addition is the delta's stamp. */
  | {
      readonly kind: 'add'
      readonly table: string
      readonly id: string
      readonly column: string
      readonly elements: readonly string[]
    }
  /** Removes the additions of elements that the author had seen. */
  | {
      readonly kind: 'remove'
      readonly table: string
      readonly id: string
      readonly column: string
      readonly elements: readonly { readonly element: string; readonly dots: readonly Stamp[] }[]
    }

/** One replicated entry of the delta log. */
export interface Delta {
  readonly stream: StreamId
  /** Position in its stream; the first is 1, gapless. */
  readonly seq: number
  /** Unique and rising within a stream. */
  readonly hlc: number
  /** Schema version of the module that wrote it. */
  readonly schemaVersion: number
  readonly reducer: string
  /** Kept for reducers of mode `recheck` only. */
  readonly args?: QueryValue
  readonly operations: readonly RowOperation[]
}
