/** Live queries: the entry of the part that a worker loads when they are wanted. */
import { type Row, type TableQuery, UniverseError } from '@inner-universe/core'
import type { LiveRead } from '../../rpc/contract.ts'
import type { LiveHost, LivePart } from '../live-part.ts'
import { judge } from './condition.ts'
import { explainRerun } from './explain.ts'
import { LiveQueries } from './live-queries.ts'
import type { LiveSource } from './live-source.ts'
import { RerunSource } from './rerun-source.ts'
import { searchSource } from './search-source.ts'
import { sqlSource } from './sql-source.ts'
import { definitionOf } from './view-source.ts'

/** The live part of a host. */
export function createLive(host: LiveHost): LivePart {
  return new LiveQueries({ createSource: (read) => liveSourceOf(read, host), now: host.now })
}

/** The source of a read. @throws UniverseError what is wrong with it. */
export function liveSourceOf(read: LiveRead, host: LiveHost): LiveSource {
  switch (read.kind) {
    case 'query':
      return tableSource(read.query, host)
    case 'relation':
      throw new UniverseError('query/invalid', 'queries over several tables cannot be live yet')
    case 'search':
      return searchSource(read, host)
    case 'sql':
      return sqlSource(read, host)
  }
}

function tableSource(query: TableQuery, { module, engine, withDeadline }: LiveHost): LiveSource {
  const { table } = query
  const { primaryKey } = definitionOf(module, table)
  const fits = (row: Row | undefined): boolean =>
    row !== undefined && judge(query.where, row) !== 'no'
  const tables = new Set([table])
  return new RerunSource({
    tables,
    explanation: explainRerun(tables, `when ${table} changes`),
    isTouchedBy: (changes) =>
      changes.some(
        (change) => change.table === table && (fits(change.before) || fits(change.after)),
      ),
    run: () => {
      const rows = withDeadline(() => engine.query(query))
      return { keys: rows.map((row) => String(row[primaryKey])), rows }
    },
    suspects: (changes) => new Set(changes.map((change) => change.id)),
  })
}
