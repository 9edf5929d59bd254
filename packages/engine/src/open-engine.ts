/**
 * Opens a universe: looks at the file, decides, only then writes. STORAGE.md MG1–MG9.
 *
 * Order matters: every refusal comes before the first write, and creation is one transaction with the
 * `init` reducer in it, so a file is either untouched or a whole universe.
 */
import {
  assert,
  bytesToHex,
  checkModuleCode,
  createClientId,
  createHlcClock,
  createStreamId,
  formatCallId,
  MODULE_SENDER,
  type Module,
  type StreamId,
  type TableQuery,
  UniverseError,
} from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { callError } from './call-error.ts'
import type { CallFacts } from './call-scope.ts'
import { DeltaLog } from './delta-log.ts'
import type { Engine, EngineInfo } from './engine.ts'
import type { EngineOptions } from './engine-options.ts'
import type { SystemCall } from './engine-parts.ts'
import type { HistoryPart } from './history-part.ts'
import { removeHistory } from './history-tables.ts'
import { KvStore } from './kv/kv-store.ts'
import { readMeta, writeMeta } from './meta.ts'
import type { Preparation } from './preparation-part.ts'
import { ReducerRunner } from './reducer-runner.ts'
import { createRowCodec, type RowCodec } from './row-codec.ts'
import { RowStore } from './row-store.ts'
import { RowWriter } from './row-writer.ts'
import {
  APPLICATION_ID,
  compileSchema,
  definitionsOf,
  FORMAT_VERSION,
  type TableSchema,
  UNIVERSE_KV_TABLE,
} from './schema.ts'
import { encodeSchema } from './schema-text.ts'
import type { SchemaChange } from './stored-schema.ts'
import { Streams } from './streams.ts'
import { SyncState } from './sync-state.ts'
import type { Session } from './table-access.ts'
import { TableReader } from './table-reader.ts'
import { Transactions } from './transaction.ts'
import { UniverseEngine } from './universe-engine.ts'
import { assertNoViews, removeViews } from './view-tables.ts'
import type { ViewsPart } from './views-part.ts'
import { settleVisibility } from './visibility.ts'
import { settleWaiting, unmergedSchema } from './waiting-deltas.ts'

/** Wall-clock limit of one reducer, ms, unless the options say otherwise. */
export const REDUCER_MS_MAX = 10_000

/** What a file turned out to be. */
type Found =
  | { readonly kind: 'empty' }
  | { readonly kind: 'current'; readonly formatVersion: number }
  | {
      readonly kind: 'older'
      readonly formatVersion: number
      /** Its schema as it is stored. */
      readonly before: string
      readonly change: SchemaChange
    }

/** Whether a file needs no preparation to be opened: the module's tables are in it, as they are now. */
export function isPrepared(driver: Driver, module: Module): boolean {
  const [applicationId] = driver.prepare('PRAGMA application_id').get() ?? [0]
  const [formatVersion] = driver.prepare('PRAGMA user_version').get() ?? [0]
  return (
    applicationId === APPLICATION_ID &&
    formatVersion === FORMAT_VERSION &&
    readMeta(driver, 'module') === module.name &&
    readMeta(driver, 'schema') === encodeSchema(module)
  )
}

/** As `openEngine` (`open-any.ts`); for a file that is prepared nothing else need be given. */
export function openPrepared(options: EngineOptions, preparation?: Preparation): Engine {
  const { driver } = options
  try {
    return open(options, preparation)
  } catch (error) {
    driver.close()
    throw error
  }
}

function open(options: EngineOptions, given: Preparation | undefined): Engine {
  const { driver, module, now, randomBytes } = options
  if (given === undefined) checkModuleCode(module)
  else given.check(module)
  const preparation = (): Preparation => {
    assert(given !== undefined, 'a file that is new or older is opened with its preparation')
    return given
  }
  if (options.views === undefined) assertNoViews(module)
  const schema = compileSchema(module)
  const codecs = new Map<TableSchema, RowCodec>(
    [...schema.values()].map((table) => [table, createRowCodec(table)]),
  )
  const found = inspect(driver, module, preparation)
  const isNew = found.kind === 'empty'
  const created = isNew
    ? { universeId: bytesToHex(randomBytes(16)), owner: options.join?.owner ?? options.identity }
    : undefined

  const rows = new RowStore(driver)
  const reader = new TableReader(driver, schema, codecs, rows)
  const views = createViews(options, reader, codecs)
  const session: Session = { reader, writer: new RowWriter(settleVisibility), call: undefined }
  const owner = created?.owner ?? readMeta(driver, 'owner') ?? ''
  // A full disk concerns the whole transaction: its error stays the driver's.
  const kv = new KvStore(driver, UNIVERSE_KV_TABLE, (body) => body())
  const history = createHistory(options, session, created)
  const reducers = {
    ...module.reducers,
    ...options.documents?.(module.tables),
    ...history?.reducers,
  }
  const runner = new ReducerRunner(session, driver, kv, { ...module, reducers }, owner)

  driver.exec('BEGIN IMMEDIATE')
  try {
    if (created !== undefined) {
      preparation().create(driver, module, schema)
      noteCreation(options, created)
    }
    if (found.kind !== 'empty' && found.formatVersion < FORMAT_VERSION) {
      preparation().migrateFormat(driver, found.formatVersion)
    }
    const before = found.kind === 'older' ? found.before : undefined
    const unmerged = isNew ? undefined : unmergedSchema(driver, before)
    // What is not told of every row that changes must not stay.
    if (views === undefined || found.kind !== 'current' || unmerged !== undefined)
      removeViews(driver)
    if (found.kind === 'older') preparation().migrate(driver, module, schema, found.change)
    if (history === undefined) removeHistory(driver)
    else history.open({ isOlder: found.kind === 'older' })
    const parts = openParts(options, reader, rows, views, history)
    const transactions = new Transactions(parts, runner)
    if (unmerged !== undefined) {
      transactions.writeWithin((scope) =>
        settleWaiting(scope, schema, unmerged, options.replication),
      )
    }
    transactions.deleteOldAnswers()
    const systemClient = createClientId(randomBytes)
    let systemCallCount = 0
    const systemCall = (call: SystemCall): CallFacts => {
      systemCallCount += 1
      return {
        callId: formatCallId(systemClient, systemCallCount),
        client: systemClient,
        callNumber: systemCallCount,
        ...call,
      }
    }
    if (isNew && options.join === undefined && module.lifecycle.init !== undefined) {
      const { init } = module.lifecycle
      const facts = systemCall({
        reducer: 'init',
        timestampMs: Math.floor(now()),
        sender: MODULE_SENDER,
        connectionId: null,
      })
      try {
        transactions.runWithin(facts, (call) =>
          runner.runFunction(call, (context) => init(context)),
        )
      } catch (error) {
        throw callError(error, 'init')
      }
    }
    views?.open()
    driver.exec('COMMIT')
    const info: EngineInfo = {
      universeId: created?.universeId ?? readMeta(driver, 'universe_id') ?? '',
      owner,
      get stream() {
        return parts.streams.writing.id
      },
      moduleName: module.name,
      schemaVersion: module.version,
      isNew,
    }
    const newStream = () => createStreamId(randomBytes)
    return new UniverseEngine(
      { info, parts, kv, transactions, runner, systemCall, newStream },
      options.replication,
      history,
    )
  } catch (error) {
    if (driver.isOpen && driver.isInTransaction) driver.exec('ROLLBACK')
    throw error
  }
}

/** What the file is, without writing to it. */
function inspect(driver: Driver, module: Module, preparation: () => Preparation): Found {
  const [entryCount] = driver.prepare('SELECT count(*) FROM sqlite_schema').get() ?? [0]
  const [applicationId] = driver.prepare('PRAGMA application_id').get() ?? [0]
  if (entryCount === 0 && applicationId === 0) return { kind: 'empty' }
  if (applicationId !== APPLICATION_ID) {
    throw new UniverseError(
      'engine/module-mismatch',
      'the file is a database of something else; it is left as it is; choose another name',
      { details: { applicationId } },
    )
  }
  const [formatVersion] = driver.prepare('PRAGMA user_version').get() ?? [0]
  if ((formatVersion as number) > FORMAT_VERSION) {
    throw new UniverseError(
      'engine/format-too-new',
      `the file has format version ${formatVersion}, this release reads up to ${FORMAT_VERSION}; update it`,
      { details: { formatVersion } },
    )
  }
  const moduleName = readMeta(driver, 'module')
  if (moduleName !== module.name) {
    throw new UniverseError(
      'engine/module-mismatch',
      `the file belongs to module "${moduleName}", not to "${module.name}"; choose another name`,
      { details: { fileModule: moduleName, module: module.name } },
    )
  }
  const stored = readMeta(driver, 'schema') ?? '{}'
  const fileFormat = { formatVersion: formatVersion as number }
  if (stored === encodeSchema(module)) return { kind: 'current', ...fileFormat }
  const change = preparation().compare(stored, module)
  return { kind: 'older', ...fileFormat, before: stored, change }
}

function noteCreation(
  { driver, now }: EngineOptions,
  created: { readonly universeId: string; readonly owner: string },
): void {
  writeMeta(driver, 'universe_id', created.universeId)
  writeMeta(driver, 'owner', created.owner)
  writeMeta(driver, 'created_ms', String(Math.floor(now())))
}

function createViews(
  { driver, module, views }: EngineOptions,
  reader: TableReader,
  codecs: Map<TableSchema, RowCodec>,
): ViewsPart | undefined {
  if (views === undefined || Object.keys(module.views).length === 0) return undefined
  const query = (query: TableQuery) => reader.query(query)
  const part = views.create({ driver, module, schema: reader.schema, codecs, query })
  for (const view of part.tables.values()) codecs.set(view, createRowCodec(view))
  reader.addViews(part.tables)
  return part
}

function createHistory(
  { driver, module, history }: EngineOptions,
  session: Session,
  created: { readonly universeId: string } | undefined,
): HistoryPart | undefined {
  if (history === undefined || !module.versions) return undefined
  const universeId = created?.universeId ?? readMeta(driver, 'universe_id') ?? ''
  return history.create({ driver, module, universeId, session })
}

function openParts(
  options: EngineOptions,
  reader: TableReader,
  rows: RowStore,
  views: ViewsPart | undefined,
  history: HistoryPart | undefined,
) {
  const { driver, module, now, randomBytes } = options
  const streams = new Streams(driver)
  const stream = streamToWrite(streams, options.stream) ?? createStreamId(randomBytes)
  streams.intern(stream, true)
  streams.write(stream)
  const last = Math.max(0, ...[...streams.all()].map(({ headHlc }) => headHlc))
  return {
    driver,
    module,
    reader,
    rows,
    streams,
    log: new DeltaLog(driver, streams, module.version),
    clock: createHlcClock({ now: options.clockNow ?? now, last }),
    sync: new SyncState(driver),
    views,
    history,
    undo: options.undo ?? (() => undefined),
    tables: definitionsOf(reader.schema),
    codecs: reader.codecs,
    keepsLog: options.keepsLog ?? true,
    now,
    reducerMsMax: options.reducerMsMax ?? REDUCER_MS_MAX,
  }
}

/** The last own stream, if it is to be continued. */
function streamToWrite(streams: Streams, choice: EngineOptions['stream']): StreamId | undefined {
  if (choice === 'new') return undefined
  return streams.own().at(-1)?.id
}
