/**
 * A query for every group. ALGEBRA.md VA70–VA73.
 *
 * There is one operator for each vertex of the body, not one for each group: in its state every key
 * stands behind the group whose rows it is run with. Groups take their steps side by side, vertex by
 * vertex.
 */
import { UniverseError } from '@inner-universe/core'
import {
  BodyCircuit,
  bodyFunctions,
  bodyNodes,
  bodyParameters,
  type Lane,
  type LaneScope,
  runLocally,
} from '../body-circuit.ts'
import { checkedFunction } from '../checked-function.ts'
import { equalDatum } from '../datum.ts'
import { Delta } from '../delta.ts'
import { type MapKey, mapKey } from '../map-key.ts'
import type { Body, Node, NodeDefinition, Operator, OperatorContext } from '../operator.ts'
import type { Bag, Cells, Datum, Need } from '../state.ts'

/** A query of its own for every group: its body as a graph whose one source is the rows of a group. */
export interface PerGroupOptions<R> {
  readonly key: (row: R) => Datum
  /** The source, in the body's graph, of a group's rows. */
  readonly rows: Node
  /** What the body gives. */
  readonly body: Node
}

/** A row of the body's answer, with the group that it is of. */
export interface GroupRow<K, V> {
  readonly key: K
  readonly value: V
}

/**
 * The body's answer for every group ({@link GroupRow}). Input: the rows to be grouped. NULL is a group
 * like others.
 *
 * Cost: what the body does for the changed rows, and a look at each of its vertices per changed group.
 *
 * @throws UniverseError `views/invalid-graph` for a body with a row for nothing (`isGlobal`), which would
 * stay when the group is gone, or with a cache.
 */
export function perGroupNode<R>(options: PerGroupOptions<R>): NodeDefinition {
  const body: Body = { sources: [options.rows], output: options.body }
  for (const node of bodyNodes(body)) checkFits(node)
  return {
    kind: 'per-group',
    parameters: { body: bodyParameters(body) },
    functions: [options.key, ...bodyFunctions(body)],
    isStateful: bodyNodes(body).some((node) => node.isStateful),
    body,
    create: (context) => new PerGroup(options.key, body, context),
  }
}

function checkFits(node: Node): void {
  if (node.kind === 'cache') {
    throw new UniverseError(
      'views/invalid-graph',
      `the cache ${node.path} stands in a query per group; keep the result of all groups instead`,
      { details: { path: node.path } },
    )
  }
  if ((node.parameters as { isGlobal?: boolean } | null)?.isGlobal !== true) return
  throw new UniverseError(
    'views/invalid-graph',
    `${node.path} in a query per group has a row for nothing, which would outlive its group; leave isGlobal out and group by a constant`,
    { details: { path: node.path } },
  )
}

/** The part of the state with the groups that may have something to say though nothing comes in. */
const AWAKE = 'awake'

class PerGroup<R> implements Operator {
  readonly isAlwaysRun: boolean
  readonly #key: (row: R) => Datum
  readonly #circuit: BodyCircuit
  readonly #context: OperatorContext
  readonly #awake: Cells<readonly Datum[]> | undefined
  /** The group whose state is read and written just now. */
  #group: Datum = null

  constructor(key: (row: R) => Datum, body: Body, context: OperatorContext) {
    this.#key = checkedFunction(context, key)
    this.#context = context
    this.#circuit = new BodyCircuit(
      body,
      behindGroup(context, () => this.#group),
    )
    this.isAlwaysRun = this.#circuit.isAlwaysRun
    this.#awake = this.isAlwaysRun ? context.cells(AWAKE) : undefined
  }

  step(inputs: readonly Delta[]): Delta {
    return runLocally(this.steps(inputs))
  }

  *steps([input]: readonly Delta[]): Generator<readonly Need[], Delta> {
    const lanes = new GroupLanes()
    for (const [index, row] of (input as Delta<R>).rows.entries()) {
      const weight = (input as Delta<R>).weights[index] as number
      lanes.of(this.#key(row) ?? null).push(row, weight)
    }
    if (this.#awake !== undefined) {
      if (this.#context.isRemote) {
        yield [{ name: this.#context.nameOf(AWAKE), key: null, rowsMax: undefined }]
      }
      for (const group of this.#awake.get(null) ?? []) lanes.of(group)
    }
    const scope: LaneScope = {
      enter: (lane) => {
        this.#group = lanes.groups[lane]
      },
      keyOf: (key) => [this.#group, key],
    }
    yield* this.#circuit.steps(lanes.lanes, scope)
    this.#awake?.set(null, lanes.stirred())
    return this.#outputOf(lanes)
  }

  #outputOf({ groups, lanes }: GroupLanes): Delta {
    const output = new Delta<GroupRow<Datum, Datum>>()
    for (const [at, lane] of lanes.entries()) {
      const key = groups[at]
      const { rows, weights } = this.#circuit.outputOf(lane)
      for (const [index, value] of rows.entries()) {
        output.push({ key, value }, weights[index] as number)
      }
    }
    return output
  }
}

/** The groups of a step, each with its lane. */
class GroupLanes {
  readonly groups: Datum[] = []
  readonly lanes: Lane[] = []
  readonly #inputs = new Map<MapKey, Delta>()

  /** The rows of a group, to be added to. */
  of(group: Datum): Delta {
    const key = mapKey(group)
    let input = this.#inputs.get(key)
    if (input === undefined) {
      input = new Delta()
      this.#inputs.set(key, input)
      this.groups.push(group)
      this.lanes.push([input])
    }
    return input
  }

  /** Groups where something moved, in whatever vertex: it may come out later. */
  stirred(): readonly Datum[] | undefined {
    const groups = this.groups.filter((_, at) =>
      (this.lanes[at] as Lane).some((delta) => delta?.isEmpty === false),
    )
    return groups.length === 0 ? undefined : groups
  }
}

/** State in which every key stands behind the group. */
function behindGroup(context: OperatorContext, groupNow: () => Datum): OperatorContext {
  const keyOf = (key: Datum): Datum => [groupNow(), key]
  const ofGroup = (key: Datum, onKey: (key: Datum) => void): void => {
    const [group, innerKey] = key as readonly [Datum, Datum]
    if (equalDatum(group, groupNow())) onKey(innerKey)
  }
  const behind = <R>(bag: Bag<R>): Bag<R> => ({
    each: (key, onRow) => bag.each(keyOf(key), onRow),
    add: (key, row, weight) => bag.add(keyOf(key), row, weight),
    weight: (key, row) => bag.weight(keyOf(key), row),
    size: (key) => bag.size(keyOf(key)),
    eachEntry: (onEntry) =>
      bag.eachEntry((key, row, weight) => ofGroup(key, (inner) => onEntry(inner, row, weight))),
  })
  return {
    ...context,
    bag: (part) => behind(context.bag(part)),
    orderedBag: (part, order) => {
      const bag = context.orderedBag(part, order)
      return {
        ...behind(bag),
        eachFrom: (key, from, onRow) => bag.eachFrom(keyOf(key), from, onRow),
      }
    },
    cells: <V>(part: string): Cells<V> => {
      const cells = context.cells<V>(part)
      return {
        get: (key) => cells.get(keyOf(key)),
        set: (key, value) => cells.set(keyOf(key), value),
        eachEntry: (onEntry) =>
          cells.eachEntry((key, value) => ofGroup(key, (inner) => onEntry(inner, value))),
      }
    },
  }
}
