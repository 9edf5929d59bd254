/**
 * Least fixpoints that follow their inputs: delete and re-derive, with counts. ALGEBRA.md VA60–VA65.
 *
 * With R the rows of the fixpoint and `body` the loop, the state has for every row the number of its
 * derivations, C = base + body(R), exactly; R is where C is above zero. A step first takes away what
 * inputs lost. A row of R that loses *any* derivation is taken out, and what was derived from it
 * loses one in turn, until nothing moves: rows of a cycle hold each other up, and only taking them all out
 * shows which have another ground. Then rows whose count is still above zero go back in, together with
 * what inputs gained, and what follows from them.
 *
 * Order matters: losses come before gains, and never in one run of the body. In a run of losses alone
 * every vertex of a monotone body says losses alone, so that no loss hides behind a gain. For the same
 * reason `distinct` passes its rows on inside of a body, and a semi join counts its matches: R is
 * distinct anyway.
 */
import { UniverseError } from '@inner-universe/core'
import {
  BodyCircuit,
  bodyFunctions,
  bodyNodes,
  bodyParameters,
  type LaneScope,
  runLocally,
} from '../body-circuit.ts'
import { checkBound } from '../bound.ts'
import { consolidate } from '../consolidate.ts'
import { hashDatum } from '../datum.ts'
import { Delta } from '../delta.ts'
import type { Body, Node, NodeDefinition, Operator, OperatorContext } from '../operator.ts'
import type { Bag, Datum, Need } from '../state.ts'
import { WeightTable } from '../weight-table.ts'
import { joinNode } from './join.ts'
import type { JoinKeys } from './join-side.ts'

/** A recursion: its body as a graph of its own, whose sources are the rows so far and what was brought in. */
export interface RecurseOptions {
  /** The source, in the body's graph, of the rows found so far. */
  readonly rows: Node
  /** The sources, in the body's graph, of the streams brought in: one per further input, in order. */
  readonly brought: readonly Node[]
  /** What the body gives. */
  readonly body: Node
  /** Rounds after which a step gives up with `views/recursion-limit`. Default {@link ROUNDS_MAX}. */
  readonly roundsMax?: number | undefined
}

/** Rounds of one step unless told otherwise: longer than any sensible chain, short enough to end soon. */
export const ROUNDS_MAX = 100_000

/**
 * The least set of rows with the inputs' rows and all that the body makes of it. Inputs: the base, then
 * what is brought in; of both, rows of a weight above zero count, once.
 *
 * Cost: the rows that change or may have lost their ground, times what the body does for one. State: a
 * count for each row of the result and of each input, besides the body's.
 *
 * @throws UniverseError `views/not-monotone` for a body with an operator that may take rows away,
 * `views/invalid-graph` for a bound that is not a whole number from 1 on;
 * steps throw `views/recursion-limit`.
 */
export function recurseNode(options: RecurseOptions): NodeDefinition {
  const body: Body = { sources: [options.rows, ...options.brought], output: options.body }
  for (const node of bodyNodes(body)) checkMonotone(node)
  const roundsMax = options.roundsMax ?? ROUNDS_MAX
  checkBound('roundsMax', roundsMax)
  return {
    kind: 'recurse',
    parameters: { body: bodyParameters(body), roundsMax },
    functions: bodyFunctions(body),
    isStateful: true,
    body,
    create: (context) => new Recursion(body, roundsMax, context),
  }
}

/** Kinds of which every output row stays as more rows come in. */
const MONOTONE: ReadonlySet<string> = new Set([
  'map',
  'flat-map',
  'filter',
  'concat',
  'join',
  'semi-join',
  'distinct',
])

function checkMonotone(node: Node): void {
  if (MONOTONE.has(node.kind)) {
    checkWithoutLookup(node)
    return
  }
  throw new UniverseError(
    'views/not-monotone',
    `the body of a recursion contains ${node.path}, a ${node.kind}, which may take rows away as more come in; move it outside, or bring its result in`,
    { details: { path: node.path, kind: node.kind } },
  )
}

/** A lookup shows what is after the whole step, losses and gains together. */
function checkWithoutLookup(node: Node): void {
  const { leftLookup, rightLookup } = (node.parameters ?? {}) as Record<string, unknown>
  if ((leftLookup ?? rightLookup ?? null) === null) return
  throw new UniverseError(
    'views/invalid-graph',
    `${node.path} in the body of a recursion reads by a lookup, ${leftLookup ?? rightLookup}; let it keep its rows`,
    { details: { path: node.path } },
  )
}

/** The vertex's operator, in a form whose every loss shows. */
function createLinear(node: Node, context: OperatorContext): Operator {
  if (node.kind === 'distinct') return { step: ([input]) => input as Delta }
  if (node.kind === 'semi-join') {
    const [left, right] = node.functions as [(row: Datum) => Datum, (row: Datum) => Datum]
    const { nulls } = node.parameters as Pick<JoinKeys<Datum, Datum>, 'nulls'>
    return joinNode({ left, right, nulls, combine: (row: Datum) => row }).create(context)
  }
  return node.create(context)
}

/** A row whose derivations this step has counted. */
interface Touched {
  readonly row: Datum
  /** Derivations when the step began. */
  readonly before: number
  count: number
  /** It is among the rows that the body sees. */
  isIn: boolean
}

/** What an input, taken as a set, has lost and gained. */
interface SetChange {
  readonly lost: Delta
  readonly gained: Delta
}

class Recursion implements Operator {
  readonly #context: OperatorContext
  readonly #circuit: BodyCircuit
  readonly #roundsMax: number
  /** Derivations of a row, by its hash. */
  readonly #counts: Bag
  /** Rows of an input, by their hash. */
  readonly #inputs: readonly Bag[]
  /** Of the step under way. */
  #touched = new TouchedRows()

  constructor(body: Body, roundsMax: number, context: OperatorContext) {
    this.#context = context
    this.#circuit = new BodyCircuit(body, context, createLinear)
    this.#roundsMax = roundsMax
    this.#counts = context.bag('counts')
    this.#inputs = body.sources.map((_, at) => context.bag(inputPart(at)))
  }

  step(inputs: readonly Delta[]): Delta {
    return runLocally(this.steps(inputs))
  }

  *steps(inputs: readonly Delta[]): Generator<readonly Need[], Delta> {
    this.#touched = new TouchedRows()
    const changes: SetChange[] = []
    for (const [at, delta] of inputs.entries()) changes.push(yield* this.#changeInput(at, delta))
    const [base, ...brought] = changes as [SetChange, ...SetChange[]]

    const taken = yield* this.#count(base.lost)
    yield* this.#propagate(
      takeOut(taken),
      brought.map(({ lost }) => lost),
      takeOut,
    )
    yield* this.#count(base.gained)
    yield* this.#propagate(
      putIn(this.#touched.all),
      brought.map(({ gained }) => gained),
      putIn,
    )
    return this.#finish()
  }

  *#changeInput(at: number, delta: Delta): Generator<readonly Need[], SetChange> {
    const change: SetChange = { lost: new Delta(), gained: new Delta() }
    const { rows, weights } = consolidate(delta)
    yield* this.#load(inputPart(at), rows)
    for (const [index, row] of rows.entries()) {
      const weight = weights[index] as number
      const after = (this.#inputs[at] as Bag).add(hashDatum(row), row, weight)
      const isThere = after > 0
      if (isThere === after - weight > 0) continue
      if (isThere) change.gained.push(row, 1)
      else change.lost.push(row, -1)
    }
    return change
  }

  /** Runs the body until rows no longer move. `move` says which of the rows counted move now. */
  *#propagate(
    rows: Delta,
    brought: readonly Delta[],
    move: (counted: readonly Touched[]) => Delta,
  ): Generator<readonly Need[], void> {
    let lane: (Delta | undefined)[] = [rows, ...brought]
    for (let round = 0; lane.some((delta) => delta?.isEmpty === false); round += 1) {
      if (round === this.#roundsMax) throw this.#tooLong()
      yield* this.#circuit.steps([lane], ALONE)
      lane = [move(yield* this.#count(this.#circuit.outputOf(lane)))]
    }
  }

  /** Adds derivations to rows; gives those whose number changed. */
  *#count(delta: Delta): Generator<readonly Need[], readonly Touched[]> {
    const { rows, weights } = consolidate(delta)
    yield* this.#load('counts', rows)
    return rows.map((row, index) => {
      const touched = this.#touched.touch(row, this.#counts)
      touched.count += weights[index] as number
      return touched
    })
  }

  *#load(part: string, rows: readonly Datum[]): Generator<readonly Need[], void> {
    if (!this.#context.isRemote || rows.length === 0) return
    const name = this.#context.nameOf(part)
    yield rows.map((row) => ({ name, key: hashDatum(row), rowsMax: undefined }))
  }

  #finish(): Delta {
    const output = new Delta()
    for (const { row, before, count, isIn } of this.#touched.all) {
      if (count !== before) this.#counts.add(hashDatum(row), row, count - before)
      if (isIn !== before > 0) output.push(row, isIn ? 1 : -1)
    }
    this.#touched = new TouchedRows()
    return output
  }

  #tooLong(): UniverseError {
    return new UniverseError(
      'views/recursion-limit',
      `the recursion ${this.#context.path} still found rows after ${this.#roundsMax} rounds; bound its depth, or raise roundsMax`,
      { details: { roundsMax: this.#roundsMax } },
    )
  }
}

function inputPart(at: number): string {
  return `input-${at}`
}

/** A recursion's body has one lane only. */
const ALONE: LaneScope = { enter: () => undefined, keyOf: (key) => key }

/** Rows that are in and lost a derivation. */
function takeOut(counted: readonly Touched[]): Delta {
  const moved = new Delta()
  for (const touched of counted) {
    if (!touched.isIn) continue
    touched.isIn = false
    moved.push(touched.row, -1)
  }
  return moved
}

/** Rows that are not in and have a derivation. */
function putIn(counted: readonly Touched[]): Delta {
  const moved = new Delta()
  for (const touched of counted) {
    if (touched.isIn || touched.count <= 0) continue
    touched.isIn = true
    moved.push(touched.row, 1)
  }
  return moved
}

/** The rows that a step has counted, found by value. */
class TouchedRows {
  readonly all: Touched[] = []
  /** A row's place in {@link all}, plus one, as its weight. */
  readonly #places = new WeightTable()

  touch(row: Datum, counts: Bag): Touched {
    const place = this.#places.weight(row)
    if (place > 0) return this.all[place - 1] as Touched
    const before = counts.weight(hashDatum(row), row)
    const touched: Touched = { row, before, count: before, isIn: before > 0 }
    this.#places.add(row, this.all.push(touched))
    return touched
  }
}
