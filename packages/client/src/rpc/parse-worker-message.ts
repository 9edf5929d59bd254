/** The check of what the worker sends. Runs in pages alone. */
import type { WorkerMessage } from './contract.ts'
import {
  fits,
  isBoolean,
  isCount,
  isDelta,
  isError,
  isItems,
  isListOf,
  isObject,
  isOptional,
  isText,
  parseMessage,
  type Shapes,
} from './message-shape.ts'

const isRows = (value: unknown): boolean =>
  isObject(value) &&
  (value.form === 'objects'
    ? Array.isArray(value.rows)
    : value.form === 'columns' &&
      isListOf(isText)(value.names) &&
      isCount(value.rowCount) &&
      Array.isArray(value.columns))
const isPlace = (value: unknown): boolean =>
  isObject(value) && isOptional(isCount)(value.from) && isCount(value.index)
const isPatch = (value: unknown): boolean =>
  isObject(value) &&
  isListOf(isCount)(value.removed) &&
  isListOf(isPlace)(value.inserted) &&
  isListOf(isPlace)(value.updated) &&
  isListOf(isPlace)(value.moved)
const isChange = (value: unknown): boolean =>
  isObject(value) && isText(value.table) && isText(value.id)
const isStatus = (value: unknown): boolean =>
  isObject(value) && isText(value.kind) && isCount(value.unsyncedCount)
const isPeer = (value: unknown): boolean => isObject(value) && isText(value.sessionId)
const isConflict = (value: unknown): boolean =>
  isObject(value) && isText(value.kind) && isCount(value.conflictId)

const NEWS: Shapes = {
  rows: { id: isCount, rows: isRows, isRest: isBoolean },
  patch: { id: isCount, patch: isPatch },
  failed: { id: isCount, error: isError },
}

const ITEMS: Shapes = {
  answer: { number: isCount, delta: isOptional(isDelta) },
  refusal: { number: isCount, error: isError },
  rows: { id: isCount, rows: isRows },
  value: { id: isCount },
  'read-failed': { id: isCount, error: isError },
  'live-part': { id: isCount, rows: isRows, isFirst: isBoolean },
  'live-cut': { news: isListOf((value) => fits(NEWS, value)) },
  changes: { origin: isText, changes: isListOf(isChange) },
  gap: {},
  'sync-status': { status: isStatus },
  peers: { peers: isListOf(isPeer), documents: Array.isArray },
  conflicts: { conflicts: isListOf(isConflict) },
  confirmed: { id: isCount },
  unconfirmed: { id: isCount, error: isError },
  'token-wanted': { id: isCount },
}

const MESSAGES: Shapes = {
  welcome: { identity: isText, storage: isText, storageReason: isOptional(isText) },
  refused: { error: isError },
  batch: { items: isItems(ITEMS) },
  left: {},
}

/** The message of the worker. @throws UniverseError `client/protocol`. */
export function parseWorkerMessage(value: unknown): WorkerMessage {
  return parseMessage(MESSAGES, value, 'worker') as unknown as WorkerMessage
}
