/** The app's universe: how it is opened, and the hooks of its module. */
import { openUniverse, type Universe } from '@inner-universe/client'
import { createUniverseHooks, type ReducersOf, type TablesOf } from '@inner-universe/react'
import { standardModule } from '@inner-universe/universe'

/** The universe type of the standard module. */
export type AppUniverse = Universe<
  TablesOf<typeof standardModule>,
  ReducersOf<typeof standardModule>
>

/** Name of the universe: one file in the origin's storage, shared by all tabs. */
export const UNIVERSE_NAME = 'wordnet'

/** Opens the app's universe; created empty when it is not there. */
export function openAppUniverse(): Promise<AppUniverse> {
  return openUniverse(standardModule, {
    name: UNIVERSE_NAME,
    worker: () =>
      new Worker(new URL('./universe.worker.ts', import.meta.url), {
        type: 'module',
        name: 'universe',
      }),
  })
}

const hooks = createUniverseHooks<typeof standardModule>()

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
