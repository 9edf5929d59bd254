/** Aggregates that must know the values of a group: kept in a bag under the group's key. ALGEBRA.md VA45–VA47. */
import type { Accumulator, Aggregate } from './aggregate.ts'
import type { OperatorContext } from './operator.ts'
import type { Datum, OrderedBag } from './state.ts'

/** The smallest value other than NULL; null if there is none. Cost: O(log n) per change. */
export function min<R, V>(of: (row: R) => V): Aggregate<R, V | null> {
  return extreme('min', of, false)
}

/** The largest value; null if there is none but NULL. Cost: O(log n) per change. */
export function max<R, V>(of: (row: R) => V): Aggregate<R, V | null> {
  return extreme('max', of, true)
}

/** How many different values there are, NULL left out. Cost: O(1) per change. */
export function countDistinct<R>(of: (row: R) => Datum): Aggregate<R, number> {
  return {
    kind: 'countDistinct',
    parameters: null,
    functions: [of],
    create(context, part) {
      const values = context.bag<Datum>(part)
      const name = context.nameOf(part)
      return {
        none: 0,
        zero: () => 0,
        copy: (state) => state,
        add: (state, key, row, weight) => {
          const value = of(row) ?? null
          if (value === null) return state
          const after = values.add(key, value, weight)
          const before = after - weight
          return (state as number) + Number(after > 0) - Number(before > 0)
        },
        isZero: (_, key) => values.size(key) === 0,
        value: (state) => state as number,
        announce: (key, _, announce) => announce({ name, key, rowsMax: undefined }),
      }
    },
  }
}

/** All values other than NULL, in their order, copies too. Cost: O(log n) per change, O(n) per value. */
export function collect<R, V>(of: (row: R) => V): Aggregate<R, readonly NonNullable<V>[]> {
  return bagAggregate<R, V, readonly NonNullable<V>[]>('collect', [of], of, {
    none: [],
    rowsMax: () => undefined,
    isDescending: false,
    value: (values, key) => copiesOf(values, key) as NonNullable<V>[],
  })
}

/**
 * The answer of a function that is given all rows of a group, copies too, in the order of their values.
 * Cost: O(n) per step that touches the group: only for what no other aggregate can do.
 */
export function recompute<R, V>(of: (rows: readonly R[]) => V): Aggregate<R, V> {
  return {
    kind: 'recompute',
    parameters: null,
    functions: [of],
    create(context, part) {
      const rows = context.orderedBag<R>(part, [])
      const name = context.nameOf(part)
      return {
        get none() {
          return of([])
        },
        // The last answer, so that it need not be computed again to be taken back.
        zero: () => null,
        copy: (state) => state,
        add: (state, key, row, weight) => {
          rows.add(key, row, weight)
          return state
        },
        settle: (_, key) => (rows.size(key) === 0 ? null : of(copiesOf(rows, key))),
        isZero: (_, key) => rows.size(key) === 0,
        value: (state) => state as V,
        announce: (key, _, announce) => announce({ name, key, rowsMax: undefined }),
      }
    },
  }
}

function extreme<R, V>(
  kind: 'min' | 'max',
  of: (row: R) => V,
  isDescending: boolean,
): Aggregate<R, V | null> {
  return bagAggregate<R, V, V | null>(kind, [of], of, {
    none: null,
    rowsMax: (entriesMax) => entriesMax + 1,
    isDescending,
    value(values, key) {
      let first: V | null = null
      values.eachFrom(key, 0, (value, weight) => {
        if (weight > 0) first = value
        return weight <= 0
      })
      return first
    },
  })
}

interface BagReading<R, V> {
  readonly none: V
  readonly isDescending: boolean
  /** How many of the first values are read once so many entries have been added. Undefined: all. */
  readonly rowsMax: (entriesMax: number) => number | undefined
  readonly value: (values: OrderedBag<R>, key: Datum) => V
}

/** An aggregate that reads its value from the values of a group in order. */
function bagAggregate<R, T, V>(
  kind: string,
  functions: Aggregate<R, V>['functions'],
  of: (row: R) => T,
  reading: BagReading<T, V>,
): Aggregate<R, V> {
  const { none, isDescending, rowsMax, value } = reading
  return {
    kind,
    parameters: null,
    functions,
    create(context: OperatorContext, part: string): Accumulator<R, Datum, V> {
      const values = context.orderedBag<T>(
        part,
        isDescending ? [{ pick: itself, isDescending }] : [],
      )
      const name = context.nameOf(part)
      return {
        none,
        zero: () => null,
        copy: itself,
        add: (state, key, row, weight) => {
          const added = of(row) ?? null
          if (added !== null) values.add(key, added, weight)
          return state
        },
        isZero: (_, key) => isEmpty(values, key),
        value: (_, key) => value(values, key),
        announce: (key, entriesMax, announce) =>
          announce({ name, key, rowsMax: rowsMax(entriesMax) }),
      }
    },
  }
}

/** Found out from the first row: of the others not all need be loaded. */
function isEmpty(bag: OrderedBag, key: Datum): boolean {
  let isThere = false
  bag.eachFrom(key, 0, () => {
    isThere = true
    return false
  })
  return !isThere
}

function copiesOf<T>(bag: OrderedBag<T>, key: Datum): T[] {
  const copies: T[] = []
  bag.eachFrom(key, 0, (value, weight) => {
    for (let copy = 0; copy < weight; copy += 1) copies.push(value)
    return undefined
  })
  return copies
}

function itself<T>(value: T): T {
  return value
}
