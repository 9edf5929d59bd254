/**
 * Relations as graphs of incremental operators. QUERIES.md VQ1–VQ20.
 *
 * The graph's sources are named by table and take −before +after of row changes (`feed.ts` makes the
 * deltas, and fills a new circuit). Its one output is the relation's rows.
 */
import { checkRelation, orderOf } from '@inner-universe/core'
import type { Graph } from '../graph.ts'
import type { OrderTerm } from '../state.ts'
import type { Catalog } from '../table-source.ts'
import type { Explanation } from './explanation.ts'
import type { PlanOptions } from './plan-options.ts'
import { Planner } from './planner.ts'
import { pushDown } from './push-down.ts'
import { compileOrder } from './row-order.ts'

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

const OUTPUT = 'rows'

/**
 * Plans a relation. The relation is checked: it may come from anywhere.
 *
 * Cost: O(size of the relation).
 *
 * @throws UniverseError `query/invalid` naming the part that is wrong, `query/invalid-cursor`.
 */
export function planRelation(relation: unknown, catalog: Catalog, options: PlanOptions): Plan {
  const given = checkRelation(relation, options)
  // Checked again for the shapes of its parts: other parts, the same rows.
  const checked = checkRelation(pushDown(given.relation), options)
  const planner = new Planner(checked, catalog, options)
  const { stream, explanation } = planner.build(checked.relation)
  planner.graph.output(OUTPUT, stream)
  return {
    graph: planner.graph,
    output: OUTPUT,
    tables: new Set(planner.graph.sources.keys()),
    order: compileOrder(given.shapeOf(given.relation), orderOf(given)),
    explanation,
    feeds: planner.feeds,
  }
}
