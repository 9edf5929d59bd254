/**
 * What pages and the worker say to each other on the batched port. The whole of it, with guards.
 *
 *     page                                    worker
 *     hello ────────────────────────────────▶ connects the client (lifecycle `connected`) unless it is
 *           ◀──────────────────────────────── welcome, or refused and nothing after it
 *     batch of calls, reads, subscriptions ─▶ runs calls in groups, one transaction each
 *           ◀──────────────────────────────── batch: changes, then patches, then answers
 *     bye   ────────────────────────────────▶ disconnects the client
 *           ◀──────────────────────────────── left
 *
 * A page that meets a new worker (fail-over) says hello again, is connected still, and sends every call
 * without an answer again, under the same number: the engine answers repeats from its store.
 * Within one batch from the worker the order is: what changed, then who caused it; so a caller's
 * live queries show its call before its promise resolves. Peers are not trusted: whatever arrives is
 * checked here, and a message that does not fit ends that link with `client/protocol`.
 */
import type {
  JsonValue,
  KeptConflict,
  QueryValue,
  StreamSeq,
  TableQuery,
} from '@inner-universe/core'
import { UniverseError } from '@inner-universe/core'
import type { SyncStatus as ReplicaStatus } from '@inner-universe/sync'
import type { TransferredError } from './error-transfer.ts'
import { BATCH_ITEMS_MAX } from './limits.ts'
import type { RowsPatch } from './row-patch.ts'
import type { EncodedRows } from './row-transfer.ts'

/** Raised with every change of the messages. Tabs of different contracts cannot talk. */
export const CONTRACT_VERSION = 2

/** One read, once. */
export type Read =
  | { readonly kind: 'query'; readonly query: TableQuery }
  | { readonly kind: 'count'; readonly query: TableQuery }
  | { readonly kind: 'get'; readonly table: string; readonly id: string }
  | {
      readonly kind: 'search'
      readonly table: string
      readonly text: string
      readonly limit: number
      readonly offset: number
    }
  | { readonly kind: 'sql'; readonly text: string; readonly params: readonly QueryValue[] }

/** A read that can be kept up to date. */
export type LiveRead = Extract<Read, { kind: 'query' | 'search' | 'sql' }>

/** The first message of a page on a link. */
export interface Hello {
  readonly kind: 'hello'
  readonly contractVersion: number
  /** Client id and connection id are one: 32 hex digits, new with every open. */
  readonly clientId: string
  /** Undefined: the owner's. */
  readonly identity: string | undefined
  readonly moduleName: string
  readonly schemaVersion: number
  /** Whether it can be asked for a token of the relay. */
  readonly hasToken: boolean
}

/** Where synchronisation stands; `off`: the universe was opened without. Plain data. */
export type SyncStatus =
  | ReplicaStatus
  | { readonly kind: 'off'; readonly unsyncedCount: number; readonly lastContactMs: undefined }

/** What another tab or device says of itself. */
export interface Peer {
  /** The `connectionId` of its tab. */
  readonly sessionId: string
  readonly state: JsonValue
}

/** One thing a page wants. Ids and call numbers are the page's own, unique within a client. */
export type PageItem =
  | {
      readonly kind: 'call'
      readonly number: number
      readonly reducer: string
      readonly args: unknown
      readonly timestampMs: number
      /** True when it was sent before, to a worker that is gone. */
      readonly isResent: boolean
    }
  | { readonly kind: 'cancel-call'; readonly number: number }
  | { readonly kind: 'read'; readonly id: number; readonly read: Read }
  | { readonly kind: 'cancel-read'; readonly id: number }
  | { readonly kind: 'subscribe'; readonly id: number; readonly read: LiveRead }
  | { readonly kind: 'unsubscribe'; readonly id: number }
  /** The last rows or patch of a subscription have been applied; the next may come. */
  | { readonly kind: 'acknowledge'; readonly id: number }
  /** Tables whose changes are wanted from now on, replacing those before. */
  | { readonly kind: 'watch'; readonly tables: readonly string[] }
  | SyncItem

/** What a page has to do with the relay. */
export type SyncItem =
  /** Tell when that delta is in the relay's log, or will never be. */
  | { readonly kind: 'confirm'; readonly id: number; readonly delta: StreamSeq }
  | { readonly kind: 'pause'; readonly isPaused: boolean }
  /** What the tab says of itself; undefined: nothing any more. */
  | { readonly kind: 'presence'; readonly state: JsonValue | undefined }
  | { readonly kind: 'network'; readonly isOnline: boolean }
  /** The answer to `token-wanted`. */
  | { readonly kind: 'token'; readonly id: number; readonly token: string }
  | { readonly kind: 'token-failed'; readonly id: number; readonly error: TransferredError }

/** Everything a page sends. */
export type PageMessage =
  | Hello
  | {
      readonly kind: 'batch'
      /** Lowest call number without an answer; answers below it may be forgotten. */
      readonly oldestPendingNumber: number
      readonly items: readonly PageItem[]
    }
  | { readonly kind: 'bye' }

/** What the worker says of itself to a client it has connected. */
export interface Welcome {
  readonly kind: 'welcome'
  /** The client's identity, as reducers see it. */
  readonly identity: string
  readonly storage: 'opfs' | 'file' | 'memory'
  /** Why it came to memory, if it was not asked for. */
  readonly storageReason: string | undefined
}

/** One changed row as it crosses. */
export interface ChangeItem {
  readonly table: string
  readonly id: string
  readonly before: Readonly<Record<string, unknown>> | undefined
  readonly after: Readonly<Record<string, unknown>> | undefined
}

/** One thing the worker tells a page. */
export type WorkerItem =
  | {
      readonly kind: 'answer'
      readonly number: number
      readonly value: unknown
      /** Place of the delta it left; undefined: it wrote nothing that is synced. */
      readonly delta: StreamSeq | undefined
    }
  | { readonly kind: 'refusal'; readonly number: number; readonly error: TransferredError }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: EncodedRows }
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'read-failed'; readonly id: number; readonly error: TransferredError }
  /** All rows of a subscription: its first, or after it had failed. */
  | { readonly kind: 'live-rows'; readonly id: number; readonly rows: EncodedRows }
  | { readonly kind: 'live-patch'; readonly id: number; readonly patch: RowsPatch }
  | { readonly kind: 'live-failed'; readonly id: number; readonly error: TransferredError }
  | {
      readonly kind: 'changes'
      readonly origin: 'local' | 'remote'
      readonly changes: readonly ChangeItem[]
    }
  /** The database was replaced: transactions were missed, read again. */
  | { readonly kind: 'gap' }
  | SyncNews

/** What the worker tells of the relay. */
export type SyncNews =
  | { readonly kind: 'sync-status'; readonly status: SyncStatus }
  /** All others that say something of themselves, replacing those before. */
  | { readonly kind: 'peers'; readonly peers: readonly Peer[] }
  /** Conflicts noticed just now. */
  | { readonly kind: 'conflicts'; readonly conflicts: readonly KeptConflict[] }
  | { readonly kind: 'confirmed'; readonly id: number }
  | { readonly kind: 'unconfirmed'; readonly id: number; readonly error: TransferredError }
  /** The relay wants a token, which the page's function gives. */
  | { readonly kind: 'token-wanted'; readonly id: number }

/** Everything the worker sends. */
export type WorkerMessage =
  | Welcome
  | { readonly kind: 'refused'; readonly error: TransferredError }
  | { readonly kind: 'batch'; readonly items: readonly WorkerItem[] }
  | { readonly kind: 'left' }

type Fields = Readonly<Record<string, unknown>>

function fail(what: string): never {
  throw new UniverseError(
    'client/protocol',
    `a message between page and worker is not understood (${what}); reload all tabs of the app`,
  )
}

function fieldsOf(value: unknown, what: string): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : fail(what)
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isOptional = (is: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || is(value)
const isListOf = (is: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(is)
const isAnything = (): boolean => true
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

type Shape = Readonly<Record<string, (value: unknown) => boolean>>

const isQuery = (value: unknown): boolean =>
  isObject(value) &&
  isText(value.table) &&
  isListOf((order) => isObject(order) && isText(order.column))(value.orderBy) &&
  isOptional(isObject)(value.where) &&
  isOptional(Number.isFinite)(value.limit) &&
  isOptional(Number.isFinite)(value.offset) &&
  isOptional(Array.isArray)(value.after)

const READS: Readonly<Record<string, Shape>> = {
  query: { query: isQuery },
  count: { query: isQuery },
  get: { table: isText, id: isText },
  search: { table: isText, text: isText, limit: isCount, offset: isCount },
  sql: { text: isText, params: Array.isArray },
}

const isRead = (value: unknown): boolean => isObject(value) && fits(READS, value)
const isLiveRead = (value: unknown): boolean =>
  isRead(value) && (value as Fields).kind !== 'get' && (value as Fields).kind !== 'count'
const isError = (value: unknown): boolean =>
  isObject(value) && isText(value.name) && isText(value.message)
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
const isDelta = (value: unknown): boolean =>
  isObject(value) && isText(value.stream) && isCount(value.seq)
const isStatus = (value: unknown): boolean =>
  isObject(value) && isText(value.kind) && isCount(value.unsyncedCount)
const isPeer = (value: unknown): boolean => isObject(value) && isText(value.sessionId)
const isConflict = (value: unknown): boolean =>
  isObject(value) && isText(value.kind) && isCount(value.conflictId)

const PAGE_ITEMS: Readonly<Record<string, Shape>> = {
  call: {
    number: isCount,
    reducer: isText,
    args: isAnything,
    timestampMs: Number.isFinite,
    isResent: isBoolean,
  },
  'cancel-call': { number: isCount },
  read: { id: isCount, read: isRead },
  'cancel-read': { id: isCount },
  subscribe: { id: isCount, read: isLiveRead },
  unsubscribe: { id: isCount },
  acknowledge: { id: isCount },
  watch: { tables: isListOf(isText) },
  confirm: { id: isCount, delta: isDelta },
  pause: { isPaused: isBoolean },
  presence: { state: isAnything },
  network: { isOnline: isBoolean },
  token: { id: isCount, token: isText },
  'token-failed': { id: isCount, error: isError },
}

const WORKER_ITEMS: Readonly<Record<string, Shape>> = {
  answer: { number: isCount, delta: isOptional(isDelta) },
  refusal: { number: isCount, error: isError },
  rows: { id: isCount, rows: isRows },
  value: { id: isCount },
  'read-failed': { id: isCount, error: isError },
  'live-rows': { id: isCount, rows: isRows },
  'live-patch': { id: isCount, patch: isPatch },
  'live-failed': { id: isCount, error: isError },
  changes: { origin: isText, changes: isListOf(isChange) },
  gap: {},
  'sync-status': { status: isStatus },
  peers: { peers: isListOf(isPeer) },
  conflicts: { conflicts: isListOf(isConflict) },
  confirmed: { id: isCount },
  unconfirmed: { id: isCount, error: isError },
  'token-wanted': { id: isCount },
}

const PAGE_MESSAGES: Readonly<Record<string, Shape>> = {
  hello: {
    contractVersion: isCount,
    clientId: (value) => isText(value) && /^[0-9a-f]{32}$/.test(value),
    identity: isOptional(isText),
    moduleName: isText,
    schemaVersion: isCount,
    hasToken: isBoolean,
  },
  batch: { oldestPendingNumber: isCount, items: isItems(PAGE_ITEMS) },
  bye: {},
}

const WORKER_MESSAGES: Readonly<Record<string, Shape>> = {
  welcome: { identity: isText, storage: isText, storageReason: isOptional(isText) },
  refused: { error: isError },
  batch: { items: isItems(WORKER_ITEMS) },
  left: {},
}

function isItems(shapes: Readonly<Record<string, Shape>>): (value: unknown) => boolean {
  return (value) =>
    Array.isArray(value) &&
    value.length <= BATCH_ITEMS_MAX &&
    value.every((item) => isObject(item) && fits(shapes, item))
}

function fits(shapes: Readonly<Record<string, Shape>>, value: Fields): boolean {
  const { kind } = value
  if (!isText(kind) || !Object.hasOwn(shapes, kind)) return false
  const shape = shapes[kind] as Shape
  for (const name in shape) {
    if (!(shape[name] as (value: unknown) => boolean)(value[name])) return false
  }
  return true
}

function parse(shapes: Readonly<Record<string, Shape>>, value: unknown, from: string): Fields {
  const message = fieldsOf(value, `not an object, from the ${from}`)
  if (!fits(shapes, message)) fail(`"${String(message.kind)}" from the ${from}`)
  return message
}

/** The message of a page. @throws UniverseError `client/protocol`. */
export function parsePageMessage(value: unknown): PageMessage {
  return parse(PAGE_MESSAGES, value, 'page') as unknown as PageMessage
}

/** The message of the worker. @throws UniverseError `client/protocol`. */
export function parseWorkerMessage(value: unknown): WorkerMessage {
  return parse(WORKER_MESSAGES, value, 'worker') as unknown as WorkerMessage
}
