/** Streams: what a graph is written in. */
import type { Node, NodeDefinition } from './operator.ts'
import { concatNode } from './operators/concat.ts'
import { delayNode } from './operators/delay.ts'
import { differentiateNode } from './operators/differentiate.ts'
import { distinctNode } from './operators/distinct.ts'
import { filterNode } from './operators/filter.ts'
import { flatMapNode } from './operators/flat-map.ts'
import { integrateNode } from './operators/integrate.ts'
import { mapNode } from './operators/map.ts'
import { minusNode } from './operators/minus.ts'
import { negateNode } from './operators/negate.ts'

/** Of a graph under construction, what its streams need to grow it. */
export interface StreamGraph {
  add<R>(definition: NodeDefinition, inputs: readonly Stream[], name?: string): Stream<R>
  rename(stream: Stream, path: string): void
}

/**
 * The changes of one Z-set, step by step, as some vertex of a graph gives them. Functions given to it
 * must depend on their arguments alone, and must not change them. Costs: ALGEBRA.md.
 */
export class Stream<R = unknown> {
  readonly graph: StreamGraph
  readonly node: Node
  /** Only for the type: a stream of rows of one kind is not one of another. */
  declare readonly row: R

  /** Made by {@link StreamGraph.add} alone. */
  constructor(graph: StreamGraph, node: Node) {
    this.graph = graph
    this.node = node
  }

  /** Names its vertex: state is found by this name whatever the graph around it becomes. */
  named(path: string): this {
    this.graph.rename(this, path)
    return this
  }

  map<Out>(make: (row: R) => Out): Stream<Out> {
    return this.graph.add(mapNode(make), [this])
  }

  flatMap<Out>(make: (row: R) => Iterable<Out>): Stream<Out> {
    return this.graph.add(flatMapNode(make), [this])
  }

  filter<Kept extends R>(test: (row: R) => row is Kept): Stream<Kept>
  filter(test: (row: R) => boolean): Stream<R>
  filter(test: (row: R) => boolean): Stream<R> {
    return this.graph.add(filterNode(test), [this])
  }

  negate(): Stream<R> {
    return this.graph.add(negateNode(), [this])
  }

  /** All rows of all of them; copies add up. */
  concat(...others: readonly Stream<R>[]): Stream<R> {
    return this.graph.add(concatNode(), [this, ...others])
  }

  /** Weights of the other taken away. May go below zero: see `distinct`. */
  minus(other: Stream<R>): Stream<R> {
    return this.graph.add(minusNode(), [this, other])
  }

  /** What came in the step before. */
  delay(): Stream<R> {
    return this.graph.add(delayNode(), [this])
  }

  /** The sum of all steps so far, said anew in every step. */
  integrate(): Stream<R> {
    return this.graph.add(integrateNode(), [this])
  }

  /** What came, minus what came in the step before. */
  differentiate(): Stream<R> {
    return this.graph.add(differentiateNode(), [this])
  }

  /** Every present row once. */
  distinct(): Stream<R> {
    return this.graph.add(distinctNode(), [this])
  }
}
