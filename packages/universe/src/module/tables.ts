/**
 * The tables of the standard module, columns and indexes as the founding documents name them.
 *
 * All are readable by every client. `entity`, `relation`, `state_version`, `delta_record`,
 * `event_log`, `config` and `admin` are shared with other replicas; the rest belongs to this one.
 */
import {
  type Column,
  type Id,
  type RowOf,
  type Schedule,
  type Table,
  t,
  table,
} from '@inner-universe/core'
import type { DeltaOperation } from './delta-operation.ts'
import type { EventData } from './event-data.ts'
import { DELTA_OPERATIONS_MAX } from './limits.ts'
import type { DeltaMetadata, EntityMetadata, Properties, RelationMetadata } from './metadata.ts'

/** State of a connection: `Idle` after a while without calls, `Disconnecting` while it says goodbye. */
export type ConnectionStatus = 'Connected' | 'Idle' | 'Disconnecting' | 'Disconnected'

/** State of a subscription. `Cancelled` is final. */
export type SubscriptionStatus = 'Active' | 'Paused' | 'Cancelled'

/** How a metric moves: a sum, a last value, or a distribution. */
export type MetricKind = 'counter' | 'gauge' | 'histogram'

/** Columns of `entity`. */
export type EntityColumns = {
  readonly id: Column<Id<'entity'>, true>
  readonly entity_type: Column<string>
  readonly created_at: Column<number>
  readonly updated_at: Column<number>
  readonly metadata: Column<EntityMetadata>
  /** Identity that created it. */
  readonly owner: Column<string>
  /** 1 when created, one more with every update; see `expectedRevision`. */
  readonly revision: Column<number, true>
}

/** Columns of `relation`. */
export type RelationColumns = {
  readonly id: Column<Id<'relation'>, true>
  readonly from_entity: Column<Id<'entity'>>
  readonly to_entity: Column<Id<'entity'>>
  readonly relation_type: Column<string>
  readonly created_at: Column<number>
  readonly metadata: Column<RelationMetadata>
  readonly owner: Column<string>
  readonly revision: Column<number, true>
}

/** Columns of `state_version`. */
export type StateVersionColumns = {
  readonly version_id: Column<Id<'state_version'>, true>
  readonly parent_version_id: Column<Id<'state_version'> | null, true>
  /** The other version whose changes a merge took in. */
  readonly merge_parent_id: Column<Id<'state_version'> | null, true>
  readonly timestamp: Column<number>
  readonly description: Column<string>
  readonly data_hash: Column<string>
  readonly owner: Column<string>
}

/**
 * What a delta record is to its version. `record`: noted on top of it; `step`: it makes the version's
 * state of its parent's; `checkpoint`: it makes it of nothing.
 */
export type DeltaRole = 'record' | 'step' | 'checkpoint'

/** Columns of `delta_record`. */
export type DeltaRecordColumns = {
  readonly delta_id: Column<Id<'delta_record'>, true>
  readonly state_version_id: Column<Id<'state_version'>>
  readonly operations: Column<readonly DeltaOperation[]>
  readonly role: Column<DeltaRole, true>
  readonly timestamp: Column<number>
  readonly metadata: Column<DeltaMetadata>
}

/** Columns of `event_log`. */
export type EventLogColumns = {
  readonly event_id: Column<Id<'event_log'>, true>
  readonly event_type: Column<string>
  readonly source: Column<string | null, true>
  readonly timestamp: Column<number>
  readonly data: Column<EventData>
}

/** Columns of `config`. */
export type ConfigColumns = {
  readonly key: Column<string>
  readonly value: Column<string>
  readonly description: Column<string | null, true>
  readonly updated_at: Column<number>
  readonly updated_by: Column<string>
  /** Identity that made the key. */
  readonly owner: Column<string>
}

/** Columns of `admin`: identities that may do everything, besides the universe's owner. */
export type AdminColumns = {
  readonly identity: Column<string>
  readonly granted_at: Column<number>
  readonly granted_by: Column<string>
}

/** Columns of `client_connection`. */
export type ClientConnectionColumns = {
  readonly connection_id: Column<string>
  readonly identity: Column<string>
  readonly connected_at: Column<number>
  readonly last_active_at: Column<number>
  readonly client_info: Column<string | null, true>
  readonly status: Column<ConnectionStatus>
}

/** Columns of `subscription`. */
export type SubscriptionColumns = {
  readonly subscription_id: Column<Id<'subscription'>, true>
  readonly identity: Column<string>
  readonly query: Column<string>
  readonly created_at: Column<number>
  readonly updated_at: Column<number>
  readonly status: Column<SubscriptionStatus>
}

/** Columns of `metrics`. */
export type MetricsColumns = {
  readonly name: Column<string>
  readonly kind: Column<MetricKind>
  /** Counter: the sum. Gauge and histogram: the last value. */
  readonly value: Column<number>
  /** Observations so far. */
  readonly count: Column<number>
  /** Sum, smallest and largest of all observations. */
  readonly sum: Column<number>
  readonly min: Column<number>
  readonly max: Column<number>
  readonly updated_at: Column<number>
}

/** Columns of `retention_schedule`: the timers of the clean-up. */
export type RetentionScheduleColumns = {
  readonly id: Column<string>
  readonly schedule: Column<Schedule>
}

/** The standard tables by name. A type, not an interface: tables are a record. */
export type StandardTables = {
  readonly entity: Table<EntityColumns>
  readonly relation: Table<RelationColumns>
  readonly state_version: Table<StateVersionColumns>
  readonly delta_record: Table<DeltaRecordColumns>
  readonly event_log: Table<EventLogColumns>
  readonly config: Table<ConfigColumns>
  readonly admin: Table<AdminColumns>
  readonly client_connection: Table<ClientConnectionColumns>
  readonly subscription: Table<SubscriptionColumns>
  readonly metrics: Table<MetricsColumns>
  readonly retention_schedule: Table<RetentionScheduleColumns>
}

const properties = t.json<Properties>().default({})
const tags = t.array(t.text()).default([])

/**
 * The standard tables: give them to `defineModule`, alone or beside an app's own.
 *
 * The ends of a relation are `keep` references: an entity deleted on one replica while another gives
 * it a relation stays, so no relation ever dangles (MERGE.md).
 */
export const standardTables: StandardTables = {
  entity: table<EntityColumns>({
    id: t.id<'entity'>(),
    entity_type: t.text(),
    created_at: t.timestamp(),
    updated_at: t.timestamp(),
    metadata: t.object({
      name: t.text().optional(),
      description: t.text().optional(),
      tags,
      properties,
    }),
    owner: t.text(),
    revision: t.int().default(1),
  })
    .index('entity_type', ['entity_type'])
    .index('created_at', ['created_at'])
    .search({ name: 'metadata.name', description: 'metadata.description' }),

  relation: table<RelationColumns>({
    id: t.id<'relation'>(),
    from_entity: t.ref('entity', { onDelete: 'keep' }),
    to_entity: t.ref('entity', { onDelete: 'keep' }),
    relation_type: t.text(),
    created_at: t.timestamp(),
    metadata: t.object({
      description: t.text().optional(),
      strength: t.real().min(0).max(1).default(1),
      bidirectional: t.bool().default(false),
      tags,
      properties,
    }),
    owner: t.text(),
    revision: t.int().default(1),
  })
    .index('from_entity', ['from_entity'])
    .index('to_entity', ['to_entity'])
    .index('relation_type', ['relation_type']),

  state_version: table<StateVersionColumns>({
    version_id: t.id<'state_version'>(),
    parent_version_id: t.ref('state_version', { onDelete: 'keep' }).optional(),
    merge_parent_id: t.ref('state_version', { onDelete: 'keep' }).optional(),
    timestamp: t.timestamp(),
    description: t.text(),
    data_hash: t.text(),
    owner: t.text(),
  })
    .index('parent_version_id', ['parent_version_id'])
    .index('timestamp', ['timestamp'])
    .index('owner', ['owner'])
    .appendOnly(),

  delta_record: table<DeltaRecordColumns>({
    delta_id: t.id<'delta_record'>(),
    state_version_id: t.ref('state_version', { onDelete: 'keep' }),
    operations: t.array(t.json<DeltaOperation>()).max(DELTA_OPERATIONS_MAX),
    role: t.enum(['record', 'step', 'checkpoint']).default('record'),
    timestamp: t.timestamp(),
    metadata: t.object({
      description: t.text(),
      author: t.text().optional(),
      tags,
      parent_delta_id: t.text().optional(),
    }),
  })
    .index('state_version_id', ['state_version_id'])
    .index('timestamp', ['timestamp'])
    .appendOnly(),

  event_log: table<EventLogColumns>({
    event_id: t.id<'event_log'>(),
    event_type: t.text(),
    source: t.text().optional(),
    timestamp: t.timestamp(),
    data: t.json<EventData>(),
  })
    .index('event_type', ['event_type', 'timestamp'])
    .index('timestamp', ['timestamp'])
    .index('source', ['source'])
    .appendOnly(),

  config: table<ConfigColumns>({
    key: t.key(),
    value: t.text(),
    description: t.text().optional(),
    updated_at: t.timestamp(),
    updated_by: t.text(),
    owner: t.text(),
  }),

  admin: table<AdminColumns>({
    identity: t.key(),
    granted_at: t.timestamp(),
    granted_by: t.text(),
  }),

  client_connection: table<ClientConnectionColumns>({
    connection_id: t.key(),
    identity: t.text(),
    connected_at: t.timestamp(),
    last_active_at: t.timestamp(),
    client_info: t.text().optional(),
    status: t.enum(['Connected', 'Idle', 'Disconnecting', 'Disconnected']),
  })
    .index('identity', ['identity'])
    .local(),

  subscription: table<SubscriptionColumns>({
    subscription_id: t.id<'subscription'>(),
    identity: t.text(),
    query: t.text(),
    created_at: t.timestamp(),
    updated_at: t.timestamp(),
    status: t.enum(['Active', 'Paused', 'Cancelled']),
  })
    .index('identity', ['identity'])
    .local(),

  metrics: table<MetricsColumns>({
    name: t.key(),
    kind: t.enum(['counter', 'gauge', 'histogram']),
    value: t.real(),
    count: t.int(),
    sum: t.real(),
    min: t.real(),
    max: t.real(),
    updated_at: t.timestamp(),
  }).local(),

  retention_schedule: table<RetentionScheduleColumns>({
    id: t.key(),
    schedule: t.json<Schedule>(),
  }).schedule('applyRetention', 'schedule'),
}

/** A row of `entity`. */
export type EntityRow = RowOf<StandardTables['entity']>
/** A row of `relation`. */
export type RelationRow = RowOf<StandardTables['relation']>
/** A row of `state_version`. */
export type StateVersionRow = RowOf<StandardTables['state_version']>
/** A row of `delta_record`. */
export type DeltaRecordRow = RowOf<StandardTables['delta_record']>
/** A row of `event_log`. */
export type EventLogRow = RowOf<StandardTables['event_log']>
/** A row of `config`. */
export type ConfigRow = RowOf<StandardTables['config']>
/** A row of `client_connection`. */
export type ClientConnectionRow = RowOf<StandardTables['client_connection']>
/** A row of `subscription`. */
export type SubscriptionRow = RowOf<StandardTables['subscription']>
/** A row of `metrics`. */
export type MetricRow = RowOf<StandardTables['metrics']>
