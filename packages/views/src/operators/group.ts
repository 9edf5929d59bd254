/** Group by with aggregates. ALGEBRA.md VA40–VA47. */
import type { Accumulator, Aggregates, AggregateValues } from '../aggregate.ts'
import { checkedFunction } from '../checked-function.ts'
import { equalDatum } from '../datum.ts'
import { Delta, NO_DELTA } from '../delta.ts'
import { type MapKey, mapKey } from '../map-key.ts'
import type { Gathering, NodeDefinition, Operator, OperatorContext } from '../operator.ts'
import type { Announce, Cells, Datum } from '../state.ts'

/** What rows are grouped by, and what is made of a group. */
export interface GroupOptions<R, K, A extends Aggregates<R>, Out> {
  /** The group of a row: a scalar, an array, an object. NULLs are one group. */
  readonly by: (row: R) => K
  readonly aggregates: A
  /** The output row of a group. */
  readonly combine: (key: K, values: AggregateValues<A>) => Out
  /** True: one group of everything, also of nothing, whose key is null; `by` is not asked. Default false. */
  readonly isGlobal?: boolean | undefined
}

/**
 * One row per group that has rows, that is, whose weights add up to more than zero. Input: rows.
 *
 * Keeps weight and states of the aggregates per group, and what those keep. Cost of a step: per changed
 * row that of its aggregates, and one output row taken back and one given per group whose row differs.
 */
export function groupNode<R, K, A extends Aggregates<R>, Out>(
  options: GroupOptions<R, K, A, Out>,
): NodeDefinition {
  const aggregates = Object.entries(options.aggregates)
  return {
    kind: 'group',
    parameters: {
      isGlobal: options.isGlobal ?? false,
      aggregates: aggregates.map(([name, { kind, parameters }]) => [name, kind, parameters]),
    },
    functions: [
      options.by,
      options.combine,
      ...aggregates.flatMap(([, { functions }]) => functions),
    ],
    isStateful: true,
    create: (context) => new Group(options, context),
  }
}

/** Weight of all rows, then the states of the aggregates. */
type GroupState = [weight: number, ...states: Datum[]]

/** Aggregates whose functions take other things than a row. */
const NOT_OF_A_ROW: ReadonlySet<string> = new Set(['fold', 'recompute'])

function judgedFunctions<R>(
  aggregates: Aggregates<R>,
  context: OperatorContext,
): ((row: R) => unknown)[] {
  return Object.values(aggregates)
    .filter(({ kind }) => !NOT_OF_A_ROW.has(kind))
    .flatMap(({ functions }) => functions as readonly ((row: R) => unknown)[])
    .map((compute) => checkedFunction(context, compute))
}

/** A group in a step that changes it. */
interface TouchedGroup {
  readonly key: Datum
  /** Undefined: there was no output row. */
  readonly before: Values | undefined
  readonly state: GroupState
}

type Values = readonly unknown[]

const STATE_PART = 'groups'

class Group<R, K, A extends Aggregates<R>, Out> implements Operator {
  readonly isAlwaysRun: boolean
  readonly #by: (row: R) => K
  readonly #combine: (key: K, values: AggregateValues<A>) => Out
  /** The aggregates' functions of a row, where functions are checked. */
  readonly #judged: readonly ((row: R) => unknown)[]
  readonly #names: readonly string[]
  readonly #accumulators: readonly Accumulator<R, Datum, unknown>[]
  readonly #cells: Cells<Readonly<GroupState>>
  readonly #cellsName: string

  constructor(options: GroupOptions<R, K, A, Out>, context: OperatorContext) {
    // The row of nothing is due in the first step, even if nothing comes in.
    this.isAlwaysRun = options.isGlobal ?? false
    this.#by = this.isAlwaysRun ? () => null as K : checkedFunction(context, options.by)
    this.#combine = checkedFunction(context, options.combine)
    this.#judged = context.checksFunctions ? judgedFunctions(options.aggregates, context) : []
    this.#names = Object.keys(options.aggregates)
    this.#accumulators = Object.entries(options.aggregates).map(([name, aggregate]) =>
      aggregate.create(context, `values-${name}`),
    )
    this.#cells = context.cells(STATE_PART)
    this.#cellsName = context.nameOf(STATE_PART)
  }

  get #isGlobal(): boolean {
    return this.isAlwaysRun
  }

  announce([input]: readonly Delta[], announce: Announce): void {
    const { rows } = input as Delta<R>
    // The group of everything is looked for even if nothing came in.
    if (this.#isGlobal) this.#announceGroup(null, rows.length, announce)
    for (const row of rows) this.#announceGroup(this.#by(row) ?? null, rows.length, announce)
  }

  #announceGroup(key: Datum, entriesMax: number, announce: Announce): void {
    announce({ name: this.#cellsName, key, rowsMax: undefined })
    for (const accumulator of this.#accumulators) accumulator.announce?.(key, entriesMax, announce)
  }

  step([input]: readonly Delta[]): Delta {
    const touched = this.#begin()
    this.#take(touched, input as Delta<R>)
    return this.#give(touched)
  }

  gather(): Gathering {
    const touched = this.#begin()
    return {
      take: ([input]) => this.#take(touched, input as Delta<R>),
      give: () => this.#give(touched),
    }
  }

  #begin(): Map<MapKey, TouchedGroup> {
    const touched = new Map<MapKey, TouchedGroup>()
    if (this.#isGlobal && this.#cells.get(null) === undefined) {
      touched.set(mapKey(null), this.#touch(null))
    }
    return touched
  }

  #take(touched: Map<MapKey, TouchedGroup>, { rows, weights }: Delta<R>): void {
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index] as R
      const key: Datum = this.#by(row) ?? null
      const primitive = mapKey(key)
      let group = touched.get(primitive)
      if (group === undefined) {
        group = this.#touch(key)
        touched.set(primitive, group)
      }
      this.#add(group, row, weights[index] as number)
    }
  }

  #give(touched: Map<MapKey, TouchedGroup>): Delta {
    const output = new Delta<Out>()
    for (const group of touched.values()) this.#finish(group, output)
    return output.isEmpty ? NO_DELTA : output
  }

  /** A copy of what is kept: it stays as it is until the step is through. */
  #touch(key: Datum): TouchedGroup {
    const kept = this.#cells.get(key)
    const accumulators = this.#accumulators
    if (kept === undefined) {
      const zeros = accumulators.map((accumulator) => accumulator.zero())
      // Not by spreading: that makes room for 16 more.
      return { key, before: undefined, state: ([0] as Datum[]).concat(zeros) as GroupState }
    }
    const state = kept.slice() as GroupState
    for (let at = 0; at < accumulators.length; at += 1) {
      state[at + 1] = (accumulators[at] as Accumulator<R, Datum, unknown>).copy(kept[at + 1])
    }
    return { key, before: this.#valuesOf(key, kept), state }
  }

  #add({ key, state }: TouchedGroup, row: R, weight: number): void {
    for (const judge of this.#judged) judge(row)
    state[0] += weight
    const accumulators = this.#accumulators
    for (let at = 0; at < accumulators.length; at += 1) {
      const accumulator = accumulators[at] as Accumulator<R, Datum, unknown>
      state[at + 1] = accumulator.add(state[at + 1], key, row, weight)
    }
  }

  #finish({ key, before, state }: TouchedGroup, output: Delta<Out>): void {
    const accumulators = this.#accumulators
    let isZero = state[0] === 0 && !this.#isGlobal
    for (let at = 0; at < accumulators.length; at += 1) {
      const accumulator = accumulators[at] as Accumulator<R, Datum, unknown>
      if (accumulator.settle !== undefined) {
        state[at + 1] = accumulator.settle(state[at + 1], key)
      }
      isZero &&= accumulator.isZero(state[at + 1], key)
    }
    this.#cells.set(key, isZero ? undefined : state)
    const after = this.#valuesOf(key, state)
    if (before !== undefined && after !== undefined && equalDatum(before, after)) return
    const rowBefore = before && this.#row(key, before)
    const rowAfter = after && this.#row(key, after)
    if (before !== undefined && after !== undefined && equalDatum(rowBefore, rowAfter)) return
    if (before !== undefined) output.push(rowBefore as Out, -1)
    if (after !== undefined) output.push(rowAfter as Out, 1)
  }

  /** The values of a group; undefined if it has no output row. */
  #valuesOf(key: Datum, state: Readonly<GroupState>): Values | undefined {
    if (state[0] > 0) return this.#accumulators.map((one, at) => one.value(state[at + 1], key))
    return this.#isGlobal ? this.#accumulators.map(({ none }) => none) : undefined
  }

  #row(key: Datum, values: Values): Out {
    const named: Record<string, unknown> = {}
    for (let at = 0; at < values.length; at += 1) named[this.#names[at] as string] = values[at]
    return this.#combine(key as K, named as AggregateValues<A>)
  }
}
