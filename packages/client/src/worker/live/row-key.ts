/** What makes a row of a live query the same row when its values change. */
import {
  checkRelation,
  isKeyed,
  keyPaths,
  type Row,
  type TableDefinition,
} from '@inner-universe/core'

/**
 * The text by which a row of a relation is known to be the one that it was with other values: of the
 * keys of its tables, or of what it is grouped by. Undefined: rows have nothing of that kind.
 */
export function rowKey(
  relation: unknown,
  tables: Readonly<Record<string, TableDefinition>>,
): ((row: Row) => string) | undefined {
  const checked = checkRelation(relation, { tables })
  const shape = checked.shapeOf(checked.relation)
  if (!isKeyed(shape)) return undefined
  const paths = keyPaths(shape)
  const [path] = paths
  if (paths.length === 1 && path !== undefined && path.length === 1) {
    const [name] = path
    return (row) => keyText(row[name])
  }
  return (row) => JSON.stringify(paths.map((path) => keyText(valueAt(row, path))))
}

function valueAt(row: Row, path: readonly string[]): unknown {
  let value: unknown = row
  for (const name of path) value = (value as Row | null | undefined)?.[name]
  return value
}

function keyText(value: unknown): string {
  return typeof value === 'string' ? value : `\0${typeof value} ${String(value)}`
}
