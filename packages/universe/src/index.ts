export {
  type Cache,
  type CacheHit,
  type CacheOptions,
  createCache,
  createEntityCache,
  type EntityCache,
  entityCacheKey,
} from './cache.ts'
export {
  type ClientLease,
  type ClientPool,
  type ClientPoolOptions,
  createClientPool,
} from './client-pool.ts'
export { createEntityBatch, type EntityBatch, type EntityBatchOptions } from './entity-batch.ts'
export {
  createEventBus,
  type EventBus,
  type EventBusOptions,
  type EventDataOf,
  type EventHandler,
  type EventMessage,
  type HandlerOptions,
} from './event-bus.ts'
export { EVENT_LATE_MS } from './event-tail.ts'
export {
  type Direction,
  NEIGHBOURS_MAX,
  type Neighbour,
  type NeighboursOptions,
  neighbours,
  TRAVERSE_DEPTH_MAX,
  TRAVERSE_ENTITIES_MAX,
  type TraversedEntity,
  type TraverseOptions,
  traverse,
} from './graph.ts'
export {
  createPersistenceManager,
  type PersistenceManager,
  type PersistenceManagerOptions,
} from './manager.ts'
export {
  ADMIN_KEY_PREFIXES,
  ADMIN_KEYS,
  type ConfigInput,
  type ConfigReducers,
  isAdminKey,
  LOG_LEVELS,
} from './module/config.ts'
export type { DefineStandardReducer, StandardContext } from './module/context.ts'
export { type DeltaOperation, faultOfOperation } from './module/delta-operation.ts'
export type {
  BulkEntityInput,
  EntityInput,
  EntityReducers,
  RawEntityInput,
  RowTarget,
} from './module/entities.ts'
export {
  type CustomEventData,
  type EventData,
  faultOfEventData,
  isSystemEventType,
  SYSTEM_EVENT_TYPES,
  type SystemEventData,
  type SystemEventType,
} from './module/event-data.ts'
export type { EventReducers, PublishEventInput, RecentEventsInput } from './module/events.ts'
export {
  BULK_ITEMS_MAX,
  DELTA_OPERATIONS_MAX,
  RECENT_EVENTS_MAX,
  VERSION_HISTORY_MAX,
} from './module/limits.ts'
export type {
  DeltaMetadata,
  EntityMetadata,
  EntityMetadataInput,
  EntityMetadataPatch,
  Properties,
  RelationMetadata,
  RelationMetadataInput,
  RelationMetadataPatch,
} from './module/metadata.ts'
export { METRIC_NAMES, type MetricObservation, type MetricReducers } from './module/metrics.ts'
export type { BulkRelationInput, RelationInput, RelationReducers } from './module/relations.ts'
export type { RetentionReducers } from './module/retention.ts'
export {
  type StandardReducers,
  standardModule,
  standardReducers,
} from './module/standard-module.ts'
export { formatStatePath, parseStatePath } from './module/state-path.ts'
export type { SubscriptionReducers } from './module/subscriptions.ts'
export {
  type ConnectionTouch,
  INITIAL_CONFIG,
  STANDARD_MODULE_VERSION,
  type SystemReducers,
  type SystemState,
  type SystemStatus,
  standardLifecycle,
} from './module/system.ts'
export {
  type ClientConnectionRow,
  type ConfigRow,
  type ConnectionStatus,
  type DeltaRecordRow,
  type EntityRow,
  type EventLogRow,
  type MetricKind,
  type MetricRow,
  type RelationRow,
  type StandardTables,
  type StateVersionRow,
  type SubscriptionRow,
  type SubscriptionStatus,
  standardTables,
} from './module/tables.ts'
export type {
  DeltaRecordInput,
  StateVersionInput,
  VersionHistoryInput,
  VersionReducers,
} from './module/versions.ts'
export {
  FILTER_OPERATORS,
  type FilterOperator,
  type QueryFilter,
  type QueryOrder,
} from './query-filter.ts'
export { type ChangeKind, type ChangeListener, subscribeChanges } from './row-changes.ts'
export {
  type ConfigurationInput,
  createStandardClient,
  type EntityQueryOptions,
  type EventQueryOptions,
  type RelationQueryOptions,
  requireEntity,
  type StandardClient,
  type StandardClientOptions,
  type StateVersionQueryOptions,
} from './standard-client.ts'
export {
  type Page,
  type PageOptions,
  QUERY_LIMIT_DEFAULT,
  QUERY_LIMIT_MAX,
} from './standard-query.ts'
export type { StandardUniverse } from './standard-universe.ts'
export type {
  StandingSubscription,
  SubscriptionListener,
  SubscriptionResult,
} from './standing-subscription.ts'
export { applyOperations } from './temporal/apply-operations.ts'
export { diffStates } from './temporal/diff-states.ts'
export {
  type MergedState,
  mergeStates,
  type ResolveConflict,
  type StateConflict,
} from './temporal/merge-states.ts'
export { pythonStateHash, stateHash } from './temporal/state-hash.ts'
export {
  createTemporalStore,
  type MergeOptions,
  type MergeResult,
  type TemporalStore,
  type WorkingState,
} from './temporal/temporal-store.ts'
export type { VersionNode } from './temporal/version-graph.ts'
