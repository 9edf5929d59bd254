/**
 * The same universe in Node: for servers, scripts and tests. Page and worker are one thread here;
 * everything between them is the code of the browser, over a link that does not leave the thread.
 */
import { randomFillSync } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import {
  createClientId,
  documentReducers,
  type Module,
  type Reducers,
  type Tables,
  UniverseError,
  type Views,
} from '@inner-universe/core'
import { type Engine, openEngine } from '@inner-universe/engine'
import { replication } from '@inner-universe/engine/replication'
import { undo } from '@inner-universe/engine/undo'
import { callAborted } from '../main/call-errors.ts'
import { type Clock, systemClock } from '../main/clock.ts'
import { createUniverse } from '../main/create-universe.ts'
import { LiveFeeds } from '../main/live-feeds.ts'
import { relayAddress } from '../main/relay-address.ts'
import { Session } from '../main/session.ts'
import { SyncVoice } from '../main/sync-voice.ts'
import type { Cancellable, SyncOptions, Universe } from '../main/universe.ts'
import { REDUCER_MS_MAX } from '../rpc/limits.ts'
import { declaredViews } from '../worker/declared-views.ts'
import { historyCode } from '../worker/history/worker-history.ts'
import { Host } from '../worker/host.ts'
import { hostCommands, type OpenDatabase } from '../worker/host-commands.ts'
import { createLive } from '../worker/live/worker-live.ts'
import { chunkHash } from '../worker/sync/chunk-hash.ts'
import { HostSync } from '../worker/sync/host-sync.ts'
import { httpImages } from '../worker/sync/http-images.ts'
import { webSocketConnect } from '../worker/sync/web-socket.ts'
import { syncOff } from '../worker/sync-part.ts'
import { localLanes } from './local-link.ts'
import { fileStore, nodeMemoryStore } from './node-store.ts'
import { zlibCompression } from './zlib-compression.ts'

/** How a universe is opened in Node: in a file, or in memory. */
export type NodeOpenOptions = Cancellable & {
  /** Who reducers see as sender. Default: the owner, who created the universe. */
  readonly identity?: string
  /** What an acknowledged call survives: a power cut (default), or a killed process only. */
  readonly durability?: 'power' | 'process'
  /** Wall-clock limit of one reducer and of one read, in ms. */
  readonly reducerMsMax?: number
  /** Keeps it in sync with a relay. There is no name to take for the universe's: give it. */
  readonly sync?: SyncOptions & { readonly universe: string }
  /** Default {@link systemClock}. */
  readonly clock?: Clock
} & ({ readonly path: string } | { readonly memory: true })

/**
 * Opens a universe in this process, creating it where there is none. One process at a time has a
 * file open.
 *
 * A reducer in an endless loop hangs the process: there is no other thread to end it.
 *
 * @throws UniverseError `storage/…` when the file cannot be opened, `engine/…` when it does not fit
 * the module, `reducer/rejected` when the module's `connected` refuses, `sync/not-configured` when the relay's
 * address is none, `call/aborted`.
 */
export async function openUniverse<T extends Tables, R extends Reducers, V extends Views>(
  module: Module<T, R, V>,
  options: NodeOpenOptions,
): Promise<Universe<T, R, V>> {
  const { identity, signal, sync, durability = 'power', clock = systemClock } = options
  if (signal?.aborted) throw callAborted(signal)
  const relay = sync && relayAddress(sync, sync.universe)
  const randomBytes = (byteCount: number): Uint8Array => randomFillSync(new Uint8Array(byteCount))
  const clientId = createClientId(randomBytes)
  const anyModule = module as unknown as Module
  const reducerMsMax = options.reducerMsMax ?? REDUCER_MS_MAX
  const isFile = 'path' in options
  const store = isFile ? fileStore(options.path, durability) : nodeMemoryStore(durability)
  const clockOffset = { offsetMs: 0 }
  const onFault = (error: unknown): void => console.error('inner-universe:', error)
  const views = declaredViews({ now: () => performance.now(), onFault })
  const openEngineOver = (
    ...[driver, stream, join]: Parameters<OpenDatabase['openEngine']>
  ): Engine =>
    openEngine({
      driver,
      // What is being built to take the place of a database has its views filled when it has.
      module: join === undefined ? anyModule : { ...anyModule, views: {} },
      now: clock.now,
      clockNow: () => clock.now() + clockOffset.offsetMs,
      randomBytes,
      identity: identity ?? createClientId(randomBytes),
      stream,
      reducerMsMax,
      replication,
      views,
      undo: () => undo,
      documents: documentReducers,
      history: historyCode.history,
      ...(join !== undefined && { join }),
    })
  const driver = await store.open()
  const database: { -readonly [K in keyof OpenDatabase]: OpenDatabase[K] } = {
    host: undefined as unknown as Host,
    store,
    driver,
    openEngine: openEngineOver,
    clock: clockOffset,
    onLong: () => undefined,
    onFault,
  }
  const defer = (run: () => void): void => void setImmediate(run)
  const host = new Host({
    module: anyModule,
    engine: openEngineOver(driver, durability === 'power' ? 'continue' : 'new'),
    storage: store.kind,
    storageReason: undefined,
    wallMs: clock.now,
    now: () => performance.now(),
    defer,
    setTimer: clock.setTimer,
    setDeadline: (isExpired) => database.driver.setDeadline(isExpired),
    readMsMax: reducerMsMax,
    onGroup: () => undefined,
    // This process has the file alone: whoever else is connected died in an earlier one.
    watchPresence: (connectionId, onGone) => {
      if (connectionId !== clientId) queueMicrotask(onGone)
      return () => undefined
    },
    onFault,
    isUsable: () => database.driver.isOpen,
    onUnusable: () =>
      session.fail(
        new UniverseError('storage/io', 'the database stopped working; close it and open it again'),
      ),
    isSuspicious: false,
    condemnedCallIds: new Set(),
    loadLive: () => createLive,
    ...(module.versions && { answerHistory: historyCode.answer }),
    createSync: (self) =>
      relay === undefined
        ? syncOff()
        : new HostSync({
            host: self,
            database,
            request: { ...relay, isPaused: sync?.paused ?? false },
            connect: webSocketConnect(relay.url),
            imagesWith: (token) => httpImages({ ...relay, token }),
            scheduler: { now: clock.now, setTimer: (delayMs, run) => clock.setTimer(run, delayMs) },
            compression: zlibCompression(),
            hashChunk: chunkHash,
            randomFloat: Math.random,
            isOnline: true,
            defer,
            onFault,
          }),
  })
  database.host = host
  host.sync.start()
  const session = new Session({ module: anyModule, clientId, identity, clock, sync })
  session.sync.speakWith(SyncVoice)
  session.live.fillWith(LiveFeeds)
  const [pageLane, hostLane] = localLanes()
  const { commands, dropTransfers } = hostCommands(database)
  host.accept(hostLane, dropTransfers)
  session.attach(
    { data: pageLane, command: (run) => run(commands), close: pageLane.close },
    'leader',
  )
  try {
    const welcome = await session.opened()
    return createUniverse({
      name: isFile ? options.path : ':memory:',
      module,
      connectionId: clientId,
      session,
      welcome,
      storage: async () => ({
        kind: store.kind,
        reason: undefined,
        isPersistent: isFile,
        usedBytes: database.driver.fileBytes(),
        quotaBytes: undefined,
      }),
      requestPersistence: async () => isFile,
      close: async () => {
        await session.close()
        await host.sync.stop()
        host.close()
      },
    })
  } catch (error) {
    host.close()
    throw error
  }
}
