/**
 * Changesets: what one committed transaction did here, row by row. Views, live queries and the
 * changed-table listeners are fed by them; they cannot tell local from remote.
 */

/** A value in a row as TypeScript sees it (JSON parsed, booleans as booleans). */
export type CellValue = unknown

/** A row by column name. */
export type Row = Readonly<Record<string, CellValue>>

/** One visible row before and after. Never both undefined. */
export interface RowChange {
  readonly table: string
  readonly id: string
  readonly before: Row | undefined
  readonly after: Row | undefined
}

/** The visible effect of one transaction, one entry per row, in order of first touch. */
export interface Changeset {
  /** Counts transactions of this engine since it was opened; gapless. */
  readonly transaction: number
  readonly origin: 'local' | 'remote'
  /** Names of the tables that changed: what to look at before asking for `changes`. */
  readonly tables: ReadonlySet<string>
  /** Decoded when first read, so that changes nobody looks at cost nothing. */
  readonly changes: readonly RowChange[]
}
