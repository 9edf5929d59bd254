/**
 * Relations as one SQL statement. QUERIES.md of views, VQ2.
 *
 * Every part becomes a SELECT whose columns are named by place: `c0`, `c1`, … the columns of its rows as
 * `leavesOf` lists them, `p0`, … for every side of a join that may be null, 1 where it is not. SQLite
 * flattens what is nested so, and moves conditions to the tables.
 */
import {
  type Aggregate,
  type CheckedRelation,
  type ColumnKind,
  canonicalJson,
  checkRelation,
  commonKind,
  type Expression,
  isKeyed,
  kindOf,
  type Leaf,
  leavesOf,
  membersOf,
  orderOf,
  type QueryValue,
  type Relation,
  type Row,
  type Shape,
  type StoredValue,
  shapeOfTable,
  type TotalOrder,
  totalOrder,
  UniverseError,
  type ValueKind,
  valueKind,
} from '@inner-universe/core'
import type { SqlValue } from '@inner-universe/sqlite'
import { Binder, type BoundSql } from './bound-sql.ts'
import {
  compileAlike,
  compileExpression,
  compileOrder,
  compileTest,
  type RowsInScope,
} from './expression-sql.ts'
import { quoteName, type Schema, type TableSchema } from './schema.ts'

/** A relation's statement, and what its rows are. */
export interface CompiledRelation extends BoundSql {
  /** Tables and views that it reads. */
  readonly tables: ReadonlySet<string>
  readonly decode: (values: readonly StoredValue[]) => Row
}

/** See {@link compileRelation}. */
export type CompileRelation = (schema: Schema, relation: unknown) => CompiledRelation

/**
 * The rows of a relation in their order.
 *
 * @throws UniverseError `query/invalid`, `query/invalid-cursor`.
 */
export function compileRelation(schema: Schema, relation: unknown): CompiledRelation {
  const tables = Object.fromEntries(
    [...schema].map(([name, { definition }]) => [name, definition] as const),
  )
  const checked = checkRelation(relation, { tables })
  const compiler = new Compiler(schema, checked)
  return compiler.compile()
}

type Of<K extends Relation['kind']> = Extract<Relation, { kind: K }>

class Compiler {
  readonly #schema: Schema
  readonly #checked: CheckedRelation
  readonly #binder = new Binder()
  readonly #tables = new Set<string>()

  constructor(schema: Schema, checked: CheckedRelation) {
    this.#schema = schema
    this.#checked = checked
  }

  compile(): CompiledRelation {
    const { relation } = this.#checked
    const rows = rowsOf(this.#shape(relation))
    const from = `SELECT * FROM (${this.#part(relation)})`
    const order = this.#orderSql(rows, orderOf(this.#checked))
    return {
      sql: `${from}${order}`,
      params: this.#binder.params,
      tables: this.#tables,
      decode: decoderOf(rows.shape),
    }
  }

  #part(relation: Relation): string {
    switch (relation.kind) {
      case 'table':
        return this.#table(this.#schema.get(relation.table) as TableSchema)
      case 'view':
        return this.#table(this.#schema.get(relation.view) as TableSchema)
      case 'where': {
        const from = `SELECT * FROM (${this.#part(relation.of)})`
        return `${from} WHERE ${compileTest(this.#rows(relation.of), relation.test, this.#binder)}`
      }
      case 'join':
        return this.#join(relation)
      case 'select':
        return `SELECT ${this.#columns(relation, relation.of, relation.columns)} FROM (${this.#part(relation.of)})`
      case 'group':
        return this.#group(relation)
      case 'distinct':
        return `SELECT DISTINCT * FROM (${this.#part(relation.of)})`
      case 'union':
        return relation.of.map((part) => this.#alike(part, relation.of)).join(' UNION ALL ')
      case 'except': {
        const sides = [relation.left, relation.right]
        const rest = sides.map((side) => this.#alike(side, sides)).join(' EXCEPT ')
        return `SELECT ${namesOf(this.#shape(relation)).join(', ')} FROM (${rest})`
      }
      case 'window':
        return this.#window(relation)
      case 'reachable':
        return this.#reachable(relation)
    }
  }

  #table(table: TableSchema): string {
    this.#tables.add(table.name)
    const cells = leavesOf(shapeOfTable(table.name, table.definition)).map(
      ({ column, kind }, at) => {
        const cell = quoteName(column)
        // JSON null and no value at all are both NULL.
        return `${kind === 'json' ? `nullif(${cell}, 'null')` : cell} AS c${at}`
      },
    )
    return `SELECT ${cells.join(', ')} FROM ${table.rowsSql}`
  }

  #join(relation: Of<'join'>): string {
    const { how, left, right } = relation
    const sides = { left: this.#rows(left, 'l.'), right: this.#rows(right, 'r.') }
    const on = relation.on
      .map((pair) => {
        const kinds = [kindOf(sides.left.shape, pair.left), kindOf(sides.right.shape, pair.right)]
        const kind = commonKind(kinds, 'a join')
        const from = compileExpression(sides.left, pair.left, this.#binder, kind)
        return `${from} = ${compileExpression(sides.right, pair.right, this.#binder, kind)}`
      })
      .join(' AND ')
    if (how === 'semi' || how === 'anti') {
      const match = `EXISTS (SELECT 1 FROM (${this.#part(right)}) AS r WHERE ${on})`
      return `SELECT * FROM (${this.#part(left)}) AS l WHERE ${how === 'anti' ? 'NOT ' : ''}${match}`
    }
    // `here` is NULL in rows that have no such side.
    const from = ['left', 'right'].map((side) => {
      const part = this.#part(side === 'left' ? left : right)
      return `(SELECT *, 1 AS here FROM (${part})) AS ${side === 'left' ? 'l' : 'r'}`
    })
    const columns = this.#joinedColumns(relation, sides)
    return `SELECT ${columns.join(', ')} FROM ${from.join(` ${how.toUpperCase()} JOIN `)} ON ${on}`
  }

  #joinedColumns(
    relation: Of<'join'>,
    sides: { readonly left: RowsInScope; readonly right: RowsInScope },
  ): string[] {
    const shape = this.#shape(relation)
    const isOfLeft = (member: string): boolean =>
      relation.leftName === undefined
        ? sides.left.shape.kind === 'joined' && Object.hasOwn(sides.left.shape.members, member)
        : member === relation.leftName
    const cells = leavesOf(shape).map(({ member = '', column }, at) => {
      const side = isOfLeft(member) ? sides.left : sides.right
      const place =
        side.shape.kind === 'joined' ? { member, column } : { member: undefined, column }
      return `${side.cell(place)} AS c${at}`
    })
    const presence = optionalMembers(shape).map((member, at) => {
      const [side, name] = isOfLeft(member) ? [sides.left, 'l'] : [sides.right, 'r']
      const own = optionalMembers(side.shape).indexOf(member)
      return `${name}.${own < 0 ? 'here' : `p${own}`} AS p${at}`
    })
    return [...cells, ...presence]
  }

  /** Expressions by name as the columns of a part. */
  #columns(
    part: Relation,
    of: Relation,
    columns: Readonly<Record<string, Expression>>,
    cellOf: (name: string) => string = (name) =>
      compileExpression(this.#rows(of), columns[name] as Expression, this.#binder),
  ): string {
    return leavesOf(this.#shape(part))
      .map(({ column }, at) => `${cellOf(column)} AS c${at}`)
      .join(', ')
  }

  #group(relation: Of<'group'>): string {
    const { of, by, aggregates } = relation
    const rows = this.#rows(of)
    const keys = new Map(
      Object.entries(by).map(([name, key]) => [name, compileExpression(rows, key, this.#binder)]),
    )
    const columns = this.#columns(
      relation,
      of,
      by,
      (name) => keys.get(name) ?? this.#aggregate(rows, aggregates[name] as Aggregate),
    )
    const from = `SELECT ${columns} FROM (${this.#part(of)})`
    // By place: a key that is a bare number would be taken for one.
    const places = leavesOf(this.#shape(relation)).flatMap(({ column }, at) =>
      keys.has(column) ? [at + 1] : [],
    )
    return places.length === 0 ? from : `${from} GROUP BY ${places.join(', ')}`
  }

  #aggregate(rows: RowsInScope, aggregate: Aggregate): string {
    if (aggregate.kind === 'count') return 'count(*)'
    const isNumber = aggregate.kind === 'sum' || aggregate.kind === 'avg'
    const sql = compileExpression(rows, aggregate.of, this.#binder, isNumber ? 'number' : undefined)
    switch (aggregate.kind) {
      case 'countOf':
        return `count(${sql})`
      case 'countDistinct':
        return `count(DISTINCT ${sql})`
      case 'sum':
      case 'avg':
        // Integers would be refused beyond 2^63.
        return `${aggregate.kind}(CAST(${sql} AS REAL))`
      case 'min':
      case 'max':
        return `${aggregate.kind}(${sql})`
      case 'collect':
        return collectSql(sql, kindOf(rows.shape, aggregate.of))
    }
  }

  /** A part of a union, with the columns that all parts have. */
  #alike(part: Relation, parts: readonly Relation[]): string {
    const shape = this.#shape(part)
    const own = optionalMembers(shape)
    const all = new Set(parts.flatMap((other) => optionalMembers(this.#shape(other))))
    const presence = [...all].sort().map((member, at) => {
      const place = own.indexOf(member)
      return `${place < 0 ? '1' : `p${place}`} AS p${at}`
    })
    const cells = leavesOf(shape).map((_, at) => `c${at}`)
    return `SELECT ${[...cells, ...presence].join(', ')} FROM (${this.#part(part)})`
  }

  #window(relation: Of<'window'>): string {
    const { of, partitionBy, orderBy, limit, offset, after } = relation
    const rows = this.#rows(of)
    const order = totalOrder(orderBy, rows.shape)
    let from = `(${this.#part(of)})`
    if (after !== undefined) from += ` WHERE ${afterSql(rows, order, after, this.#binder)}`
    if (limit === undefined && offset === 0) return `SELECT * FROM ${from}`
    const orderBySql = this.#orderSql(rows, order)
    if (partitionBy.length === 0) {
      const most = `LIMIT ${this.#binder.bind(limit ?? -1)} OFFSET ${this.#binder.bind(offset)}`
      return `SELECT * FROM ${from}${orderBySql} ${most}`
    }
    const parts = partitionBy.map((by) => compileExpression(rows, by, this.#binder)).join(', ')
    const number = `row_number() OVER (PARTITION BY ${parts}${orderBySql}) AS n`
    const end = limit === undefined ? '' : ` AND n <= ${this.#binder.bind(offset + limit)}`
    const names = namesOf(rows.shape).join(', ')
    const numbered = `SELECT *, ${number} FROM ${from}`
    return `SELECT ${names} FROM (${numbered}) WHERE n > ${this.#binder.bind(offset)}${end}`
  }

  /**
   * Breadth first; no shortest way has more edges than there are, so cycles end. The rows tried are each
   * pair at each depth: meant for graphs that a page shows.
   */
  #reachable(relation: Of<'reachable'>): string {
    const { of, roots, depthMax } = relation
    const rows = this.#rows(of)
    const [from, to] = compileAlike(rows, [relation.from, relation.to], this.#binder)
    const edges = `SELECT DISTINCT ${from} AS f, ${to} AS t FROM (${this.#part(of)})`
    const given = `edges(f, t) AS (SELECT f, t FROM (${edges}) WHERE f IS NOT NULL AND t IS NOT NULL)`
    const begins =
      roots === undefined
        ? ''
        : ` WHERE f IN (${roots.map((root) => this.#literal(root)).join(', ')})`
    const most = depthMax === undefined ? '' : ` AND d < ${this.#binder.bind(depthMax)}`
    const ways =
      `ways(f, t, d) AS (SELECT f, t, 1 FROM edges${begins} UNION SELECT ways.f, edges.t, d + 1 ` +
      `FROM ways JOIN edges ON edges.f = ways.t WHERE d < (SELECT count(*) FROM edges)${most})`
    // By name: depth, from, to.
    const shortest = 'SELECT min(d) AS c0, f AS c1, t AS c2 FROM ways GROUP BY f, t'
    return `WITH RECURSIVE ${given}, ${ways} ${shortest}`
  }

  #literal(value: QueryValue): string {
    const nothing: RowsInScope = { shape: { kind: 'flat', columns: {}, key: [] }, cell: String }
    return compileExpression(nothing, { kind: 'value', value }, this.#binder)
  }

  #orderSql(rows: RowsInScope, order: readonly TotalOrder[]): string {
    const terms = order.length === 0 ? [] : [compileOrder(rows, order, this.#binder)]
    // Rows without a key may differ in which sides they have alone.
    if (!isKeyed(rows.shape)) terms.push(...presenceNames(rows.shape))
    return terms.length === 0 ? '' : ` ORDER BY ${terms.join(', ')}`
  }

  #rows(relation: Relation, alias = ''): RowsInScope {
    return rowsOf(this.#shape(relation), alias)
  }

  #shape(relation: Relation): Shape {
    return this.#checked.shapeOf(relation)
  }
}

/** Rows with columns named by place. */
function rowsOf(shape: Shape, alias = ''): RowsInScope {
  const nameOf = ({ member, column }: Pick<Leaf, 'member' | 'column'>) =>
    JSON.stringify([member, column])
  const places = new Map(leavesOf(shape).map((leaf, at) => [nameOf(leaf), at]))
  return { shape, cell: (place) => `${alias}c${places.get(nameOf(place))}` }
}

function namesOf(shape: Shape): string[] {
  return [...leavesOf(shape).map((_, at) => `c${at}`), ...presenceNames(shape)]
}

function presenceNames(shape: Shape): string[] {
  return optionalMembers(shape).map((_, at) => `p${at}`)
}

/** Sides of joined rows that may be null, by name. */
function optionalMembers(shape: Shape): string[] {
  if (shape.kind === 'flat') return []
  return membersOf(shape).flatMap(([name, { isOptional }]) => (isOptional ? [name] : []))
}

function collectSql(sql: string, kind: ValueKind): string {
  const there = `FILTER (WHERE ${sql} IS NOT NULL)`
  switch (kind) {
    case 'bool':
      return `json_group_array(json(iif(${sql}, 'true', 'false')) ORDER BY ${sql}) ${there}`
    case 'json':
    case 'null':
      return `json_group_array(json(${sql}) ORDER BY json_extract(${sql}, '$'), ${sql}) ${there}`
    default:
      return `json_group_array(${sql} ORDER BY ${sql}) ${there}`
  }
}

/** Rows behind the one with these order keys, in a total order. */
function afterSql(
  rows: RowsInScope,
  order: readonly TotalOrder[],
  after: readonly QueryValue[],
  binder: Binder,
): string {
  if (!Array.isArray(after) || after.length !== order.length) {
    throw new UniverseError(
      'query/invalid-cursor',
      `the cursor has ${after.length} values, the order ${order.length}; start from the first page`,
    )
  }
  const equal: string[] = []
  const alternatives: string[] = []
  for (const [at, term] of order.entries()) {
    const cell = compileOrder(rows, [{ ...term, direction: 'asc' }], binder)
    const place = binder.bind(storedValue(after[at] as QueryValue))
    const beyond =
      term.direction === 'desc'
        ? `${place} IS NOT NULL AND (${cell} < ${place} OR ${cell} IS NULL)`
        : `(${cell} > ${place} OR ${place} IS NULL AND ${cell} IS NOT NULL)`
    alternatives.push([...equal, beyond].join(' AND '))
    equal.push(`${cell} IS ${place}`)
  }
  return `(${alternatives.join(' OR ')})`
}

/** A value as SQL orders it. */
function storedValue(value: QueryValue): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return canonicalJson(value, { code: 'query/invalid-cursor' })
}

type Decode = (values: readonly StoredValue[]) => Row

function decoderOf(shape: Shape): Decode {
  const leaves = leavesOf(shape)
  const optional = optionalMembers(shape)
  return (values) => {
    const row: Record<string, unknown> = {}
    for (const [at, { member, column, kind }] of leaves.entries()) {
      const value = decodeCell(kind, values[at] as StoredValue)
      if (member === undefined) {
        row[column] = value
        continue
      }
      const side = (row[member] ?? {}) as Record<string, unknown>
      side[column] = value
      row[member] = side
    }
    for (const [at, member] of optional.entries()) {
      if (values[leaves.length + at] === null) row[member] = null
    }
    return row
  }
}

function decodeCell(kind: ColumnKind, value: StoredValue): unknown {
  if (value === null) return null
  if (valueKind(kind) === 'json') return JSON.parse(value as string)
  return kind === 'bool' ? value !== 0 : value
}
