/** Events of the log as sentences. */
import { formatCount, formatPlural } from '../data/format.ts'

/** An event with the names of the entities it is about, as {@link eventsSql} gives it. */
export interface EventRow {
  readonly event_id: string
  readonly event_type: string
  readonly source: string | null
  readonly timestamp: number
  readonly data: string
  /** Names now; null when the entity is gone, or the event is about none. */
  readonly name: string | null
  readonly to_name: string | null
}

/** What kind of thing an event is about; a filter of the feed. */
export type EventKind = 'entities' | 'relations' | 'system' | 'custom'

/** An event as it is shown. */
export interface EventLine {
  readonly kind: EventKind
  /** What happened: `Created noun`. */
  readonly verb: string
  /** What it happened to. */
  readonly subject: string | undefined
  /** The entity to open, unless it is gone. */
  readonly entityId: string | undefined
}

/** Types of each kind; custom is every other. */
export const TYPES_BY_KIND: Readonly<Record<Exclude<EventKind, 'custom'>, readonly string[]>> = {
  entities: ['ENTITY_CREATED', 'ENTITY_UPDATED', 'ENTITY_DELETED', 'ENTITIES_CREATED'],
  relations: ['RELATION_CREATED', 'RELATION_UPDATED', 'RELATION_DELETED', 'RELATIONS_CREATED'],
  system: [
    'SYSTEM_INITIALIZED',
    'CLIENT_CONNECTED',
    'CLIENT_DISCONNECTED',
    'STATE_VERSION_COMMITTED',
    'DELTA_RECORDED',
    'ADMIN_GRANTED',
    'ADMIN_REVOKED',
  ],
}

/**
 * The newest events, with names. The limit is taken before the names are looked up, and the log is
 * walked backwards by id, which rises with time. Parameters: limit.
 */
export function eventsSql(kind: EventKind | 'all'): string {
  return `select event_id, event_type, source, timestamp, data,
      (select json_extract(metadata, '$.name') from entity where id =
        coalesce(json_extract(data, '$.entity_id'), json_extract(data, '$.from_entity'))) as name,
      (select json_extract(metadata, '$.name') from entity where id =
        json_extract(data, '$.to_entity')) as to_name
    from (select * from event_log ${whereOf(kind)} order by event_id desc limit ?1)`
}

function whereOf(kind: EventKind | 'all'): string {
  if (kind === 'all') return ''
  const quote = (types: readonly string[]): string => types.map((type) => `'${type}'`).join(', ')
  if (kind === 'custom') {
    return `where +event_type not in (${quote(Object.values(TYPES_BY_KIND).flat())})`
  }
  return `where +event_type in (${quote(TYPES_BY_KIND[kind])})`
}

/** The sentence of an event. */
export function eventLineOf(row: EventRow): EventLine {
  const data = JSON.parse(row.data) as Readonly<Record<string, unknown>>
  const text = (name: string): string => String(data[name] ?? '')
  const about = {
    kind: 'entities' as EventKind,
    subject: row.name ?? undefined,
    entityId: row.name === null ? undefined : text('entity_id'),
  }
  switch (row.event_type) {
    case 'ENTITY_CREATED':
      return {
        ...about,
        subject: row.name ?? givenName(data),
        verb: `Created ${text('entity_type')}`,
      }
    case 'ENTITY_UPDATED': {
      const fields = Array.isArray(data.changed_fields) ? data.changed_fields : []
      const changed = fields.map((field) => String(field).replace('properties.', '')).join(', ')
      return { ...about, verb: changed === '' ? 'Saved' : `Changed ${changed} of` }
    }
    case 'ENTITY_DELETED':
      return { ...about, entityId: undefined, verb: `Deleted a ${text('entity_type')}` }
    case 'ENTITIES_CREATED':
      return bulkLine('entities', formatPlural(Number(data.count), 'entity', 'entities'))
    case 'RELATIONS_CREATED':
      return bulkLine('relations', formatPlural(Number(data.count), 'relation'))
    case 'RELATION_CREATED':
      return {
        kind: 'relations',
        verb: `Related by ${text('relation_type')}`,
        subject: `${row.name ?? '?'} → ${row.to_name ?? '?'}`,
        entityId: row.name === null ? undefined : text('from_entity'),
      }
    case 'RELATION_DELETED':
      return plainLine('relations', `Deleted a ${text('relation_type')} relation`)
    case 'RELATION_UPDATED':
      return plainLine('relations', 'Changed a relation')
    case 'SYSTEM_INITIALIZED':
      return plainLine('system', `Universe created, version ${text('version')}`)
    case 'CLIENT_CONNECTED':
      return plainLine('system', 'A tab connected')
    case 'CLIENT_DISCONNECTED':
      return plainLine('system', 'A tab left')
    case 'STATE_VERSION_COMMITTED':
      return { ...plainLine('system', 'Committed version'), subject: text('description') }
    case 'DELTA_RECORDED':
      return plainLine(
        'system',
        `Recorded ${formatCount(Number(data.operations_count))} operations`,
      )
    case 'ADMIN_GRANTED':
    case 'ADMIN_REVOKED':
      return plainLine(
        'system',
        row.event_type === 'ADMIN_GRANTED' ? 'Admin granted' : 'Admin revoked',
      )
    default:
      return plainLine('custom', row.event_type)
  }
}

function plainLine(kind: EventKind, verb: string): EventLine {
  return { kind, verb, subject: undefined, entityId: undefined }
}

function bulkLine(kind: EventKind, what: string): EventLine {
  return plainLine(kind, `Imported ${what}`)
}

function givenName(data: Readonly<Record<string, unknown>>): string | undefined {
  const metadata = data.metadata as { readonly name?: string } | undefined
  return metadata?.name
}
