/** What a module declares of its views, worked out: columns, what tells rows apart, what is read. */
import {
  type BuiltQuery,
  buildViews,
  bytesToHex,
  type CheckedRelation,
  type ColumnDefinition,
  type ColumnKind,
  checkRelation,
  type Expression,
  isKeyed,
  isUniverseError,
  keyPaths,
  leavesOf,
  type Module,
  membersOf,
  type Path,
  type Relation,
  type Row,
  type Shape,
  sha256,
  type TableDefinition,
  UniverseError,
  valueKind,
  viewOrder,
} from '@inner-universe/core'
import { datumText } from '../map-key.ts'

/** The key column of views without one column of texts that tells their rows apart. */
export const KEY_COLUMN = '_k'

/** Longest key that is the values themselves, in UTF-16 units; of longer ones it is their hash. */
const KEY_CHARS_MAX = 200

/** One view of a module, as it is kept. */
export interface ViewDefinition {
  readonly name: string
  /** Reads tables, and views like tables. */
  readonly relation: Relation
  /** Its rows as a table. Its primary key is a column of its own, or {@link KEY_COLUMN}. */
  readonly table: TableDefinition
  /** Tables and views that it reads. */
  readonly reads: ReadonlySet<string>
  /** True when no row occurs twice. */
  readonly isKeyed: boolean
  /** What tells a row from all others; of rows that may occur several times, from all different ones. */
  idOf(row: Row): string
}

/**
 * The views of a module, each after those that it reads.
 *
 * @throws UniverseError `module/invalid` for a query that does not fit the module, or rows that no table
 * could hold.
 */
export function defineViews(module: Module): readonly ViewDefinition[] {
  const tables: Record<string, TableDefinition> = {}
  for (const [name, { definition }] of Object.entries(module.tables)) tables[name] = definition
  const views = buildViews(module.tables, module.views)
  return viewOrder(views).map((name) => {
    const definition = defineView(name, views[name] as BuiltQuery, tables)
    tables[name] = definition.table
    return definition
  })
}

function defineView(
  name: string,
  built: BuiltQuery,
  tables: Readonly<Record<string, TableDefinition>>,
): ViewDefinition {
  const invalid = (what: string, cause?: unknown): UniverseError =>
    new UniverseError('module/invalid', `view "${name}": ${what}`, {
      details: { view: name },
      cause,
    })
  let checked: CheckedRelation
  try {
    checked = checkRelation(readingTables(built.relation), { tables })
  } catch (cause) {
    if (!isUniverseError(cause, 'query/invalid')) throw cause
    throw invalid(cause.message, cause)
  }
  const { relation } = checked
  const reads = tablesOf(relation)
  for (const table of reads) {
    if (tables[table]?.scope === 'transient') throw invalid(`rows of "${table}" are not kept`)
  }
  const shape = checked.shapeOf(relation)
  const columns = columnsOf(shape, invalid)
  const key = naturalKey(checked, tables)
  const paths = keyPaths(shape)
  const keyOf = isKeyed(shape)
    ? (row: Row) => textKey(paths.map((path) => valueAt(row, path)))
    : (row: Row) => textKey(row)
  const primaryKey = key ?? KEY_COLUMN
  return {
    name,
    relation,
    reads,
    isKeyed: isKeyed(shape),
    idOf: key === undefined ? keyOf : (row) => row[key] as string,
    table: {
      scope: 'local',
      isAppendOnly: false,
      primaryKey,
      columns: { ...columns, [primaryKey]: { kind: 'key', isOptional: false } },
      indexes: [],
    },
  }
}

/** Views are read like tables of their name. */
function readingTables(relation: Relation): Relation {
  switch (relation.kind) {
    case 'table':
      return relation
    case 'view':
      return { kind: 'table', table: relation.view }
    case 'join':
    case 'except':
      return {
        ...relation,
        left: readingTables(relation.left),
        right: readingTables(relation.right),
      }
    case 'union':
      return { ...relation, of: relation.of.map(readingTables) }
    default:
      return { ...relation, of: readingTables(relation.of) }
  }
}

function tablesOf(relation: Relation, tables = new Set<string>()): ReadonlySet<string> {
  for (const part of partsOf(relation)) tablesOf(part, tables)
  if (relation.kind === 'table') tables.add(relation.table)
  return tables
}

function partsOf(relation: Relation): readonly Relation[] {
  switch (relation.kind) {
    case 'table':
    case 'view':
      return []
    case 'join':
    case 'except':
      return [relation.left, relation.right]
    case 'union':
      return relation.of
    default:
      return [relation.of]
  }
}

/** Kinds that come from elsewhere as what they are in a view. */
const KINDS: Partial<Record<ColumnKind, ColumnKind>> = {
  id: 'text',
  key: 'text',
  enum: 'text',
  ref: 'text',
  counter: 'int',
  array: 'json',
  object: 'json',
  set: 'json',
}

function columnsOf(
  shape: Shape,
  invalid: (what: string) => UniverseError,
): Record<string, ColumnDefinition> {
  const kinds: (readonly [string, ColumnKind])[] =
    shape.kind === 'flat'
      ? Object.entries(shape.columns)
      : membersOf(shape).map(([member]) => [member, 'json'])
  const names = new Set<string>()
  const columns: Record<string, ColumnDefinition> = {}
  for (const [name, kind] of kinds) {
    const isName = /^[a-z][a-z0-9_]*$/i.test(name) || name === KEY_COLUMN
    if (!isName) throw invalid(`"${name}" is no name of a column; rename it with select`)
    if (names.has(name.toLowerCase())) throw invalid(`two columns are "${name}" to SQL`)
    names.add(name.toLowerCase())
    columns[name] = { kind: KINDS[kind] ?? kind, isOptional: true }
  }
  const bytes = shape.kind === 'joined' && leavesOf(shape).find(({ kind }) => kind === 'bytes')
  if (bytes) throw invalid(`"${bytes.column}" holds bytes, which a joined row cannot; use select`)
  return columns
}

const TEXT_KINDS: ReadonlySet<ColumnKind> = new Set<ColumnKind>([
  'id',
  'key',
  'text',
  'enum',
  'ref',
])

/** The one column of texts, never NULL, that tells the rows apart; undefined: there is none. */
function naturalKey(
  { relation, shapeOf }: CheckedRelation,
  tables: Readonly<Record<string, TableDefinition>>,
): string | undefined {
  const isNeverNull = (part: Relation, path: Path): boolean => {
    const [first, ...rest] = path
    switch (part.kind) {
      case 'table': {
        const column = tables[part.table]?.columns[first]
        return column !== undefined && !column.isOptional && rest.length === 0
      }
      case 'where':
      case 'window':
      case 'distinct':
        return isNeverNull(part.of, path)
      case 'group':
      case 'select': {
        const named = part.kind === 'group' ? part.by[first] : part.columns[first]
        return named !== undefined && isPathNeverNull(part.of, named)
      }
      case 'join': {
        if (part.how === 'semi' || part.how === 'anti') return isNeverNull(part.left, path)
        const shape = shapeOf(part)
        if (shape.kind !== 'joined' || shape.members[first]?.isOptional !== false) return false
        const [inner] = rest
        if (inner === undefined) return false
        for (const [side, name] of [
          [part.left, part.leftName],
          [part.right, part.rightName],
        ] as const) {
          if (name === first) return isNeverNull(side, [inner])
          const of = shapeOf(side)
          if (of.kind === 'joined' && Object.hasOwn(of.members, first))
            return isNeverNull(side, path)
        }
        return false
      }
      default:
        return false
    }
  }
  const isPathNeverNull = (part: Relation, expression: Expression): boolean =>
    expression.kind === 'path' && isNeverNull(part, expression.path)

  const shape = shapeOf(relation)
  if (shape.kind !== 'flat' || shape.key?.length !== 1) return undefined
  const [key] = shape.key as [string]
  const kind = shape.columns[key]
  if (kind === undefined || !TEXT_KINDS.has(kind) || valueKind(kind) !== 'text') return undefined
  return isNeverNull(relation, [key]) ? key : undefined
}

function valueAt(row: Row, [first, second]: Path): unknown {
  const value = row[first]
  if (second === undefined) return value
  return (value as Row | null | undefined)?.[second] ?? null
}

function textKey(value: unknown): string {
  const text = datumText(value)
  return text.length <= KEY_CHARS_MAX
    ? text
    : `#${bytesToHex(sha256(new TextEncoder().encode(text)))}`
}
