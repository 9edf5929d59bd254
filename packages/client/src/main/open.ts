/** Opening, listing and deleting universes in a browser. The rim: the only place with globals. */
import {
  createClientId,
  type Module,
  type Reducers,
  type Tables,
  UniverseError,
  type Views,
} from '@inner-universe/core'
import {
  leaderLock,
  UNIVERSES_DIRECTORY,
  universeDirectory,
  universeName,
} from '../rpc/announcement.ts'
import type { Welcome } from '../rpc/contract.ts'
import { REDUCER_MS_MAX } from '../rpc/limits.ts'
import { loaded } from '../rpc/loaded.ts'
import { callAborted } from './call-errors.ts'
import { systemClock } from './clock.ts'
import { createUniverse } from './create-universe.ts'
import { Session } from './session.ts'
import { Tab } from './tab.ts'
import type { Cancellable, StorageState, SyncOptions, Universe } from './universe.ts'

/** How a universe is opened in a browser. */
export interface OpenOptions extends Cancellable {
  /** Names the universe within the origin; all tabs that open it share it. */
  readonly name: string
  /**
   * Makes the worker whose script calls `serve`:
   * `() => new Worker(new URL('./todos.worker.ts', import.meta.url), { type: 'module' })`.
   */
  readonly worker: () => Worker
  /** Who reducers see as sender. Default: the owner, who created the universe on this device. */
  readonly identity?: string
  /** `memory`: nothing is kept when the tab that leads closes. Default `opfs`, where there is one. */
  readonly storage?: 'opfs' | 'memory'
  /** What an acknowledged call survives: a power cut (default), or a killed browser only. */
  readonly durability?: 'power' | 'process'
  /** Wall-clock limit of one reducer and of one read, in ms. Default {@link REDUCER_MS_MAX}. */
  readonly reducerMsMax?: number
  /** Keeps it in sync with a relay. All tabs should give the same; the one that leads decides. */
  readonly sync?: SyncOptions
}

/** Longest name of a universe, in UTF-16 units: it is a directory's name, percent-encoded. */
const NAME_LENGTH_MAX = 64

/**
 * Opens a universe, creating it where there is none. Resolves when this tab is connected.
 *
 * @throws UniverseError `client/unsupported`, `client/worker-failed`, `engine/…` when the database
 * does not fit the module, `storage/…` when it cannot be opened, `reducer/rejected` when the module's
 * `connected` refuses, `sync/not-configured` when the relay's address is none, `call/aborted`.
 */
export async function openUniverse<T extends Tables, R extends Reducers, V extends Views>(
  module: Module<T, R, V>,
  options: OpenOptions,
): Promise<Universe<T, R, V>> {
  const { name, signal, identity } = options
  checkName(name)
  checkSupport()
  if (signal?.aborted) throw callAborted(signal)
  const randomBytes = (byteCount: number): Uint8Array =>
    crypto.getRandomValues(new Uint8Array(byteCount))
  const clientId = createClientId(randomBytes)
  const session = new Session({
    module: module as unknown as Module,
    clientId,
    identity,
    clock: systemClock,
    sync: options.sync,
  })
  const { sync } = options
  const relay =
    sync &&
    loaded(import('./sync-voice.ts')).then(({ SyncVoice, relayAddress }) => {
      session.sync.speakWith(SyncVoice)
      return relayAddress(sync, name)
    })
  const tab = new Tab({
    name,
    clientId,
    session,
    createWorker: options.worker,
    storage: options.storage ?? 'opfs',
    durability: options.durability ?? 'power',
    reducerMsMax: options.reducerMsMax ?? REDUCER_MS_MAX,
    newOwner: identity ?? createClientId(randomBytes),
    relay,
    createId: () => createClientId(randomBytes),
  })
  const stopWatching = watchNetwork((isOnline) => session.sync.setOnline(isOnline))
  const abort = (): void => session.fail(callAborted(signal))
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await Promise.all([tab.start(), relay])
    const welcome = await session.opened()
    return createUniverse({
      name,
      module,
      connectionId: clientId,
      session,
      welcome,
      storage: storageState,
      requestPersistence: async () => (await navigator.storage?.persist?.()) ?? false,
      close: async () => {
        await session.close()
        stopWatching()
        await tab.close()
      },
    })
  } catch (error) {
    stopWatching()
    await tab.close()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/**
 * Deletes a universe with all its data on this device. Nothing to delete is fine.
 *
 * @throws UniverseError `storage/locked` while a tab has it open; it is then untouched.
 */
export async function deleteUniverse(name: string): Promise<void> {
  checkName(name)
  checkSupport()
  await navigator.locks.request(leaderLock(name), { ifAvailable: true }, async (lock) => {
    if (lock === null) {
      throw new UniverseError(
        'storage/locked',
        `universe "${name}" is open; close it in all tabs first`,
      )
    }
    await removeDirectory(universeDirectory(name))
  })
}

/** Tells of the network as the browser sees it; returns the end of that. */
function watchNetwork(onChange: (isOnline: boolean) => void): () => void {
  const stop = new AbortController()
  const { signal } = stop
  addEventListener('online', () => onChange(true), { signal })
  addEventListener('offline', () => onChange(false), { signal })
  return () => stop.abort()
}

/** Time the file handles of a worker that was ended may take to come free, in ms. */
const REMOVE_MS_MAX = 2_000
const REMOVE_RETRY_MS = 20

async function removeDirectory(path: string): Promise<void> {
  const parents = path.split('/')
  const directory = parents.pop() as string
  const endMs = performance.now() + REMOVE_MS_MAX
  for (;;) {
    try {
      let parent = await navigator.storage.getDirectory()
      for (const part of parents) parent = await parent.getDirectoryHandle(part)
      await parent.removeEntry(directory, { recursive: true })
      return
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      if (name === 'NotFoundError') return
      if (name !== 'NoModificationAllowedError' || performance.now() > endMs) {
        throw new UniverseError(
          'storage/unavailable',
          `${path} could not be deleted; see the cause`,
          {
            cause: error,
          },
        )
      }
      await new Promise((resolve) => setTimeout(resolve, REMOVE_RETRY_MS))
    }
  }
}

/** Names of the universes kept on this device, in alphabetical order. */
export async function listUniverses(): Promise<readonly string[]> {
  try {
    const root = await navigator.storage.getDirectory()
    const directory = await root.getDirectoryHandle(UNIVERSES_DIRECTORY)
    const names: string[] = []
    for await (const entry of directory.keys()) names.push(universeName(entry))
    return names.sort()
  } catch {
    // No OPFS, or nothing in it yet: nothing is kept either way.
    return []
  }
}

function checkName(name: string): void {
  if (
    typeof name === 'string' &&
    name.length > 0 &&
    name.length <= NAME_LENGTH_MAX &&
    name.isWellFormed()
  ) {
    return
  }
  throw new UniverseError(
    'client/unsupported',
    `a universe's name is a text of 1 to ${NAME_LENGTH_MAX} characters; give such a name`,
  )
}

function checkSupport(): void {
  const missing = [
    ...(typeof Worker === 'undefined' ? ['Worker'] : []),
    ...(typeof BroadcastChannel === 'undefined' ? ['BroadcastChannel'] : []),
    ...(globalThis.navigator?.locks === undefined ? ['Web Locks (is the page secure?)'] : []),
  ]
  if (missing.length === 0) return
  throw new UniverseError(
    'client/unsupported',
    `this browser, or this page, lacks ${missing.join(' and ')}; serve it over https, or use another browser`,
    { details: { missing } },
  )
}

async function storageState({ storage, storageReason }: Welcome): Promise<StorageState> {
  const [estimate, isPersistent] = await Promise.all([
    navigator.storage?.estimate?.(),
    navigator.storage?.persisted?.(),
  ])
  return {
    kind: storage,
    reason: storageReason,
    isPersistent: isPersistent ?? false,
    usedBytes: estimate?.usage,
    quotaBytes: estimate?.quota,
  }
}
