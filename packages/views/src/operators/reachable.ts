/**
 * Shortest ways through a graph of edges, kept as edges come and go. ALGEBRA.md VA66–VA69.
 *
 * For every pair (from, to) with a way between them the state has the number of edges of the shortest,
 * its depth. A pair's depth rests on the pairs one edge nearer to `from`; these are always less deep, so
 * that, unlike derivations of a recursion, no cycle holds itself up and it shows at once which
 * pairs an edge that went was needed for. A step goes through pairs by ascending depth, twice:
 *
 * 1. Losses. Where an edge that went was the last step of a shortest way, the pair is looked at. If no
 *    other edge gives the same depth, it is lost, and the pairs that rested on it are looked at.
 * 2. Gains. Each lost pair starts again from its neighbours that were not lost, each new edge from the
 *    pairs that end where it begins; a pair that becomes nearer hands on to its next ones.
 *
 * After G. Ramalingam and T. Reps, "An incremental algorithm for a generalization of the shortest-path
 * problem", Journal of Algorithms 21 (1996), for edges of length one and all beginnings at once.
 */

import { runLocally } from '../body-circuit.ts'
import { checkBound } from '../bound.ts'
import { checkedFunction } from '../checked-function.ts'
import { consolidate } from '../consolidate.ts'
import { equalDatum } from '../datum.ts'
import { Delta } from '../delta.ts'
import { datumText, type MapKey, mapKey } from '../map-key.ts'
import type { NodeDefinition, Operator, OperatorContext } from '../operator.ts'
import type { Bag, Datum, Need } from '../state.ts'

/** Which pairs to find: how a row is an edge, where ways begin, how long they may be. */
export interface ReachableOptions<R> {
  readonly from: (row: R) => Datum
  readonly to: (row: R) => Datum
  /** Only ways that begin at one of these. Undefined: at every node. */
  readonly roots?: readonly Datum[] | undefined
  /** Edges in the longest way followed, 1 or more. Undefined: any number. */
  readonly depthMax?: number | undefined
}

/** A way of edges leads from one to the other; the shortest has `depth` edges, 1 or more. */
export interface ReachablePair {
  readonly from: Datum
  readonly to: Datum
  readonly depth: number
}

/**
 * The pairs that ways of edges lead between ({@link ReachablePair}), each once. Input: rows that are
 * edges; those with a NULL end are none.
 *
 * Cost: the pairs whose depth changes, times the edges at their ends, and for each changed edge the
 * pairs that end where it begins. State: the edges by both ends, a number for each pair.
 *
 * @throws UniverseError `views/invalid-graph` for a bound that is not a whole number from 1 on.
 */
export function reachableNode<R>(options: ReachableOptions<R>): NodeDefinition {
  const { from, to, roots, depthMax } = options
  if (depthMax !== undefined) checkBound('depthMax', depthMax)
  return {
    kind: 'reachable',
    parameters: { roots: roots?.map(datumText) ?? null, depthMax: depthMax ?? null },
    functions: [from, to],
    isStateful: true,
    create: (context) => new Reachable(options, context),
  }
}

/** A way's two ends, and its length: in the result, or proposed. */
type Way = ReachablePair

/** An edge that is there now and was not, or the other way round. */
interface Edge {
  readonly from: Datum
  readonly to: Datum
}

/** The part of the state with the edges, by where they begin; rows are where they end. */
const OUT = 'out'
/** The same edges by where they end. */
const INTO = 'into'
/** For every node the nodes that have a way to it; what stands as the weight is the way's depth. */
const DEPTHS = 'depths'

class Reachable<R> implements Operator {
  readonly #context: OperatorContext
  readonly #from: (row: R) => Datum
  readonly #to: (row: R) => Datum
  /** Undefined: ways begin anywhere. */
  readonly #roots: ReadonlySet<MapKey> | undefined
  readonly #depthMax: number
  readonly #out: Bag
  readonly #into: Bag
  readonly #depths: Bag
  /** Depths, before the step under way, of pairs that it has touched. Zero: there was none. */
  #before = new Map<MapKey, Way>()

  constructor(options: ReachableOptions<R>, context: OperatorContext) {
    this.#context = context
    this.#from = checkedFunction(context, options.from)
    this.#to = checkedFunction(context, options.to)
    this.#roots = options.roots && new Set(options.roots.map(mapKey))
    this.#depthMax = options.depthMax ?? Number.POSITIVE_INFINITY
    this.#out = context.bag(OUT)
    this.#into = context.bag(INTO)
    this.#depths = context.bag(DEPTHS)
  }

  step(inputs: readonly Delta[]): Delta {
    return runLocally(this.steps(inputs))
  }

  *steps([input]: readonly Delta[]): Generator<readonly Need[], Delta> {
    this.#before = new Map()
    const { gone, come } = yield* this.#changeEdges(input as Delta<R>)
    const lost = yield* this.#lose(gone)
    yield* this.#gain(lost, come)
    return this.#finish()
  }

  /** Takes the changes of edges into the state. Copies of an edge do not matter. */
  *#changeEdges(
    input: Delta<R>,
  ): Generator<readonly Need[], { gone: readonly Edge[]; come: readonly Edge[] }> {
    const edges = new Delta<readonly [Datum, Datum]>()
    for (const [index, row] of input.rows.entries()) {
      const from = this.#from(row) ?? null
      const to = this.#to(row) ?? null
      if (from !== null && to !== null) edges.push([from, to], input.weights[index] as number)
    }
    const { rows, weights } = consolidate(edges)
    const beginnings = rows.map(([from]) => from)
    const ends = rows.map(([, to]) => to)
    yield* this.#load([OUT, beginnings], [INTO, ends], [DEPTHS, beginnings], [DEPTHS, ends])
    const gone: Edge[] = []
    const come: Edge[] = []
    for (const [index, [from, to]] of rows.entries()) {
      const weight = weights[index] as number
      const after = this.#out.add(from, to, weight)
      this.#into.add(to, from, weight)
      const isThere = after > 0
      if (isThere !== after - weight > 0) (isThere ? come : gone).push({ from, to })
    }
    return { gone, come }
  }

  /** Takes out the pairs that have lost their shortest way; gives them with the depth that they had. */
  *#lose(gone: readonly Edge[]): Generator<readonly Need[], readonly Way[]> {
    const suspects = new Levels()
    for (const edge of gone) {
      this.#eachWayTo(edge.from, (from, depth) => {
        if (this.#depths.weight(edge.to, from) === depth + 1) {
          suspects.add({ from, to: edge.to, depth: depth + 1 })
        }
      })
    }
    const lost: Way[] = []
    for (let level = suspects.next(); level !== undefined; level = suspects.next()) {
      const nodes = level.map(({ to }) => to)
      yield* this.#load([INTO, nodes], [OUT, nodes], [DEPTHS, nodes])
      yield* this.#load([DEPTHS, nodes.flatMap((node) => this.#neighbours(node))])
      for (const way of level) {
        // It may be lost already: two edges that went led here.
        if (this.#depths.weight(way.to, way.from) !== way.depth || this.#rests(way)) continue
        this.#setDepth(way, 0)
        lost.push(way)
        // Order matters: what comes next is deeper, and is looked at when all of this depth is decided.
        this.#eachNext(way, (next) => {
          if (this.#depths.weight(next.to, next.from) === next.depth) suspects.add(next)
        })
      }
    }
    return lost
  }

  /** Some edge still leads to the end of this way from one nearer. */
  #rests(way: Way): boolean {
    let rests = false
    this.#into.each(way.to, (before, copies) => {
      rests = copies > 0 && this.#depthOf(way.from, before) === way.depth - 1
      return !rests
    })
    return rests
  }

  /** Finds the shortest ways of pairs that were lost, and those that new edges open. */
  *#gain(lost: readonly Way[], come: readonly Edge[]): Generator<readonly Need[], void> {
    const proposed = new Levels()
    for (const { from, to } of lost) {
      let depth = Number.POSITIVE_INFINITY
      this.#into.each(to, (before, copies) => {
        if (copies > 0) depth = Math.min(depth, (this.#depthOf(from, before) ?? depth) + 1)
        return undefined
      })
      if (depth <= this.#depthMax) proposed.add({ from, to, depth })
    }
    for (const edge of come) {
      this.#eachWayTo(edge.from, (from, depth) => {
        if (depth < this.#depthMax) proposed.add({ from, to: edge.to, depth: depth + 1 })
      })
    }
    for (let level = proposed.next(); level !== undefined; level = proposed.next()) {
      const nodes = level.map(({ to }) => to)
      yield* this.#load([OUT, nodes], [DEPTHS, nodes])
      yield* this.#load([DEPTHS, nodes.flatMap((node) => this.#next(node))])
      for (const way of level) {
        const depth = this.#depths.weight(way.to, way.from)
        if (depth > 0 && depth <= way.depth) continue
        this.#setDepth(way, way.depth)
        if (way.depth === this.#depthMax) continue
        this.#eachNext(way, (next) => {
          const nextDepth = this.#depths.weight(next.to, next.from)
          if (nextDepth === 0 || nextDepth > next.depth) proposed.add(next)
        })
      }
    }
  }

  #finish(): Delta {
    const output = new Delta<ReachablePair>()
    for (const before of this.#before.values()) {
      const depth = this.#depths.weight(before.to, before.from)
      if (depth === before.depth) continue
      if (before.depth > 0) output.push(before, -1)
      if (depth > 0) output.push({ from: before.from, to: before.to, depth }, 1)
    }
    this.#before = new Map()
    return output
  }

  /** How far a node is from where ways begin; undefined: there is no way. */
  #depthOf(from: Datum, node: Datum): number | undefined {
    if (equalDatum(from, node)) return 0
    const depth = this.#depths.weight(node, from)
    return depth === 0 ? undefined : depth
  }

  /** Everything from which there is a way to a node, the node itself at depth zero included. */
  #eachWayTo(node: Datum, onWay: (from: Datum, depth: number) => void): void {
    if (this.#roots === undefined || this.#roots.has(mapKey(node))) onWay(node, 0)
    this.#depths.each(node, (from, depth) => {
      if (!equalDatum(from, node)) onWay(from, depth)
      return undefined
    })
  }

  /** The ways that are one edge longer. A way back to its beginning leads no further: others begin there. */
  #eachNext(way: Way, onNext: (next: Way) => void): void {
    if (equalDatum(way.from, way.to)) return
    this.#out.each(way.to, (to, copies) => {
      if (copies > 0) onNext({ from: way.from, to, depth: way.depth + 1 })
      return undefined
    })
  }

  #setDepth({ from, to }: Way, depth: number): void {
    const key = mapKey([from, to])
    const now = this.#depths.weight(to, from)
    if (!this.#before.has(key)) this.#before.set(key, { from, to, depth: now })
    this.#depths.add(to, from, depth - now)
  }

  #neighbours(node: Datum): readonly Datum[] {
    return this.#context.isRemote ? [...rowsOf(this.#into, node), ...this.#next(node)] : []
  }

  #next(node: Datum): readonly Datum[] {
    return this.#context.isRemote ? rowsOf(this.#out, node) : []
  }

  *#load(
    ...parts: readonly (readonly [part: string, keys: readonly Datum[]])[]
  ): Generator<readonly Need[], void> {
    if (!this.#context.isRemote) return
    const needs = parts.flatMap(([part, keys]) => {
      const name = this.#context.nameOf(part)
      return keys.map((key) => ({ name, key, rowsMax: undefined }))
    })
    if (needs.length > 0) yield needs
  }
}

function rowsOf(bag: Bag, key: Datum): readonly Datum[] {
  const rows: Datum[] = []
  bag.each(key, (row) => {
    rows.push(row)
    return undefined
  })
  return rows
}

/** Ways by depth, handed out from the least deep on; deeper ones may be added meanwhile. */
class Levels {
  readonly #ways: (Way[] | undefined)[] = []
  #depth = 0

  add(way: Way): void {
    const level = this.#ways[way.depth]
    if (level === undefined) this.#ways[way.depth] = [way]
    else level.push(way)
  }

  next(): readonly Way[] | undefined {
    for (; this.#depth < this.#ways.length; this.#depth += 1) {
      const level = this.#ways[this.#depth]
      if (level === undefined) continue
      this.#ways[this.#depth] = undefined
      this.#depth += 1
      return level
    }
    return undefined
  }
}
