/**
 * What running a statement can touch, told from its first keyword.
 *
 * - `query` reads rows and changes nothing; - `with` is a query or a change, only SQLite can tell;
 * - `change` writes rows; - `schema` changes tables or the file itself; - `transaction` begins, ends
 * or undoes one; - `setting` is a PRAGMA.
 */
export type StatementKind = 'query' | 'with' | 'change' | 'schema' | 'transaction' | 'setting'

const KIND_BY_KEYWORD: Readonly<Record<string, StatementKind>> = {
  SELECT: 'query',
  VALUES: 'query',
  EXPLAIN: 'query',
  WITH: 'with',
  INSERT: 'change',
  UPDATE: 'change',
  DELETE: 'change',
  REPLACE: 'change',
  BEGIN: 'transaction',
  COMMIT: 'transaction',
  END: 'transaction',
  ROLLBACK: 'transaction',
  SAVEPOINT: 'transaction',
  RELEASE: 'transaction',
  PRAGMA: 'setting',
}

/** The kind of the first statement in `sql`; anything unknown counts as `schema`, the widest. */
export function statementKind(sql: string): StatementKind {
  const start = blankEnd(sql, 0)
  const keyword = /^[a-z]+/i.exec(sql.slice(start, start + 16))?.[0].toUpperCase()
  return (keyword === undefined ? undefined : KIND_BY_KEYWORD[keyword]) ?? 'schema'
}

/** True when `sql` holds nothing but white space, comments and semicolons from `start` on. */
export function isBlankSql(sql: string, start: number): boolean {
  return blankEnd(sql, start) === sql.length
}

/** The first position from `start` on that is not white space, a comment or a semicolon. */
function blankEnd(sql: string, start: number): number {
  // Anchored pieces, none of them nested: linear in the length of the blank part.
  const blank = /[\s;]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
  let end = start
  for (;;) {
    blank.lastIndex = end
    if (!blank.test(sql)) return end
    end = blank.lastIndex
  }
}
