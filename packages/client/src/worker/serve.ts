/**
 * The worker's rim: what an app's worker script calls. It waits for its page to hold the universe's
 * lock, then opens the database and serves every tab.
 */
import { isUniverseError, type Module, UniverseError } from '@inner-universe/core'
import {
  type Engine,
  type EngineOptions,
  isPrepared,
  openPrepared,
  type Preparation,
  type Undo,
  type Views,
} from '@inner-universe/engine'
import type { Replication } from '@inner-universe/engine/replication'
import type { Driver } from '@inner-universe/sqlite'
import { loadSqlite, type Sqlite } from '@inner-universe/sqlite/wasm'
import { presenceLock, workerLock } from '../rpc/announcement.ts'
import {
  type OpenRequest,
  outcomeOf,
  type WorkerControl,
  type WorkerNote,
} from '../rpc/commands.ts'
import { type Link, portLink } from '../rpc/link.ts'
import { loaded } from '../rpc/loaded.ts'
import type { HistoryCode } from './history-part.ts'
import { Host } from './host.ts'
import type { OpenDatabase } from './host-commands.ts'
import { Introductions } from './introductions.ts'
import { lateCommands } from './late-commands.ts'
import type { Store } from './store.ts'
import type { HostSyncOptions } from './sync/host-sync.ts'
import { type SyncPart, syncOff } from './sync-part.ts'
import { memoryStore, opfsStore } from './wasm-store.ts'

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Where SQLite's wasm is, if the bundler has put it elsewhere than beside the worker script. */
  readonly wasmUrl?: string | URL
}

interface Opened {
  readonly database: OpenDatabase
  readonly introductions: Introductions
}

type OpenControl = Extract<WorkerControl, { readonly control: 'open' }>

const scope = globalThis as unknown as DedicatedWorkerGlobalScope

function note(message: WorkerNote): void {
  scope.postMessage(message)
}

/**
 * Serves a module's universes from this worker. The only thing a worker script has to call, once and
 * at its top level: loading SQLite begins here.
 *
 * @throws UniverseError `client/unsupported` outside of a dedicated worker.
 */
export function serve(module: Module, options: ServeOptions = {}): void {
  if (
    typeof DedicatedWorkerGlobalScope === 'undefined' ||
    !(scope instanceof DedicatedWorkerGlobalScope)
  ) {
    throw new UniverseError(
      'client/unsupported',
      'serve() belongs into the script of a dedicated worker',
    )
  }
  const sqlite = loadSqlite(
    options.wasmUrl === undefined ? {} : { wasm: new URL(options.wasmUrl, scope.location.href) },
  )
  // Whoever opens is told; until then nobody waits for it.
  sqlite.catch(() => undefined)
  let opened: Opened | undefined

  const accept = ({ database }: Opened, link: Link): void => {
    database.host.accept(link.data, lateCommands(database, link.commands))
  }
  const start = async ({ request, data, commands }: OpenControl): Promise<undefined> => {
    const isLocked = holdWorkerLock(request.leaderId)
    opened = await open(module, request, sqlite, accept)
    await isLocked
    accept(opened, portLink(data, commands))
  }
  const stop = async (): Promise<undefined> => {
    opened?.introductions.close()
    await opened?.database.host.sync.stop()
    opened?.database.host.close()
    opened = undefined
  }
  const take = async (control: WorkerControl): Promise<void> => {
    switch (control.control) {
      case 'ping':
        return note({ note: 'pong' })
      case 'open':
        return note({ note: 'open', outcome: await outcomeOf(() => start(control)) })
      case 'introduce':
        return opened?.introductions.introduce(control.broker, control.brokerUrl)
      case 'close':
        return note({ note: 'close', outcome: await outcomeOf(stop) })
      default:
      // The app's own script may be told other things.
    }
  }
  scope.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (typeof data === 'object' && data !== null && 'control' in data) {
      void take(data as WorkerControl)
    }
  })
  note({ note: 'ready' })
}

async function open(
  module: Module,
  request: OpenRequest,
  sqlite: Promise<Sqlite>,
  accept: (opened: Opened, link: Link) => void,
): Promise<Opened> {
  const onLong = (): void => note({ note: 'long' })
  const onFault = (error: unknown): void => console.error('inner-universe:', error)
  const clock = { offsetMs: 0 }
  // Fetched while SQLite opens the file.
  const [{ driver, store }, { createSync, replication }, views, documents, versions] =
    await Promise.all([
      openStore(request, sqlite, onLong),
      loadSync(request.sync),
      loadViews(module, onFault),
      loadDocuments(module),
      loadHistory(module),
    ])
  let undo: Undo | undefined
  const openEngineOver = async (
    ...[driver, stream, join]: Parameters<OpenDatabase['openEngine']>
  ): Promise<Engine> => {
    const options: EngineOptions = {
      driver,
      // What is being built to take the place of a database has its views filled when it has.
      module: join === undefined ? module : { ...module, views: {} },
      now: () => Date.now(),
      clockNow: () => Date.now() + clock.offsetMs,
      randomBytes: (byteCount) => crypto.getRandomValues(new Uint8Array(byteCount)),
      identity: request.newOwner,
      stream,
      reducerMsMax: request.reducerMsMax,
      ...(join !== undefined && { join }),
      ...(replication !== undefined && { replication }),
      ...(views !== undefined && { views }),
      ...(documents !== undefined && { documents }),
      ...(versions !== undefined && { history: versions.history }),
      undo: () => undo,
    }
    const preparation = await loadPreparation(driver, module)
    // Order matters: a ping that is answered while code is loaded ends what was said to take long.
    onLong()
    return openPrepared(options, preparation)
  }
  // Without a flush per commit a power cut may have rolled back what other replicas have seen.
  const stream = request.durability === 'power' ? 'continue' : 'new'
  const database: { -readonly [K in keyof OpenDatabase]: OpenDatabase[K] } = {
    host: undefined as unknown as Host,
    store,
    driver,
    openEngine: openEngineOver,
    clock,
    onLong,
    onFault,
  }
  const defer = createDefer()
  database.host = new Host({
    module,
    engine: await openEngineOver(driver, stream),
    storage: store.kind,
    storageReason: store.reason,
    wallMs: () => Date.now(),
    now: () => performance.now(),
    defer,
    setTimer,
    setDeadline: (isExpired) => database.driver.setDeadline(isExpired),
    readMsMax: request.reducerMsMax,
    onGroup: (callId) => note({ note: 'group', callId }),
    watchPresence: (clientId, onGone) =>
      watchPresence(presenceLock(request.name, clientId), onGone),
    onFault,
    isUsable: () => database.driver.isOpen,
    onUnusable: () => {
      // Uncaught on purpose: the page starts another worker.
      throw new UniverseError('storage/io', 'the database stopped working and is opened anew')
    },
    isSuspicious: request.isSuspicious,
    condemnedCallIds: new Set(request.condemnedCallIds),
    loadLive: async () => (await loaded(import('./parts/live.ts'))).createLive,
    loadUndo: async () => {
      const part = await loaded(import('./parts/undo.ts'))
      undo = part.undo
      return undo
    },
    ...(versions !== undefined && { answerHistory: versions.answer }),
    createSync: (host) => createSync({ host, database, defer, onFault }),
  })
  database.host.sync.start()
  const opened: Opened = {
    database,
    introductions: new Introductions({
      name: request.name,
      leaderId: request.leaderId,
      onLink: (link) => accept(opened, link),
      onBrokerWanted: () => note({ note: 'broker-wanted' }),
    }),
  }
  return opened
}

/** What a universe that syncs is made of besides. */
interface LoadedSync {
  readonly createSync: (
    parts: Pick<HostSyncOptions, 'host' | 'database' | 'defer' | 'onFault'>,
  ) => SyncPart
  readonly replication?: Replication
}

/** The code of sync is fetched only where there is something to sync with. */
async function loadSync(request: OpenRequest['sync']): Promise<LoadedSync> {
  if (request === undefined) return { createSync: () => syncOff() }
  try {
    const { createWorkerSync, replication } = await loaded(import('./parts/sync.ts'))
    const createSync: LoadedSync['createSync'] = (parts) =>
      createWorkerSync({ ...parts, request, setTimer })
    return { createSync, replication }
  } catch (fault) {
    // Offline with a cold cache, say: what is on this device is there all the same.
    return { createSync: () => syncOff(fault as UniverseError) }
  }
}

/** The code of declared views is fetched only for modules that declare any. */
async function loadViews(
  { views }: Module,
  onFault: (error: unknown) => void,
): Promise<Views | undefined> {
  if (Object.keys(views).length === 0) return undefined
  const { declaredViews } = await loaded(import('./parts/views.ts'))
  return declaredViews({ now: () => performance.now(), onFault })
}

/** The code that makes files and brings older ones up to date is fetched only for those. */
async function loadPreparation(driver: Driver, module: Module): Promise<Preparation | undefined> {
  try {
    if (isPrepared(driver, module)) return undefined
    const part = await loaded(import('./parts/preparation.ts'))
    return part.preparation
  } catch (error) {
    driver.close()
    throw error
  }
}

/** The code that writes documents is fetched only for modules that have some. */
async function loadDocuments({ tables }: Module): Promise<EngineOptions['documents']> {
  if (!Object.values(tables).some(({ definition }) => definition.documents)) return undefined
  const part = await loaded(import('./parts/documents.ts'))
  return part.documentReducers
}

/** The code of versions is fetched only for modules that keep some. */
async function loadHistory({ versions }: Module): Promise<HistoryCode | undefined> {
  if (!versions) return undefined
  return (await loaded(import('./parts/history.ts'))).historyCode
}

function setTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs)
  return () => clearTimeout(timer)
}

async function openStore(
  { name, storage, durability }: OpenRequest,
  sqlite: Promise<Sqlite>,
  onLong: () => void,
): Promise<{ driver: Driver; store: Store }> {
  const options = { name, sqlite, durability, onLong }
  if (storage === 'opfs') {
    const store = opfsStore(options)
    try {
      return { driver: await store.open(), store }
    } catch (error) {
      // Only where there is no OPFS: a damaged or locked file must not be taken for an empty one.
      if (!isUniverseError(error, 'storage/unavailable')) throw error
      const fallback = memoryStore(options, error.message)
      return { driver: await fallback.open(), store: fallback }
    }
  }
  const store = memoryStore(options, undefined)
  return { driver: await store.open(), store }
}

/** Held until this thread ends, however it ends: no event tells the page of a worker that was killed. */
function holdWorkerLock(leaderId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(workerLock(leaderId), () => {
        resolve()
        return new Promise(() => undefined)
      })
      .catch(reject)
  })
}

/** Runs things after the messages that wait already: a message to oneself, which no timer clamps. */
function createDefer(): (run: () => void) => void {
  const { port1, port2 } = new MessageChannel()
  const waiting: (() => void)[] = []
  port1.onmessage = () => waiting.shift()?.()
  return (run) => {
    waiting.push(run)
    port2.postMessage(null)
  }
}

/** A lock that is held as long as its tab lives: having it means the tab is gone. */
function watchPresence(lock: string, onGone: () => void): () => void {
  const controller = new AbortController()
  navigator.locks.request(lock, { signal: controller.signal }, onGone).catch((error: unknown) => {
    // Called off because the client left properly.
    if (!controller.signal.aborted) throw error
  })
  return () => controller.abort()
}
