/** What differs between two states of the graph, in the words of the app. */
import type { RowDifference } from '@inner-universe/client'
import type { JsonValue } from '@inner-universe/core'
import { fieldsOf, valueText } from '../conflicts/clash.ts'
import { formatDateTime } from '../data/format.ts'

/** Tables a person thinks of as the graph. The rest is what the app notes beside: events, settings. */
export const GRAPH_TABLES: readonly string[] = [
  'entity',
  'relation',
  'entity_note',
  'entity_note_document',
]

/** One thing that differs. */
export interface DifferenceField {
  readonly name: string
  /** Undefined: it was not there. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** One row that differs, or a note. */
export interface ShownDifference {
  readonly key: string
  readonly kind: RowDifference['kind']
  /** `entity`, `relation`, `note`, `event`. */
  readonly what: string
  readonly title: string
  /** The entity whose page tells more; undefined for what has none. */
  readonly entityId: string | undefined
  readonly fields: readonly DifferenceField[]
}

/** What says nothing to a person that the rest does not. */
const MINOR_COLUMNS: ReadonlySet<string> = new Set(['updated_at', 'revision', 'owner', 'id'])

const WORDS: Readonly<Record<string, string>> = {
  entity_note: 'note',
  entity_note_document: 'note',
  event_log: 'event',
  config: 'setting',
  admin: 'administrator',
  state_version: 'version',
  delta_record: 'delta',
  retention_schedule: 'clean-up',
}

/** Entities that the differences speak of without showing them: their names are to be looked up. */
export function entityIdsOf(differences: readonly RowDifference[]): readonly string[] {
  const own = new Set(differences.flatMap(({ table, id }) => (table === 'entity' ? [id] : [])))
  const named = differences.flatMap((difference) => {
    const row = rowOf(difference)
    switch (difference.table) {
      case 'relation':
        return [row.from_entity, row.to_entity]
      case 'entity_note':
        return [difference.id]
      case 'entity_note_document':
        return [row.row]
      default:
        return []
    }
  })
  return [...new Set(named.filter((id) => typeof id === 'string'))].filter((id) => !own.has(id))
}

/** The differences as they are shown; what was written in one note is one. */
export function shownDifferencesOf(
  differences: readonly RowDifference[],
  nameById: ReadonlyMap<string, string>,
): readonly ShownDifference[] {
  const names = new Map(nameById)
  for (const difference of differences) {
    const { metadata } = rowOf(difference)
    const name = difference.table === 'entity' ? textOf(metadata, 'name') : undefined
    if (name !== undefined) names.set(difference.id, name)
  }
  const nameOf = (id: unknown): string =>
    typeof id === 'string' ? (names.get(id) ?? `unnamed ${id.slice(-6)}`) : 'nothing'

  const shown = new Map<string, ShownDifference>()
  for (const difference of differences) {
    const one = shownDifferenceOf(difference, nameOf)
    if (!shown.has(one.key)) shown.set(one.key, one)
  }
  return [...shown.values()]
}

function shownDifferenceOf(
  difference: RowDifference,
  nameOf: (id: unknown) => string,
): ShownDifference {
  const { table, id, kind } = difference
  const row = rowOf(difference)
  const common = { key: `${table} ${id}`, kind, what: WORDS[table] ?? table.replaceAll('_', ' ') }
  switch (table) {
    case 'entity':
      return { ...common, title: nameOf(id), entityId: id, fields: entityFieldsOf(difference) }
    case 'relation':
      return {
        ...common,
        title: `${nameOf(row.from_entity)} → ${nameOf(row.to_entity)}`,
        entityId: typeof row.from_entity === 'string' ? row.from_entity : undefined,
        fields: entityFieldsOf(difference),
      }
    case 'entity_note':
      return { ...common, title: `Note on ${nameOf(id)}`, entityId: id, fields: [] }
    case 'entity_note_document':
      return {
        ...common,
        key: `${table} ${String(row.row)}`,
        // A line of its updates that came is a note that was written in, and so is one that went.
        kind: 'update',
        title: `Note on ${nameOf(row.row)}`,
        entityId: typeof row.row === 'string' ? row.row : undefined,
        fields: [{ name: 'text', before: undefined, after: 'written in; open it to read' }],
      }
    case 'event_log':
      return { ...common, title: String(row.event_type), entityId: undefined, fields: [] }
    default:
      return { ...common, title: id, entityId: undefined, fields: cellsOf(difference) }
  }
}

/** Of entities and relations: their metadata one by one. */
function entityFieldsOf(difference: RowDifference): readonly DifferenceField[] {
  const { before, after } = difference
  const metadata = fieldsOf(
    (before?.metadata ?? null) as JsonValue,
    (after?.metadata ?? null) as JsonValue,
  )
  const ends = new Set(['metadata', 'from_entity', 'to_entity', 'created_at'])
  return [
    ...cellsOf(difference).filter(({ name }) => !ends.has(name)),
    // What it is called says most.
    ...metadata
      .toSorted((a, b) => Number(b.name === 'name') - Number(a.name === 'name'))
      .filter(({ ours, theirs }) => !(isEmpty(ours) && isEmpty(theirs)))
      .filter(({ name }) => difference.kind === 'update' || name !== 'name')
      .map(({ name, ours, theirs }) => ({
        name,
        before: before === undefined ? undefined : valueText(ours),
        after: after === undefined ? undefined : valueText(theirs),
      })),
  ]
}

/** The cells that differ, or all of a row that came or went. */
function cellsOf({ kind, before, after, columns }: RowDifference): readonly DifferenceField[] {
  const names = kind === 'update' ? columns : Object.keys(before ?? after ?? {})
  return names
    .filter((name) => !MINOR_COLUMNS.has(name))
    .map((name) => ({
      name,
      before: before === undefined ? undefined : cellText(name, before[name]),
      after: after === undefined ? undefined : cellText(name, after[name]),
    }))
}

function cellText(name: string, value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'bigint') return String(value)
  const isTime = name.endsWith('_at') || name === 'timestamp'
  return isTime && typeof value === 'number'
    ? formatDateTime(value)
    : valueText((value ?? null) as JsonValue)
}

function isEmpty(value: JsonValue): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

function rowOf({ before, after }: RowDifference): Readonly<Record<string, unknown>> {
  return after ?? before ?? {}
}

function textOf(metadata: unknown, key: string): string | undefined {
  const value = (metadata as Readonly<Record<string, unknown>> | undefined)?.[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}
