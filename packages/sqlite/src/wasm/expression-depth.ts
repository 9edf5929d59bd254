/** Longest chain of operators that is compiled: the depth SQLite allows where it was built to. */
export const EXPRESSION_DEPTH_MAX = 1_000

/** Below this many characters no chain can be longer than the limit: two make a link. */
const SHORT_SQL_CHARS = 2 * EXPRESSION_DEPTH_MAX

/**
 * True when `sql` chains more than {@link EXPRESSION_DEPTH_MAX} operators (`a OR b OR c …`).
 *
 * SQLite makes a tree of a chain, as deep as it is long, and compiles it by recursion. The wasm build
 * leaves out the usual limit of 1000, overflows the stack between 2000 and 4000 links (measured) in
 * the middle of SQLite, and its memory cannot be trusted afterwards. Nesting in parentheses needs
 * no check: the parser has a limit of its own.
 *
 * Counts operators since the last comma or clause, by how tightly they bind, over all open
 * parentheses. What is counted is at least half the depth. Cost: nothing for short SQL, else one pass.
 */
export function isTooDeep(sql: string): boolean {
  if (sql.length <= SHORT_SQL_CHARS) return false
  const outer: Chain[] = []
  let chain: Chain = { or: 0, and: 0, other: 0 }
  let outerDepth = 0
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === '(') {
      outer.push(chain)
      outerDepth += depthOf(chain)
      chain = { or: 0, and: 0, other: 0 }
    } else if (token === ')') {
      chain = outer.pop() ?? chain
      outerDepth = Math.max(0, outerDepth - depthOf(chain))
    } else if (token === ',' || token === ';' || CLAUSE.test(token)) {
      chain = { or: 0, and: 0, other: 0 }
    } else if (/^or$/i.test(token)) {
      chain = { or: chain.or + 1, and: 0, other: 0 }
    } else if (/^and$/i.test(token)) {
      chain = { or: chain.or, and: chain.and + 1, other: 0 }
    } else if (OPERATOR.test(token)) {
      chain.other++
    }
    if (outerDepth + depthOf(chain) > EXPRESSION_DEPTH_MAX) return true
  }
  return false
}

/** Operators of one expression so far, from the loosest binding to the tightest. */
interface Chain {
  readonly or: number
  readonly and: number
  other: number
}

function depthOf({ or, and, other }: Chain): number {
  return or + and + other
}

/** Strings, quoted names and comments are tokens of their own, so that nothing in them counts. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[(),;]|[-+*/%<>=!&|~]+|[a-z_][a-z0-9_$]*/gi
const CLAUSE =
  /^(?:select|from|where|group|having|order|limit|window|values|set|returning|union|intersect|except|join|on)$/i
const OPERATOR = /^(?:[-+*/%<>=!&|~]+|is|like|glob|match|regexp|between|in)$/i
