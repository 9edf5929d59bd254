/**
 * The clean-up: a scheduled reducer that keeps the event log, the recorded deltas, and the rows of
 * connections and subscriptions within the limits of the configuration.
 *
 * Nothing shared is deleted unless a limit is set. A run deletes the oldest rows first and at most
 * {@link RETENTION_ROWS_MAX} of a table; a longer clean-up goes on a moment later, so that calls get
 * through in between.
 */
import { type Reducer, type Schedule, t } from '@inner-universe/core'
import { type DefineStandardReducer, requireAdmin, type StandardContext } from './context.ts'
import {
  CONNECTION_IDLE_MS,
  CONNECTION_RETENTION_MS,
  RETENTION_INTERVAL_MS,
  RETENTION_PAUSE_MS,
  RETENTION_ROWS_MAX,
} from './limits.ts'

/** Reducers of `retention.ts`. */
export type RetentionReducers = {
  /** Runs the clean-up; gives how many rows went. Called by its timer; else for admins only. */
  readonly applyRetention: Reducer<
    { readonly id?: string | undefined; readonly schedule?: Schedule | null | undefined },
    number
  >
}

const REGULAR = 'regular'

/** Sets the regular timer, if it is not there. */
export function scheduleRetention(ctx: StandardContext): void {
  if (ctx.db.retention_schedule.get(REGULAR) !== undefined) return
  ctx.db.retention_schedule.insert({ id: REGULAR, schedule: { everyMs: RETENTION_INTERVAL_MS } })
}

type Limits = ReadonlyMap<string, number>

const LIMITS_SQL = `select key, value from config where key in (
  'event_log_max_rows', 'event_log_max_age_ms', 'delta_record_max_rows',
  'delta_record_max_age_ms', 'connection_idle_ms', 'connection_retention_ms')`

function limitsOf(ctx: StandardContext): Limits {
  const rows = ctx.sql<{ readonly key: string; readonly value: string }>(LIMITS_SQL)
  return new Map(rows.map(({ key, value }) => [key, Number(value)]))
}

/** Ids of the oldest rows, read from the index on `timestamp`. */
const OLDEST_SQL = {
  event_log: `select event_id as id from event_log where timestamp < ?1
    order by timestamp, event_id limit ?2`,
  // Steps and checkpoints are what states are made of: they stay as long as their versions.
  delta_record: `select delta_id as id from delta_record where timestamp < ?1 and role = 'record'
    order by timestamp, delta_id limit ?2`,
} as const

const COUNT_SQL = {
  event_log: 'select count(*) as n from event_log',
  delta_record: `select count(*) as n from delta_record where role = 'record'`,
} as const

function trim(ctx: StandardContext, limits: Limits, table: 'event_log' | 'delta_record'): number {
  const access = ctx.db[table]
  const remove = (beforeMs: number, countMax: number): number => {
    const rows = ctx.sql<{ readonly id: string }>(OLDEST_SQL[table], [beforeMs, countMax])
    for (const { id } of rows) access.delete(id)
    return rows.length
  }
  const ageMax = limits.get(`${table}_max_age_ms`)
  let removed = ageMax === undefined ? 0 : remove(ctx.timestamp - ageMax, RETENTION_ROWS_MAX)
  const rowsMax = limits.get(`${table}_max_rows`)
  if (rowsMax !== undefined) {
    const [{ n } = { n: 0 }] = ctx.sql<{ readonly n: number }>(COUNT_SQL[table])
    const excess = n - rowsMax
    const allowed = Math.min(excess, RETENTION_ROWS_MAX - removed)
    if (allowed > 0) removed += remove(Number.MAX_SAFE_INTEGER, allowed)
  }
  return removed
}

function retireConnections(ctx: StandardContext, limits: Limits): number {
  const idleBefore = ctx.timestamp - (limits.get('connection_idle_ms') ?? CONNECTION_IDLE_MS)
  const goneBefore =
    ctx.timestamp - (limits.get('connection_retention_ms') ?? CONNECTION_RETENTION_MS)
  const { client_connection, subscription } = ctx.db
  const idle = { status: 'Connected', last_active_at: { lt: idleBefore } } as const
  for (const { connection_id } of client_connection.where(idle).all()) {
    client_connection.update(connection_id, { status: 'Idle' })
  }
  const gone = { status: 'Disconnected', last_active_at: { lt: goneBefore } } as const
  const connections = client_connection.where(gone).limit(RETENTION_ROWS_MAX).all()
  for (const { connection_id } of connections) client_connection.delete(connection_id)
  const cancelled = { status: 'Cancelled', updated_at: { lt: goneBefore } } as const
  const subscriptions = subscription.where(cancelled).limit(RETENTION_ROWS_MAX).all()
  for (const { subscription_id } of subscriptions) subscription.delete(subscription_id)
  return connections.length + subscriptions.length
}

/** Makes the reducers of `retention.ts`. */
export function retentionReducers(reducer: DefineStandardReducer): RetentionReducers {
  return {
    applyRetention: reducer(
      { id: t.text().default(''), schedule: t.json<Schedule>().optional() },
      (ctx) => {
        requireAdmin(ctx, 'Admin privileges required')
        const limits = limitsOf(ctx)
        const events = trim(ctx, limits, 'event_log')
        const deltas = trim(ctx, limits, 'delta_record')
        if (Math.max(events, deltas) >= RETENTION_ROWS_MAX) {
          const id = ctx.newId()
          const schedule = { atMs: ctx.timestamp + RETENTION_PAUSE_MS }
          ctx.db.retention_schedule.insert({ id, schedule })
        }
        return events + deltas + retireConnections(ctx, limits)
      },
    ),
  }
}
