/** What an aggregate is: enough to write a new one from. */
import type { OperatorContext } from './operator.ts'
import type { Announce, Datum } from './state.ts'

/** An aggregate of rows: made by `count()`, `sum(…)` and so on, given to `group`. */
export interface Aggregate<R, V> {
  readonly kind: string
  /** What else decides about its value. JSON. */
  readonly parameters: Datum
  readonly functions: readonly ((...args: never[]) => unknown)[]
  /** `part`: name for state of its own, besides that which it is handed. */
  create(context: OperatorContext, part: string): Accumulator<R, Datum, V>
}

/**
 * An aggregate at run time. It serves all groups: what it remembers of one is a state, kept by the
 * group, and possibly rows in a bag of its own under the group's key.
 */
export interface Accumulator<R, S, V> {
  /** The value of no rows. */
  readonly none: V
  /** The state of no rows. A value; it may be stored. */
  zero(): S
  /** A state that `add` may change in place; it leaves the given one as it is. */
  copy(state: S): S
  /** The state with so many more copies of a row (below zero: fewer). May change the one given. */
  add(state: S, key: Datum, row: R, weight: number): S
  /** Called once per step that touched the group, after all its rows. */
  settle?(state: S, key: Datum): S
  /** True: state and bag are as of no rows. */
  isZero(state: S, key: Datum): boolean
  /** The value for a group that has rows. Bags may be read: they are as of `state`. */
  value(state: S, key: Datum): V
  /** Announces what is read of a group whose rows change by so many entries at most. */
  announce?(key: Datum, entriesMax: number, announce: Announce): void
}

/** Aggregates by the name of their value. */
export type Aggregates<R> = Readonly<Record<string, Aggregate<R, unknown>>>

/** Values by name. */
export type AggregateValues<A> = {
  readonly [N in keyof A]: A[N] extends Aggregate<never, infer V> ? V : never
}
