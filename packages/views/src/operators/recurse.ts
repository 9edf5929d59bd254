import type { Node, NodeDefinition } from '../operator.ts'

/** A recursion: its body as a graph of its own, whose sources are the rows so far and what was brought in. */
export interface RecurseOptions {
  /** The source, in the body's graph, of the rows found so far. */
  readonly rows: Node
  /** The sources, in the body's graph, of the streams brought in: one per further input, in order. */
  readonly brought: readonly Node[]
  /** What the body gives. */
  readonly body: Node
  /** Rounds after which a step gives up with `views/recursion-limit`. Default {@link ROUNDS_MAX}. */
  readonly roundsMax?: number | undefined
}

/** Rounds of one step unless told otherwise: longer than any sensible chain, short enough to end soon. */
export const ROUNDS_MAX = 100_000

/**
 * The least set of rows with the inputs' rows and all that the body makes of it. Inputs: the base, then
 * what is brought in.
 *
 * @throws UniverseError `views/not-monotone` for a body with an operator that may take rows away.
 */
export function recurseNode(options: RecurseOptions): NodeDefinition {
  void options
  throw new Error('under construction')
}
