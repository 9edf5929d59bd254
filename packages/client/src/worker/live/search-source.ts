/** Full-text searches, run again when their table changes: what ranks first depends on all its rows. */
import type { Row } from '@inner-universe/core'
import type { LiveRead } from '../../rpc/contract.ts'
import type { LiveHost } from '../live-part.ts'
import { explainRerun } from './explain.ts'
import { RerunSource } from './rerun-source.ts'
import { definitionOf } from './table-catalog.ts'

/** The source of a search. @throws UniverseError `table/unknown`. */
export function searchSource(
  read: Extract<LiveRead, { kind: 'search' }>,
  { engine, withDeadline }: LiveHost,
): RerunSource {
  const { table, text, limit, offset } = read
  const { primaryKey } = definitionOf(engine.definitions, table)
  const tables = new Set([table])
  return new RerunSource({
    tables,
    explanation: explainRerun(tables, `when ${table} changes, as every row counts for the ranking`),
    isTouchedBy: (changes) => changes.some((change) => change.table === table),
    run: () => {
      const rows = withDeadline(() => engine.search(table, text, { limit, offset }))
      return { keys: rows.map((row: Row) => String(row[primaryKey])), rows }
    },
    suspects: (changes) => new Set(changes.map((change) => change.id)),
  })
}
