/** Turns the parts of a checked relation into streams, tables first. */
import {
  type CheckedRelation,
  commonKind,
  type Expression,
  kindOf,
  type Relation,
  type Shape,
  shapeOfTable,
  type TableDefinition,
  type Test,
  totalOrder,
  UniverseError,
} from '@inner-universe/core'
import { createGraph, type GraphBuilder } from '../graph.ts'
import type { Lookup, NodeDefinition } from '../operator.ts'
import { concatNode } from '../operators/concat.ts'
import { distinctNode } from '../operators/distinct.ts'
import { filterNode } from '../operators/filter.ts'
import { joinNode } from '../operators/join.ts'
import { mapNode } from '../operators/map.ts'
import { minusNode } from '../operators/minus.ts'
import { outerJoinNode } from '../operators/outer-join.ts'
import { reachableNode } from '../operators/reachable.ts'
import { semiJoinNode } from '../operators/semi-join.ts'
import { tableWindowNode } from '../operators/table-window.ts'
import { windowNode } from '../operators/window.ts'
import type { Datum } from '../state.ts'
import type { Stream } from '../stream.ts'
import type { Catalog } from '../table-source.ts'
import { type Built, explained } from './built.ts'
import { expressionText, testText } from './describe.ts'
import type { MissingIndex } from './explanation.ts'
import { compileAlike, compileExpression, type Pick, tupleOf } from './expression.ts'
import { groupOf, groupText } from './grouping.ts'
import { joinedRowOf } from './joined-row.ts'
import type { PlanOptions } from './plan-options.ts'
import { compileAfter, compileOrder } from './row-order.ts'
import { compileTest, every, type RowTest } from './row-test.ts'
import {
  type KeyPart,
  keyColumnsOf,
  lookupOf,
  type TableRead,
  tableQueryOf,
  tableReadOf,
} from './table-read.ts'

type Of<K extends Relation['kind']> = Extract<Relation, { kind: K }>

/** The key of one side of a join. */
interface SideKey {
  readonly pick: Pick
  /** Undefined: it is not just columns. */
  readonly columns: readonly string[] | undefined
}

/** How the rows of a side are found. */
interface Side {
  /** Undefined: they are kept. */
  readonly lookup: Lookup | undefined
  readonly kept: string
  readonly missing?: readonly MissingIndex[]
}

/** Builds one graph. */
export class Planner {
  readonly graph: GraphBuilder = createGraph()
  /** Tables to be fed, as they are met. */
  readonly #feeds: string[] = []
  /** Tables that joins find a row of by its primary key. */
  readonly #found = new Set<string>()
  readonly #checked: CheckedRelation
  readonly #catalog: Catalog
  readonly #tables: PlanOptions['tables']
  readonly #sources = new Map<string, Stream>()
  /** Tables that something else than windows over them alone reads: they are fed. */
  readonly #fed = new Set<string>()
  readonly #readsWindows: boolean

  constructor(checked: CheckedRelation, catalog: Catalog, options: PlanOptions) {
    this.#checked = checked
    this.#catalog = catalog
    this.#tables = options.tables
    this.#readsWindows = options.readsWindows ?? true
    this.#findFed(checked.relation)
  }

  /**
   * Tables to be fed, in order: first those that rows of others are joined to by primary key, so that
   * each of those others finds its one match when it comes, instead of all of them when the match does.
   */
  get feeds(): readonly string[] {
    const isFound = (table: string) => this.#found.has(table)
    return [...this.#feeds.filter(isFound), ...this.#feeds.filter((table) => !isFound(table))]
  }

  build(relation: Relation): Built {
    switch (relation.kind) {
      case 'table':
        return this.#table(relation)
      case 'where':
        return this.#where(relation)
      case 'join':
        return this.#join(relation)
      case 'select':
        return this.#select(relation)
      case 'group':
        return this.#group(relation)
      case 'distinct':
        return this.#distinct(relation)
      case 'union':
        return this.#union(relation)
      case 'except':
        return this.#except(relation)
      case 'window':
        return this.#window(relation)
      case 'reachable':
        return this.#reachable(relation)
      case 'view':
        // Checking put its relation in its place.
        throw new UniverseError('query/invalid', `the view "${relation.view}" is not known here`)
    }
  }

  #table({ table }: Of<'table'>): Built {
    let stream = this.#sources.get(table)
    if (stream === undefined) {
      stream = this.graph.source(table)
      // Its rows last for their transaction: to queries there are none.
      if (this.#tables[table]?.scope === 'transient') stream = stream.filter(() => false)
      this.#sources.set(table, stream)
      if (this.#fed.has(table)) this.#feeds.push(table)
    }
    return { stream, explanation: explained('table', table, []) }
  }

  #where(relation: Of<'where'>): Built {
    const of = this.build(relation.of)
    const { test } = relation
    const holds = compileTest(this.#shape(relation.of), test)
    return {
      stream: this.#add(filterNode(holds), [of], relation),
      explanation: explained('filter', testText(test), [of]),
    }
  }

  #join(relation: Of<'join'>): Built {
    const { how, on } = relation
    const [left, right] = [this.build(relation.left), this.build(relation.right)]
    const keys = this.#keys(relation)
    const sides = {
      left: this.#side(relation.left, keys.left),
      right: this.#side(relation.right, keys.right),
    }
    const options = {
      left: keys.left.pick,
      right: keys.right.pick,
      leftLookup: sides.left.lookup,
      rightLookup: sides.right.lookup,
    }
    const node =
      how === 'semi' || how === 'anti'
        ? semiJoinNode(how, options)
        : how === 'inner'
          ? joinNode({ ...options, combine: joinedRowOf(relation, (part) => this.#shape(part)) })
          : outerJoinNode(how, {
              ...options,
              combine: joinedRowOf(relation, (part) => this.#shape(part)),
            })
    const text = on
      .map((pair) => {
        const [from, to] = [expressionText(pair.left), expressionText(pair.right)]
        return `${named(relation.leftName, from)} = ${named(relation.rightName, to)}`
      })
      .join(' and ')
    const kept = [sides.left, sides.right].filter((side) => side.lookup === undefined)
    return {
      stream: this.#add(node, [left, right], relation),
      explanation: explained('join', `${how} join on ${text}`, [left, right], {
        keeps: kept.length === 0 ? 'nothing' : kept.map((side) => side.kept).join(', '),
        indexes: [sides.left, sides.right].flatMap(({ lookup }) => lookup?.description ?? []),
        missing: kept.flatMap((side) => side.missing ?? []),
      }),
    }
  }

  /** The keys of both sides, in the kinds they have in common. */
  #keys({ left, right, on }: Of<'join'>): { readonly left: SideKey; readonly right: SideKey } {
    const shapes = { left: this.#shape(left), right: this.#shape(right) }
    const keyOf = (side: 'left' | 'right'): SideKey => {
      const shape = shapes[side]
      const parts = on.map((pair): KeyPart => {
        const kinds = [kindOf(shapes.left, pair.left), kindOf(shapes.right, pair.right)]
        return { expression: pair[side], kind: commonKind(kinds, 'a join') }
      })
      const picks = parts.map(({ expression, kind }) => compileExpression(shape, expression, kind))
      return { pick: tupleOf(picks), columns: keyColumnsOf(shape, parts) }
    }
    return { left: keyOf('left'), right: keyOf('right') }
  }

  /** How the rows of a side are found by key: by an index of its table, else by keeping them. */
  #side(relation: Relation, { columns }: SideKey): Side {
    const read = tableReadOf(relation)
    if (read === undefined) return { lookup: undefined, kept: 'rows of a side by key' }
    const definition = this.#tables[read.table] as TableDefinition
    const kept = `rows of ${read.table} by ${columns?.join(', ') ?? 'a computed key'}`
    if (columns === undefined || definition.scope === 'transient')
      return { lookup: undefined, kept }
    const source = this.#catalog.table(read.table)
    const lookup = lookupOf(source, definition, columns, this.#tests(read))
    if (columns.length === 1 && columns[0] === definition.primaryKey) this.#found.add(read.table)
    if (lookup !== undefined) return { lookup, kept }
    return { lookup, kept, missing: [{ table: read.table, columns }] }
  }

  #tests(read: TableRead): RowTest[] {
    const shape = shapeOfTable(read.table, this.#tables[read.table] as TableDefinition)
    return read.tests.map((test: Test) => compileTest(shape, test))
  }

  #select(relation: Of<'select'>): Built {
    const of = this.build(relation.of)
    const columns = this.#picks(relation.of, relation.columns)
    const select = (row: unknown): unknown => {
      const selected: Record<string, Datum> = {}
      for (const [name, pick] of columns) selected[name] = pick(row)
      return selected
    }
    const names = columns.map(([name]) => name).join(', ')
    return {
      stream: this.#add(mapNode(select), [of], relation),
      explanation: explained('select', names, [of]),
    }
  }

  #picks(of: Relation, columns: Readonly<Record<string, Expression>>): (readonly [string, Pick])[] {
    const shape = this.#shape(of)
    return Object.entries(columns).map(([name, expression]) => [
      name,
      compileExpression(shape, expression),
    ])
  }

  #group(relation: Of<'group'>): Built {
    const of = this.build(relation.of)
    return {
      stream: this.#add(groupOf(this.#shape(relation.of), relation), [of], relation),
      explanation: explained('group', groupText(relation), [of], {
        keeps: 'its aggregates per group',
      }),
    }
  }

  #distinct(relation: Of<'distinct'>): Built {
    const of = this.build(relation.of)
    return {
      stream: this.#add(distinctNode(), [of], relation),
      explanation: explained('distinct', 'every row once', [of], { keeps: 'a count per row' }),
    }
  }

  #union(relation: Of<'union'>): Built {
    const of = relation.of.map((part) => this.build(part))
    return {
      stream: this.#add(concatNode(), of, relation),
      explanation: explained('union', `of ${of.length}`, of),
    }
  }

  /** distinct(distinct(left) − distinct(right)): a row of the right alone is there −1 times, so not at all. */
  #except(relation: Of<'except'>): Built {
    const [left, right] = [this.build(relation.left), this.build(relation.right)]
    const once = [left, right].map(
      (side) => ({ ...side, stream: this.#add(distinctNode(), [side], relation) }) as Built,
    )
    const rest = { ...left, stream: this.#add(minusNode(), once, relation) }
    return {
      stream: this.#add(distinctNode(), [rest], relation),
      explanation: explained('except', 'rows that the second has not', [left, right], {
        keeps: 'a count per row of both sides',
      }),
    }
  }

  #window(relation: Of<'window'>): Built {
    const { partitionBy, orderBy, limit, offset, after } = relation
    const shape = this.#shape(relation)
    const total = totalOrder(orderBy, shape)
    const order = compileOrder(shape, total)
    const parts = partitionBy.map((by) => compileExpression(shape, by))
    const words = [
      limit === undefined ? 'all rows' : `the first ${limit}`,
      ...(parts.length > 0 ? [`per ${partitionBy.map(expressionText).join(', ')}`] : []),
      `by ${total.map(({ by, direction }) => `${expressionText(by)} ${direction}`).join(', ')}`,
      ...(offset > 0 ? [`from ${offset} on`] : []),
      ...(after === undefined ? [] : ['after a row']),
    ].join(' ')
    const isAfter = after && compileAfter(order, after)
    const tableWindow = this.#tableWindow(relation)
    if (tableWindow !== undefined) {
      const { read, query } = tableWindow
      const of = this.#table({ kind: 'table', table: read.table })
      const source = this.#catalog.table(read.table)
      const node = tableWindowNode({
        test: every([...this.#tests(read), ...(isAfter ? [isAfter] : [])]),
        order,
        limit: limit as number,
        offset,
        read: (rowsMax) => source.query({ ...query, limit: rowsMax }),
        parameters: null,
      })
      const filters = read.tests.map((test) => ` where ${testText(test)}`).join('')
      return {
        stream: this.#add(node, [of], relation),
        explanation: explained('table-window', `${words}${filters}`, [of], {
          keeps: `about ${offset + 2 * (limit as number)} rows, read again by a query of ${read.table} when they run short`,
        }),
      }
    }
    const given = this.build(relation.of)
    const of = isAfter
      ? { ...given, stream: this.#add(filterNode(isAfter), [given], relation) }
      : given
    if (limit === undefined && offset === 0) {
      return { ...of, explanation: explained('window', words, [of]) }
    }
    const by = parts.length > 0 ? tupleOf(parts) : undefined
    return {
      stream: this.#add(windowNode({ by, orderBy: order, limit, offset }), [of], relation),
      explanation: explained('window', words, [of], { keeps: 'all rows, in order' }),
    }
  }

  #reachable(relation: Of<'reachable'>): Built {
    const { roots, depthMax } = relation
    const of = this.build(relation.of)
    const shape = this.#shape(relation.of)
    const [from, to] = compileAlike(
      [relation.from, relation.to].map((expression) => ({ shape, expression })),
    ) as [Pick, Pick]
    const way = `from ${expressionText(relation.from)} to ${expressionText(relation.to)}`
    return {
      stream: this.#add(reachableNode({ from, to, roots, depthMax }), [of], relation),
      explanation: explained('reachable', way, [of], {
        keeps: 'edges by both ends, the depth of every pair',
      }),
    }
  }

  /** A window that can read its rows from its table; undefined: its rows are fed. */
  #tableWindow(
    window: Of<'window'>,
  ): { read: TableRead; query: NonNullable<ReturnType<typeof tableQueryOf>> } | undefined {
    const { limit, partitionBy } = window
    if (!this.#readsWindows || limit === undefined || partitionBy.length > 0) return undefined
    const read = tableReadOf(window.of)
    if (read === undefined || this.#fed.has(read.table)) return undefined
    const query = tableQueryOf(window, read)
    return query && { read, query }
  }

  /** Notes the tables that are read otherwise than by windows over them alone. */
  #findFed(relation: Relation): void {
    switch (relation.kind) {
      case 'table':
        this.#fed.add(relation.table)
        return
      case 'window':
        if (this.#tableWindow(relation) === undefined) this.#findFed(relation.of)
        return
      case 'join':
      case 'except':
        this.#findFed(relation.left)
        this.#findFed(relation.right)
        return
      case 'union':
        for (const part of relation.of) this.#findFed(part)
        return
      case 'view':
        return
      default:
        this.#findFed(relation.of)
    }
  }

  /**
   * Adds an operator. Its part of the relation is put beside its parameters: what compiled functions
   * close over must show in the definition hash.
   */
  #add(node: NodeDefinition, of: readonly Built[], part: Relation): Stream {
    const parameters = [node.parameters ?? null, JSON.stringify(part)]
    return this.graph.add(
      { ...node, parameters },
      of.map(({ stream }) => stream),
    )
  }

  #shape(relation: Relation): Shape {
    return this.#checked.shapeOf(relation)
  }
}

function named(side: string | undefined, text: string): string {
  return side === undefined ? text : `${side}.${text}`
}
