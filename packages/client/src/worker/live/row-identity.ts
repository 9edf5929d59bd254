/** What makes a row of a relation the same row when its values change. */
import type { Expression, Module, Relation, Row } from '@inner-universe/core'

/** Members that together tell rows apart, each as a way into the row. */
type Identity = readonly (readonly string[])[]

/**
 * The text by which a row of a relation is known to be the one that it was with other values: its
 * tables' primary keys, or what it is grouped by. Undefined: rows have nothing of that kind.
 */
export function rowKeyOf(relation: Relation, module: Module): ((row: Row) => string) | undefined {
  const identity = identityOf(relation, module)
  if (identity === undefined) return undefined
  const [only] = identity
  if (identity.length === 1 && only !== undefined && only.length === 1) {
    const [name] = only as [string]
    return (row) => keyText(row[name])
  }
  return (row) => JSON.stringify(identity.map((path) => keyText(valueAt(row, path))))
}

function identityOf(relation: Relation, module: Module): Identity | undefined {
  switch (relation.kind) {
    case 'table': {
      const primaryKey = module.tables[relation.table]?.definition.primaryKey
      return primaryKey === undefined ? undefined : [[primaryKey]]
    }
    case 'where':
    case 'distinct':
    case 'window':
      return identityOf(relation.of, module)
    case 'join': {
      const ofLeft = identityOf(relation.left, module)
      if (relation.how === 'semi' || relation.how === 'anti') return ofLeft
      const left = sideOf(ofLeft, relation.leftName)
      const right = sideOf(identityOf(relation.right, module), relation.rightName)
      return left && right && [...left, ...right]
    }
    case 'select':
      return selected(identityOf(relation.of, module), relation.columns)
    case 'group':
      return Object.keys(relation.by).map((name) => [name])
    case 'reachable':
      return [['from'], ['to']]
    default:
      return undefined
  }
}

/** Where the members are after a select; undefined where it leaves one of them out. */
function selected(
  identity: Identity | undefined,
  columns: Readonly<Record<string, Expression>>,
): Identity | undefined {
  const names = identity?.map((path) =>
    Object.keys(columns).find((name) => {
      const expression = columns[name] as Expression
      return expression.kind === 'path' && expression.path.join('\0') === path.join('\0')
    }),
  )
  return names?.every((name) => name !== undefined) ? names.map((name) => [name]) : undefined
}

function sideOf(identity: Identity | undefined, name: string | undefined): Identity | undefined {
  return name === undefined ? identity : identity?.map((path) => [name, ...path])
}

function valueAt(row: Row, path: readonly string[]): unknown {
  let value: unknown = row
  for (const name of path) value = (value as Row | null | undefined)?.[name]
  return value
}

function keyText(value: unknown): string {
  return typeof value === 'string' ? value : `\0${typeof value} ${String(value)}`
}
