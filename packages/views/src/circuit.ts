/**
 * Running a graph: one step per batch of changes.
 *
 * A step visits the vertices in an order in which inputs come before what reads them, each at most
 * once. `steps` is written once, as a generator that yields what a remote store must load before the
 * next operator runs; over a local store it yields nothing and is run to its end in one go.
 */
import type { Delta } from './delta.ts'
import type { Need } from './state.ts'

/** Changes by name of source, or of output. Missing: no change. */
export type Deltas = ReadonlyMap<string, Delta>

/** A graph with state, able to take steps. */
export interface Circuit {
  readonly sources: ReadonlySet<string>
  readonly outputs: readonly string[]
  /**
   * Takes one step. Yields needs that must be loaded before it is resumed (remote stores only);
   * returns the changes of all outputs that changed, consolidated.
   *
   * @throws UniverseError `views/…`; the state must then be discarded by the store.
   */
  steps(inputs: Deltas): Generator<readonly Need[], Deltas>
  /** The same over a local store. */
  step(inputs: Deltas): Deltas
}
