import type { NodeDefinition } from '../operator.ts'
import type { Datum } from '../state.ts'

/** Which pairs to find: how a row is an edge, where ways begin, how long they may be. */
export interface ReachableOptions<R> {
  readonly from: (row: R) => Datum
  readonly to: (row: R) => Datum
  /** Only ways that begin at one of these. Undefined: at every node. */
  readonly roots?: readonly Datum[] | undefined
  /** Edges in the longest way followed, 1 or more. Undefined: any number. */
  readonly depthMax?: number | undefined
}

/** A way of edges leads from one to the other; the shortest has `depth` edges, 1 or more. */
export interface ReachablePair {
  readonly from: Datum
  readonly to: Datum
  readonly depth: number
}

/** The pairs that ways of edges lead between ({@link ReachablePair}). Input: rows that are edges. */
export function reachableNode<R>(options: ReachableOptions<R>): NodeDefinition {
  void options
  throw new Error('under construction')
}
