/** The event log: how the store writes it, how clients add to it and read its tail. */
import { type Id, type Reducer, t } from '@inner-universe/core'
import {
  beginWrite,
  type DefineStandardReducer,
  type Settings,
  type StandardContext,
} from './context.ts'
import {
  type CustomEventData,
  faultOfEventData,
  isSystemEventType,
  type SystemEventData,
  type SystemEventType,
} from './event-data.ts'
import { RECENT_EVENTS_MAX } from './limits.ts'
import { METRIC_NAMES, observe } from './metrics.ts'
import { unauthorized, validationError } from './refusal.ts'

/**
 * Writes a system event in the reducer's own transaction, so it is there exactly when its cause is.
 * Does nothing while `feature_enable_audit_log` is `false`.
 */
export function emit<Type extends SystemEventType>(
  ctx: StandardContext,
  settings: Settings,
  event_type: Type,
  source: string | null,
  data: SystemEventData[Type],
): void {
  if (!settings.hasAuditLog) return
  ctx.db.event_log.insert({ event_type, source, timestamp: ctx.timestamp, data })
  countEvent(ctx, settings)
}

function countEvent(ctx: StandardContext, settings: Settings): void {
  if (!settings.hasMetrics) return
  observe(ctx, { name: METRIC_NAMES.eventsPublished, kind: 'counter', value: 1 })
}

/** What `publishEvent` is given. */
export interface PublishEventInput {
  /** Any text but "" and the types only the store writes ({@link SYSTEM_EVENT_TYPES}). */
  readonly type: string
  readonly source?: string | null | undefined
  readonly data: CustomEventData
  /** Id of the log row, for a publisher that must know it beforehand. Must be new. */
  readonly eventId?: string | null | undefined
}

/** What `getRecentEvents` is given. */
export interface RecentEventsInput {
  readonly type?: string | null | undefined
  /** From 1 to {@link RECENT_EVENTS_MAX}. */
  readonly maxCount: number
}

/** Reducers of `events.ts`. */
export type EventReducers = {
  /** Adds one custom event; gives its id. */
  readonly publishEvent: Reducer<PublishEventInput, Id<'event_log'>>
  /** Ids of the newest events, by timestamp and then by id, newest first. */
  readonly getRecentEvents: Reducer<RecentEventsInput, readonly string[]>
}

const RECENT_SQL = `select event_id from event_log
  order by timestamp desc, event_id desc limit ?1`

const RECENT_OF_TYPE_SQL = `select event_id from event_log where event_type = ?2
  order by timestamp desc, event_id desc limit ?1`

/** Makes the reducers of `events.ts`. */
export function eventReducers(reducer: DefineStandardReducer): EventReducers {
  return {
    publishEvent: reducer(
      {
        type: t.text(),
        source: t.text().optional(),
        data: t.json<CustomEventData>(),
        eventId: t.text().optional(),
      },
      (ctx, { type, source, data, eventId }) => {
        const settings = beginWrite(ctx)
        if (type === '') throw validationError('Event type cannot be empty')
        if (isSystemEventType(type)) {
          throw unauthorized(`event type ${type} is written by the store only`)
        }
        const fault = faultOfEventData(type, data)
        if (fault !== undefined) throw validationError(fault)
        const id = eventId === null || eventId === undefined ? {} : { event_id: eventId as never }
        const { event_id } = ctx.db.event_log.insert({
          ...id,
          event_type: type,
          source: source ?? null,
          timestamp: ctx.timestamp,
          data,
        })
        countEvent(ctx, settings)
        return event_id
      },
    ),

    getRecentEvents: reducer(
      { type: t.text().optional(), maxCount: t.int() },
      (ctx, { type, maxCount }) => {
        if (maxCount < 1 || maxCount > RECENT_EVENTS_MAX) {
          throw validationError(`Max count must be between 1 and ${RECENT_EVENTS_MAX}`)
        }
        const isOfType = type !== null && type !== undefined
        const rows = ctx.sql<{ readonly event_id: string }>(
          isOfType ? RECENT_OF_TYPE_SQL : RECENT_SQL,
          isOfType ? [maxCount, type] : [maxCount],
        )
        return rows.map((row) => row.event_id)
      },
    ),
  }
}
