/**
 * The client of the founding documents over an open universe: one method per operation, typed.
 *
 * It holds no state but its subscriptions. Writes are reducer calls (awaiting one means durable);
 * reads never write. Errors are {@link UniverseError}s, told apart by code.
 */
import { type Cancellable, type Clock, systemClock } from '@inner-universe/client'
import type { InputOfReducer, JsonValue } from '@inner-universe/core'
import {
  type Neighbour,
  type NeighboursOptions,
  neighbours,
  type TraversedEntity,
  type TraverseOptions,
  traverse,
} from './graph.ts'
import { entityNotFound, versionNotFound } from './module/refusal.ts'
import type { StandardReducers } from './module/standard-module.ts'
import {
  SYSTEM_STATUS_SQL,
  type SystemStatus,
  type SystemStatusRow,
  systemStatusOf,
} from './module/system.ts'
import type { EntityRow, EventLogRow, RelationRow, StateVersionRow } from './module/tables.ts'
import { VERSION_HISTORY_SQL, versionHistoryParams } from './module/versions.ts'
import type { QueryOrder } from './query-filter.ts'
import { type ChangeListener, subscribeChanges } from './row-changes.ts'
import {
  cancellable,
  columnIs,
  countRows,
  type Page,
  type PageOptions,
  queryPage,
} from './standard-query.ts'
import type { StandardUniverse } from './standard-universe.ts'
import {
  attachSubscription,
  openSubscription,
  type StandingSubscription,
  type SubscriptionListener,
} from './standing-subscription.ts'

type Input<Name extends keyof StandardReducers> = InputOfReducer<StandardReducers[Name]>

/** What `queryEntities` can be told. */
export interface EntityQueryOptions extends PageOptions {
  readonly type?: string | undefined
}

/** What `queryRelations` can be told. */
export interface RelationQueryOptions extends PageOptions {
  readonly type?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** What `queryEvents` can be told. Default order: newest first. */
export interface EventQueryOptions extends PageOptions {
  readonly type?: string | undefined
  readonly source?: string | undefined
  /** From this time on, ms since 1970. */
  readonly start?: number | undefined
  /** Before this time, ms since 1970. */
  readonly end?: number | undefined
}

/** What `queryStateVersions` can be told. Default order: newest first. */
export interface StateVersionQueryOptions extends PageOptions {
  readonly owner?: string | undefined
  readonly parentVersionId?: string | undefined
}

/** Settings by key; `applyConfiguration` makes text of them. */
export type ConfigurationInput = Readonly<Record<string, string | number | boolean>>

/** The operations of the founding client. */
export interface StandardClient {
  readonly universe: StandardUniverse
  createEntity(input: Input<'createEntity'>): Promise<string>
  /** Up to 1000 in one call, with one event; ids in order. */
  createEntities(items: Input<'createEntities'>['items']): Promise<readonly string[]>
  /** With its own id and times, for migrations. Admins only. */
  createEntityRaw(input: Input<'createEntityRaw'>): Promise<string>
  getEntity(id: string, options?: Cancellable): Promise<EntityRow | undefined>
  updateEntity(input: Input<'updateEntity'>): Promise<boolean>
  patchEntity(input: Input<'patchEntity'>): Promise<boolean>
  deleteEntity(input: Input<'deleteEntity'>): Promise<boolean>
  queryEntities(options?: EntityQueryOptions): Promise<Page<EntityRow>>
  countEntities(
    options?: Pick<EntityQueryOptions, 'type' | 'filters'> & Cancellable,
  ): Promise<number>
  /** Full-text search over names and descriptions, best first; the last word may be unfinished. */
  searchEntities(
    text: string,
    options?: Cancellable & { readonly limit?: number; readonly offset?: number },
  ): Promise<readonly EntityRow[]>
  createRelation(input: Input<'createRelation'>): Promise<string>
  createRelations(items: Input<'createRelations'>['items']): Promise<readonly string[]>
  getRelation(id: string, options?: Cancellable): Promise<RelationRow | undefined>
  updateRelation(input: Input<'updateRelation'>): Promise<boolean>
  patchRelation(input: Input<'patchRelation'>): Promise<boolean>
  deleteRelation(input: Input<'deleteRelation'>): Promise<boolean>
  queryRelations(options?: RelationQueryOptions): Promise<Page<RelationRow>>
  countRelations(
    options?: Pick<RelationQueryOptions, 'type' | 'from' | 'to' | 'filters'> & Cancellable,
  ): Promise<number>
  neighbours(id: string, options?: NeighboursOptions): Promise<readonly Neighbour[]>
  traverse(id: string, options?: TraverseOptions): Promise<readonly TraversedEntity[]>
  commitStateVersion(input: Input<'commitStateVersion'>): Promise<string>
  recordDelta(input: Input<'recordDelta'>): Promise<string>
  getStateVersion(id: string, options?: Cancellable): Promise<StateVersionRow | undefined>
  /** The version and its ancestors, itself first; default 10. */
  getVersionHistory(
    id: string,
    options?: Cancellable & { readonly limit?: number },
  ): Promise<readonly StateVersionRow[]>
  queryStateVersions(options?: StateVersionQueryOptions): Promise<Page<StateVersionRow>>
  publishEvent(input: Input<'publishEvent'>): Promise<string>
  queryEvents(options?: EventQueryOptions): Promise<Page<EventLogRow>>
  subscribeEntityChanges(listener: ChangeListener<EntityRow>): () => void
  subscribeRelationChanges(listener: ChangeListener<RelationRow>): () => void
  subscribeStateVersionChanges(listener: ChangeListener<StateVersionRow>): () => void
  subscribeEventLogChanges(listener: ChangeListener<EventLogRow>): () => void
  /** Makes a standing query and runs it live. */
  openSubscription(query: string, listener: SubscriptionListener): Promise<StandingSubscription>
  /** Runs a standing query made before. */
  attachSubscription(id: string, listener: SubscriptionListener): Promise<StandingSubscription>
  getSystemStatus(options?: Cancellable): Promise<SystemStatus>
  /** Sets keys one after another; the first refusal ends it. */
  applyConfiguration(settings: ConfigurationInput): Promise<void>
  /** Ends every subscription made through this client; the universe stays open. Idempotent. */
  close(): void
}

/** What a client can be told. */
export interface StandardClientOptions {
  /** Default {@link systemClock}. */
  readonly clock?: Pick<Clock, 'now'> | undefined
}

/** Newest first, rows of one millisecond by id: the order `getRecentEvents` has. */
function newestFirst(primaryKey: string): readonly QueryOrder[] {
  return ['timestamp', primaryKey].map((field) => ({ field, direction: 'desc' }))
}

type SqlVersionRow = StateVersionRow & Readonly<Record<string, JsonValue>>

/** The standard client of an open universe. */
export function createStandardClient(
  universe: StandardUniverse,
  options: StandardClientOptions = {},
): StandardClient {
  const { now } = options.clock ?? systemClock
  const { reducers } = universe
  const ends = new Set<() => void>()

  /** Keeps what ends a subscription until it is ended. */
  const kept = (end: () => void): (() => void) => {
    const once = (): void => {
      if (ends.delete(once)) end()
    }
    ends.add(once)
    return once
  }
  const keptSubscription = (subscription: StandingSubscription): StandingSubscription => {
    kept(() => subscription.unsubscribe())
    return subscription
  }
  const entityConditions = ({ type }: EntityQueryOptions) => columnIs('entity_type', 'eq', type)
  const relationConditions = ({ type, from, to }: RelationQueryOptions) => [
    ...columnIs('relation_type', 'eq', type),
    ...columnIs('from_entity', 'eq', from),
    ...columnIs('to_entity', 'eq', to),
  ]

  return {
    universe,
    createEntity: async (input) => reducers.createEntity(input),
    createEntities: async (items) => reducers.createEntities({ items }),
    createEntityRaw: async (input) => reducers.createEntityRaw(input),
    getEntity: (id, get = {}) => universe.get('entity', id, get),
    updateEntity: async (input) => reducers.updateEntity(input),
    patchEntity: async (input) => reducers.patchEntity(input),
    deleteEntity: async (input) => reducers.deleteEntity(input),
    queryEntities: (query = {}) => queryPage(universe, 'entity', entityConditions(query), query),
    countEntities: (query = {}) => countRows(universe, 'entity', entityConditions(query), query),
    searchEntities: (text, search = {}) => universe.search('entity', text, search),

    createRelation: async (input) => reducers.createRelation(input),
    createRelations: async (items) => reducers.createRelations({ items }),
    getRelation: (id, get = {}) => universe.get('relation', id, get),
    updateRelation: async (input) => reducers.updateRelation(input),
    patchRelation: async (input) => reducers.patchRelation(input),
    deleteRelation: async (input) => reducers.deleteRelation(input),
    queryRelations: (query = {}) =>
      queryPage(universe, 'relation', relationConditions(query), query),
    countRelations: (query = {}) =>
      countRows(universe, 'relation', relationConditions(query), query),
    neighbours: (id, walk) => neighbours(universe, id, walk),
    traverse: (id, walk) => traverse(universe, id, walk),

    commitStateVersion: async (input) => reducers.commitStateVersion(input),
    recordDelta: async (input) => reducers.recordDelta(input),
    getStateVersion: (id, get = {}) => universe.get('state_version', id, get),
    getVersionHistory: async (id, history = {}) => {
      const params = versionHistoryParams(id, history.limit ?? 10)
      const rows = await universe.sql<SqlVersionRow>(
        VERSION_HISTORY_SQL,
        params,
        cancellable(history),
      )
      if (rows.length > 0 || history.limit === 0) return rows
      throw versionNotFound(id)
    },
    queryStateVersions: (query = {}) =>
      queryPage(
        universe,
        'state_version',
        [
          ...columnIs('owner', 'eq', query.owner),
          ...columnIs('parent_version_id', 'eq', query.parentVersionId),
        ],
        { ...query, orderBy: query.orderBy ?? newestFirst('version_id') },
      ),

    publishEvent: async (input) => reducers.publishEvent(input),
    queryEvents: (query = {}) =>
      queryPage(
        universe,
        'event_log',
        [
          ...columnIs('event_type', 'eq', query.type),
          ...columnIs('source', 'eq', query.source),
          ...columnIs('timestamp', 'gte', query.start),
          ...columnIs('timestamp', 'lt', query.end),
        ],
        { ...query, orderBy: query.orderBy ?? newestFirst('event_id') },
      ),

    subscribeEntityChanges: (listener) => kept(subscribeChanges(universe, 'entity', listener)),
    subscribeRelationChanges: (listener) => kept(subscribeChanges(universe, 'relation', listener)),
    subscribeStateVersionChanges: (listener) =>
      kept(subscribeChanges(universe, 'state_version', listener)),
    subscribeEventLogChanges: (listener) => kept(subscribeChanges(universe, 'event_log', listener)),
    openSubscription: async (query, listener) =>
      keptSubscription(await openSubscription(universe, query, listener)),
    attachSubscription: async (id, listener) =>
      keptSubscription(await attachSubscription(universe, id, listener)),

    getSystemStatus: async (status = {}) => {
      const [row] = await universe.sql<SystemStatusRow>(SYSTEM_STATUS_SQL, [], cancellable(status))
      return systemStatusOf(row as SystemStatusRow, now())
    },
    applyConfiguration: async (settings) => {
      for (const [key, value] of Object.entries(settings)) {
        await reducers.updateConfig({ key, value: String(value) })
      }
    },
    close: () => {
      for (const end of [...ends]) end()
    },
  }
}

/** The entity, or the founding documents' error when there is none. */
export async function requireEntity(
  client: Pick<StandardClient, 'getEntity'>,
  id: string,
): Promise<EntityRow> {
  const row = await client.getEntity(id)
  if (row === undefined) throw entityNotFound(id)
  return row
}
