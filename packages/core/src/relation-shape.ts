/** What the rows of a relation look like: their columns, how they are told apart, where a path leads. */
import type { ColumnKind } from './column.ts'
import { notAScalar } from './document-column.ts'
import { UniverseError } from './error.ts'
import type { Path } from './relation.ts'
import type { TableDefinition } from './table.ts'

/** The columns of flat rows, by name. Computed ones have the kind a table would keep them in. */
export type ColumnKinds = Readonly<Record<string, ColumnKind>>

/** Rows with a value per column. */
export interface FlatShape {
  readonly kind: 'flat'
  readonly columns: ColumnKinds
  /** Columns that no two rows agree in; undefined: rows may occur several times. */
  readonly key: readonly string[] | undefined
  /** Where the rows are those of a table with documents: which it has beside them, for errors. */
  readonly documents?: { readonly table: string; readonly columns: readonly string[] }
}

/** Rows of a join: a flat row, or null, per side. */
export interface JoinedShape {
  readonly kind: 'joined'
  readonly members: Readonly<Record<string, Member>>
  /** True when the rows of every member together occur once. */
  readonly isKeyed: boolean
}

/** A side of a join. `isOptional`: it may be null. */
export interface Member {
  readonly shape: FlatShape
  readonly isOptional: boolean
}

/** The rows of a relation. */
export type Shape = FlatShape | JoinedShape

/** What a value is, for comparing and computing; `json` may be anything JSON says, `null` nothing else. */
export type ValueKind = 'text' | 'number' | 'bool' | 'bytes' | 'json' | 'null'

/** A column that a path leads to, and the rest of the path inside its JSON. */
export interface Place {
  /** Side of the join; undefined in flat rows. */
  readonly member: string | undefined
  readonly column: string
  readonly kind: ColumnKind
  readonly rest: readonly string[]
  readonly value: ValueKind
}

/** A column of a relation's rows, wherever it is. */
export type Leaf = Omit<Place, 'rest'>

/** The error of a relation that does not fit its module. */
export function relationInvalid(message: string): UniverseError {
  return new UniverseError('query/invalid', `${message}; correct the query`)
}

/** The rows of a table. */
export function shapeOfTable(
  table: string,
  { columns, primaryKey, documents }: TableDefinition,
): FlatShape {
  const kinds = Object.entries(columns).map(([name, { kind }]) => [name, kind] as const)
  return {
    kind: 'flat',
    columns: Object.fromEntries(kinds),
    key: [primaryKey],
    ...(documents && { documents: { table, columns: Object.keys(documents) } }),
  }
}

/** What values of a column are. */
export function valueKind(kind: ColumnKind): ValueKind {
  switch (kind) {
    case 'int':
    case 'real':
    case 'timestamp':
    case 'counter':
      return 'number'
    case 'bool':
    case 'bytes':
      return kind
    case 'json':
    case 'array':
    case 'object':
    case 'set':
      return 'json'
    default:
      return 'text'
  }
}

/**
 * Where a path leads.
 *
 * @throws UniverseError `query/invalid` when it leads nowhere, `document/not-a-scalar` when to a document.
 */
export function placeOf(shape: Shape, path: readonly string[]): Place {
  let flat: FlatShape
  let at = 0
  let member: string | undefined
  if (shape.kind === 'joined') {
    member = path[at++]
    const side = member === undefined ? undefined : own(shape.members, member)
    if (side === undefined) throw unknownName('side', member, Object.keys(shape.members))
    flat = side.shape
  } else {
    flat = shape
  }
  const column = path[at++]
  const kind = column === undefined ? undefined : own(flat.columns, column)
  if (column === undefined || kind === undefined) {
    const { documents } = flat
    if (column !== undefined && documents?.columns.includes(column)) {
      throw notAScalar(documents.table, column)
    }
    const where = member === undefined ? 'column' : `column of "${member}"`
    throw unknownName(where, column, Object.keys(flat.columns))
  }
  const rest = path.slice(at)
  const value = valueKind(kind)
  if (rest.length > 0 && value !== 'json') {
    throw relationInvalid(`column "${column}" is not JSON: it has no paths`)
  }
  return { member, column, kind, rest, value }
}

/** The columns of rows: members by name, the columns of each by name. */
export function leavesOf(shape: Shape): readonly Leaf[] {
  const leaves = (flat: FlatShape, member?: string): Leaf[] =>
    Object.keys(flat.columns)
      .sort()
      .map((column) => {
        const kind = flat.columns[column] as ColumnKind
        return { member, column, kind, value: valueKind(kind) }
      })
  if (shape.kind === 'flat') return leaves(shape)
  return membersOf(shape).flatMap(([member, side]) => leaves(side.shape, member))
}

/** The members of joined rows by name. */
export function membersOf(shape: JoinedShape): readonly (readonly [string, Member])[] {
  return Object.keys(shape.members)
    .sort()
    .map((name) => [name, shape.members[name] as Member] as const)
}

/** Paths whose values tell rows apart; rows that agree in all of them are equal. */
export function keyPaths(shape: Shape): readonly Path[] {
  if (shape.kind === 'flat') return keyColumns(shape).map((column) => [column])
  return membersOf(shape).flatMap(([member, side]) =>
    (shape.isKeyed ? keyColumns(side.shape) : Object.keys(side.shape.columns).sort()).map(
      (column): Path => [member, column],
    ),
  )
}

/** True when no row occurs twice. */
export function isKeyed(shape: Shape): boolean {
  return shape.kind === 'flat' ? shape.key !== undefined : shape.isKeyed
}

/** The own property of that name: names come from outside, prototypes have members too. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** The error for a name that is not there. */
export function unknownName(
  what: string,
  name: string | undefined,
  names: readonly string[],
): UniverseError {
  const some = names.slice(0, 20).join(', ')
  const given = name === undefined ? `a path names no ${what}` : `there is no ${what} "${name}"`
  return relationInvalid(`${given} (there is: ${some})`)
}

function keyColumns({ columns, key }: FlatShape): readonly string[] {
  return key ?? Object.keys(columns).sort()
}
