/**
 * Relations as graphs of incremental operators. QUERIES.md VQ1–VQ20.
 *
 * The graph's sources are named by table and take −before +after of row changes (`feed.ts` makes the
 * deltas, and fills a new circuit). Its one output is the relation's rows.
 */
import type { Relation, TableDefinition, TableQuery } from '@inner-universe/core'
import type { Graph } from '../graph.ts'
import type { OrderTerm } from '../state.ts'
import type { Catalog } from '../table-source.ts'
import type { Explanation } from './explanation.ts'

/** What a relation may read. */
export interface PlanOptions {
  /** Definitions of the module's tables. */
  readonly tables: Readonly<Record<string, TableDefinition>>
  /** Relations of its declared views. Default: none. */
  readonly views?: Readonly<Record<string, Relation>>
  /**
   * False: windows over one table are kept in the store instead of in memory and refilled by a query.
   * For stores that outlive the process. Default true.
   */
  readonly readsWindows?: boolean
}

/** How to keep a relation up to date. */
export interface Plan {
  readonly graph: Graph
  /** Name of the graph's output. */
  readonly output: string
  /** Tables it reads: sources of the graph. */
  readonly tables: ReadonlySet<string>
  /** Order of the output rows; ends with what makes it total but for equal rows. */
  readonly order: readonly OrderTerm[]
  readonly explanation: Explanation
  /**
   * Tables that must be fed page by page, in this order. The others hydrate by themselves (windows over
   * one table) in the first step, which may be empty; their bound is `all` from the start.
   */
  readonly feeds: readonly string[]
}

/**
 * Plans a relation. The relation is checked: it may come from anywhere.
 *
 * @throws UniverseError `query/invalid` naming the part that is wrong.
 */
export function planRelation(relation: unknown, catalog: Catalog, options: PlanOptions): Plan {
  throw new Error(`not planned yet: ${String(relation)} ${String(catalog)} ${String(options)}`)
}

/** A query over one table as a relation, with the same rows in the same order. */
export function relationOf(query: TableQuery): Relation {
  throw new Error(`not planned yet: ${query.table}`)
}
