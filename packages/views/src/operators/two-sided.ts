/**
 * What all joins have in common: two sides by key, and output for pairs, for rows without a match and
 * for rows with one.
 *
 * Each step goes over the changes of one side while the other is still as before the step, and then over
 * those of the other while the first is as after it: (L + Δl)⋈(R + Δr) − L⋈R = Δl⋈R + (L + Δl)⋈Δr. The
 * side that is read as before must have a bag of its own, since a lookup shows what is after the step;
 * where both have lookups, the changes are taken off what one of them shows.
 */
import { checkedFunction } from '../checked-function.ts'
import { Delta, NO_DELTA } from '../delta.ts'
import { type MapKey, mapKey } from '../map-key.ts'
import type { Node, NodeDefinition, Operator, OperatorContext } from '../operator.ts'
import type { Announce, Datum } from '../state.ts'
import { checkWeight } from '../weight-table.ts'
import { hasRow, type JoinKeys, JoinSide, type SideState } from './join-side.ts'

/** What a join gives for its rows. */
export interface JoinOutput<L, R, Out> {
  /** For two rows that match. Undefined: nothing. */
  readonly pair: ((left: L, right: R) => Out) | undefined
  readonly left: SideOutput<L, Out>
  readonly right: SideOutput<R, Out>
}

/** What a join gives for a row of one side by itself. */
export interface SideOutput<R, Out> {
  /** While it has no match. */
  readonly alone?: (row: R) => Out
  /** While it has one, or more. */
  readonly matched?: (row: R) => Out
  /** True: nothing is read of its rows; how many there are per key is enough. */
  readonly isKeptAsKeys?: boolean
}

/** The definition of a join. `functions`: what else decides about its output, besides the keys. */
export function twoSidedNode<L, R, Out>(
  kind: string,
  keys: JoinKeys<L, R>,
  functions: Node['functions'],
  output: JoinOutput<L, R, Out>,
): NodeDefinition {
  const { nulls = 'sql', leftLookup, rightLookup } = keys
  return {
    kind,
    parameters: {
      nulls,
      leftLookup: leftLookup?.description ?? null,
      rightLookup: rightLookup?.description ?? null,
    },
    functions: [keys.left, keys.right, ...functions],
    isStateful: leftLookup === undefined || rightLookup === undefined,
    create: (context) => new TwoSided(keys, output, context),
  }
}

class TwoSided<L, R, Out> implements Operator {
  /** Row by row, unless a side shows what is after the step, or rows are watched for their first match. */
  readonly isPartwise: boolean
  readonly #left: JoinSide<L>
  readonly #right: JoinSide<R>
  readonly #fromLeft: Way<L, R, Out>
  readonly #fromRight: Way<R, L, Out>

  constructor(keys: JoinKeys<L, R>, output: JoinOutput<L, R, Out>, context: OperatorContext) {
    const nullsAreEqual = keys.nulls === 'equal'
    this.isPartwise =
      keys.leftLookup === undefined &&
      keys.rightLookup === undefined &&
      [output.left, output.right].every(({ alone, matched }) => (alone ?? matched) === undefined)
    this.#left = new JoinSide(
      'left',
      {
        by: keys.left,
        nullsAreEqual,
        lookup: keys.leftLookup,
        isKeptAsKeys: output.left.isKeptAsKeys ?? false,
      },
      context,
    )
    this.#right = new JoinSide(
      'right',
      {
        by: keys.right,
        nullsAreEqual,
        lookup: keys.rightLookup,
        isKeptAsKeys: output.right.isKeptAsKeys ?? false,
      },
      context,
    )
    const pair = output.pair && checkedFunction(context, output.pair)
    const left = checkedOutput(output.left, context)
    const right = checkedOutput(output.right, context)
    this.#fromLeft = new Way(this.#left, left, right, pair)
    this.#fromRight = new Way(
      this.#right,
      right,
      left,
      pair && ((right, left) => pair(left, right)),
    )
  }

  announce([left, right]: readonly Delta[], announce: Announce): void {
    this.#fromLeft.announce(left as Delta<L>, this.#right, announce)
    this.#fromRight.announce(right as Delta<R>, this.#left, announce)
  }

  step([leftInput, rightInput]: readonly Delta[]): Delta {
    const left = leftInput as Delta<L>
    const right = rightInput as Delta<R>
    const output = new Delta<Out>()
    if (this.#right.hasBag) {
      this.#fromLeft.go(left, this.#right.now, output)
      this.#fromRight.go(right, this.#left.now, output)
    } else {
      this.#fromRight.go(right, this.#left.before(left), output)
      this.#fromLeft.go(left, this.#right.now, output)
    }
    return output.isEmpty ? NO_DELTA : output
  }
}

/** What is given for a row with a match is that row: of no function. */
function checkedOutput<R, Out>(
  output: SideOutput<R, Out>,
  context: OperatorContext,
): SideOutput<R, Out> {
  const { alone } = output
  return alone === undefined ? output : { ...output, alone: checkedFunction(context, alone) }
}

/** A key whose first or last row a step may have touched. */
interface TouchedKey {
  readonly key: Datum
  readonly hadRow: boolean
}

/** Takes the changes of one side against what the other side holds. */
class Way<A, B, Out> {
  readonly #side: JoinSide<A>
  readonly #output: SideOutput<A, Out>
  readonly #othersOutput: SideOutput<B, Out>
  readonly #pair: ((row: A, other: B) => Out) | undefined
  /** True: other rows are given for whether there are rows on this side. */
  readonly #isWatched: boolean

  constructor(
    side: JoinSide<A>,
    output: SideOutput<A, Out>,
    othersOutput: SideOutput<B, Out>,
    pair: ((row: A, other: B) => Out) | undefined,
  ) {
    this.#side = side
    this.#output = output
    this.#othersOutput = othersOutput
    this.#pair = pair
    this.#isWatched = othersOutput.alone !== undefined || othersOutput.matched !== undefined
  }

  /** What `go` reads: to keep a row nothing is read. */
  announce(delta: Delta<A>, others: JoinSide<B>, announce: Announce): void {
    for (const row of delta.rows) {
      const key = this.#side.keyOf(row)
      if (key === undefined) continue
      others.announce(key, announce)
      if (this.#isWatched) this.#side.announce(key, announce)
    }
  }

  /** `others` must not change meanwhile, and show one time: before, or after the step. */
  go(delta: Delta<A>, others: SideState<B>, out: Delta<Out>): void {
    if (delta.isEmpty) return
    const side = this.#side
    const { alone, matched } = this.#output
    const before = this.#isWatched ? side.before(delta) : undefined
    const touched = before && new Map<MapKey, TouchedKey>()
    for (let index = 0; index < delta.length; index += 1) {
      const row = delta.rows[index] as A
      const weight = delta.weights[index] as number
      const key = side.keyOf(row)
      if (key === undefined) {
        if (alone !== undefined) out.push(alone(row), weight)
        continue
      }
      if (this.#pair !== undefined) this.#pairUp(row, weight, key, others, out)
      if (alone !== undefined || matched !== undefined) {
        const give = hasRow(others, key) ? matched : alone
        if (give !== undefined) out.push(give(row), weight)
      }
      if (touched !== undefined && before !== undefined) {
        const touchedKey = mapKey(key)
        // A bag holds here what it held before the step: nothing of this key was kept yet.
        if (!touched.has(touchedKey)) touched.set(touchedKey, { key, hadRow: hasRow(before, key) })
      }
      side.keep(key, row, weight)
    }
    if (touched !== undefined) this.#tellOthers(touched, others, out)
  }

  #pairUp(row: A, weight: number, key: Datum, others: SideState<B>, out: Delta<Out>): void {
    const pair = this.#pair as (row: A, other: B) => Out
    others.each(key, (other, otherWeight) => {
      out.push(pair(row, other), checkWeight(weight * otherWeight))
      return undefined
    })
  }

  /** Where a key got its first row on this side, or lost its last one, rows of the other change. */
  #tellOthers(touched: Map<MapKey, TouchedKey>, others: SideState<B>, out: Delta<Out>): void {
    const { alone, matched } = this.#othersOutput
    for (const { key, hadRow } of touched.values()) {
      const hasOne = hasRow(this.#side.now, key)
      if (hasOne === hadRow) continue
      const gained = hasOne ? matched : alone
      const lost = hasOne ? alone : matched
      others.each(key, (other, weight) => {
        if (gained !== undefined) out.push(gained(other), weight)
        if (lost !== undefined) out.push(lost(other), -weight)
        return undefined
      })
    }
  }
}
