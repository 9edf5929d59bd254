/** What a call tells of the rows that it writes. */
import type { TableSchema } from './schema.ts'

/** Is told of rows that a recorded call is about to write. UNDO.md UN1. */
export interface RowWatch {
  /** To be called before a row is written. */
  touch(table: TableSchema, id: string): void
}
