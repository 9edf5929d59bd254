/** Full-text search of tables declared with `.search()`. STORAGE.md FT1–FT4. */
import type { Row } from '@inner-universe/core'
import type { Driver } from '@inner-universe/sqlite'
import { queryInvalid } from './bound-sql.ts'
import { quoteName, searchTable, type TableSchema } from './schema.ts'
import type { TableReader } from './table-reader.ts'

/** Words of a search that count; more are dropped. */
export const SEARCH_WORDS_MAX = 32

/**
 * Rows that have all the words of a text, best matches first; the last word matches as a prefix
 * unless a space follows it, so that a search can be shown while it is typed. No words find nothing.
 *
 * Cost: the matching postings are read and ranked; see README for measurements.
 *
 * @throws UniverseError `query/invalid` when the table has no search.
 */
export function searchRows(
  driver: Driver,
  reader: TableReader,
  table: TableSchema,
  text: string,
  options: { readonly limit: number; readonly offset?: number },
): readonly Row[] {
  if (table.definition.search === undefined) {
    throw queryInvalid(`table "${table.name}" was not declared with search()`)
  }
  for (const count of [options.limit, options.offset ?? 0]) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw queryInvalid('limit and offset are whole numbers from 0')
    }
  }
  const match = matchOf(text)
  if (match === undefined) return []
  const index = quoteName(searchTable(table.name))
  const codec = reader.codecOf(table)
  // Ranked and cut before rows are fetched: a common word matches many.
  return driver
    .prepare(
      `SELECT ${table.columnsSql} FROM
        (SELECT rowid AS _found, rank AS _rank FROM ${index} WHERE ${index} MATCH ?1
          ORDER BY rank LIMIT ?2 OFFSET ?3)
        JOIN ${table.rowsSql} ON _n = _found ORDER BY _rank, _n`,
    )
    .all([match, options.limit, options.offset ?? 0])
    .map((values) => codec.decode(values))
}

/** An FTS5 expression for a text: its words quoted, so that nothing in them is syntax. */
function matchOf(text: string): string | undefined {
  // What the tokenizer takes for words: letters, digits and marks.
  const words = text.match(/[\p{L}\p{N}\p{M}\p{Co}]+/gu)?.slice(0, SEARCH_WORDS_MAX)
  if (words === undefined) return undefined
  const isOpen = !/\s$/u.test(text)
  return words
    .map((word, at) => `"${word}"${isOpen && at === words.length - 1 ? '*' : ''}`)
    .join(' ')
}
