/** Runs a graph over a store. ALGEBRA.md VA7–VA11, VA16. */
import { assert, UniverseError } from '@inner-universe/core'
import type { Circuit, Deltas } from './circuit.ts'
import { consolidate } from './consolidate.ts'
import { checkDatum } from './datum.ts'
import { type Delta, NO_DELTA } from './delta.ts'
import { functionFailure } from './function-failure.ts'
import { type Graph, SOURCE_KIND } from './graph.ts'
import type { Node, Operator, OperatorContext } from './operator.ts'
import type { Need, StateStore } from './state.ts'

/** How a graph is run. */
export interface CircuitOptions {
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
  return new RunningGraph(graph, store, options.checksFunctions ?? false)
}

/** A vertex of a running graph; inputs are positions in the order of the graph. */
interface Station {
  readonly node: Node
  /** Undefined: a source. */
  readonly operator: Operator | undefined
  readonly inputs: readonly number[]
  /** Whose changes nobody reads after it. */
  readonly lastOf: readonly number[]
}

class RunningGraph implements Circuit {
  readonly sources: ReadonlySet<string>
  readonly outputs: readonly string[]
  readonly #stations: readonly Station[]
  readonly #outputStations: readonly (readonly [name: string, at: number])[]
  readonly #isRemote: boolean

  constructor(graph: Graph, store: StateStore, checksFunctions: boolean) {
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
    this.#stations = nodes.map((node, at) => {
      const inputs = inputsOf[at] as readonly number[]
      const lastOf = [...new Set(inputs)].filter((input) => lastReaders.get(input) === at)
      if (node.kind === SOURCE_KIND) return { node, operator: undefined, inputs, lastOf }
      const operator = node.create(contextOf(node.path, store, checksFunctions))
      return { node, operator, inputs, lastOf }
    })
  }

  step(inputs: Deltas): Deltas {
    const { done, value } = this.steps(inputs).next()
    assert(done === true, 'a step over a local store has nothing to wait for')
    return value
  }

  *steps(inputs: Deltas): Generator<readonly Need[], Deltas> {
    for (const [name, change] of inputs) this.#checkInput(name, change)
    const changes: Delta[] = []
    for (const station of this.#stations) {
      const { node, operator, lastOf } = station
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

function run(node: Node, operator: Operator, inputs: readonly Delta[]): Delta {
  try {
    return operator.step(inputs)
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
