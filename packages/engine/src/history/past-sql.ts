/**
 * Users' SQL over a version: its tables are shadowed by common table expressions of their names.
 *
 * Not by temporary views, which would be looked up before the tables by every statement of the connection,
 * and would have every cached statement compiled anew when they come and go.
 */
import { UniverseError } from '@inner-universe/core'
import { quoteName, type Schema, type TableSchema } from '../schema.ts'

/** White space and comments. */
const SPACE = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*/y

/** What is skipped when names are looked for: texts and comments. */
const SKIPPED = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g

/** A name, in whatever quotes SQLite takes; then maybe a dot. */
const NAME = /(?:"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([a-z_][\w$]*))\s*(\.)?/gi

/** Schemas by which a name is not the shadowed one. */
const SCHEMAS: ReadonlySet<string> = new Set(['main', 'temp'])

/**
 * A query with the tables it names shadowed by `rowsOf`.
 *
 * @throws UniverseError `query/invalid` for names by which the present would be read.
 */
export function pastSql(
  text: string,
  schema: Schema,
  rowsOf: (table: TableSchema) => string,
): string {
  const byName = new Map([...schema.values()].map((table) => [table.name.toLowerCase(), table]))
  const shadowed = new Map<TableSchema, string>()
  for (const match of text.replace(SKIPPED, ' ').matchAll(NAME)) {
    const [, double, tick, bracket, plain, dot] = match
    const name = (double ?? tick ?? bracket ?? plain ?? '').toLowerCase()
    if (dot !== undefined && SCHEMAS.has(name)) refuse(`"${name}." names the present`)
    if (name.startsWith('_') && !name.startsWith('__')) refuse(`"${name}" is the store’s own`)
    const table = byName.get(name)
    // A column or alias may have the name of a table, also of one that has no past.
    if (table !== undefined && !shadowed.has(table)) shadowed.set(table, rowsOf(table))
  }
  if (shadowed.size === 0) return text
  const parts = [...shadowed].map(([table, rows]) => `${quoteName(table.name)} AS (${rows})`)
  const start = endOf(SPACE, text, 0)
  const word = /with\b/iy
  const afterWith = endOf(word, text, start)
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

function refuse(why: string): never {
  throw new UniverseError('query/invalid', `${why}; name the tables of the version as they are`)
}
