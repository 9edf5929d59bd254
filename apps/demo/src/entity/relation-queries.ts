/**
 * The relations of one entity in SQL.
 *
 * `+` before `relation_type` keeps SQLite from using that column's index: the entity at one end has
 * a few hundred relations at most, while one type has tens of thousands.
 */

/** Which end of its relations the entity is. */
export type Direction = 'outgoing' | 'incoming'

/** Relations of one type. */
export interface GroupRow {
  readonly type: string
  readonly count: number
}

/** One relation and the entity at its other end; JSON columns as text. */
export interface RelationLineRow {
  readonly id: string
  readonly metadata: string
  readonly other_id: string
  readonly other_type: string
  readonly other_metadata: string
}

const ENDS = {
  outgoing: { here: 'from_entity', there: 'to_entity' },
  incoming: { here: 'to_entity', there: 'from_entity' },
} as const

function groupsSql(direction: Direction): string {
  return `select relation_type as type, count(*) as count from relation
    where ${ENDS[direction].here} = ?1 group by +relation_type order by relation_type`
}

function linesSql(direction: Direction): string {
  const { here, there } = ENDS[direction]
  return `select r.id, r.metadata, e.id as other_id, e.entity_type as other_type,
      e.metadata as other_metadata
    from relation r join entity e on e.id = r.${there}
    where r.${here} = ?1 and +r.relation_type = ?2
    order by json_extract(e.metadata, '$.name') collate nocase, r.id limit ?3 offset ?4`
}

/** Relations by type. Parameters: id. */
export const GROUPS_SQL: Readonly<Record<Direction, string>> = {
  outgoing: groupsSql('outgoing'),
  incoming: groupsSql('incoming'),
}

/** Relations of one type, by name of the other end. Parameters: id, type, limit, offset. */
export const LINES_SQL: Readonly<Record<Direction, string>> = {
  outgoing: linesSql('outgoing'),
  incoming: linesSql('incoming'),
}
