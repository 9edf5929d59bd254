/** The life of the system: creation, connections, status. */
import { type Lifecycle, type Reducer, t } from '@inner-universe/core'
import { putConfig } from './config.ts'
import {
  beginWrite,
  type DefineStandardReducer,
  type StandardContext,
  settingsOf,
} from './context.ts'
import { emit } from './events.ts'
import { scheduleRetention } from './retention.ts'
import type { ConnectionStatus, StandardTables } from './tables.ts'

/** Version of the standard module, as `module_version` and `SYSTEM_INITIALIZED` give it. */
export const STANDARD_MODULE_VERSION: string = '0.1.0'

/** Rows of `config` made when a universe is created, besides `start_time`. */
export const INITIAL_CONFIG: Readonly<Record<string, string>> = {
  module_version: STANDARD_MODULE_VERSION,
  feature_enable_state_versioning: 'true',
  feature_enable_audit_log: 'true',
  cache_size_mb: '256',
  log_level: 'info',
}

/**
 * State of the system. `Starting`: `init` has not run. `Maintenance` and `ShuttingDown`: an admin
 * said so (`admin_system_state`). `Degraded`: a standard feature, the audit log or state versioning,
 * is switched off. Else `Running`.
 */
export type SystemState = 'Starting' | 'Running' | 'Degraded' | 'Maintenance' | 'ShuttingDown'

/** The system at a glance. */
export interface SystemStatus {
  readonly status: SystemState
  readonly version: string
  /** Whole seconds since `start_time`. */
  readonly uptimeSeconds: number
  readonly entityCount: number
  readonly relationCount: number
  readonly eventCount: number
  /** Connections that are `Connected` or `Idle`. */
  readonly connectedClients: number
}

/** What {@link SYSTEM_STATUS_SQL} gives: one row. */
export interface SystemStatusRow {
  readonly version: string | null
  readonly start_time: string | null
  readonly system_state: string | null
  readonly feature_off: number
  readonly entity_count: number
  readonly relation_count: number
  readonly event_count: number
  readonly connected_clients: number
}

/** Everything of a {@link SystemStatus} in one row. Cost: counts three tables. */
export const SYSTEM_STATUS_SQL: string = `select
  (select value from config where key = 'module_version') as version,
  (select value from config where key = 'start_time') as start_time,
  (select value from config where key = 'admin_system_state') as system_state,
  exists(select 1 from config where value = 'false' and key in
    ('feature_enable_audit_log', 'feature_enable_state_versioning')) as feature_off,
  (select count(*) from entity) as entity_count,
  (select count(*) from relation) as relation_count,
  (select count(*) from event_log) as event_count,
  (select count(*) from client_connection where status in ('Connected', 'Idle'))
    as connected_clients`

/** The status a row of {@link SYSTEM_STATUS_SQL} means at a time. */
export function systemStatusOf(row: SystemStatusRow, nowMs: number): SystemStatus {
  const startMs = Number(row.start_time ?? nowMs)
  const stated = row.system_state
  const status =
    row.start_time === null
      ? 'Starting'
      : stated === 'Maintenance' || stated === 'ShuttingDown'
        ? stated
        : row.feature_off === 1
          ? 'Degraded'
          : 'Running'
  return {
    status,
    version: row.version ?? STANDARD_MODULE_VERSION,
    uptimeSeconds: Math.max(0, Math.floor((nowMs - startMs) / 1000)),
    entityCount: row.entity_count,
    relationCount: row.relation_count,
    eventCount: row.event_count,
    connectedClients: row.connected_clients,
  }
}

function requireConnectionId(ctx: StandardContext): string {
  if (ctx.connectionId === null) throw new TypeError('a connection has an id')
  return ctx.connectionId
}

/** What the store itself calls. Spread it into a module's `lifecycle`, or call it from there. */
export const standardLifecycle: {
  readonly init: (ctx: StandardContext) => void
  readonly connected: (ctx: StandardContext) => void
  readonly disconnected: (ctx: StandardContext) => void
} = {
  init(ctx) {
    for (const [key, value] of Object.entries(INITIAL_CONFIG)) putConfig(ctx, key, value, null)
    putConfig(ctx, 'start_time', String(ctx.timestamp), null)
    ctx.db.admin.upsert({
      identity: ctx.owner,
      granted_at: ctx.timestamp,
      granted_by: ctx.sender,
    })
    scheduleRetention(ctx)
    emit(ctx, settingsOf(ctx), 'SYSTEM_INITIALIZED', null, {
      version: STANDARD_MODULE_VERSION,
      timestamp: ctx.timestamp,
      initialized_by: ctx.owner,
    })
  },

  connected(ctx) {
    const connection_id = requireConnectionId(ctx)
    const identity = ctx.sender
    // An upsert: a tab that comes back after its leader died keeps its connection id.
    ctx.db.client_connection.upsert({
      connection_id,
      identity,
      connected_at: ctx.timestamp,
      last_active_at: ctx.timestamp,
      client_info: null,
      status: 'Connected',
    })
    // Its timer belongs to each replica: one that began as a copy has none.
    scheduleRetention(ctx)
    emit(ctx, settingsOf(ctx), 'CLIENT_CONNECTED', identity, { identity, connection_id })
  },

  disconnected(ctx) {
    const connection_id = requireConnectionId(ctx)
    const identity = ctx.sender
    if (ctx.db.client_connection.get(connection_id) !== undefined) {
      ctx.db.client_connection.update(connection_id, {
        status: 'Disconnected',
        last_active_at: ctx.timestamp,
      })
    }
    emit(ctx, settingsOf(ctx), 'CLIENT_DISCONNECTED', identity, { identity, connection_id })
  },
} satisfies Lifecycle<StandardTables>

/** What `touchConnection` is given. */
export interface ConnectionTouch {
  /** What the client says of itself. */
  readonly clientInfo?: string | null | undefined
  /** `Disconnected` is the store's to say. */
  readonly status?: Exclude<ConnectionStatus, 'Disconnected'> | null | undefined
}

/** Reducers of `system.ts`. */
export type SystemReducers = {
  /** Says that the caller's connection is alive, in what state, and what it is; false for none. */
  readonly touchConnection: Reducer<ConnectionTouch, boolean>
  readonly getSystemStatus: Reducer<Readonly<Record<never, never>>, SystemStatus>
}

/** Makes the reducers of `system.ts`. */
export function systemReducers(reducer: DefineStandardReducer): SystemReducers {
  return {
    touchConnection: reducer(
      {
        clientInfo: t.text().max(2000).optional(),
        status: t.enum(['Connected', 'Idle', 'Disconnecting']).optional(),
      },
      (ctx, { clientInfo, status }) => {
        beginWrite(ctx)
        const { connectionId } = ctx
        const row = connectionId === null ? undefined : ctx.db.client_connection.get(connectionId)
        if (row === undefined || row.identity !== ctx.sender) return false
        ctx.db.client_connection.update(row.connection_id, {
          last_active_at: ctx.timestamp,
          status: status ?? 'Connected',
          ...(typeof clientInfo === 'string' ? { client_info: clientInfo } : {}),
        })
        return true
      },
    ),

    getSystemStatus: reducer({}, (ctx) => {
      const [row] = ctx.sql<SystemStatusRow>(SYSTEM_STATUS_SQL)
      return systemStatusOf(row as SystemStatusRow, ctx.timestamp)
    }),
  }
}
