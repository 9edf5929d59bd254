/** The app's universe: how it is opened, and the hooks of its module. */
import { openUniverse, type Universe } from '@inner-universe/client'
import { createUniverseHooks } from '@inner-universe/react'
import { fetchDevToken } from './sync/dev-token.ts'
import { readDeviceId, writeDeviceId } from './sync/device.ts'
import { isOfflineWanted } from './sync/offline-switch.ts'
import { relayUrl } from './sync/relay-address.ts'
import {
  type WordnetReducers,
  type WordnetTables,
  type WordnetViews,
  wordnetModule,
} from './wordnet-module.ts'

/** The universe type of the app's module. */
export type AppUniverse = Universe<WordnetTables, WordnetReducers, WordnetViews>

/** Name of the universe: one file in the origin's storage, shared by all tabs. */
export const UNIVERSE_NAME = 'wordnet'

/** Opens the app's universe, in sync with the relay if there is one; created empty when not there. */
export async function openAppUniverse(): Promise<AppUniverse> {
  const url = relayUrl()
  const deviceId = readDeviceId()
  const identity = Promise.withResolvers<string>()
  const universe = await openUniverse(wordnetModule, {
    name: UNIVERSE_NAME,
    worker: () =>
      new Worker(new URL('./universe.worker.ts', import.meta.url), {
        type: 'module',
        name: 'universe',
      }),
    // Before there is one: the identity that the file is created under becomes the device's.
    ...(deviceId === undefined ? {} : { identity: deviceId }),
    ...(url === undefined
      ? {}
      : {
          sync: {
            url,
            paused: isOfflineWanted(),
            token: async () =>
              fetchDevToken({
                relayUrl: url,
                universe: UNIVERSE_NAME,
                identity: await identity.promise,
              }),
          },
        }),
  })
  writeDeviceId(universe.identity)
  identity.resolve(universe.identity)
  return universe
}

const hooks = createUniverseHooks<typeof wordnetModule>()

/** Gives the universe to the hooks below. */
export const UniverseProvider: typeof hooks.UniverseProvider = hooks.UniverseProvider
/** The universe of this page. */
export const useUniverse: typeof hooks.useUniverse = hooks.useUniverse
/** A typed query kept up to date. */
export const useLiveQuery: typeof hooks.useLiveQuery = hooks.useLiveQuery
/** SQL kept up to date. */
export const useLiveSql: typeof hooks.useLiveSql = hooks.useLiveSql
/** A reducer to call, with its state. */
export const useCall: typeof hooks.useCall = hooks.useCall
/** Connection and storage. */
export const useStatus: typeof hooks.useStatus = hooks.useStatus
/** Where sync stands. */
export const useSyncStatus: typeof hooks.useSyncStatus = hooks.useSyncStatus
/** Who else is here. */
export const usePresence: typeof hooks.usePresence = hooks.usePresence
/** Changes that met others. */
export const useConflicts: typeof hooks.useConflicts = hooks.useConflicts
/** Steps that can be undone, and reducers whose calls are such steps. */
export const useUndo: typeof hooks.useUndo = hooks.useUndo
/** A document of a row, open while its component is mounted. */
export const useDocument: typeof hooks.useDocument = hooks.useDocument
