/** The first rows in an order, of everything or of each group. ALGEBRA.md VA48–VA50. */
import { UniverseError } from '@inner-universe/core'
import { checkedFunction } from '../checked-function.ts'
import { Delta, NO_DELTA } from '../delta.ts'
import { type MapKey, mapKey } from '../map-key.ts'
import { comparison } from '../memory-state.ts'
import type { NodeDefinition, Operator, OperatorContext } from '../operator.ts'
import type { Announce, Datum, OrderedBag, OrderTerm } from '../state.ts'

/** Which rows. Copies count: a row of weight three takes three places. */
export interface WindowOptions<R> {
  /** The group of a row, of which NULLs are one. Undefined: all rows are one group. */
  readonly by?: ((row: R) => Datum) | undefined
  /** Ties go by the row itself, as a value. */
  readonly orderBy: readonly OrderTerm<R>[]
  /** How many rows at most. Undefined: all. */
  readonly limit?: number | undefined
  /** How many of the first rows are left out. Default 0. */
  readonly offset?: number | undefined
}

/**
 * Rows in the window of their group. Input: rows.
 *
 * Keeps all rows, in order, unless it lets all of them through. Cost of a step: O(log n) per changed row,
 * and O(offset + limit) per group touched.
 *
 * @throws UniverseError `views/invalid-graph` for a limit or offset that is not a whole number from 0 on.
 */
export function windowNode<R>(options: WindowOptions<R>): NodeDefinition {
  const { by, orderBy, limit, offset = 0 } = options
  checkPlaces('limit', limit ?? 0)
  checkPlaces('offset', offset)
  const isWhole = limit === undefined && offset === 0
  return {
    kind: 'window',
    parameters: {
      isGrouped: by !== undefined,
      isDescending: orderBy.map(({ isDescending }) => isDescending),
      limit: limit ?? null,
      offset,
    },
    functions: [...(by === undefined ? [] : [by]), ...orderBy.map(({ pick }) => pick)],
    isStateful: !isWhole,
    create: (context) =>
      isWhole ? { step: ([input]) => input as Delta } : new Window(options, context),
  }
}

const STATE_PART = 'rows'

class Window<R> implements Operator {
  readonly #by: (row: R) => Datum
  readonly #compare: (a: R, b: R) => number
  readonly #rows: OrderedBag<R>
  readonly #rowsName: string
  /** Places that are watched, half-open. */
  readonly #from: number
  readonly #to: number
  /** True: what is watched is what is left out, and all else comes through. */
  readonly #isRest: boolean

  constructor({ by, orderBy, limit, offset = 0 }: WindowOptions<R>, context: OperatorContext) {
    const order = orderBy.map((term) => ({ ...term, pick: checkedFunction(context, term.pick) }))
    this.#by = by === undefined ? () => null : checkedFunction(context, by)
    this.#compare = comparison(order)
    this.#rows = context.orderedBag(STATE_PART, order)
    this.#rowsName = context.nameOf(STATE_PART)
    this.#isRest = limit === undefined
    this.#from = limit === undefined ? 0 : offset
    this.#to = limit === undefined ? offset : offset + limit
  }

  announce([input]: readonly Delta[], announce: Announce): void {
    const { rows } = input as Delta<R>
    // Each entry may take one row from the front away; the ones behind it move up.
    const rowsMax = this.#to + rows.length
    for (const row of rows) announce({ name: this.#rowsName, key: this.#by(row) ?? null, rowsMax })
  }

  step([input]: readonly Delta[]): Delta {
    const changes = input as Delta<R>
    const touched = new Map<MapKey, { readonly key: Datum; readonly before: Delta<R> }>()
    // Order matters: a group's places are read before any row of the step is added to it.
    for (let index = 0; index < changes.length; index += 1) {
      const row = changes.rows[index] as R
      const key = this.#by(row) ?? null
      const primitive = mapKey(key)
      if (!touched.has(primitive)) touched.set(primitive, { key, before: this.#read(key) })
      this.#rows.add(key, row, changes.weights[index] as number)
    }
    const output = new Delta<R>()
    if (this.#isRest) output.append(changes)
    for (const { key, before } of touched.values()) this.#tell(before, this.#read(key), output)
    return output.isEmpty ? NO_DELTA : output
  }

  /** The rows in the watched places of a group, in order, each with how many places it has. */
  #read(key: Datum): Delta<R> {
    const found = new Delta<R>()
    let place = 0
    this.#rows.eachFrom(key, 0, (row, weight) => {
      if (weight <= 0) return true
      const from = Math.max(place, this.#from)
      place += weight
      if (place > from) found.push(row, Math.max(0, Math.min(place, this.#to) - from))
      return place < this.#to
    })
    return found
  }

  /** What became of the watched places: both lists are in order, so that equal rows meet. */
  #tell(before: Delta<R>, after: Delta<R>, output: Delta<R>): void {
    const sign = this.#isRest ? -1 : 1
    let from = 0
    let to = 0
    while (from < before.length || to < after.length) {
      const order = this.#order(before, from, after, to)
      let weight = 0
      let row: R | undefined
      if (order >= 0) {
        row = after.rows[to]
        weight += after.weights[to] as number
        to += 1
      }
      if (order <= 0) {
        row = before.rows[from]
        weight -= before.weights[from] as number
        from += 1
      }
      output.push(row as R, weight * sign)
    }
  }

  #order(before: Delta<R>, from: number, after: Delta<R>, to: number): number {
    if (from === before.length) return 1
    if (to === after.length) return -1
    const left = before.rows[from] as R
    const right = after.rows[to] as R
    return left === right ? 0 : this.#compare(left, right)
  }
}

function checkPlaces(name: string, places: number): void {
  if (Number.isSafeInteger(places) && places >= 0) return
  throw new UniverseError(
    'views/invalid-graph',
    `the ${name} of a window is ${places}; give a whole number from 0 on`,
    { details: { [name]: places } },
  )
}
