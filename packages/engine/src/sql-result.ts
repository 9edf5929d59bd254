/** What read-only SQL gives. */
/** Rows of raw SQL, column by column; see `rowsOfColumns` for objects. */
export interface SqlResult {
  readonly columnNames: readonly string[]
  readonly columns: readonly (readonly (null | number | bigint | string | Uint8Array)[])[]
  readonly rowCount: number
}
