export { type DriverCase, type DriverHarness, driverContract } from './driver-contract.ts'
