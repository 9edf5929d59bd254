/**
 * Result sets as they cross: objects while few, columns above {@link COLUMNS_FROM_ROWS}.
 *
 * Columns of numbers become Float64Arrays whose memory is handed over, not copied; all others plain
 * arrays. The page makes the row objects, which blocks it less than receiving them.
 */
import type { Row } from '@inner-universe/core'
import { COLUMNS_FROM_ROWS } from './limits.ts'

/** A result set as it crosses. */
export type EncodedRows =
  | { readonly form: 'objects'; readonly rows: readonly Row[] }
  | {
      readonly form: 'columns'
      readonly names: readonly string[]
      readonly rowCount: number
      readonly columns: readonly (Float64Array | readonly unknown[])[]
    }

/** Rows held column by column, as the engine's SQL gives them. */
export interface ColumnRows {
  readonly columnNames: readonly string[]
  readonly columns: readonly (readonly unknown[])[]
  readonly rowCount: number
}

/** Encodes row objects, all of one shape. Pushes what can be handed over to `transfer`. */
export function encodeRows(rows: readonly Row[], transfer: Transferable[]): EncodedRows {
  const [first] = rows
  if (first === undefined || rows.length < COLUMNS_FROM_ROWS) return { form: 'objects', rows }
  const names = Object.keys(first)
  const columns = names.map((name) =>
    encodeColumn(
      rows.map((row) => row[name]),
      transfer,
    ),
  )
  return { form: 'columns', names, rowCount: rows.length, columns }
}

/** Encodes rows held column by column. Pushes what can be handed over to `transfer`. */
export function encodeColumns(result: ColumnRows, transfer: Transferable[]): EncodedRows {
  const { columnNames, columns, rowCount } = result
  if (rowCount < COLUMNS_FROM_ROWS)
    return { form: 'objects', rows: rowsOf(columnNames, columns, rowCount) }
  return {
    form: 'columns',
    names: columnNames,
    rowCount,
    columns: columns.map((column) => encodeColumn(column, transfer)),
  }
}

/** The rows, as objects. */
export function decodeRows(encoded: EncodedRows): readonly Row[] {
  return encoded.form === 'objects'
    ? encoded.rows
    : rowsOf(encoded.names, encoded.columns, encoded.rowCount)
}

function encodeColumn(
  column: readonly unknown[],
  transfer: Transferable[],
): Float64Array | readonly unknown[] {
  const numbers = new Float64Array(column.length)
  for (let index = 0; index < column.length; index++) {
    const value = column[index]
    if (typeof value !== 'number') return column
    numbers[index] = value
  }
  transfer.push(numbers.buffer)
  return numbers
}

function rowsOf(
  names: readonly string[],
  columns: readonly (Float64Array | readonly unknown[])[],
  rowCount: number,
): Row[] {
  const rows: Row[] = new Array(rowCount)
  for (let index = 0; index < rowCount; index++) {
    const row: Record<string, unknown> = {}
    for (let column = 0; column < names.length; column++) {
      row[names[column] as string] = columns[column]?.[index]
    }
    rows[index] = row
  }
  return rows
}
