/** Runs a graph over a store. ALGEBRA.md VA7–VA11, VA16. */
import { assert, UniverseError } from '@inner-universe/core'
import type { Circuit, Deltas } from './circuit.ts'
import { consolidate } from './consolidate.ts'
import { checkDatum } from './datum.ts'
import { Delta, NO_DELTA } from './delta.ts'
import { functionFailure } from './function-failure.ts'
import { type Graph, SOURCE_KIND } from './graph.ts'
import type { Node, Operator, OperatorContext } from './operator.ts'
import type { Need, StateStore } from './state.ts'

/**
 * Rows of one part of a large step. So few that what flows between operators lies in memory that is
 * collected cheaply, and so many that running every operator for them costs nothing by comparison.
 */
export const PART_ROWS = 16_384

/** How a graph is run. */
export interface CircuitOptions {
  /** Rows of one part of a large step. Default {@link PART_ROWS}. */
  readonly partRows?: number
  /** Default false. See {@link OperatorContext.checksFunctions}. */
  readonly checksFunctions?: boolean
}

/**
 * A graph with the state that a store has of it, ready to take steps. The graph is read once: what is
 * added to it later is not run.
 *
 * Cost of a step: that of the operators that have something to do, and a look at every other vertex.
 */
export function createCircuit(
  graph: Graph,
  store: StateStore,
  options: CircuitOptions = {},
): Circuit {
  return new RunningGraph(graph, store, options)
}

/** How a vertex takes part in a large step: part by part, gathering parts, or when all is known. */
type PartWay = 'part' | 'gather' | 'whole'

/** A vertex of a running graph; inputs are positions in the order of the graph. */
interface Station {
  readonly node: Node
  /** Undefined: a source. */
  readonly operator: Operator | undefined
  readonly inputs: readonly number[]
  /** Whose changes nobody reads after it. */
  readonly lastOf: readonly number[]
  readonly partWay: PartWay
}

class RunningGraph implements Circuit {
  readonly sources: ReadonlySet<string>
  readonly outputs: readonly string[]
  readonly #stations: readonly Station[]
  readonly #outputStations: readonly (readonly [name: string, at: number])[]
  readonly #isRemote: boolean
  readonly #partRows: number
  /** Those run part by part whose whole change is asked for too. */
  readonly #isReadWhole: ReadonlySet<number>
  readonly #hasGatherings: boolean

  constructor(
    graph: Graph,
    store: StateStore,
    { checksFunctions = false, partRows = PART_ROWS }: CircuitOptions,
  ) {
    const { nodes, sources, outputs } = graph
    const positions = new Map(nodes.map((node, at) => [node, at]))
    this.sources = new Set(sources.keys())
    this.outputs = [...outputs.keys()]
    this.#isRemote = store.isRemote
    this.#outputStations = [...outputs].map(([name, node]) => [name, positions.get(node) as number])
    const lastReaders = new Map<number, number>()
    const inputsOf = nodes.map((node, at) => {
      const inputs = node.inputs.map((input) => positions.get(input) as number)
      for (const input of inputs) lastReaders.set(input, at)
      return inputs
    })
    // Of outputs the last reader is whoever asked for the step.
    for (const [, at] of this.#outputStations) lastReaders.delete(at)
    const stations: Station[] = []
    for (const [at, node] of nodes.entries()) {
      const inputs = inputsOf[at] as readonly number[]
      const lastOf = [...new Set(inputs)].filter((input) => lastReaders.get(input) === at)
      const operator =
        node.kind === SOURCE_KIND
          ? undefined
          : node.create(contextOf(node.path, store, checksFunctions))
      const isOfParts = inputs.every((input) => stations[input]?.partWay === 'part')
      stations.push({ node, operator, inputs, lastOf, partWay: partWayOf(operator, isOfParts) })
    }
    this.#stations = stations
    this.#partRows = partRows
    this.#hasGatherings = stations.some(({ partWay }) => partWay === 'gather')
    const whole = stations.filter(({ partWay }) => partWay === 'whole')
    this.#isReadWhole = new Set([
      ...this.#outputStations.map(([, at]) => at),
      ...whole.flatMap(({ inputs }) => inputs),
    ])
  }

  step(inputs: Deltas): Deltas {
    const { done, value } = this.steps(inputs).next()
    assert(done === true, 'a step over a local store has nothing to wait for')
    return value
  }

  *steps(inputs: Deltas): Generator<readonly Need[], Deltas> {
    for (const [name, change] of inputs) this.#checkInput(name, change)
    const begun = this.#isForParts(inputs) ? this.#runParts(inputs) : undefined
    const changes: Delta[] = []
    for (const station of this.#stations) {
      const { node, operator, lastOf } = station
      const known = begun?.[changes.length]
      if (known !== undefined) {
        changes.push(known)
        continue
      }
      if (operator === undefined) {
        changes.push(inputs.get(node.parameters as string) ?? NO_DELTA)
        continue
      }
      const changesIn = station.inputs.map((at) => changes[at] as Delta)
      if (operator.isAlwaysRun !== true && changesIn.every((change) => change.isEmpty)) {
        changes.push(NO_DELTA)
        continue
      }
      if (!this.#isRemote) changes.push(run(node, operator, changesIn))
      else changes.push(yield* runSteps(node, operator, changesIn))
      // Changes of a large step are let go of as soon as they are read.
      for (let index = 0; index < lastOf.length; index += 1) {
        changes[lastOf[index] as number] = NO_DELTA
      }
    }
    return this.#outputsOf(changes)
  }

  #isForParts(inputs: Deltas): boolean {
    if (!this.#hasGatherings || this.#isRemote) return false
    for (const { length } of inputs.values()) if (length > this.#partRows) return true
    return false
  }

  /**
   * Runs a large step part by part as far as operators allow: what flows from one to the next is short-lived
   * then, where it would all be there at once. Gives the changes that are known then, by vertex.
   */
  #runParts(inputs: Deltas): readonly (Delta | undefined)[] {
    const length = Math.max(...[...inputs.values()].map((change) => change.length))
    const stations = this.#stations
    const known = stations.map(({ node, operator, partWay }, at) => {
      if (partWay !== 'part') return undefined
      if (operator === undefined) return inputs.get(node.parameters as string) ?? NO_DELTA
      return this.#isReadWhole.has(at) ? new Delta() : NO_DELTA
    })
    const gatherings = stations.map(({ operator, partWay }) =>
      partWay === 'gather' ? operator?.gather?.() : undefined,
    )
    const hasTaken = new Set<number>()
    for (let from = 0; from < length; from += this.#partRows) {
      const changes: Delta[] = []
      for (const [at, { node, operator, partWay, inputs: readFrom }] of stations.entries()) {
        const changesIn = readFrom.map((input) => changes[input] as Delta)
        const isIdle = operator !== undefined && changesIn.every((change) => change.isEmpty)
        let change: Delta = NO_DELTA
        if (operator === undefined) {
          change = (known[at] as Delta).part(from, from + this.#partRows)
        } else if (partWay === 'part' && !isIdle) {
          change = run(node, operator, changesIn)
          if (this.#isReadWhole.has(at)) (known[at] as Delta).append(change)
        } else if (partWay === 'gather' && !isIdle) {
          hasTaken.add(at)
          named(node, () => gatherings[at]?.take(changesIn))
        }
        changes.push(change)
      }
    }
    for (const [at, gathering] of gatherings.entries()) {
      if (gathering === undefined) continue
      const { node, operator } = stations[at] as Station
      const isDue = hasTaken.has(at) || operator?.isAlwaysRun === true
      known[at] = isDue ? named(node, () => gathering.give()) : NO_DELTA
    }
    return known
  }

  #checkInput(name: string, { rows }: Delta): void {
    if (!this.sources.has(name)) {
      throw new UniverseError(
        'views/invalid-graph',
        `the graph has no source called ${name}; it has ${[...this.sources].join(', ')}`,
        { details: { name } },
      )
    }
    for (let index = 0; index < rows.length; index += 1) checkDatum(rows[index])
  }

  #outputsOf(changes: readonly Delta[]): Deltas {
    const outputs = new Map<string, Delta>()
    for (const [name, at] of this.#outputStations) {
      const change = consolidate(changes[at] as Delta)
      if (!change.isEmpty) outputs.set(name, change)
    }
    return outputs
  }
}

function partWayOf(operator: Operator | undefined, isOfParts: boolean): PartWay {
  if (operator === undefined) return 'part'
  // One that speaks unasked speaks once in a step.
  if (isOfParts && operator.isPartwise === true && operator.isAlwaysRun !== true) return 'part'
  return isOfParts && operator.gather !== undefined ? 'gather' : 'whole'
}

function run(node: Node, operator: Operator, inputs: readonly Delta[]): Delta {
  try {
    return operator.step(inputs)
  } catch (cause) {
    throw functionFailure(node.path, cause)
  }
}

/** Names the vertex in what its functions throw. */
function named<Result>(node: Node, act: () => Result): Result {
  try {
    return act()
  } catch (cause) {
    throw functionFailure(node.path, cause)
  }
}

/** The same over a remote store. */
function* runSteps(
  node: Node,
  operator: Operator,
  inputs: readonly Delta[],
): Generator<readonly Need[], Delta> {
  try {
    if (operator.steps !== undefined) return yield* operator.steps(inputs)
    const needs: Need[] = []
    operator.announce?.(inputs, (need) => needs.push(need))
    if (needs.length > 0) yield needs
    return operator.step(inputs)
  } catch (cause) {
    throw functionFailure(node.path, cause)
  }
}

function contextOf(path: string, store: StateStore, checksFunctions: boolean): OperatorContext {
  const nameOf = (part: string): string => `${path}/${part}`
  return {
    path,
    isRemote: store.isRemote,
    bag: (part) => store.bag(nameOf(part)),
    orderedBag: (part, order) => store.orderedBag(nameOf(part), order),
    cells: (part) => store.cells(nameOf(part)),
    nameOf,
    checksFunctions,
  }
}
