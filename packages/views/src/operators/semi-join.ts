/** Rows of the left side by whether the right side has their key. ALGEBRA.md VA38, VA39. */
import type { NodeDefinition } from '../operator.ts'
import type { JoinKeys } from './join-side.ts'
import { twoSidedNode } from './two-sided.ts'

/** `semi`: rows that have a match. `anti`: rows that have none. */
export type SemiJoinKind = 'semi' | 'anti'

/** What rows are matched by. */
export type SemiJoinOptions<L, R> = JoinKeys<L, R>

/**
 * Rows of the left whose key some row of the right has (`semi`) or none has (`anti`; rows whose key is
 * NULL too, unless `nulls` is `equal`), each with its own weight, however many match. Inputs: left, right.
 *
 * Keeps the left's rows, but of the right only how many there are per key. Cost of a step: a search per
 * changed row, and one per left row under a key that gains its first match or loses its last one.
 */
export function semiJoinNode<L, R>(
  how: SemiJoinKind,
  options: SemiJoinOptions<L, R>,
): NodeDefinition {
  const itself = (left: L): L => left
  return twoSidedNode<L, R, L>(`${how}-join`, options, [], {
    pair: undefined,
    left: how === 'semi' ? { matched: itself } : { alone: itself },
    right: { isKeptAsKeys: true },
  })
}
