/** Inner join: Δl⋈R + L⋈Δr, one side as before the step, the other as after it. ALGEBRA.md VA30–VA33. */
import type { NodeDefinition } from '../operator.ts'
import type { JoinKeys } from './join-side.ts'
import { twoSidedNode } from './two-sided.ts'

/** What rows are matched by, and what is made of those that match. */
export interface JoinOptions<L, R, Out> extends JoinKeys<L, R> {
  /** The output row of two rows that match; its weight is the product of theirs. */
  readonly combine: (left: L, right: R) => Out
}

/**
 * Pairs of rows whose keys are equal. Inputs: left, right.
 *
 * Keeps the rows of both sides by key, but of a side with a lookup. Cost of a step: a search per
 * changed row, then one per row that it matches.
 */
export function joinNode<L, R, Out>(options: JoinOptions<L, R, Out>): NodeDefinition {
  return twoSidedNode('join', options, [options.combine], {
    pair: options.combine,
    left: {},
    right: {},
  })
}
