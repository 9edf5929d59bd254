export { Choices } from './choices.ts'
export {
  expectIngested,
  type Ingestion,
  type IngestTarget,
  ingestTogether,
  ingestUntilKilled,
} from './ingestion.ts'
export { computeRelation } from './plain-relation.ts'
export {
  type RowWrite,
  randomRelation,
  randomWrites,
  shopDefinitions,
  shopTables,
} from './random-relation.ts'
export { TEST_CLOCK } from './real-clock.ts'
export type { StoreDatabase } from './store-expectations.ts'
export {
  definitionOf,
  deltaOf,
  FAILING_NOTE,
  type Item,
  Outputs,
  type Product,
  ReceiptHistory,
  receiptDefinition,
} from './view-history.ts'
export {
  type ViewStoreContract,
  viewStoreContract,
} from './view-store-contract.ts'
