/**
 * The standard module: tables, reducers and lifecycle of the founding documents, and the parts an
 * app composes its own module from.
 */
import { defineModule, type Module } from '@inner-universe/core'
import { type ConfigReducers, configReducers } from './config.ts'
import type { DefineStandardReducer } from './context.ts'
import { type EntityReducers, entityReducers } from './entities.ts'
import { type EventReducers, eventReducers } from './events.ts'
import { type MetricReducers, metricReducers } from './metrics.ts'
import { type RelationReducers, relationReducers } from './relations.ts'
import { type RetentionReducers, retentionReducers } from './retention.ts'
import { type SubscriptionReducers, subscriptionReducers } from './subscriptions.ts'
import { type SystemReducers, standardLifecycle, systemReducers } from './system.ts'
import { type StandardTables, standardTables } from './tables.ts'
import { type VersionReducers, versionReducers } from './versions.ts'

/** All reducers of the standard module. */
export type StandardReducers = EntityReducers &
  RelationReducers &
  VersionReducers &
  EventReducers &
  SubscriptionReducers &
  ConfigReducers &
  SystemReducers &
  MetricReducers &
  RetentionReducers

/** The standard reducers: spread them into a module that has {@link standardTables}. */
export function standardReducers(reducer: DefineStandardReducer): StandardReducers {
  return {
    ...entityReducers(reducer),
    ...relationReducers(reducer),
    ...versionReducers(reducer),
    ...eventReducers(reducer),
    ...subscriptionReducers(reducer),
    ...configReducers(reducer),
    ...systemReducers(reducer),
    ...metricReducers(reducer),
    ...retentionReducers(reducer),
  }
}

/** The standard module as it is: give it to `openUniverse` and `serve`. */
export const standardModule: Module<StandardTables, StandardReducers> = defineModule({
  name: 'inner_universe',
  version: 1,
  tables: standardTables,
  reducers: standardReducers,
  lifecycle: standardLifecycle,
})
