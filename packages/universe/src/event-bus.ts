/**
 * The event bus: handlers by event type, fed by the event log.
 *
 * Every event that enters the log, here or on another replica, reaches each handler of its type
 * once; an event has one id, that of its log row. When another tab takes over or the universe is
 * replaced by an import, what was written meanwhile is read from the log: events no more than
 * {@link EVENT_LATE_MS} older than the newest seen before, so not what a merge of that very moment
 * brought from long ago. Events published through this bus come back like
 * all others, marked `isOwn`: a bridge to another system registers with `skipOwn` and publishes what
 * it brings in through this bus, so nothing it brought goes out again. A handler that publishes the
 * type it handles must stop by itself (or use `skipOwn`): the bus does not guess.
 *
 * Handlers run one task each, in the order of the log; what one throws goes to `onError` and stops
 * nobody.
 */
import { type Clock, systemClock } from '@inner-universe/client'
import { createIdFactory, type Id, type RandomBytes, UniverseError } from '@inner-universe/core'
import { EventTail } from './event-tail.ts'
import {
  type CustomEventData,
  type EventData,
  faultOfEventData,
  type SystemEventData,
  type SystemEventType,
} from './module/event-data.ts'
import { METRIC_NAMES, type MetricObservation } from './module/metrics.ts'
import type { EventLogRow } from './module/tables.ts'
import type { StandardUniverse } from './standard-universe.ts'

/** An event as handlers get it. `Data` follows from the type for system events. */
export interface EventMessage<Data = EventData> {
  /** Id of the row in the event log. */
  readonly id: string
  readonly type: string
  readonly source: string | null
  /** Wall time of the call that wrote it, ms since 1970. */
  readonly timestamp: number
  readonly data: Data
  /** True when it was published through this bus. */
  readonly isOwn: boolean
}

/** The data of an event type. */
export type EventDataOf<Type extends string> = Type extends SystemEventType
  ? SystemEventData[Type]
  : CustomEventData

/** Told of one event. A promise it returns is not waited for; its failure goes to `onError`. */
export type EventHandler<Data = EventData> = (message: EventMessage<Data>) => unknown

/** How a handler is to be called. */
export interface HandlerOptions {
  /** Leaves out events published through this bus. Default false. */
  readonly skipOwn?: boolean
}

/** What a bus is made of. */
export interface EventBusOptions {
  /** Gets what handlers throw, unsound events, and what failed in reading the log or keeping metrics. */
  readonly onError: (error: unknown, message: EventMessage | undefined) => void
  /** Randomness for event ids: `(n) => crypto.getRandomValues(new Uint8Array(n))`. */
  readonly randomBytes: RandomBytes
  /** The universe's clock. Default {@link systemClock}. */
  readonly clock?: Pick<Clock, 'now'> | undefined
}

/** Own ids remembered for telling the echo; more are never on their way at once. */
const OWN_IDS_MAX = 10_000

/** Observations kept until `flushMetrics`; the oldest are dropped. */
const OBSERVATIONS_MAX = 1000

/** A bus over the event log of one universe. */
export interface EventBus {
  /** Adds a handler of one type. Several may have one type. Returns the unsubscribe. */
  registerHandler<Type extends string>(
    type: Type,
    handler: EventHandler<EventDataOf<Type>>,
    options?: HandlerOptions,
  ): () => void
  /** Adds a handler of all types. Returns the unsubscribe. */
  registerHandlerForAll(handler: EventHandler, options?: HandlerOptions): () => void
  /** Writes an event to the log; gives its id once it is durable. */
  publish(type: string, data: CustomEventData, source?: string): Promise<string>
  /** Writes what was measured (`events.publication_latency_ms`, …) to the metrics table. */
  flushMetrics(): Promise<void>
  /** Ends delivery and flushes the metrics. Idempotent. */
  close(): Promise<void>
}

/** A set of the newest ids only. */
class RecentIds {
  readonly #ids = new Set<string>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  delete(id: string): void {
    this.#ids.delete(id)
  }

  add(id: string): void {
    this.#ids.add(id)
    if (this.#ids.size <= this.#sizeMax) return
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest)
      break
    }
  }
}

interface Registered {
  readonly type: string | undefined
  readonly handler: EventHandler
  readonly skipOwn: boolean
}

/** Makes a bus; it listens from now on. */
export function createEventBus(universe: StandardUniverse, options: EventBusOptions): EventBus {
  const { onError, randomBytes } = options
  const { now } = options.clock ?? systemClock
  const newEventId = createIdFactory({ now, randomBytes })
  const handlers = new Set<Registered>()
  const ownIds = new RecentIds(OWN_IDS_MAX)
  let observations: MetricObservation[] = []
  let isClosed = false

  const run = async (registered: Registered, message: EventMessage): Promise<void> => {
    try {
      // A task of its own: a slow or throwing handler does not hold up the others.
      await Promise.resolve()
      if (handlers.has(registered)) await registered.handler(message)
    } catch (error) {
      onError(error, message)
    }
  }

  const deliver = (row: EventLogRow): void => {
    const { event_id: id, event_type: type, source, timestamp, data } = row
    const message = { id, type, source, timestamp, data, isOwn: ownIds.has(id) }
    const fault = faultOfEventData(type, data)
    if (fault !== undefined) {
      onError(new UniverseError('universe/validation', `event ${id}: ${fault}`), message)
      return
    }
    for (const registered of handlers) {
      if (registered.type !== undefined && registered.type !== type) continue
      if (registered.skipOwn && message.isOwn) continue
      void run(registered, message)
    }
  }

  const tail = new EventTail({
    universe,
    now,
    onEvent: deliver,
    onError: (error) => onError(error, undefined),
  })

  const register = (
    type: string | undefined,
    handler: EventHandler,
    { skipOwn = false }: HandlerOptions = {},
  ): (() => void) => {
    const registered = { type, handler, skipOwn }
    handlers.add(registered)
    return () => void handlers.delete(registered)
  }

  const note = (name: string, kind: MetricObservation['kind'], value: number): void => {
    if (observations.length >= OBSERVATIONS_MAX) observations.shift()
    observations.push({ name, kind, value })
  }

  const flushMetrics = async (): Promise<void> => {
    if (observations.length === 0) return
    const batch = observations
    observations = []
    try {
      await universe.reducers.recordMetrics({ observations: batch })
    } catch (error) {
      onError(error, undefined)
    }
  }

  return {
    registerHandler: (type, handler, handlerOptions) =>
      register(type, handler as EventHandler, handlerOptions),
    registerHandlerForAll: (handler, handlerOptions) =>
      register(undefined, handler, handlerOptions),
    publish: async (type, data, source) => {
      if (isClosed) throw new UniverseError('client/closed', 'the event bus was closed')
      // The id is made here, before the call: the event comes back before the call's answer does.
      const eventId: Id<'event_log'> = newEventId<'event_log'>()
      ownIds.add(eventId)
      const startMs = now()
      try {
        await universe.reducers.publishEvent({ type, data, source: source ?? null, eventId })
      } catch (error) {
        ownIds.delete(eventId)
        note(METRIC_NAMES.publicationFailures, 'counter', 1)
        throw error
      }
      note(METRIC_NAMES.publicationLatencyMs, 'histogram', Math.max(0, now() - startMs))
      return eventId
    },
    flushMetrics,
    close: async () => {
      if (isClosed) return
      isClosed = true
      tail.close()
      handlers.clear()
      await flushMetrics()
    },
  }
}
