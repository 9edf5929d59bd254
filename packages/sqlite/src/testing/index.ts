export type { DriverCase, DriverHarness } from './driver-case.ts'
export { driverContract } from './driver-contract.ts'
export { sqlContract } from './sql-contract.ts'
