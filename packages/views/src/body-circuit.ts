/**
 * Graphs inside of a vertex: the body of a recursion, the query of a group. Their operators keep their
 * state below the vertex that runs them.
 */
import { type Delta, NO_DELTA } from './delta.ts'
import { functionFailure } from './function-failure.ts'
import type { Body, Node, Operator, OperatorContext } from './operator.ts'
import type { Datum, Need } from './state.ts'

/** The vertices that a body's output depends on but its sources, each after its inputs. */
export function bodyNodes(body: Body): readonly Node[] {
  const nodes = new Set<Node>()
  const visit = (node: Node): void => {
    if (nodes.has(node) || body.sources.includes(node)) return
    for (const input of node.inputs) visit(input)
    nodes.add(node)
  }
  visit(body.output)
  return [...nodes]
}

/** What of a body decides about its answers: for the definition hash of the vertex that runs it. */
export function bodyParameters(body: Body): readonly unknown[] {
  const nodes = [...body.sources, ...bodyNodes(body)]
  return nodes.map((node) => [
    node.path,
    node.kind,
    node.parameters,
    node.functions.length,
    node.inputs.map((input) => input.path),
  ])
}

/** The functions of a body, in the order of {@link bodyParameters}. */
export function bodyFunctions(body: Body): Node['functions'] {
  return bodyNodes(body).flatMap((node) => node.functions)
}

/**
 * One of several independent runs of a body in one step: a group. Deltas of sources and vertices, in the
 * order of {@link bodyParameters}; the sources’ are set by who runs it.
 */
export type Lane = (Delta | undefined)[]

/** What tells lanes apart where all share the state of one operator. */
export interface LaneScope {
  /** Called before anything of a lane is read or written, and its functions run. */
  enter(lane: number): void
  /** A key of the lane entered last, as it is in the state. */
  keyOf(key: Datum): Datum
}

/** A vertex; inputs are positions in the order of {@link bodyParameters}. */
interface Station {
  readonly path: string
  readonly operator: Operator
  readonly inputs: readonly number[]
}

/** The operators of a body. */
export class BodyCircuit {
  /** True when a vertex has something to say though nothing came in. */
  readonly isAlwaysRun: boolean
  readonly #stations: readonly Station[]
  readonly #sourceCount: number
  readonly #outputAt: number
  readonly #isRemote: boolean

  /** Makes its operators; another `create` than the vertex's own may put one in another's place. */
  constructor(
    body: Body,
    context: OperatorContext,
    create: (node: Node, context: OperatorContext) => Operator = (node, inner) =>
      node.create(inner),
  ) {
    const nodes = bodyNodes(body)
    const all = [...body.sources, ...nodes]
    this.#stations = nodes.map((node) => {
      const inner = contextOf(node, context)
      const inputs = node.inputs.map((input) => all.indexOf(input))
      return { path: inner.path, operator: create(node, inner), inputs }
    })
    this.isAlwaysRun = this.#stations.some(({ operator }) => operator.isAlwaysRun === true)
    this.#sourceCount = body.sources.length
    this.#outputAt = all.indexOf(body.output)
    this.#isRemote = context.isRemote
  }

  /** What a lane's output came to. */
  outputOf(lane: Lane): Delta {
    return lane[this.#outputAt] ?? NO_DELTA
  }

  /**
   * Takes one step in every lane, vertex by vertex, so that a remote store is asked once per vertex
   * whatever the number of lanes.
   */
  *steps(lanes: readonly Lane[], scope: LaneScope): Generator<readonly Need[], void> {
    for (const [at, station] of this.#stations.entries()) {
      const running = runningIn(lanes, station)
      if (running.length === 0) continue
      const set = (lane: number, delta: Delta): void => {
        ;(lanes[lane] as Lane)[this.#sourceCount + at] = delta
      }
      try {
        if (this.#isRemote) yield* remoteSteps(station.operator, running, scope, set)
        else {
          for (const { lane, deltas } of running) {
            scope.enter(lane)
            set(lane, station.operator.step(deltas))
          }
        }
      } catch (cause) {
        throw functionFailure(station.path, cause)
      }
    }
  }
}

/** A lane in which a vertex has something to do. */
interface Running {
  readonly lane: number
  readonly deltas: readonly Delta[]
}

function runningIn(lanes: readonly Lane[], { operator, inputs }: Station): readonly Running[] {
  const running: Running[] = []
  for (const [lane, values] of lanes.entries()) {
    const deltas = inputs.map((input) => values[input] ?? NO_DELTA)
    if (operator.isAlwaysRun === true || deltas.some((delta) => !delta.isEmpty)) {
      running.push({ lane, deltas })
    }
  }
  return running
}

function* remoteSteps(
  operator: Operator,
  running: readonly Running[],
  scope: LaneScope,
  set: (lane: number, delta: Delta) => void,
): Generator<readonly Need[], void> {
  if (operator.steps !== undefined) {
    const paused = running.map(({ lane, deltas }) => ({
      lane,
      steps: operator.steps?.(deltas) as Generator<readonly Need[], Delta>,
    }))
    return yield* interleaved(paused, scope, set)
  }
  const needs: Need[] = []
  for (const { lane, deltas } of running) {
    scope.enter(lane)
    operator.announce?.(deltas, (need) => needs.push(scoped(need, scope)))
  }
  if (needs.length > 0) yield needs
  for (const { lane, deltas } of running) {
    scope.enter(lane)
    set(lane, operator.step(deltas))
  }
}

/** Runs a generator over a local store, which yields nothing, to its end. */
export function runLocally<T>(steps: Generator<readonly Need[], T>): T {
  let result = steps.next()
  while (result.done !== true) result = steps.next()
  return result.value
}

/** Resumes all generators in turn, their needs loaded together, until each has ended. */
function* interleaved(
  paused: { readonly lane: number; readonly steps: Generator<readonly Need[], Delta> }[],
  scope: LaneScope,
  set: (lane: number, delta: Delta) => void,
): Generator<readonly Need[], void> {
  let open = paused
  while (open.length > 0) {
    const needs: Need[] = []
    open = open.filter(({ lane, steps }) => {
      scope.enter(lane)
      const result = steps.next()
      if (result.done === true) set(lane, result.value)
      else for (const need of result.value) needs.push(scoped(need, scope))
      return result.done !== true
    })
    if (needs.length > 0) yield needs
  }
}

function scoped(need: Need, scope: LaneScope): Need {
  return { ...need, key: scope.keyOf(need.key) }
}

/** State of a body's vertex, below the one that runs it. */
function contextOf(node: Node, outer: OperatorContext): OperatorContext {
  const inner = (part: string): string => `${node.path}/${part}`
  return {
    path: `${outer.path}/${node.path}`,
    bag: (part) => outer.bag(inner(part)),
    orderedBag: (part, order) => outer.orderedBag(inner(part), order),
    cells: (part) => outer.cells(inner(part)),
    nameOf: (part) => outer.nameOf(inner(part)),
    isRemote: outer.isRemote,
    checksFunctions: outer.checksFunctions,
  }
}
