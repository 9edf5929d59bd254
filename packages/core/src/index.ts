export { AssertionError, assert, assertNever } from './assert.ts'
export { ERROR_CODES, type ErrorCode, type ErrorDetails, isUniverseError, UniverseError } from './error.ts'
