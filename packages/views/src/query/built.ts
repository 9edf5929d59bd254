/** Parts of a relation in the graph, with what is told of them. */
import type { Stream } from '../stream.ts'
import type { Explanation } from './explanation.ts'

/** A part of a relation in the graph. */
export interface Built {
  readonly stream: Stream
  readonly explanation: Explanation
}

/** The explanation of an operator over parts; it keeps nothing unless notes say so. */
export function explained(
  operator: string,
  description: string,
  of: readonly Built[],
  notes: Partial<Explanation> = {},
): Explanation {
  const inputs = of.map((built) => built.explanation)
  return { operator, description, keeps: 'nothing', indexes: [], missing: [], ...notes, inputs }
}
