/** The check of what pages send. Runs in the worker alone, so that no page carries it. */
import type { PageMessage } from './contract.ts'
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

const isQuery = (value: unknown): boolean =>
  isObject(value) &&
  isText(value.table) &&
  isListOf((order) => isObject(order) && isText(order.column))(value.orderBy) &&
  isOptional(isObject)(value.where) &&
  isOptional(Number.isFinite)(value.limit) &&
  isOptional(Number.isFinite)(value.offset) &&
  isOptional(Array.isArray)(value.after)

const LIVE_READS: Shapes = {
  query: { query: isQuery },
  relation: { relation: isObject },
  search: { table: isText, text: isText, limit: isCount, offset: isCount },
  sql: { text: isText, params: Array.isArray },
}

const isLiveRead = (value: unknown): boolean => fits(LIVE_READS, value)

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array
const isRange = { category: isBytes, start: isBytes, stop: isBytes }

const KV_OPERATIONS: Shapes = {
  put: { category: isBytes, key: isBytes, payload: isBytes },
  delete: { category: isBytes, key: isBytes },
  deletePrefix: { category: isBytes, key: isBytes },
}

const UNDOS: Shapes = {
  record: {
    scope: isText,
    label: isOptional(isText),
    group: isOptional(isText),
    groupMs: isOptional(isCount),
  },
  undo: { scope: isText },
  redo: { scope: isText },
}

const PAST_READS: Shapes = {
  query: { query: isQuery },
  count: { query: isQuery },
  get: { table: isText, id: isText },
  relation: { relation: isObject },
  sql: { text: isText, params: Array.isArray },
}

const isPastRead = (value: unknown): boolean => fits(PAST_READS, value)
const isState = (value: unknown): boolean => value === null || isText(value)
const isDraftCall = (value: unknown): boolean =>
  isObject(value) &&
  isText(value.reducer) &&
  isText(value.seed) &&
  Number.isFinite(value.timestampMs)

const HISTORY_REQUESTS: Shapes = {
  versions: {},
  arrival: { version: isText },
  past: { version: isText, read: isPastRead },
  diff: {
    from: isState,
    to: isState,
    tables: isOptional(isListOf(isText)),
    limit: isCount,
    after: isOptional(isListOf(isText)),
  },
  digest: { version: isState },
  draft: { version: isText, calls: isListOf(isDraftCall), read: isOptional(isPastRead) },
  export: { versions: isOptional(isListOf(isText)) },
}

const READS: Shapes = {
  ...LIVE_READS,
  'kv-get': { category: isBytes, key: isBytes },
  'kv-count': isRange,
  'kv-scan': {
    ...isRange,
    reverse: isOptional(isBoolean),
    limit: isOptional(isCount),
    after: isOptional(isBytes),
    bytesMax: isOptional(isCount),
  },
  'kv-write': { operations: isListOf((value) => fits(KV_OPERATIONS, value)) },
  'undo-state': { scope: isText },
  'undo-clear': { scope: isText },
  count: { query: isQuery },
  get: { table: isText, id: isText },
  explain: { read: isLiveRead },
  history: { request: (value) => fits(HISTORY_REQUESTS, value) },
}

const ITEMS: Shapes = {
  call: {
    number: isCount,
    reducer: isText,
    timestampMs: Number.isFinite,
    undo: isOptional((value) => fits(UNDOS, value)),
    isResent: isBoolean,
  },
  'cancel-call': { number: isCount },
  read: { id: isCount, read: (value) => fits(READS, value) },
  'cancel-read': { id: isCount },
  subscribe: { id: isCount, read: isLiveRead },
  unsubscribe: { id: isCount },
  acknowledge: {},
  watch: { tables: isListOf(isText) },
  confirm: { id: isCount, delta: isDelta },
  pause: { isPaused: isBoolean },
  presence: {},
  documents: {},
  network: { isOnline: isBoolean },
  token: { id: isCount, token: isText },
  'token-failed': { id: isCount, error: isError },
}

const MESSAGES: Shapes = {
  hello: {
    contractVersion: isCount,
    clientId: (value) => isText(value) && /^[0-9a-f]{32}$/.test(value),
    identity: isOptional(isText),
    moduleName: isText,
    schemaVersion: isCount,
    hasToken: isBoolean,
  },
  batch: { oldestPendingNumber: isCount, items: isItems(ITEMS) },
  bye: {},
}

/** The message of a page. @throws UniverseError `client/protocol`. */
export function parsePageMessage(value: unknown): PageMessage {
  return parseMessage(MESSAGES, value, 'page') as unknown as PageMessage
}
