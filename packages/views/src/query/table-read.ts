/** Parts of relations that are tables, filtered or not: what indexes and queries can serve. */
import {
  type Expression,
  kindOf,
  type Order,
  type Relation,
  type Shape,
  type TableDefinition,
  type TableQuery,
  type Test,
  type ValueKind,
} from '@inner-universe/core'
import type { Lookup } from '../operator.ts'
import type { TableSource } from '../table-source.ts'
import { conditionOfTest } from './condition-of.ts'
import { every, type RowTest } from './row-test.ts'

/** Rows of one table that pass tests. */
export interface TableRead {
  readonly table: string
  readonly tests: readonly Test[]
}

/** The table that a part reads and nothing else; undefined for other parts. */
export function tableReadOf(relation: Relation): TableRead | undefined {
  const tests: Test[] = []
  let part = relation
  while (part.kind === 'where') {
    tests.unshift(part.test)
    part = part.of
  }
  return part.kind === 'table' ? { table: part.table, tests } : undefined
}

/** A window over one table as a query; undefined when it asks for computed values. */
export function tableQueryOf(
  window: Extract<Relation, { kind: 'window' }>,
  read: TableRead,
): TableQuery | undefined {
  const of = read.tests.map(conditionOfTest)
  if (!of.every((condition) => condition !== undefined)) return undefined
  const orderBy: Order[] = []
  for (const { by, direction } of window.orderBy) {
    if (by.kind !== 'path') return undefined
    const [column, ...path] = by.path
    orderBy.push(path.length > 0 ? { column, path, direction } : { column, direction })
  }
  const { after } = window
  return {
    table: read.table,
    ...(of.length > 0 ? { where: { kind: 'and', of } } : {}),
    orderBy,
    ...(after === undefined ? {} : { after }),
  }
}

/** One part of a key: where it is in the rows, and in which kind it is compared. */
export interface KeyPart {
  readonly expression: Expression
  readonly kind: ValueKind
}

/**
 * The columns that a key consists of; undefined when a part of it is computed, in JSON, or of another
 * kind than its column.
 */
export function keyColumnsOf(shape: Shape, key: readonly KeyPart[]): readonly string[] | undefined {
  const columns: string[] = []
  for (const { expression, kind } of key) {
    if (shape.kind !== 'flat' || expression.kind !== 'path' || expression.path.length > 1) return
    const [column] = expression.path
    if (columns.includes(column) || kind === 'json' || kindOf(shape, expression) !== kind) return
    columns.push(column)
  }
  return columns
}

/** A lookup by the columns of a key, in the key's form: a scalar for one column, a list for several. */
export function lookupOf(
  source: TableSource,
  definition: TableDefinition,
  columns: readonly string[],
  tests: readonly RowTest[],
): Lookup | undefined {
  for (const order of indexOrders(definition, columns)) {
    const lookup = source.lookup(order)
    if (lookup === undefined) continue
    const holds = every(tests)
    const places = order.map((column) => columns.indexOf(column))
    const keyOf = (key: unknown): readonly unknown[] =>
      columns.length === 1 ? [key] : places.map((place) => (key as readonly unknown[])[place])
    return {
      description: lookup.description,
      each: (key, onRow) =>
        lookup.each(keyOf(key), (row, weight) => (holds(row) ? onRow(row, weight) : undefined)),
    }
  }
  return undefined
}

/** The columns in the orders that indexes begin with, the given one among them. */
function indexOrders(
  { indexes }: TableDefinition,
  columns: readonly string[],
): (readonly string[])[] {
  const orders = indexes
    .map((index) => index.columns.slice(0, columns.length))
    .filter(
      (order) =>
        order.length === columns.length && columns.every((column) => order.includes(column)),
    )
  return [...orders, columns]
}
