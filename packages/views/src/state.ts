/**
 * What operators remember between steps, behind a port: memory, SQLite and Postgres implement it.
 *
 * Keys and rows are values: scalars (null, boolean, number, bigint, text), bytes, arrays and plain
 * objects of these. They are compared by value, in full; hashes only find candidates. Rows and keys
 * handed in are kept and must not be changed afterwards; rows handed out must not be changed either.
 */

/** Anything that can be a key or a row: null, boolean, number, bigint, text, bytes, arrays, plain objects. */
export type Datum = unknown

/** One term of an order: what of a row is compared, and which way. NULL is first ascending, last descending. */
export interface OrderTerm<R = unknown> {
  readonly pick: (row: R) => Datum
  readonly isDescending: boolean
}

/**
 * A Z-set split by key: the integral of an indexed stream. A row whose weight comes to zero is gone; a
 * key without rows too. Weights below zero are kept (an input may retract before it inserts).
 */
export interface Bag<R = unknown> {
  /** Calls back with each distinct row under a key until it returns false. Order: the bag's, or none. */
  each(key: Datum, onRow: (row: R, weight: number) => undefined | boolean): void
  /** Adds to a row's weight; gives the weight it has then, if the key is loaded (it need not be to add). */
  add(key: Datum, row: R, weight: number): number
  weight(key: Datum, row: R): number
  /** How many distinct rows are under a key. */
  size(key: Datum): number
  /** Calls back with everything, keys in no particular order. For tests, exports and digests. */
  eachEntry(onEntry: (key: Datum, row: R, weight: number) => void): void
}

/** A bag whose rows under one key are in order: by the terms, then by the row itself as a value. */
export interface OrderedBag<R = unknown> extends Bag<R> {
  /** The distinct rows of a key from the `from`-th on (copies not counted), in order. */
  eachFrom(key: Datum, from: number, onRow: (row: R, weight: number) => undefined | boolean): void
}

/** One value per key. */
export interface Cells<V = Datum> {
  get(key: Datum): V | undefined
  /** Undefined deletes. */
  set(key: Datum, value: V | undefined): void
  eachEntry(onEntry: (key: Datum, value: V) => void): void
}

/** Names one piece of state inside a view: the path of its operator, then its part (`join-3/left`). */
export type StateName = string

/**
 * Where the state of one view lives.
 *
 * Each name is asked for once per opened view, always in the same form. Where `isRemote`, nothing
 * may be read of a key that was not loaded since the last flush: operators announce keys (see
 * {@link Announce}), and the runner awaits `load` before the step that reads them.
 */
export interface StateStore {
  readonly isRemote: boolean
  bag<R>(name: StateName): Bag<R>
  orderedBag<R>(name: StateName, order: readonly OrderTerm<R>[]): OrderedBag<R>
  cells<V>(name: StateName): Cells<V>
}

/** A key of one piece of state that a step is going to read. */
export interface Need {
  readonly name: StateName
  readonly key: Datum
  /** For an ordered bag: this many rows from the first on are enough. Undefined: all. */
  readonly rowsMax: number | undefined
}

/** Says what a step will read. */
export type Announce = (need: Need) => void
