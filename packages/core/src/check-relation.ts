/**
 * Checks relations that come from elsewhere, and works out what the rows of each part look like.
 *
 * Views and engine both begin here, so that they refuse and accept the same. Views of the module are
 * put in the place of their names.
 */
import { assert } from './assert.ts'
import type { ColumnKind } from './column.ts'
import { distinctShape, storedKind, unionShape } from './derived-shape.ts'
import { checkTest, commonKind, kindOf } from './expression-kind.ts'
import { RELATION_DEPTH_MAX, RELATION_PARTS_MAX, RELATION_TABLES_MAX } from './limits.ts'
import type { Aggregate, Expression, Relation } from './relation.ts'
import {
  isKeyed,
  leavesOf,
  type Member,
  own,
  placeOf,
  relationInvalid,
  type Shape,
  shapeOfTable,
  unknownName,
  type ValueKind,
} from './relation-shape.ts'
import type { TableDefinition } from './table.ts'

/** What relations of a module may name. */
export interface RelationScope {
  readonly tables: Readonly<Record<string, TableDefinition>>
  /** Relations of declared views. */
  readonly views?: Readonly<Record<string, Relation>>
}

/** A relation without views, fit to be planned or compiled. */
export interface CheckedRelation {
  readonly relation: Relation
  /** The rows of the relation or of a part of it. */
  shapeOf(part: Relation): Shape
}

/**
 * Checks a relation, which may be anything. Cost: one walk, bounded by {@link RELATION_PARTS_MAX}.
 *
 * @throws UniverseError `query/invalid`, naming the part that is wrong, or `document/not-a-scalar`.
 */
export function checkRelation(relation: unknown, scope: RelationScope): CheckedRelation {
  const checker = new Checker(scope)
  const checked = checker.check(relation as Relation, 0)
  return {
    relation: checked,
    shapeOf: (part) => {
      const shape = checker.shapes.get(part)
      assert(shape !== undefined, 'the part is of the checked relation')
      return shape
    },
  }
}

type Of<K extends Relation['kind']> = Extract<Relation, { kind: K }>

/** One walk: gives each part anew, so that no part occurs twice and nobody can change it later. */
class Checker {
  readonly shapes: Map<Relation, Shape> = new Map()
  readonly #scope: RelationScope
  readonly #openViews: string[] = []
  #parts = 0
  #tables = 0

  constructor(scope: RelationScope) {
    this.#scope = scope
  }

  check(relation: Relation, depth: number): Relation {
    this.#count(depth)
    switch (relation?.kind) {
      case 'table':
        return this.#table(relation, depth)
      case 'view':
        return this.#view(relation, depth)
      case 'where': {
        const of = this.check(relation.of, depth + 1)
        checkTest(this.#shape(of), relation.test, this.#count, depth + 1)
        return this.#put({ ...relation, of }, this.#shape(of))
      }
      case 'join':
        return this.#join(relation, depth)
      case 'select':
        return this.#select(relation, depth)
      case 'group':
        return this.#group(relation, depth)
      case 'distinct': {
        const of = this.check(relation.of, depth + 1)
        return this.#put({ ...relation, of }, distinctShape(this.#shape(of)))
      }
      case 'union':
        return this.#union(relation, depth)
      case 'except': {
        const left = this.check(relation.left, depth + 1)
        const right = this.check(relation.right, depth + 1)
        const shape = this.#shape(left)
        checkAlike(shape, this.#shape(right), 'except')
        return this.#put({ ...relation, left, right }, distinctShape(shape))
      }
      case 'window':
        return this.#window(relation, depth)
      case 'reachable':
        return this.#reachable(relation, depth)
      default:
        throw relationInvalid(
          `there is no relation of kind "${String((relation as { kind?: unknown } | null)?.kind)}"`,
        )
    }
  }

  readonly #count = (depth: number): void => {
    this.#parts += 1
    if (depth > RELATION_DEPTH_MAX) {
      throw relationInvalid(`a query is nested more than ${RELATION_DEPTH_MAX} deep`)
    }
    if (this.#parts > RELATION_PARTS_MAX) {
      throw relationInvalid(`a query has more than ${RELATION_PARTS_MAX} parts`)
    }
  }

  #put(relation: Relation, shape: Shape): Relation {
    this.shapes.set(relation, shape)
    return relation
  }

  #shape(relation: Relation): Shape {
    return this.shapes.get(relation) as Shape
  }

  #kind(shape: Shape, expression: Expression, depth: number): ValueKind {
    return kindOf(shape, expression, this.#count, depth + 1)
  }

  #table(relation: Of<'table'>, depth: number): Relation {
    const { tables, views = {} } = this.#scope
    const definition = own(tables, relation.table)
    // A view is read like a table of its name.
    if (definition === undefined && own(views, relation.table) !== undefined) {
      return this.#view({ kind: 'view', view: relation.table }, depth)
    }
    if (definition === undefined) throw unknownName('table', relation.table, Object.keys(tables))
    this.#tables += 1
    if (this.#tables > RELATION_TABLES_MAX) {
      throw relationInvalid(`a query reads more than ${RELATION_TABLES_MAX} tables`)
    }
    return this.#put({ ...relation }, shapeOfTable(relation.table, definition))
  }

  #view({ view }: Of<'view'>, depth: number): Relation {
    const { tables, views = {} } = this.#scope
    const relation = own(views, view)
    if (relation === undefined && own(tables, view) !== undefined) {
      return this.#table({ kind: 'table', table: view }, depth)
    }
    if (relation === undefined) throw unknownName('view', view, Object.keys(views))
    if (this.#openViews.includes(view)) {
      throw relationInvalid(
        `view "${view}" reads itself (${[...this.#openViews, view].join(' → ')})`,
      )
    }
    this.#openViews.push(view)
    const checked = this.check(relation, depth + 1)
    this.#openViews.pop()
    return checked
  }

  #join(relation: Of<'join'>, depth: number): Relation {
    const { how, leftName, rightName, on } = relation
    if (!['inner', 'left', 'right', 'full', 'semi', 'anti'].includes(how)) {
      throw relationInvalid(`there is no join "${String(how)}"`)
    }
    const left = this.check(relation.left, depth + 1)
    const right = this.check(relation.right, depth + 1)
    const [leftShape, rightShape] = [this.#shape(left), this.#shape(right)]
    if (!Array.isArray(on) || on.length === 0) {
      throw relationInvalid('a join names the columns that are equal: on')
    }
    for (const pair of on) {
      const kinds = [
        this.#kind(leftShape, pair?.left, depth),
        this.#kind(rightShape, pair?.right, depth),
      ]
      commonKind(kinds, 'a join')
    }
    const checked: Relation = { ...relation, left, right }
    if (how === 'semi' || how === 'anti') return this.#put(checked, leftShape)
    const isOptional = {
      left: how === 'right' || how === 'full',
      right: how === 'left' || how === 'full',
    }
    const members = new Map<string, Member>()
    addMembers(members, leftShape, leftName, isOptional.left)
    addMembers(members, rightShape, rightName, isOptional.right)
    const shape: Shape = {
      kind: 'joined',
      members: Object.fromEntries(members),
      isKeyed: isKeyed(leftShape) && isKeyed(rightShape),
    }
    return this.#put(checked, shape)
  }

  #select(relation: Of<'select'>, depth: number): Relation {
    const of = this.check(relation.of, depth + 1)
    const columns = this.#columns(this.#shape(of), relation.columns, 'select', depth)
    if (Object.keys(columns).length === 0) throw relationInvalid('a select has no columns')
    return this.#put({ ...relation, of }, { kind: 'flat', columns, key: undefined })
  }

  #group(relation: Of<'group'>, depth: number): Relation {
    const of = this.check(relation.of, depth + 1)
    const shape = this.#shape(of)
    const by = this.#columns(shape, relation.by, 'group', depth)
    const kinds: Record<string, ColumnKind> = { ...by }
    for (const [name, aggregate] of entriesOf(relation.aggregates, 'aggregates')) {
      if (Object.hasOwn(by, name)) throw relationInvalid(`"${name}" is named twice in a group`)
      kinds[checkName(name)] = this.#aggregate(shape, aggregate as Aggregate, depth)
    }
    if (Object.keys(kinds).length === 0) throw relationInvalid('a group has no columns')
    return this.#put(
      { ...relation, of },
      { kind: 'flat', columns: kinds, key: Object.keys(by).sort() },
    )
  }

  #aggregate(shape: Shape, aggregate: Aggregate, depth: number): ColumnKind {
    if (aggregate?.kind === 'count') return 'int'
    const kind = this.#kind(shape, aggregate?.of, depth)
    switch (aggregate.kind) {
      case 'countOf':
      case 'countDistinct':
        return 'int'
      case 'sum':
      case 'avg':
        if (kind === 'number' || kind === 'json' || kind === 'null') return 'real'
        throw relationInvalid(`"${aggregate.kind}" of ${kind}: it takes numbers`)
      case 'min':
      case 'max':
        if (kind !== 'json') return columnKind(shape, aggregate.of, kind)
        throw relationInvalid(
          `"${aggregate.kind}" of JSON: it has no order; add 0 or join '' to it`,
        )
      case 'collect':
        if (kind !== 'bytes') return 'json'
        throw relationInvalid('"collect" of bytes: a list is JSON')
      default:
        throw relationInvalid(`there is no aggregate "${String((aggregate as Aggregate).kind)}"`)
    }
  }

  #columns(
    shape: Shape,
    columns: Readonly<Record<string, Expression>>,
    what: string,
    depth: number,
  ): Record<string, ColumnKind> {
    const kinds: Record<string, ColumnKind> = {}
    for (const [name, expression] of entriesOf(columns, what)) {
      const kind = this.#kind(shape, expression as Expression, depth)
      kinds[checkName(name)] = columnKind(shape, expression as Expression, kind)
    }
    return kinds
  }

  #union(relation: Of<'union'>, depth: number): Relation {
    if (!Array.isArray(relation.of) || relation.of.length === 0) {
      throw relationInvalid('a union has no parts')
    }
    const of = relation.of.map((part) => this.check(part, depth + 1))
    const shapes = of.map((part) => this.#shape(part))
    const [first] = shapes as [Shape, ...Shape[]]
    for (const shape of shapes) checkAlike(first, shape, 'union')
    if (of.length === 1) return of[0] as Relation
    return this.#put({ ...relation, of }, unionShape(shapes))
  }

  #window(relation: Of<'window'>, depth: number): Relation {
    const { partitionBy, orderBy, limit, offset } = relation
    const of = this.check(relation.of, depth + 1)
    const shape = this.#shape(of)
    if (!Array.isArray(partitionBy) || !Array.isArray(orderBy)) {
      throw relationInvalid('a window has lists partitionBy and orderBy')
    }
    for (const expression of partitionBy) this.#kind(shape, expression, depth)
    for (const term of orderBy) {
      if (term?.direction !== 'asc' && term?.direction !== 'desc') {
        throw relationInvalid(`an order is "asc" or "desc", not "${String(term?.direction)}"`)
      }
      this.#kind(shape, term.by, depth)
    }
    for (const [name, value] of [
      ['limit', limit ?? 0],
      ['offset', offset],
    ] as const) {
      if (!Number.isSafeInteger(value) || value < 0) {
        throw relationInvalid(`${name} is a whole number from 0`)
      }
    }
    if (orderBy.length === 0 && (limit !== undefined || offset > 0) && !isKeyed(shape)) {
      throw relationInvalid('a limit without an order: say which rows come first (orderBy)')
    }
    if (relation.after !== undefined && !isTableWindow({ ...relation, of })) {
      throw relationInvalid('"after" stands in a query over one table only')
    }
    return this.#put({ ...relation, of }, shape)
  }

  #reachable(relation: Of<'reachable'>, depth: number): Relation {
    const { from, to, roots, depthMax } = relation
    const of = this.check(relation.of, depth + 1)
    const shape = this.#shape(of)
    const kind = commonKind(
      [this.#kind(shape, from, depth), this.#kind(shape, to, depth)],
      '"reachable"',
    )
    if (kind === 'null') throw relationInvalid('"reachable" of NULL')
    if (roots !== undefined) {
      if (!Array.isArray(roots)) throw relationInvalid('roots are a list')
      for (const root of roots) {
        commonKind([kind, this.#kind(shape, { kind: 'value', value: root }, depth)], '"reachable"')
      }
    }
    if (depthMax !== undefined && !(Number.isSafeInteger(depthMax) && depthMax >= 1)) {
      throw relationInvalid('depthMax is a whole number from 1')
    }
    const end = columnKind(shape, from, kind)
    const columns = { from: end, to: end, depth: 'int' } as const
    return this.#put({ ...relation, of }, { kind: 'flat', columns, key: ['from', 'to'] })
  }
}

/** True for a window straight over one table, filtered or not. */
export function isTableWindow({ of, partitionBy }: Of<'window'>): boolean {
  let inner = of
  while (inner.kind === 'where') inner = inner.of
  return inner.kind === 'table' && partitionBy.length === 0
}

function addMembers(
  members: Map<string, Member>,
  shape: Shape,
  name: string | undefined,
  isOptional: boolean,
): void {
  const add = (key: string, member: Member) => {
    if (members.has(checkName(key))) {
      throw relationInvalid(`two sides of a join are named "${key}"; rename one with .as()`)
    }
    members.set(key, member)
  }
  if (shape.kind === 'flat') {
    if (typeof name !== 'string') throw relationInvalid('a side of a join has no name; use .as()')
    add(name, { shape, isOptional })
    return
  }
  if (name !== undefined) throw relationInvalid(`"${name}" names a side that is a join itself`)
  for (const [key, member] of Object.entries(shape.members)) {
    add(key, { shape: member.shape, isOptional: isOptional || member.isOptional })
  }
}

function checkName(name: string): string {
  if (name === '' || name === '__proto__') throw relationInvalid(`"${name}" cannot be a name`)
  return name
}

function entriesOf(record: unknown, what: string): [string, unknown][] {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw relationInvalid(`${what} takes an object by name`)
  }
  return Object.entries(record)
}

/** What a table would keep the values of an expression in. */
function columnKind(shape: Shape, expression: Expression, kind: ValueKind): ColumnKind {
  if (expression.kind === 'path') {
    const place = placeOf(shape, expression.path)
    if (place.rest.length === 0 && place.value === kind) return place.kind
  }
  return storedKind(kind)
}

function checkAlike(first: Shape, second: Shape, what: string): void {
  const text = (shape: Shape) =>
    leavesOf(shape)
      .map(
        ({ member, column, value }) =>
          `${member === undefined ? '' : `${member}.`}${column} ${value}`,
      )
      .join(', ')
  const [left, right] = [text(first), text(second)]
  if (left !== right) {
    throw relationInvalid(`the parts of ${what} have different columns (${left}; and ${right})`)
  }
}
