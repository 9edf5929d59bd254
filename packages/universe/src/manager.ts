/**
 * The persistence manager: opens a universe once, keeps why it failed, and closes all in order.
 *
 *     idle → initializing → ready → shuttingDown → idle
 *                  └ failed: back to idle, with `error` set
 */
import { UniverseError } from '@inner-universe/core'
import { createEventBus, type EventBus, type EventBusOptions } from './event-bus.ts'
import type { CustomEventData } from './module/event-data.ts'
import type { EntityRow } from './module/tables.ts'
import {
  createStandardClient,
  type StandardClient,
  type StandardClientOptions,
} from './standard-client.ts'
import type { StandardUniverse } from './standard-universe.ts'

/** What a manager is made of. */
export interface PersistenceManagerOptions extends EventBusOptions, StandardClientOptions {
  /** Opens the universe; called by every `initialize`. */
  readonly open: () => Promise<StandardUniverse>
}

/** The whole persistence layer behind one object. */
export interface PersistenceManager {
  /**
   * Opens the universe. False when that failed: `error` says why and everything opened is closed
   * again. While initializing or initialized already, gives that result.
   */
  initialize(): Promise<boolean>
  /** Closes the bus, the client and the universe. Idempotent. */
  shutdown(): Promise<void>
  readonly isInitialized: boolean
  /** Why the last `initialize` gave false. */
  readonly error: UniverseError | undefined
  /** @throws UniverseError `client/closed` `Persistence layer not initialized`; so do all below. */
  readonly client: StandardClient
  readonly events: EventBus
  createEntity: StandardClient['createEntity']
  getEntity(id: string): Promise<EntityRow | undefined>
  updateEntity: StandardClient['updateEntity']
  deleteEntity: StandardClient['deleteEntity']
  createRelation: StandardClient['createRelation']
  commitVersion: StandardClient['commitStateVersion']
  publishEvent(type: string, data: CustomEventData, source?: string): Promise<string>
}

interface Opened {
  readonly universe: StandardUniverse
  readonly client: StandardClient
  readonly events: EventBus
}

/** Makes a manager; nothing is opened until `initialize`. */
export function createPersistenceManager(options: PersistenceManagerOptions): PersistenceManager {
  let opened: Opened | undefined
  let opening: Promise<boolean> | undefined
  let closing: Promise<void> | undefined
  let error: UniverseError | undefined

  const open = async (): Promise<boolean> => {
    error = undefined
    let universe: StandardUniverse | undefined
    try {
      await closing
      universe = await options.open()
      const client = createStandardClient(universe, options)
      opened = { universe, client, events: createEventBus(universe, options) }
      return true
    } catch (cause) {
      error = asUniverseError(cause)
      await universe?.close()
      return false
    }
  }

  const close = async (): Promise<void> => {
    await opening
    const closed = opened
    opened = undefined
    if (closed === undefined) return
    // Order matters: the bus still has metrics to write, the client listeners to end.
    await sayGoodbye(closed.universe)
    await closed.events.close()
    closed.client.close()
    await closed.universe.close()
  }

  const ready = (): Opened => {
    if (opened !== undefined) return opened
    throw new UniverseError('client/closed', 'Persistence layer not initialized')
  }

  return {
    initialize: () => {
      if (opened !== undefined && closing === undefined) return Promise.resolve(true)
      opening ??= open().finally(() => {
        opening = undefined
      })
      return opening
    },
    shutdown: () => {
      closing ??= close().finally(() => {
        closing = undefined
      })
      return closing
    },
    get isInitialized() {
      return opened !== undefined
    },
    get error() {
      return error
    },
    get client() {
      return ready().client
    },
    get events() {
      return ready().events
    },
    createEntity: async (input) => ready().client.createEntity(input),
    getEntity: async (id) => ready().client.getEntity(id),
    updateEntity: async (input) => ready().client.updateEntity(input),
    deleteEntity: async (input) => ready().client.deleteEntity(input),
    createRelation: async (input) => ready().client.createRelation(input),
    commitVersion: async (input) => ready().client.commitStateVersion(input),
    publishEvent: async (type, data, source) => ready().events.publish(type, data, source),
  }
}

/** Marks the connection as `Disconnecting`. That it could not be is no reason to stay open. */
async function sayGoodbye(universe: StandardUniverse): Promise<void> {
  try {
    await universe.reducers.touchConnection({ status: 'Disconnecting' })
  } catch {
    // Harmless: the store itself marks the connection `Disconnected` when it ends.
  }
}

function asUniverseError(cause: unknown): UniverseError {
  if (cause instanceof UniverseError) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new UniverseError('client/worker-failed', `could not open the universe: ${message}`, {
    cause,
  })
}
