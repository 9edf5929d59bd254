/**
 * Users' SQL over a version: its tables are shadowed by common table expressions of their names.
 *
 * Not by temporary views, which would be looked up before the tables by every statement of the connection,
 * and would have every cached statement compiled anew when they come and go.
 */
import { queryInvalid } from '../bound-sql.ts'
import { quoteName, type TableSchema } from '../schema.ts'

/** White space and comments. */
const SPACE = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*/y

/** What is skipped when names are looked for: texts and comments. */
const SKIPPED = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

/** A name, in whatever quotes SQLite takes; then maybe a dot. */
const NAME = /(?:"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([a-z_][\w$]*))\s*(\.)?/gi

/** Names by which rows of the present would be read: of schemas, and of what the store keeps them in. */
const SCHEMA = /^(main|temp)$/
const STORED = /^_(rows|past|search)_/

/**
 * A query with those of the given tables that it names shadowed by `rowsOf`. Names of columns may be among
 * them: what is not read costs nothing.
 *
 * @throws UniverseError `query/invalid` for names by which the present would be read.
 */
export function pastSql(
  text: string,
  tables: Iterable<TableSchema>,
  rowsOf: (table: TableSchema) => string,
): string {
  const byName = new Map([...tables].map((table) => [table.name.toLowerCase(), table]))
  const named = new Set<TableSchema>()
  for (const [, double, tick, bracket, plain, dot] of text.replace(SKIPPED, ' ').matchAll(NAME)) {
    const name = (double ?? tick ?? bracket ?? plain ?? '').toLowerCase()
    if (STORED.test(name) || (dot !== undefined && SCHEMA.test(name))) {
      throw queryInvalid(`"${name}" names rows of the present; name tables as the module does`)
    }
    const table = byName.get(name)
    if (table !== undefined) named.add(table)
  }
  if (named.size === 0) return text
  // Used twice, it would be written out as a whole without the hint.
  const parts = [...named].map(
    (table) => `${quoteName(table.name)} AS NOT MATERIALIZED (${rowsOf(table)})`,
  )
  const start = endOf(SPACE, text, 0)
  const afterWith = endOf(/with\b/iy, text, start)
  if (afterWith === start) return `WITH ${parts.join(', ')} ${text}`
  const afterSpace = endOf(SPACE, text, afterWith)
  const afterRecursive = endOf(/recursive\b/iy, text, afterSpace)
  const isRecursive = afterRecursive > afterSpace
  const rest = text.slice(isRecursive ? afterRecursive : afterWith)
  return `WITH ${isRecursive ? 'RECURSIVE ' : ''}${parts.join(', ')}, ${rest}`
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
