/**
 * Aggregates whose new value follows from the old one and the change alone: O(1) per change, whatever
 * the size of the group. ALGEBRA.md VA42–VA44.
 */
import type { Accumulator, Aggregate } from './aggregate.ts'
import { equalDatum } from './datum.ts'
import { addToSum, type ExactSum, emptySum, isEmptySum, valueOfSum } from './exact-sum.ts'
import { datumText } from './map-key.ts'
import type { Datum } from './state.ts'

/** What can be summed. NULL is left out. */
export type Summand = number | bigint | null | undefined

/** How many rows there are, copies counted. */
export function count(): Aggregate<unknown, number> {
  return linear<unknown, number, number>('count', [], {
    none: 0,
    zero: () => 0,
    copy: itself,
    add: (state, _key, _row, weight) => state + weight,
    isZero: (state) => state === 0,
    value: itself,
  })
}

/** How many rows have a value other than NULL, copies counted. */
export function countOf<R>(of: (row: R) => Datum): Aggregate<R, number> {
  return linear<R, number, number>('countOf', [of], {
    none: 0,
    zero: () => 0,
    copy: itself,
    add: (state, _, row, weight) => ((of(row) ?? null) === null ? state : state + weight),
    isZero: (state) => state === 0,
    value: itself,
  })
}

/** The sum, rounded once; null if all values are NULL. Stepping throws as {@link addToSum} does. */
export function sum<R>(of: (row: R) => Summand): Aggregate<R, number | null> {
  return linear('sum', [of], summed(of, valueOfSum))
}

/** The sum by the number of values other than NULL; null if there are none. */
export function avg<R>(of: (row: R) => Summand): Aggregate<R, number | null> {
  return linear(
    'avg',
    [of],
    summed(of, (total) => valueOfSum(total) / total[0]),
  )
}

/** A reducer of one's own that can also undo. */
export interface Fold<R, S, V> {
  /** The state of no rows. As every state a value, never changed in place. */
  readonly zero: S
  /** The state with so many more copies of a row. */
  readonly add: (state: S, row: R, copies: number) => S
  /** The state with so many fewer. Undoes `add` exactly, in whatever order rows come and go. */
  readonly remove: (state: S, row: R, copies: number) => S
  readonly finish: (state: S) => V
}

/** Keeps a state per group by a reducer of one's own. */
export function fold<R, S, V>({ zero, add, remove, finish }: Fold<R, S, V>): Aggregate<R, V> {
  const accumulator: Accumulator<R, S, V> = {
    get none() {
      return finish(zero)
    },
    zero: () => zero,
    copy: itself,
    add: (state, _, row, weight) =>
      weight > 0 ? add(state, row, weight) : remove(state, row, -weight),
    isZero: (state) => equalDatum(state, zero),
    value: finish,
  }
  return { ...linear('fold', [add, remove, finish], accumulator), parameters: datumText(zero) }
}

function linear<R, S, V>(
  kind: string,
  functions: Aggregate<R, V>['functions'],
  accumulator: Accumulator<R, S, V>,
): Aggregate<R, V> {
  // States come back only to the accumulator that made them.
  return {
    kind,
    parameters: null,
    functions,
    create: () => accumulator as Accumulator<R, Datum, V>,
  }
}

function summed<R>(
  of: (row: R) => Summand,
  finish: (total: ExactSum) => number,
): Accumulator<R, ExactSum, number | null> {
  return {
    none: null,
    zero: emptySum,
    copy: (total) => total.slice() as ExactSum,
    add: (total, _, row, weight) => {
      const value = of(row)
      if (value !== null && value !== undefined) addToSum(total, value, weight)
      return total
    },
    // A part that was appended made room for 16 more.
    settle: (total) => total.slice() as ExactSum,
    isZero: isEmptySum,
    value: (total) => (total[0] > 0 ? finish(total) : null),
  }
}

function itself<T>(value: T): T {
  return value
}
