/** Configuration: its rows, who may change which, what each known key accepts; and the admins. */
import { type Reducer, t } from '@inner-universe/core'
import {
  beginWrite,
  type DefineStandardReducer,
  mayChange,
  requireAdmin,
  type StandardContext,
} from './context.ts'
import { emit } from './events.ts'
import { unauthorized, validationError } from './refusal.ts'

/** Keys beginning with one of these are for admins only. */
export const ADMIN_KEY_PREFIXES: readonly string[] = [
  'log_level',
  'cache_size_mb',
  'feature_enable_',
  'admin_',
  'security_',
]

/** Further keys for admins only: facts of the universe and the retention settings. */
export const ADMIN_KEYS: readonly string[] = [
  'module_version',
  'start_time',
  'event_log_max_rows',
  'event_log_max_age_ms',
  'delta_record_max_rows',
  'delta_record_max_age_ms',
  'connection_idle_ms',
  'connection_retention_ms',
]

/** True for a key that only an admin may set. */
export function isAdminKey(key: string): boolean {
  return ADMIN_KEYS.includes(key) || ADMIN_KEY_PREFIXES.some((prefix) => key.startsWith(prefix))
}

/** Levels of logging, from the quietest. */
export const LOG_LEVELS: readonly string[] = ['error', 'warn', 'info', 'debug', 'trace']

type Check = (value: string) => string | undefined

function oneOf(values: readonly string[]): Check {
  return (value) => (values.includes(value) ? undefined : `must be one of ${values.join(', ')}`)
}

const isWhole: Check = (value) =>
  /^(0|[1-9][0-9]{0,15})$/.test(value) ? undefined : 'must be a whole number from 0'

/** What known keys accept. A value the reducers would not understand is refused where it is set. */
const KEY_CHECKS: Readonly<Record<string, Check>> = {
  start_time: isWhole,
  cache_size_mb: isWhole,
  log_level: oneOf(LOG_LEVELS),
  admin_system_state: oneOf(['Running', 'Maintenance', 'ShuttingDown']),
  security_write_policy: oneOf(['owner', 'anyone']),
  event_log_max_rows: isWhole,
  event_log_max_age_ms: isWhole,
  delta_record_max_rows: isWhole,
  delta_record_max_age_ms: isWhole,
  connection_idle_ms: isWhole,
  connection_retention_ms: isWhole,
}

function checkValue(key: string, value: string): void {
  if (key === '') throw validationError('Config key cannot be empty')
  const check = key.startsWith('feature_enable_')
    ? oneOf(['true', 'false'])
    : Object.hasOwn(KEY_CHECKS, key)
      ? KEY_CHECKS[key]
      : undefined
  const fault = check?.(value)
  if (fault !== undefined) throw validationError(`Invalid value for ${key}: it ${fault}`)
}

/** Inserts or replaces a row; its first writer stays its owner. */
export function putConfig(
  ctx: StandardContext,
  key: string,
  value: string,
  description: string | null,
): void {
  const owner = ctx.db.config.get(key)?.owner ?? ctx.sender
  const row = { key, value, description, owner, updated_at: ctx.timestamp, updated_by: ctx.sender }
  ctx.db.config.upsert(row)
}

/** What `updateConfig` is given. */
export interface ConfigInput {
  readonly key: string
  readonly value: string
  /** Replaces the one there is, also when left out. */
  readonly description?: string | null | undefined
}

/** Reducers of `config.ts`. */
export type ConfigReducers = {
  /** Sets a key; the first to set one that is not for admins owns it. */
  readonly updateConfig: Reducer<ConfigInput, boolean>
  /** Sets any key, as an admin. */
  readonly adminOperation: Reducer<{ readonly key: string; readonly value: string }, void>
  /** Makes an identity an admin; false when it was one. Admins only. */
  readonly grantAdmin: Reducer<{ readonly identity: string }, boolean>
  /** Takes the right away; false when there was none. Admins only; the owner keeps it. */
  readonly revokeAdmin: Reducer<{ readonly identity: string }, boolean>
}

/** Makes the reducers of `config.ts`. */
export function configReducers(reducer: DefineStandardReducer): ConfigReducers {
  return {
    updateConfig: reducer(
      { key: t.text(), value: t.text(), description: t.text().optional() },
      (ctx, { key, value, description }) => {
        const settings = beginWrite(ctx)
        if (isAdminKey(key)) {
          requireAdmin(ctx, 'Admin privileges required for this configuration key')
        }
        const owner = ctx.db.config.get(key)?.owner
        if (owner !== undefined && !mayChange(ctx, settings, owner)) {
          throw unauthorized(
            `configuration key ${key} may be changed by its owner or an admin only`,
          )
        }
        checkValue(key, value)
        putConfig(ctx, key, value, description ?? null)
        return true
      },
    ),

    adminOperation: reducer({ key: t.text(), value: t.text() }, (ctx, { key, value }) => {
      requireAdmin(ctx, 'Admin privileges required')
      beginWrite(ctx)
      checkValue(key, value)
      putConfig(ctx, key, value, ctx.db.config.get(key)?.description ?? null)
    }),

    grantAdmin: reducer({ identity: t.text() }, (ctx, { identity }) => {
      requireAdmin(ctx, 'Admin privileges required')
      const settings = beginWrite(ctx)
      if (identity === '') throw validationError('Identity cannot be empty')
      if (ctx.db.admin.get(identity) !== undefined) return false
      ctx.db.admin.insert({ identity, granted_at: ctx.timestamp, granted_by: ctx.sender })
      const data = { identity, granted_by: ctx.sender }
      emit(ctx, settings, 'ADMIN_GRANTED', identity, data)
      return true
    }),

    revokeAdmin: reducer({ identity: t.text() }, (ctx, { identity }) => {
      requireAdmin(ctx, 'Admin privileges required')
      const settings = beginWrite(ctx)
      if (identity === ctx.owner) throw validationError('The owner cannot lose admin privileges')
      if (!ctx.db.admin.delete(identity)) return false
      const data = { identity, revoked_by: ctx.sender }
      emit(ctx, settings, 'ADMIN_REVOKED', identity, data)
      return true
    }),
  }
}
