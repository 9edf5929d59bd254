/** One side of a join: its keys, and what it holds before and after the changes of a step. */
import { checkedFunction } from '../checked-function.ts'
import type { Delta } from '../delta.ts'
import { MemoryState } from '../memory-state.ts'
import type { Lookup, OperatorContext } from '../operator.ts'
import type { Announce, Bag, Datum } from '../state.ts'

/** What rows of two sides are matched by. */
export interface JoinKeys<L, R> {
  /** The key of a left row: a scalar, or an array of which each part must be equal. */
  readonly left: (row: L) => Datum
  readonly right: (row: R) => Datum
  /** `sql`: a key that is NULL, or has a part that is, matches nothing. Default `sql`. */
  readonly nulls?: 'sql' | 'equal' | undefined
  /** Reads the left side by key instead of keeping its rows. */
  readonly leftLookup?: Lookup<L> | undefined
  readonly rightLookup?: Lookup<R> | undefined
}

/** What is read of a side. A bag reads as what it holds at that time. */
export type SideState<R> = Pick<Lookup<R>, 'each'>

/** How a side is made. */
export interface JoinSideOptions<R> {
  readonly by: (row: R) => Datum
  readonly nullsAreEqual: boolean
  readonly lookup: Lookup<R> | undefined
  /** True: of its rows only the number per key is kept. */
  readonly isKeptAsKeys: boolean
}

/** One side of a join at run time. Keeps its rows in a bag of its own, unless it has a lookup. */
export class JoinSide<R> {
  readonly #by: (row: R) => Datum
  readonly #nullsAreEqual: boolean
  readonly #isKeptAsKeys: boolean
  readonly #bag: Bag<R> | undefined
  readonly #stateName: string
  readonly #after: SideState<R>

  constructor(part: string, options: JoinSideOptions<R>, context: OperatorContext) {
    this.#by = checkedFunction(context, options.by)
    this.#nullsAreEqual = options.nullsAreEqual
    this.#isKeptAsKeys = options.isKeptAsKeys
    this.#stateName = context.nameOf(part)
    const { lookup } = options
    if (lookup === undefined) this.#after = this.#bag = context.bag<R>(part)
    else this.#after = lookup
  }

  get hasBag(): boolean {
    return this.#bag !== undefined
  }

  /** The key of a row; undefined if it matches nothing. */
  keyOf(row: R): Datum | undefined {
    const key = this.#by(row)
    if (this.#nullsAreEqual) return key ?? null
    return key === null || (Array.isArray(key) && key.some(isNull)) ? undefined : key
  }

  /** What it holds now. Of a side with a lookup that is with all changes of the step. */
  get now(): SideState<R> {
    return this.#after
  }

  /** What it held before the step, of which `delta` is its change. To be asked before any `keep`. */
  before(delta: Delta<R>): SideState<R> {
    if (this.#bag !== undefined || delta.isEmpty) return this.#after
    const changes = new MemoryState().bag<R>('scratch')
    for (let index = 0; index < delta.length; index += 1) {
      const row = delta.rows[index] as R
      const key = this.keyOf(row)
      if (key !== undefined) changes.add(key, row, delta.weights[index] as number)
    }
    return { each: (key, onRow) => eachBefore(this.#after, changes, key, onRow) }
  }

  /** Notes a changed row. */
  keep(key: Datum, row: R, weight: number): void {
    // Of a side kept as keys nobody reads rows, only whether there are any.
    this.#bag?.add(key, this.#isKeptAsKeys ? (null as R) : row, weight)
  }

  /** Announces that a key of this side will be read. */
  announce(key: Datum, announce: Announce): void {
    if (this.#bag !== undefined) announce({ name: this.#stateName, key, rowsMax: undefined })
  }
}

/** Whether a side has a row with a weight above zero under a key. */
export function hasRow(state: SideState<unknown>, key: Datum): boolean {
  let isThere = false
  state.each(key, (_, weight) => {
    isThere = weight > 0
    return !isThere
  })
  return isThere
}

function isNull(value: Datum): boolean {
  return value === null || value === undefined
}

/** Rows under a key without a step's changes, each once. */
function eachBefore<R>(
  after: SideState<R>,
  changes: Bag<R>,
  key: Datum,
  onRow: (row: R, weight: number) => undefined | boolean,
): void {
  const met = new MemoryState().bag<R>('scratch')
  let goesOn = true
  after.each(key, (row, weight) => {
    const change = changes.weight(key, row)
    if (change !== 0) met.add(key, row, 1)
    if (weight !== change) goesOn = onRow(row, weight - change) !== false
    return goesOn
  })
  if (!goesOn) return
  // What the step took away altogether.
  changes.each(key, (row, change) => {
    return met.weight(key, row) === 0 ? onRow(row, -change) : undefined
  })
}
