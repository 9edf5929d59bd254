/**
 * Which rows of its table a simple SELECT may read, found in its text.
 *
 * Only the plain case is taken: one SELECT FROM one table, whose WHERE is conditions joined by AND. Of
 * those the ones that compare a column with a value bound every row that the statement can see; the
 * others are left to SQLite, since AND only narrows. Whatever else the text has (OR, NOT in front, a
 * second SELECT, a join) gives no range, and the statement is run again whenever its table changes.
 */
import type { ColumnKind, Condition, QueryValue, Row, TableDefinition } from '@inner-universe/core'
import { judge } from './condition.ts'

/** A bound on the rows that a statement reads. */
export interface SqlRange {
  /** False when the statement surely cannot see this row. */
  mayHold(row: Row): boolean
  /** `done = 0 and rank > 5`. */
  readonly description: string
}

type Operator = 'eq' | 'gt' | 'gte' | 'lt' | 'lte'

interface Bound {
  readonly column: string
  readonly operator: Operator
  readonly value: QueryValue
}

/** One token: a word, a number, a text, a parameter or a sign. */
interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'text' | 'parameter' | 'sign'
  /** Words in lower case; others as written, without quotes. */
  readonly text: string
}

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|(?<word>[a-z_][a-z0-9_$]*)|(?<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|'(?<text>(?:[^']|'')*)'|"(?<quoted>(?:[^"]|"")*)"|(?<parameter>\?\d*)|(?<sign><=|>=|<>|!=|==|\|\||[-+*/%=<>(),.;&|~:@#$[\]`])/iy

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': 'eq',
  '==': 'eq',
  is: 'eq',
  '>': 'gt',
  '>=': 'gte',
  '<': 'lt',
  '<=': 'lte',
}

/** With the sides the other way round. */
const MIRRORED: Readonly<Record<Operator, Operator>> = {
  eq: 'eq',
  gt: 'lt',
  gte: 'lte',
  lt: 'gt',
  lte: 'gte',
}

/** Signs of the operators, for people. */
const SIGNS: Readonly<Record<Operator, string>> = {
  eq: '=',
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
}

/** Kinds of columns whose cells are in rows as SQL has them (booleans as numbers there). */
const PLAIN_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  'id',
  'key',
  'text',
  'int',
  'real',
  'bool',
  'enum',
  'ref',
])

/** Words that end a WHERE. */
const WHERE_ENDS: ReadonlySet<string> = new Set([
  'group',
  'having',
  'window',
  'order',
  'limit',
  'union',
  'except',
  'intersect',
])

/** The range of a statement that reads one table; undefined: none that can be told. */
export function sqlRangeOf(
  text: string,
  params: readonly QueryValue[],
  table: string,
  definition: TableDefinition,
): SqlRange | undefined {
  const tokens = tokensOf(text)
  if (tokens === undefined || tokens[0]?.text !== 'select') return undefined
  if (tokens.filter(({ kind, text }) => kind === 'word' && text === 'select').length > 1) {
    return undefined
  }
  const from = tokens.findIndex(({ kind, text }) => kind === 'word' && text === 'from')
  const named = tokens[from + 1]
  if (named === undefined || !isName(named) || !isSame(named, table)) return undefined
  let at = from + 2
  const names = [table]
  if (tokens[at]?.text === 'as') at += 1
  const alias = tokens[at]
  if (alias !== undefined && isName(alias) && alias.text !== 'where') {
    names.push(alias.text)
    at += 1
  }
  if (tokens[at]?.text !== 'where') return undefined
  const columns = Object.keys(definition.columns).filter((column) =>
    PLAIN_KINDS.has(definition.columns[column]?.kind as ColumnKind),
  )
  const bounds = conjunctsOf(tokens.slice(at + 1))?.flatMap((conjunct) =>
    boundsOf(conjunct, { tokens, params, names, columns }),
  )
  if (bounds === undefined || bounds.length === 0) return undefined
  const conditions = bounds.map((bound): Condition => ({ kind: 'compare', ...bound }))
  return {
    mayHold: (row) =>
      conditions.every((condition, index) => {
        const { column } = bounds[index] as Bound
        // SQL has booleans as numbers.
        const cell = row[column]
        const stored = typeof cell === 'boolean' ? { [column]: Number(cell) } : row
        return judge(condition, stored) !== 'no'
      }),
    description: bounds
      .map(({ column, operator, value }) => `${column} ${SIGNS[operator]} ${JSON.stringify(value)}`)
      .join(' and '),
  }
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const groups = TOKEN.exec(text)?.groups
    if (groups === undefined) return undefined
    const found = Object.entries(groups).find(([, value]) => value !== undefined)
    if (found === undefined) continue
    const [kind, value] = found as [Token['kind'], string]
    tokens.push({ kind, text: kind === 'word' ? value.toLowerCase() : value })
  }
  return tokens
}

/** The parts of a WHERE that AND joins; undefined where something else joins them. */
function conjunctsOf(tokens: readonly Token[]): readonly (readonly Token[])[] | undefined {
  const conjuncts: Token[][] = [[]]
  let depth = 0
  let isBetween = false
  for (const token of tokens) {
    const { kind, text } = token
    if (kind === 'sign' && text === '(') depth += 1
    if (kind === 'sign' && text === ')') depth -= 1
    if (depth === 0 && kind === 'sign' && text === ';') break
    if (depth === 0 && kind === 'word') {
      if (WHERE_ENDS.has(text)) break
      // NOT binds weaker than comparisons, CASE has words of its own.
      if (text === 'or' || text === 'case' || text === 'not') return undefined
      if (text === 'and' && !isBetween) {
        conjuncts.push([])
        continue
      }
      if (text === 'and') isBetween = false
      if (text === 'between') isBetween = true
    }
    conjuncts.at(-1)?.push(token)
  }
  return conjuncts
}

interface Context {
  readonly tokens: readonly Token[]
  readonly params: readonly QueryValue[]
  readonly names: readonly string[]
  readonly columns: readonly string[]
}

/** What a condition says of a column; nothing where it is not plain. */
function boundsOf(conjunct: readonly Token[], context: Context): Bound[] {
  const [left, rest] = operandOf(conjunct, context)
  const [sign, ...others] = rest
  if (left === undefined || sign === undefined) return []
  if (sign.text === 'between' && left.kind === 'column') {
    const [low, afterLow] = operandOf(others, context)
    const [and, ...highTokens] = afterLow
    const [high, end] = operandOf(highTokens, context)
    if (low?.kind !== 'value' || high?.kind !== 'value' || and?.text !== 'and' || end.length > 0) {
      return []
    }
    return [
      { column: left.column, operator: 'gte', value: low.value },
      { column: left.column, operator: 'lte', value: high.value },
    ]
  }
  const operator = Object.hasOwn(OPERATORS, sign.text) ? OPERATORS[sign.text] : undefined
  const [right, end] = operandOf(others, context)
  if (operator === undefined || right === undefined || end.length > 0) return []
  if (left.kind === 'column' && right.kind === 'value') {
    return [{ column: left.column, operator, value: right.value }]
  }
  if (left.kind === 'value' && right.kind === 'column') {
    return [{ column: right.column, operator: MIRRORED[operator], value: left.value }]
  }
  return []
}

type Operand =
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'value'; readonly value: QueryValue }

/** The operand that tokens begin with, and the tokens after it. */
function operandOf(
  tokens: readonly Token[],
  { tokens: all, params, names, columns }: Context,
): readonly [Operand | undefined, readonly Token[]] {
  const [first, second, third] = tokens
  if (first === undefined) return [undefined, tokens]
  if (first.kind === 'number') return numberOf(first, 1, tokens.slice(1))
  if (first.kind === 'text')
    return [{ kind: 'value', value: first.text.replaceAll("''", "'") }, tokens.slice(1)]
  if (first.kind === 'sign' && first.text === '-' && second?.kind === 'number') {
    return numberOf(second, -1, tokens.slice(2))
  }
  if (first.kind === 'parameter') {
    const index =
      first.text === '?'
        ? all.filter(({ kind }) => kind === 'parameter').indexOf(first)
        : Number(first.text.slice(1)) - 1
    // Numbered and unnumbered parameters together count in a way of their own.
    const isMixed =
      new Set(all.flatMap(({ kind, text }) => (kind === 'parameter' ? [text === '?'] : []))).size >
      1
    const value = params[index]
    if (isMixed || value === undefined) return [undefined, tokens]
    return [
      { kind: 'value', value: typeof value === 'boolean' ? Number(value) : value },
      tokens.slice(1),
    ]
  }
  if (!isName(first)) return [undefined, tokens]
  const isQualified =
    second?.text === '.' && names.some((name) => isSame(first, name)) && third !== undefined
  const named = isQualified ? third : first
  const column = isName(named) ? columns.find((name) => isSame(named, name)) : undefined
  if (column === undefined) return [undefined, tokens]
  return [{ kind: 'column', column }, tokens.slice(isQualified ? 3 : 1)]
}

/** A number, unless it is one that only SQLite has in full. */
function numberOf(
  { text }: Token,
  factor: 1 | -1,
  rest: readonly Token[],
): readonly [Operand | undefined, readonly Token[]] {
  const value = Number(text) * factor
  const isExact = Number.isSafeInteger(value) || !Number.isInteger(value)
  return [isExact && Number.isFinite(value) ? { kind: 'value', value } : undefined, rest]
}

function isName({ kind }: Token): boolean {
  return kind === 'word' || kind === 'quoted'
}

/** SQLite takes names in any case. */
function isSame({ text }: Token, name: string): boolean {
  return text.toLowerCase() === name.toLowerCase()
}
