/**
 * What every reducer of the standard module does first: read the settings that bear on it, refuse
 * when the universe is under maintenance, and note that its connection is alive.
 */
import { type DefineReducer, MODULE_SENDER, type ReducerContext } from '@inner-universe/core'
import { ACTIVITY_RESOLUTION_MS } from './limits.ts'
import { unauthorized } from './refusal.ts'
import type { StandardTables } from './tables.ts'

/** The context of a reducer of the standard module. */
export type StandardContext = ReducerContext<StandardTables>

/** Declares reducers over the standard tables. */
export type DefineStandardReducer = DefineReducer<StandardTables>

/** The configuration that reducers obey. */
export interface Settings {
  /** `feature_enable_audit_log`: system events are written. */
  readonly hasAuditLog: boolean
  /** `feature_enable_state_versioning`: versions and deltas may be added. */
  readonly hasStateVersioning: boolean
  /** `feature_enable_metrics`: rows of `metrics` are kept. Off unless set. */
  readonly hasMetrics: boolean
  /** `security_write_policy`: `owner` (default) or `anyone` may change a row; see {@link mayChange}. */
  readonly isOpenToAll: boolean
  /** `admin_system_state`: `Running` (default), `Maintenance` or `ShuttingDown`. */
  readonly systemState: string
}

/** One statement for all of them: it is run by every call. */
const SETTINGS_SQL = `select key, value from config where key in (
  'feature_enable_audit_log', 'feature_enable_state_versioning', 'feature_enable_metrics',
  'security_write_policy', 'admin_system_state')`

/** Reads the settings. Cost: five index seeks in one statement. */
export function settingsOf(ctx: StandardContext): Settings {
  const rows = ctx.sql<{ readonly key: string; readonly value: string }>(SETTINGS_SQL)
  const values = new Map(rows.map(({ key, value }) => [key, value]))
  return {
    hasAuditLog: values.get('feature_enable_audit_log') !== 'false',
    hasStateVersioning: values.get('feature_enable_state_versioning') !== 'false',
    hasMetrics: values.get('feature_enable_metrics') === 'true',
    isOpenToAll: values.get('security_write_policy') === 'anyone',
    systemState: values.get('admin_system_state') ?? 'Running',
  }
}

/** True for the module itself, the universe's owner and the identities in `admin`. */
export function isAdmin(ctx: StandardContext): boolean {
  const { sender } = ctx
  return sender === MODULE_SENDER || sender === ctx.owner || ctx.db.admin.get(sender) !== undefined
}

/**
 * True when the caller may change a row of this owner: the owner, an admin, or, under the policy
 * `anyone`, anybody.
 */
export function mayChange(ctx: StandardContext, settings: Settings, owner: string): boolean {
  return owner === ctx.sender || settings.isOpenToAll || isAdmin(ctx)
}

/** Refuses who is no admin, with the text given. */
export function requireAdmin(ctx: StandardContext, message: string): void {
  if (!isAdmin(ctx)) throw unauthorized(message)
}

/**
 * Begins a writing reducer.
 *
 * @throws UniverseError `universe/unauthorized` under maintenance, unless the caller is an admin.
 */
export function beginWrite(ctx: StandardContext): Settings {
  const settings = settingsOf(ctx)
  if (settings.systemState !== 'Running' && !isAdmin(ctx)) {
    throw unauthorized(`the system state is ${settings.systemState}; only an admin may write now`)
  }
  markActive(ctx)
  return settings
}

/** Moves `last_active_at`, unless it was moved a moment ago: a call should not cost a second write. */
function markActive(ctx: StandardContext): void {
  if (ctx.connectionId === null) return
  const row = ctx.db.client_connection.get(ctx.connectionId)
  if (row === undefined || row.identity !== ctx.sender) return
  const isRecent = ctx.timestamp - row.last_active_at < ACTIVITY_RESOLUTION_MS
  if (isRecent && row.status !== 'Idle') return
  ctx.db.client_connection.update(row.connection_id, {
    last_active_at: Math.max(row.last_active_at, ctx.timestamp),
    ...(row.status === 'Idle' ? { status: 'Connected' as const } : {}),
  })
}
