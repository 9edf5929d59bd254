/** Relations, rows and histories at random, over a small shop, for tests against other ways to the answer. */
import {
  type Aggregate,
  type Comparison,
  type Condition,
  checkRelation,
  type Expression,
  isUniverseError,
  type Leaf,
  leavesOf,
  type Path,
  type QueryValue,
  type Relation,
  type RelationOrder,
  type Row,
  type Shape,
  type TableDefinition,
  type Tables,
  type Test,
  t,
  table,
  type ValueKind,
} from '@inner-universe/core'
import type { Choices } from './choices.ts'

/** What random relations are over. Every kind of value, columns with an index and without. */
export const shopTables = {
  product: table({
    id: t.key(),
    name: t.text(),
    price: t.real(),
    stock: t.int().optional(),
    data: t.json(),
    tags: t.set(t.text()),
  }),
  lineItem: table({
    id: t.key(),
    productId: t.text().optional(),
    basket: t.text().optional(),
    quantity: t.int().optional(),
    isGift: t.bool().optional(),
    at: t.timestamp(),
    data: t.json().optional(),
  })
    .index('byProduct', ['productId'])
    .index('byBasket', ['basket', 'quantity']),
  edge: table({ id: t.key(), from: t.text().optional(), to: t.text().optional() }).index('byFrom', [
    'from',
  ]),
} as const satisfies Tables

/** Definitions of its tables. */
export const shopDefinitions: Readonly<Record<string, TableDefinition>> = Object.fromEntries(
  Object.entries(shopTables).map(([name, { definition }]) => [name, definition]),
)

/** One write of a history: the row as it is from then on; undefined: it is deleted. */
export interface RowWrite {
  readonly table: string
  readonly id: string
  readonly row: Row | undefined
}

// Few values, so that rows meet; with those among them that sort, hash or compare in odd ways.
const TEXTS = ['a', 'b', 'c', '', 'B', 'é', '\uffff', '😀', '1', 'p1', 'p2']
const NUMBERS = [0, 1, 2, -1, 0.5, 10, 1.25, -0.75]
const TIMES = [0, -1, 86_399_999, 86_400_000, 1_767_225_600_000, -86_400_001]
const JSONS: readonly QueryValue[] = [
  null,
  1,
  'a',
  true,
  false,
  [],
  [1, 'a'],
  ['a'],
  {},
  { a: 1 },
  { a: 'b' },
  { a: { b: 2 } },
  { a: null },
  { a: true },
  '[]',
  0.5,
]
const IDS = ['p1', 'p2', 'a', 'b', 'c', 'x', '😀', '\uffff']

/** Writes of one transaction; a row may be written several times. */
export function randomWrites(choices: Choices): readonly RowWrite[] {
  return Array.from({ length: 1 + choices.below(6) }, () => randomWrite(choices))
}

function randomWrite(choices: Choices): RowWrite {
  const name = choices.of(['lineItem', 'lineItem', 'product', 'edge'] as const)
  const id = choices.of(IDS)
  if (choices.oneIn(4)) return { table: name, id, row: undefined }
  const optional = <V>(values: readonly V[]) => (choices.oneIn(5) ? null : choices.of(values))
  switch (name) {
    case 'product':
      return {
        table: name,
        id,
        row: {
          id,
          name: choices.of(TEXTS),
          price: choices.of(NUMBERS),
          stock: optional([0, 1, 2, -1, 10]),
          data: choices.of(JSONS),
          tags: TEXTS.filter(() => choices.oneIn(5)),
        },
      }
    case 'lineItem':
      return {
        table: name,
        id,
        row: {
          id,
          productId: optional(IDS),
          basket: optional(TEXTS),
          quantity: optional([0, 1, 2, -1, 10]),
          isGift: optional([true, false]),
          at: choices.of(TIMES),
          data: optional(JSONS),
        },
      }
    case 'edge':
      return { table: name, id, row: { id, from: optional(TEXTS), to: optional(TEXTS) } }
  }
}

/** A relation that checks. `depth`: how many operators it has above its tables, at most. */
export function randomRelation(choices: Choices, depth: number): Relation {
  if (depth > 0 && choices.oneIn(6)) return randomTableWindow(choices)
  const given: Relation = { kind: 'table', table: choices.of(['lineItem', 'product', 'edge']) }
  if (depth <= 0) return given
  const of = randomRelation(choices, depth - 1)
  const relation = randomOver(choices, of, depth)
  try {
    checkRelation(relation, { tables: shopDefinitions })
    return relation
  } catch (error) {
    if (!isUniverseError(error, 'query/invalid')) throw error
    return of
  }
}

/** A window straight over one table. */
function randomTableWindow(choices: Choices): Relation {
  const rows: Relation = { kind: 'table', table: choices.of(['lineItem', 'product', 'edge']) }
  const shape = shapeOf(rows)
  const [column] = pathOf(choices.of(leavesOf(shape)))
  const condition: Condition = { kind: 'compare', column, operator: 'ne', value: null }
  const test: Test = { kind: 'condition', condition }
  const direction = choices.of(['asc', 'desc'] as const)
  const by: Expression = { kind: 'path', path: pathOf(choices.of(leavesOf(shape))) }
  const window: Relation = {
    kind: 'window',
    of: choices.oneIn(2) ? { kind: 'where', of: rows, test } : rows,
    partitionBy: [],
    orderBy: choices.oneIn(5) ? [] : [{ by, direction }],
    limit: choices.of([1, 2, 3, 4]),
    offset: choices.below(3),
  }
  return choices.oneIn(3) && window.orderBy.length === 0
    ? { ...window, after: [choices.of(IDS)] }
    : window
}

function shapeOf(relation: Relation): Shape {
  const checked = checkRelation(relation, { tables: shopDefinitions })
  return checked.shapeOf(checked.relation)
}

function randomOver(choices: Choices, of: Relation, depth: number): Relation {
  const shape = shapeOf(of)
  const isJoin = of.kind === 'join' && choices.oneIn(2)
  switch (isJoin ? 0 : choices.below(11)) {
    case 0:
    case 1:
      return { kind: 'where', of, test: randomTest(choices, shape, 2) }
    case 2:
    case 3:
    case 4:
      return randomJoin(choices, of, depth)
    case 5:
      return { kind: 'select', of, columns: randomColumns(choices, shape, ['x', 'y', 'z'], 1) }
    case 6:
    case 7:
      return {
        kind: 'group',
        of,
        by: randomColumns(choices, shape, ['g', 'h'], 0),
        aggregates: Object.fromEntries(
          ['m', 'n', 'o']
            .slice(0, 1 + choices.below(3))
            .map((name) => [name, randomAggregate(choices, shape)]),
        ),
      }
    case 8:
      return { kind: 'distinct', of }
    case 9: {
      const part = (): Relation => ({ kind: 'where', of, test: randomTest(choices, shape, 1) })
      if (choices.oneIn(2)) return { kind: 'except', left: part(), right: part() }
      return { kind: 'union', of: [part(), part()] }
    }
    default: {
      if (choices.oneIn(4)) return randomReachable(choices)
      return {
        kind: 'window',
        of,
        partitionBy: choices.oneIn(3) ? [randomExpression(choices, shape, 'any', 0)] : [],
        orderBy: Array.from(
          { length: 1 + choices.below(2) },
          (): RelationOrder => ({
            by: randomExpression(choices, shape, 'any', 0),
            direction: choices.of(['asc', 'desc']),
          }),
        ),
        limit: choices.of([1, 2, 3, 5, 0, undefined]),
        offset: choices.of([0, 0, 1, 2]),
      }
    }
  }
}

function randomReachable(choices: Choices): Relation {
  return {
    kind: 'reachable',
    of: { kind: 'table', table: 'edge' },
    from: { kind: 'path', path: ['from'] },
    to: { kind: 'path', path: ['to'] },
    roots: choices.oneIn(2) ? [choices.of(TEXTS), choices.of(TEXTS)] : undefined,
    depthMax: choices.oneIn(2) ? 1 + choices.below(3) : undefined,
  }
}

function randomJoin(choices: Choices, left: Relation, depth: number): Relation {
  const right = randomRelation(choices, choices.below(depth))
  const shapes = { left: shapeOf(left), right: shapeOf(right) }
  const kind = choices.of(['text', 'text', 'text', 'number', 'json', 'bool'] as const)
  const pair = () => ({
    left: randomExpression(choices, shapes.left, kind, 0),
    right: randomExpression(choices, shapes.right, kind, 0),
  })
  return {
    kind: 'join',
    how: choices.of(['inner', 'left', 'right', 'full', 'semi', 'anti']),
    left,
    right,
    leftName: shapes.left.kind === 'flat' ? `l${depth}` : undefined,
    rightName: shapes.right.kind === 'flat' ? `r${depth}` : undefined,
    on: choices.oneIn(4) ? [pair(), pair()] : [pair()],
  }
}

function randomColumns(
  choices: Choices,
  shape: Shape,
  names: readonly string[],
  atLeast: number,
): Readonly<Record<string, Expression>> {
  const count = atLeast + choices.below(names.length + 1 - atLeast)
  return Object.fromEntries(
    names.slice(0, count).map((name) => [name, randomExpression(choices, shape, 'any', 2)]),
  )
}

function randomAggregate(choices: Choices, shape: Shape): Aggregate {
  const kind = choices.of([
    'count',
    'sum',
    'avg',
    'min',
    'max',
    'countOf',
    'countDistinct',
    'collect',
  ] as const)
  if (kind === 'count') return { kind }
  const isNumber = kind === 'sum' || kind === 'avg'
  const isOrdered = kind === 'min' || kind === 'max'
  const of = isNumber ? 'number' : isOrdered ? choices.of(['number', 'text'] as const) : 'any'
  return { kind, of: randomExpression(choices, shape, of, 1) }
}

function pathOf({ member, column }: Pick<Leaf, 'member' | 'column'>): Path {
  return member === undefined ? [column] : [member, column]
}

const FUNCTIONS = {
  number: ['add', 'subtract', 'multiply', 'divide', 'length'],
  text: ['lower', 'upper', 'concat', 'day'],
} as const

/** An expression whose values are of a kind, or of JSON that may hold it. */
function randomExpression(
  choices: Choices,
  shape: Shape,
  kind: ValueKind | 'any',
  depth: number,
): Expression {
  if (depth > 0 && choices.oneIn(3)) {
    const gives = kind === 'any' ? choices.of(['number', 'text'] as const) : kind
    if (gives === 'number' || gives === 'text') {
      const name = choices.of(FUNCTIONS[gives])
      const takes = name === 'day' || (gives === 'number' && name !== 'length') ? 'number' : 'text'
      const part = () => randomExpression(choices, shape, takes, depth - 1)
      const isOne = name === 'day' || name === 'lower' || name === 'upper' || name === 'length'
      return { kind: 'call', function: name, of: isOne ? [part()] : [part(), part()] }
    }
    const part = () => randomExpression(choices, shape, gives, depth - 1)
    return { kind: 'call', function: 'coalesce', of: [part(), part()] }
  }
  const leaves = leavesOf(shape).filter(
    ({ value }) => kind === 'any' || value === kind || (value === 'json' && kind !== 'bytes'),
  )
  if (leaves.length === 0 || (depth > 0 && choices.oneIn(8))) {
    return { kind: 'value', value: randomValue(choices, kind) }
  }
  const leaf = choices.of(leaves)
  const path = pathOf(leaf)
  if (leaf.value !== 'json' || choices.oneIn(2)) return { kind: 'path', path }
  return { kind: 'path', path: choices.oneIn(3) ? [...path, 'a', 'b'] : [...path, 'a'] }
}

function randomValue(choices: Choices, kind: ValueKind | 'any'): QueryValue {
  switch (kind) {
    case 'text':
      return choices.of(TEXTS)
    case 'number':
      return choices.of(NUMBERS)
    case 'bool':
      return choices.oneIn(2)
    case 'json':
      return choices.of([[], ['a'], { a: 1 }])
    default:
      return choices.of(['a', 1, true])
  }
}

function randomTest(choices: Choices, shape: Shape, depth: number): Test {
  const part = () => randomTest(choices, shape, depth - 1)
  if (depth > 0 && choices.oneIn(3)) {
    if (choices.oneIn(3)) return { kind: 'not', of: part() }
    return { kind: choices.of(['and', 'or']), of: [part(), part()] }
  }
  if (choices.oneIn(3)) {
    const kind = choices.of(['text', 'number', 'json', 'bool'] as const)
    return {
      kind: 'test',
      operator: choices.of(['eq', 'ne', 'gt', 'gte', 'lt', 'lte']),
      left: randomExpression(choices, shape, kind, 1),
      right: randomExpression(choices, shape, kind, 1),
    }
  }
  return { kind: 'condition', condition: randomCondition(choices, shape) }
}

function randomCondition(choices: Choices, shape: Shape): Condition {
  const leaf = choices.of(leavesOf(shape))
  const [column, ...rest] = pathOf(leaf)
  const isJson = leaf.value === 'json'
  const path = isJson && choices.oneIn(2) ? [...rest, 'a'] : rest
  const value = () =>
    isJson
      ? leaf.kind === 'set' && path === rest
        ? [choices.of(TEXTS)]
        : choices.of(JSONS)
      : randomValue(choices, leaf.value)
  const operator = choices.of<Comparison>([
    'eq',
    'ne',
    'in',
    'notIn',
    'gt',
    'gte',
    'lt',
    'lte',
    'contains',
    'startsWith',
    'endsWith',
  ])
  const isList = operator === 'in' || operator === 'notIn'
  const isOrdered = /^[gl]t/.test(operator)
  const isTextual = /With$|contains/.test(operator)
  const one = isJson && (isOrdered || isTextual) ? choices.of(['a', 1]) : value()
  return {
    kind: 'compare',
    column,
    path,
    operator,
    value: isList ? [value(), value(), null] : one,
  }
}
