export { Choices } from './choices.ts'
export { computeRelation } from './plain-relation.ts'
export {
  type RowWrite,
  randomRelation,
  randomWrites,
  shopDefinitions,
  shopTables,
} from './random-relation.ts'
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
  type StoreDatabase,
  TEST_CLOCK,
  type ViewStoreContract,
  viewStoreContract,
} from './view-store-contract.ts'
