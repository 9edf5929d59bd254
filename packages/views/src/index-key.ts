/** Indexes: which fields of a row are its key, and in which order rows go. The same value serves as both. */
import type { Datum, OrderTerm } from './state.ts'

/** Fields of a row: as a key (`join`, `group`, `perGroup`, `cache`) and as an order (`window`, `cache`). */
export interface Index<R, K = Datum> {
  /** The key of a row: the field itself, or an array of the fields of a {@link composite}. */
  readonly key: (row: R) => K
  readonly order: readonly OrderTerm<R>[]
}

/** The keys of several indexes, side by side. */
export type CompositeKey<Indexes extends readonly Index<never>[]> = {
  readonly [At in keyof Indexes]: Indexes[At] extends Index<never, infer K> ? K : never
}

/** The index by one field, ascending. Strings, numbers, NULL, arrays: anything that can be compared. */
export function pick<R, K>(field: (row: R) => K): Index<R, K> {
  return { key: field, order: [{ pick: field, isDescending: false }] }
}

/** The index by several fields, each in its own direction: the first decides, then the second. */
export function composite<R, Indexes extends readonly Index<R>[]>(
  ...parts: Indexes & readonly Index<R>[]
): Index<R, CompositeKey<Indexes>> {
  const key = (row: R): unknown => parts.map((part) => part.key(row))
  // The definition hash reads functions as text, and what this one does is in those that it calls.
  key.toString = () => `[${parts.map((part) => String(part.key)).join(', ')}]`
  return {
    key: key as (row: R) => CompositeKey<Indexes>,
    order: parts.flatMap(({ order }) => order),
  }
}

/** The same index, every field the other way round. Its keys stay as they are. */
export function descending<R, K>({ key, order }: Index<R, K>): Index<R, K> {
  return {
    key,
    order: order.map(({ pick, isDescending }) => ({ pick, isDescending: !isDescending })),
  }
}

/** The index by the whole row. */
export function identity<R>(): Index<R, R> {
  return pick((row: R) => row)
}
