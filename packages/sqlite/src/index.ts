export type {
  Driver,
  Durability,
  SqlColumns,
  SqlRow,
  SqlValue,
  Statement,
  StorageKind,
} from './driver.ts'
export { quoteIdentifier, tablesRead } from './sql.ts'
export { inSavepoint, inTransaction, type Synchronous } from './transaction.ts'
