/**
 * What each type of event carries.
 *
 * System events are written by the store's own reducers only, so their type tells their shape. Every
 * other type is custom: any map.
 */
import type { JsonValue } from '@inner-universe/core'
import type { DeltaMetadata, EntityMetadata, RelationMetadata } from './metadata.ts'

/** The data of each system event. Metadata of an update holds the changed fields only. */
export interface SystemEventData {
  readonly SYSTEM_INITIALIZED: {
    readonly version: string
    readonly timestamp: number
    readonly initialized_by: string
  }
  readonly CLIENT_CONNECTED: { readonly identity: string; readonly connection_id: string }
  readonly CLIENT_DISCONNECTED: { readonly identity: string; readonly connection_id: string }
  readonly ENTITY_CREATED: {
    readonly entity_id: string
    readonly entity_type: string
    readonly metadata: EntityMetadata
  }
  readonly ENTITY_UPDATED: {
    readonly entity_id: string
    readonly changed_fields: readonly string[]
    readonly old_metadata: Partial<EntityMetadata>
    readonly new_metadata: Partial<EntityMetadata>
  }
  readonly ENTITY_DELETED: { readonly entity_id: string; readonly entity_type: string }
  readonly ENTITIES_CREATED: {
    readonly count: number
    readonly first_id: string
    readonly last_id: string
  }
  readonly RELATION_CREATED: {
    readonly relation_id: string
    readonly from_entity: string
    readonly to_entity: string
    readonly relation_type: string
    readonly metadata: RelationMetadata
  }
  readonly RELATION_UPDATED: {
    readonly relation_id: string
    readonly changed_fields: readonly string[]
    readonly old_metadata: Partial<RelationMetadata>
    readonly new_metadata: Partial<RelationMetadata>
  }
  readonly RELATION_DELETED: { readonly relation_id: string; readonly relation_type: string }
  readonly RELATIONS_CREATED: {
    readonly count: number
    readonly first_id: string
    readonly last_id: string
  }
  readonly STATE_VERSION_COMMITTED: {
    readonly version_id: string
    readonly parent_version_id: string | null
    readonly description: string
    readonly data_hash: string
  }
  readonly DELTA_RECORDED: {
    readonly delta_id: string
    readonly state_version_id: string
    readonly operations_count: number
    readonly metadata: DeltaMetadata
  }
  readonly ADMIN_GRANTED: { readonly identity: string; readonly granted_by: string }
  readonly ADMIN_REVOKED: { readonly identity: string; readonly revoked_by: string }
}

/** A type of event that only the store writes. */
export type SystemEventType = keyof SystemEventData

/** The data of a custom event: any map. */
export type CustomEventData = Readonly<Record<string, JsonValue>>

/** What an event carries: the data of its system type, or any map. */
export type EventData = SystemEventData[SystemEventType] | CustomEventData

type FieldKind = 'text' | 'number' | 'texts' | 'map' | 'text?'

/** The fields of every system event, all required. */
const SYSTEM_EVENT_FIELDS: {
  readonly [Type in SystemEventType]: {
    readonly [Field in keyof SystemEventData[Type]]: FieldKind
  }
} = {
  SYSTEM_INITIALIZED: { version: 'text', timestamp: 'number', initialized_by: 'text' },
  CLIENT_CONNECTED: { identity: 'text', connection_id: 'text' },
  CLIENT_DISCONNECTED: { identity: 'text', connection_id: 'text' },
  ENTITY_CREATED: { entity_id: 'text', entity_type: 'text', metadata: 'map' },
  ENTITY_UPDATED: {
    entity_id: 'text',
    changed_fields: 'texts',
    old_metadata: 'map',
    new_metadata: 'map',
  },
  ENTITY_DELETED: { entity_id: 'text', entity_type: 'text' },
  ENTITIES_CREATED: { count: 'number', first_id: 'text', last_id: 'text' },
  RELATION_CREATED: {
    relation_id: 'text',
    from_entity: 'text',
    to_entity: 'text',
    relation_type: 'text',
    metadata: 'map',
  },
  RELATION_UPDATED: {
    relation_id: 'text',
    changed_fields: 'texts',
    old_metadata: 'map',
    new_metadata: 'map',
  },
  RELATION_DELETED: { relation_id: 'text', relation_type: 'text' },
  RELATIONS_CREATED: { count: 'number', first_id: 'text', last_id: 'text' },
  STATE_VERSION_COMMITTED: {
    version_id: 'text',
    parent_version_id: 'text?',
    description: 'text',
    data_hash: 'text',
  },
  DELTA_RECORDED: {
    delta_id: 'text',
    state_version_id: 'text',
    operations_count: 'number',
    metadata: 'map',
  },
  ADMIN_GRANTED: { identity: 'text', granted_by: 'text' },
  ADMIN_REVOKED: { identity: 'text', revoked_by: 'text' },
}

/** Every type of event that only the store writes; `publishEvent` refuses them. */
export const SYSTEM_EVENT_TYPES: readonly SystemEventType[] = Object.keys(
  SYSTEM_EVENT_FIELDS,
) as SystemEventType[]

/** True for a type of event that only the store writes. */
export function isSystemEventType(type: string): type is SystemEventType {
  return Object.hasOwn(SYSTEM_EVENT_FIELDS, type)
}

const IS_KIND: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  'text?': (value) => value === null || typeof value === 'string',
  number: (value) => typeof value === 'number',
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  map: isMap,
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * What is wrong with an event's data for its type, or undefined. Rows may come from a replica of
 * another version, so readers check what they are given.
 */
export function faultOfEventData(type: string, data: unknown): string | undefined {
  if (!isMap(data)) return 'event data must be a map'
  if (!isSystemEventType(type)) return undefined
  for (const [field, kind] of Object.entries<FieldKind>(SYSTEM_EVENT_FIELDS[type])) {
    if (!IS_KIND[kind]((data as Record<string, unknown>)[field])) {
      return `event data of ${type} lacks a sound "${field}"`
    }
  }
  return undefined
}
