/**
 * Walks over relations, each one SQL statement.
 *
 * A relation is walked from `from_entity` to `to_entity` (`out`), the other way (`in`), or `both`.
 * One whose metadata says `bidirectional` is walked both ways whatever is asked for.
 */
import type { Cancellable } from '@inner-universe/client'
import { type QueryValue, UniverseError } from '@inner-universe/core'
import type { EntityMetadata, RelationMetadata } from './module/metadata.ts'
import { entityNotFound } from './module/refusal.ts'
import type { EntityRow, RelationRow } from './module/tables.ts'
import { cancellable } from './standard-query.ts'
import type { StandardUniverse } from './standard-universe.ts'

/** Which way relations are walked. */
export type Direction = 'out' | 'in' | 'both'

/** Rows one look at the neighbours may give. */
export const NEIGHBOURS_MAX = 10_000

/** Steps one traversal may go. Small worlds are crossed in six; the cost grows with each. */
export const TRAVERSE_DEPTH_MAX = 16

/** Entities one traversal may give. */
export const TRAVERSE_ENTITIES_MAX = 10_000

/** What `neighbours` can be told. */
export interface NeighboursOptions extends Cancellable {
  /** Default `both`. */
  readonly direction?: Direction | undefined
  /** Relation types to walk; default all. */
  readonly types?: readonly string[] | undefined
  /** Default 100, at most {@link NEIGHBOURS_MAX}. */
  readonly limit?: number | undefined
}

/** A relation of an entity and the entity at its other end. */
export interface Neighbour {
  readonly relation: RelationRow
  readonly entity: EntityRow
  /** The way it is walked from the entity asked about. A self relation comes once, as `out`. */
  readonly direction: 'out' | 'in'
}

/** What `traverse` can be told. */
export interface TraverseOptions extends NeighboursOptions {
  /** Steps from the start; default 3, at most {@link TRAVERSE_DEPTH_MAX}. */
  readonly depthMax?: number | undefined
}

/** An entity that a traversal reached. */
export interface TraversedEntity {
  readonly entity: EntityRow
  /** Steps of the shortest way from the start; 0 for the start itself. */
  readonly depth: number
}

const ENTITY_COLUMNS = [
  'id',
  'entity_type',
  'created_at',
  'updated_at',
  'metadata',
  'owner',
  'revision',
]
const RELATION_COLUMNS = [
  'id',
  'from_entity',
  'to_entity',
  'relation_type',
  'created_at',
  'metadata',
  'owner',
  'revision',
]

function selected(alias: string, prefix: string, columns: readonly string[]): string {
  return columns.map((column) => `${alias}.${column} as ${prefix}${column}`).join(', ')
}

const OF_TYPE = `(?2 is null or r.relation_type in (select value from json_each(?2)))`
const IS_BIDIRECTIONAL = `json_extract(r.metadata, '$.bidirectional')`

function walks(direction: Direction, wanted: 'out' | 'in'): string {
  return direction === 'both' || direction === wanted
    ? OF_TYPE
    : `${OF_TYPE} and ${IS_BIDIRECTIONAL}`
}

function neighboursSql(direction: Direction): string {
  const columns = `${selected('r', 'r_', RELATION_COLUMNS)}, ${selected('e', 'e_', ENTITY_COLUMNS)}`
  return `select ${columns}, 'out' as direction
      from relation r join entity e on e.id = r.to_entity
      where r.from_entity = ?1 and ${walks(direction, 'out')}
    union all
    select ${columns}, 'in'
      from relation r join entity e on e.id = r.from_entity
      where r.to_entity = ?1 and r.from_entity <> ?1 and ${walks(direction, 'in')}
    limit ?3`
}

/**
 * Breadth first: the queue is ordered by depth. UNION drops what was queued at that depth before, so
 * a cycle or a diamond adds at most one row per entity and depth; the bound `?4` therefore lets
 * through at least as many different entities as are asked for, the nearest first.
 */
function traverseSql(direction: Direction): string {
  return `with recursive walk(id, depth) as (
      select id, 0 from entity where id = ?1
      union
      select r.to_entity, walk.depth + 1 from walk join relation r on r.from_entity = walk.id
        where walk.depth < ?3 and ${walks(direction, 'out')}
      union
      select r.from_entity, walk.depth + 1 from walk join relation r on r.to_entity = walk.id
        where walk.depth < ?3 and ${walks(direction, 'in')}
      order by 2 limit ?4
    ), reached(id, depth) as (select id, min(depth) from walk group by id)
    select ${selected('e', 'e_', ENTITY_COLUMNS)}, depth
      from reached join entity e on e.id = reached.id
      order by depth, e.id limit ?5`
}

type SqlCells = Readonly<Record<string, unknown>>

function rowOf<R>(cells: SqlCells, prefix: string, columns: readonly string[]): R {
  const row: Record<string, unknown> = {}
  for (const column of columns) row[column] = cells[`${prefix}${column}`]
  row.metadata = JSON.parse(row.metadata as string) as EntityMetadata | RelationMetadata
  return row as R
}

function bounded(name: string, value: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= max) return value
  throw new UniverseError('query/invalid', `${name} must be a whole number from 0 to ${max}`)
}

function directionOf(options: NeighboursOptions): Direction {
  const { direction = 'both' } = options
  if (direction === 'out' || direction === 'in' || direction === 'both') return direction
  throw new UniverseError('query/invalid', `direction must be out, in or both`)
}

function typesOf(options: NeighboursOptions): QueryValue {
  return options.types === undefined ? null : JSON.stringify(options.types)
}

/**
 * The relations of an entity with the entities at their other ends; none for an entity that is not
 * there. Cost: an index seek per end, then one per neighbour.
 */
export async function neighbours(
  universe: StandardUniverse,
  id: string,
  options: NeighboursOptions = {},
): Promise<readonly Neighbour[]> {
  const limit = bounded('limit', options.limit ?? 100, NEIGHBOURS_MAX)
  const sql = neighboursSql(directionOf(options))
  const params = [id, typesOf(options), limit]
  const rows = await universe.sql<SqlCells>(sql, params, cancellable(options))
  return rows.map((cells) => ({
    relation: rowOf<RelationRow>(cells, 'r_', RELATION_COLUMNS),
    entity: rowOf<EntityRow>(cells, 'e_', ENTITY_COLUMNS),
    direction: cells.direction as 'out' | 'in',
  }))
}

/**
 * The entities within some steps of one, each once, the nearest first; the start itself comes first.
 * Cost: at most `limit` × (`depthMax` + 1) looks at an entity's relations.
 *
 * @throws UniverseError `universe/entity-not-found`; `query/invalid` for bad numbers.
 */
export async function traverse(
  universe: StandardUniverse,
  id: string,
  options: TraverseOptions = {},
): Promise<readonly TraversedEntity[]> {
  const depthMax = bounded('depthMax', options.depthMax ?? 3, TRAVERSE_DEPTH_MAX)
  const limit = bounded('limit', options.limit ?? 100, TRAVERSE_ENTITIES_MAX)
  const sql = traverseSql(directionOf(options))
  const queuedMax = limit * (depthMax + 1)
  const params = [id, typesOf(options), depthMax, queuedMax, limit]
  const rows = await universe.sql<SqlCells>(sql, params, cancellable(options))
  if (rows.length === 0 && limit > 0) throw entityNotFound(id)
  return rows.map((cells) => ({
    entity: rowOf<EntityRow>(cells, 'e_', ENTITY_COLUMNS),
    depth: cells.depth as number,
  }))
}
