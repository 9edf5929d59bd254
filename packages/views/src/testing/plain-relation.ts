/**
 * Relations computed anew from lists of rows, in plain loops: what maintained views are held against.
 * Values of expressions and tests are those of the planner; SQL is the other witness for them.
 */
import {
  type CheckedRelation,
  checkRelation,
  commonKind,
  type Expression,
  kindOf,
  membersOf,
  orderOf,
  type Relation,
  type RelationScope,
  type Row,
  type Shape,
  totalOrder,
} from '@inner-universe/core'
import { compareDatum, equalDatum } from '../datum.ts'
import { comparison } from '../memory-state.ts'
import { compileExpression, sqlOrder } from '../query/expression.ts'
import { compileAfter, compileOrder } from '../query/row-order.ts'
import { compileTest } from '../query/row-test.ts'
import type { Datum } from '../state.ts'

type Rows = readonly Row[]

/** The rows of a relation in its order. */
export function computeRelation(
  relation: Relation,
  scope: RelationScope,
  tables: ReadonlyMap<string, Rows>,
): Rows {
  const checked = checkRelation(relation, scope)
  const order = compileOrder(checked.shapeOf(checked.relation), orderOf(checked))
  return compute(checked.relation, checked, tables).toSorted(comparison(order))
}

function compute(
  relation: Relation,
  checked: CheckedRelation,
  tables: ReadonlyMap<string, Rows>,
): Row[] {
  const rowsOf = (part: Relation): Row[] => compute(part, checked, tables)
  const pick = (of: Relation, expression: Expression) =>
    compileExpression(checked.shapeOf(of), expression)
  switch (relation.kind) {
    case 'table':
      return [...(tables.get(relation.table) ?? [])]
    case 'view':
      throw new Error('views are put in their place by checking')
    case 'where':
      return rowsOf(relation.of).filter(compileTest(checked.shapeOf(relation.of), relation.test))
    case 'join':
      return join(relation, checked, rowsOf(relation.left), rowsOf(relation.right))
    case 'select': {
      const columns = Object.entries(relation.columns).map(
        ([name, expression]) => [name, pick(relation.of, expression)] as const,
      )
      return rowsOf(relation.of).map((row) =>
        Object.fromEntries(columns.map(([name, value]) => [name, value(row)])),
      )
    }
    case 'group': {
      const by = Object.entries(relation.by).map(
        ([name, expression]) => [name, pick(relation.of, expression)] as const,
      )
      const groups = groupsOf(rowsOf(relation.of), (row) => by.map(([, value]) => value(row)))
      if (by.length === 0 && groups.length === 0) groups.push([])
      return groups.map((rows) => ({
        ...Object.fromEntries(by.map(([name, value]) => [name, value(rows[0])])),
        ...Object.fromEntries(
          Object.entries(relation.aggregates).map(([name, aggregate]) => [
            name,
            aggregate.kind === 'count'
              ? rows.length
              : aggregateOf(checked.shapeOf(relation.of), aggregate, rows),
          ]),
        ),
      }))
    }
    case 'distinct':
      return distinct(rowsOf(relation.of))
    case 'union':
      return relation.of.flatMap(rowsOf)
    case 'except': {
      const without = rowsOf(relation.right)
      return distinct(rowsOf(relation.left)).filter(
        (row) => !without.some((other) => equalDatum(row, other)),
      )
    }
    case 'window': {
      const { partitionBy, orderBy, limit, offset, after } = relation
      const shape = checked.shapeOf(relation)
      const order = compileOrder(shape, totalOrder(orderBy, shape))
      const isAfter = after === undefined ? () => true : compileAfter(order, after)
      const parts = partitionBy.map((by) => pick(relation.of, by))
      const end = limit === undefined ? undefined : offset + limit
      return groupsOf(rowsOf(relation.of).filter(isAfter), (row) =>
        parts.map((value) => value(row)),
      ).flatMap((rows) => rows.toSorted(comparison(order)).slice(offset, end))
    }
    case 'reachable':
      return reachable(relation, checked, rowsOf(relation.of))
  }
}

function join(
  relation: Extract<Relation, { kind: 'join' }>,
  checked: CheckedRelation,
  left: Rows,
  right: Rows,
): Row[] {
  const { how, on } = relation
  const shapes = [checked.shapeOf(relation.left), checked.shapeOf(relation.right)] as const
  const keys = on.map((pair) => {
    const kind = commonKind([kindOf(shapes[0], pair.left), kindOf(shapes[1], pair.right)], 'a join')
    const [ofLeft, ofRight] = [
      compileExpression(shapes[0], pair.left, kind),
      compileExpression(shapes[1], pair.right, kind),
    ]
    return (l: Row, r: Row) => {
      const value = ofLeft(l)
      return value !== null && equalDatum(value, ofRight(r))
    }
  })
  const fits = (l: Row, r: Row): boolean => keys.every((equal) => equal(l, r))
  if (how === 'semi' || how === 'anti') {
    return left.filter((l) => right.some((r) => fits(l, r)) === (how === 'semi'))
  }
  const side = (shape: Shape, name: string | undefined, row: Row | null): object => {
    if (shape.kind === 'flat') return { [name as string]: row }
    return row ?? Object.fromEntries(membersOf(shape).map(([member]) => [member, null]))
  }
  const combine = (l: Row | null, r: Row | null): Row =>
    ({ ...side(shapes[0], relation.leftName, l), ...side(shapes[1], relation.rightName, r) }) as Row
  const rows = left.flatMap((l) => right.filter((r) => fits(l, r)).map((r) => combine(l, r)))
  if (how === 'left' || how === 'full') {
    const alone = left.filter((l) => !right.some((r) => fits(l, r)))
    rows.push(...alone.map((l) => combine(l, null)))
  }
  if (how === 'right' || how === 'full') {
    const alone = right.filter((r) => !left.some((l) => fits(l, r)))
    rows.push(...alone.map((r) => combine(null, r)))
  }
  return rows
}

function groupsOf(rows: Rows, keyOf: (row: Row) => Datum): Row[][] {
  const groups: { readonly key: Datum; readonly rows: Row[] }[] = []
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.find((candidate) => equalDatum(candidate.key, key))
    if (group === undefined) groups.push({ key, rows: [row] })
    else group.rows.push(row)
  }
  return groups.map((group) => group.rows)
}

function distinct(rows: Rows): Row[] {
  return groupsOf(rows, (row) => row).map(([row]) => row as Row)
}

type ValueAggregate = Exclude<
  Extract<Relation, { kind: 'group' }>['aggregates'][string],
  { kind: 'count' }
>

function aggregateOf(shape: Shape, aggregate: ValueAggregate, rows: Rows): Datum {
  const isNumber = aggregate.kind === 'sum' || aggregate.kind === 'avg'
  const value = compileExpression(shape, aggregate.of, isNumber ? 'number' : undefined)
  const values = rows.map(value).filter((found) => found !== null)
  const sorted = values.toSorted(
    (a, b) => compareDatum(sqlOrder(a), sqlOrder(b)) || compareDatum(String(a), String(b)),
  )
  const total = (): number => (values as number[]).reduce((sum, each) => sum + each, 0)
  switch (aggregate.kind) {
    case 'countOf':
      return values.length
    case 'countDistinct':
      return groupsOf(values as Row[], (each) => each).length
    case 'sum':
      return values.length === 0 ? null : total()
    case 'avg':
      return values.length === 0 ? null : total() / values.length
    case 'min':
      return sorted[0] ?? null
    case 'max':
      return sorted.at(-1) ?? null
    case 'collect':
      return sorted
  }
}

function reachable(
  relation: Extract<Relation, { kind: 'reachable' }>,
  checked: CheckedRelation,
  rows: Rows,
): Row[] {
  const shape = checked.shapeOf(relation.of)
  const [from, to] = [relation.from, relation.to].map((end) => compileExpression(shape, end)) as [
    (row: unknown) => Datum,
    (row: unknown) => Datum,
  ]
  const edges = rows
    .map((row) => [from(row), to(row)] as const)
    .filter(([begin, end]) => begin !== null && end !== null)
  const begins = distinct(edges.map(([begin]) => ({ begin }))).map(({ begin }) => begin)
  return begins
    .filter((begin) => relation.roots?.some((root) => equalDatum(root, begin)) ?? true)
    .flatMap((begin) => {
      const depths = new Map<Datum, number>()
      let border: Datum[] = [begin]
      for (
        let depth = 1;
        border.length > 0 && depth <= (relation.depthMax ?? Infinity);
        depth += 1
      ) {
        const next = edges.filter(([start]) => border.includes(start)).map(([, end]) => end)
        border = next.filter((end) => !depths.has(end))
        for (const end of border) depths.set(end, depth)
      }
      return [...depths].map(([end, depth]) => ({ from: begin, to: end, depth }))
    })
}
