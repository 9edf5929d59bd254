/** Outer joins: pairs, and rows without a match beside nothing. ALGEBRA.md VA34–VA37. */
import type { NodeDefinition } from '../operator.ts'
import type { JoinKeys } from './join-side.ts'
import { twoSidedNode } from './two-sided.ts'

/** Whose rows without a match are kept. */
export type OuterJoinKind = 'left' | 'right' | 'full'

/** What rows are matched by, and what is made of pairs and of rows without a match. */
export interface OuterJoinOptions<L, R, Out> extends JoinKeys<L, R> {
  /** Undefined: there is no match on that side. Never called without both. */
  readonly combine: (left: L | undefined, right: R | undefined) => Out
}

/**
 * Pairs of rows whose keys are equal, and rows that match nothing (those whose key is NULL too, unless
 * `nulls` is `equal`). Inputs: left, right.
 *
 * A row has a match while a row of the other side with its key has a weight above zero. State and cost
 * as those of {@link joinNode}; where a key gains its first match or loses its last one, also one
 * per row of the other side under it.
 */
export function outerJoinNode<L, R, Out>(
  how: OuterJoinKind,
  options: OuterJoinOptions<L, R, Out>,
): NodeDefinition {
  const { combine } = options
  return twoSidedNode(`${how}-join`, options, [combine], {
    pair: combine,
    left: how === 'right' ? {} : { alone: (left: L) => combine(left, undefined) },
    right: how === 'left' ? {} : { alone: (right: R) => combine(undefined, right) },
  })
}
