/** SQL text, run again when a row changes that it may read. */
import type { Row, RowChange } from '@inner-universe/core'
import type { LiveRead } from '../../rpc/contract.ts'
import { keysByValue } from '../../rpc/row-patch.ts'
import type { LiveHost } from '../live-part.ts'
import { explainRerun } from './explain.ts'
import { RerunSource } from './rerun-source.ts'
import { type SqlRange, sqlRangeOf } from './sql-range.ts'

const NONE: ReadonlySet<string> = new Set()

/** The source of SQL text. @throws UniverseError `sql/…` for what cannot be run. */
export function sqlSource(
  read: Extract<LiveRead, { kind: 'sql' }>,
  { engine, withDeadline }: LiveHost,
): RerunSource {
  const { text, params } = read
  const tables = engine.tablesRead(text)
  const [table, ...others] = tables
  const definition = table === undefined ? undefined : engine.definitions[table]
  const range =
    table === undefined || definition === undefined || others.length > 0
      ? undefined
      : sqlRangeOf(text, params, table, definition)
  return new RerunSource({
    tables,
    explanation: explainRerun(tables, reasonOf(tables, range)),
    isTouchedBy: (changes) =>
      changes.some(
        (change) => tables.has(change.table) && (range === undefined || falls(change, range)),
      ),
    run: () => {
      const { columnNames, columns, rowCount } = withDeadline(() => engine.sql(text, params))
      const rows: Row[] = Array.from({ length: rowCount }, (_, index) =>
        Object.fromEntries(columnNames.map((name, column) => [name, columns[column]?.[index]])),
      )
      return { keys: keysByValue(rows), rows }
    },
    // Equal keys are equal values, so no row needs a second look.
    suspects: () => NONE,
  })
}

function falls({ before, after }: RowChange, range: SqlRange): boolean {
  return (
    (before !== undefined && range.mayHold(before)) || (after !== undefined && range.mayHold(after))
  )
}

function reasonOf(tables: ReadonlySet<string>, range: SqlRange | undefined): string {
  const names = [...tables].join(', ')
  if (names === '') return 'never, as it reads no table'
  return range === undefined
    ? `when ${names} changes, as it is SQL text`
    : `when a row of ${names} changes in ${range.description}, as it is SQL text`
}
