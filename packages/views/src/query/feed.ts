/**
 * Fills a circuit from its tables, slice by slice, and turns row changes into its inputs meanwhile and
 * afterwards (see table-source.ts for what lookups show in between).
 */
import type { RowChange } from '@inner-universe/core'
import type { Circuit, Deltas } from '../circuit.ts'
import type { Catalog } from '../table-source.ts'
import type { Plan } from './plan.ts'

/** What decides how much goes into a slice. */
export interface FeedOptions {
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs: () => number
  /** How long a slice should take. The rows of a slice are adapted to it. */
  readonly sliceMs: number
}

/**
 * Feeds a new circuit: each turn takes one slice and yields the changes of its outputs. Between turns
 * changes may be stepped in, made by {@link inputsOf} of the same catalog.
 */
export function feed(
  plan: Plan,
  circuit: Circuit,
  catalog: Catalog,
  options: FeedOptions,
): Generator<Deltas, void> {
  throw new Error(`not fed yet: ${String([plan, circuit, catalog, options])}`)
}

/**
 * Row changes as inputs of a plan's circuit: −before +after, without what has yet to be fed. The tables
 * must already be as they are after the changes.
 */
export function inputsOf(plan: Plan, catalog: Catalog, changes: readonly RowChange[]): Deltas {
  throw new Error(`not fed yet: ${String([plan, catalog, changes])}`)
}
