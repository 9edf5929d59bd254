/** Live queries: the entry of the part that a worker loads when they are wanted. */
import { type Condition, relationOf, type TableQuery } from '@inner-universe/core'
import { compileRelation } from '@inner-universe/engine/relations'
import type { LiveRead } from '../../rpc/contract.ts'
import type { LiveHost, LivePart } from '../live-part.ts'
import { relationSource } from './incremental-source.ts'
import { LiveQueries } from './live-queries.ts'
import type { LiveSource } from './live-source.ts'
import { searchSource } from './search-source.ts'
import { sqlSource } from './sql-source.ts'

/** The live part of a host. */
export function createLive(host: LiveHost): LivePart {
  return new LiveQueries({
    createSource: (read) => liveSourceOf(read, host),
    query: (relation) => host.engine.queryRelation(relation, compileRelation),
    now: host.now,
  })
}

/** The source of a read. @throws UniverseError what is wrong with it. */
export function liveSourceOf(read: LiveRead, host: LiveHost): LiveSource {
  switch (read.kind) {
    case 'query':
      return relationSource(relationOf(bounded(read.query, host)), host)
    case 'relation':
      return relationSource(read.relation, host)
    case 'search':
      return searchSource(read, host)
    case 'sql':
      return sqlSource(read, host)
  }
}

/** A query by primary key has one row at most: with that limit it reads the row, not the whole table. */
function bounded(query: TableQuery, { engine }: LiveHost): TableQuery {
  const { primaryKey } = engine.definitions[query.table] ?? {}
  const isOne =
    query.limit === undefined && primaryKey !== undefined && pins(query.where, primaryKey)
  return isOne ? { ...query, limit: 1 } : query
}

/** Whether a condition holds only where a column has one value. */
function pins(condition: Condition | undefined, column: string): boolean {
  if (condition?.kind === 'and') return condition.of.some((part) => pins(part, column))
  if (condition?.kind !== 'compare') return false
  return condition.column === column && condition.operator === 'eq' && condition.path === undefined
}
