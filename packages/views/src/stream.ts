/** Streams: what a graph is written in. */
import type { Aggregates } from './aggregate.ts'
import type { Node, NodeDefinition } from './operator.ts'
import { type Cache, cacheNode } from './operators/cache.ts'
import { concatNode } from './operators/concat.ts'
import { delayNode } from './operators/delay.ts'
import { differentiateNode } from './operators/differentiate.ts'
import { distinctNode } from './operators/distinct.ts'
import { filterNode } from './operators/filter.ts'
import { flatMapNode } from './operators/flat-map.ts'
import { type GroupOptions, groupNode } from './operators/group.ts'
import { integrateNode } from './operators/integrate.ts'
import { type JoinOptions, joinNode } from './operators/join.ts'
import { mapNode } from './operators/map.ts'
import { minusNode } from './operators/minus.ts'
import { negateNode } from './operators/negate.ts'
import { type OuterJoinKind, type OuterJoinOptions, outerJoinNode } from './operators/outer-join.ts'
import type { GroupRow } from './operators/per-group.ts'
import { type ReachableOptions, type ReachablePair, reachableNode } from './operators/reachable.ts'
import { type SemiJoinOptions, semiJoinNode } from './operators/semi-join.ts'
import { type WindowOptions, windowNode } from './operators/window.ts'
import type { Datum } from './state.ts'

/** A stream of whatever rows. */
export interface AnyStream {
  readonly node: Node
}

/** Of a graph under construction, what its streams need to grow it. */
export interface StreamGraph {
  add<R>(definition: NodeDefinition, inputs: readonly AnyStream[], name?: string): Stream<R>
  rename(stream: AnyStream, path: string): void
  perGroup<R, K extends Datum, V>(
    rows: Stream<R>,
    key: (row: R) => K,
    body: (rows: Stream<R>) => Stream<V>,
  ): Stream<GroupRow<K, V>>
}

/**
 * The changes of one Z-set, step by step, as some vertex of a graph gives them. Functions given to it
 * must depend on their arguments alone, and must not change them. Costs: ALGEBRA.md.
 */
export class Stream<R = unknown> implements AnyStream {
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

  /** Pairs of rows whose keys are equal. */
  join<Right, Out>(right: Stream<Right>, options: JoinOptions<R, Right, Out>): Stream<Out> {
    return this.graph.add(joinNode(options), [this, right])
  }

  /** Pairs, and rows of this side without a match. */
  leftJoin<Right, Out>(
    right: Stream<Right>,
    options: OuterJoinOptions<R, Right, Out>,
  ): Stream<Out> {
    return this.#outerJoin('left', right, options)
  }

  /** Pairs, and rows of the other side without a match. */
  rightJoin<Right, Out>(
    right: Stream<Right>,
    options: OuterJoinOptions<R, Right, Out>,
  ): Stream<Out> {
    return this.#outerJoin('right', right, options)
  }

  /** Pairs, and rows of both sides without a match. */
  fullJoin<Right, Out>(
    right: Stream<Right>,
    options: OuterJoinOptions<R, Right, Out>,
  ): Stream<Out> {
    return this.#outerJoin('full', right, options)
  }

  /** Rows that have a match. */
  semiJoin<Right>(right: Stream<Right>, options: SemiJoinOptions<R, Right>): Stream<R> {
    return this.graph.add(semiJoinNode('semi', options), [this, right])
  }

  /** Rows that have no match. */
  antiJoin<Right>(right: Stream<Right>, options: SemiJoinOptions<R, Right>): Stream<R> {
    return this.graph.add(semiJoinNode('anti', options), [this, right])
  }

  /** One row per group, of what aggregates say of its rows. */
  group<K, A extends Aggregates<R>, Out>(options: GroupOptions<R, K, A, Out>): Stream<Out> {
    return this.graph.add(groupNode(options), [this])
  }

  /** The first rows in an order, of the whole or of each group. */
  window(options: WindowOptions<R>): Stream<R> {
    return this.graph.add(windowNode(options), [this])
  }

  /** The answer of a query of its own for every group of rows, each with its group's key. */
  perGroup<K extends Datum, V>(
    key: (row: R) => K,
    body: (rows: Stream<R>) => Stream<V>,
  ): Stream<GroupRow<K, V>> {
    return this.graph.perGroup(this, key, body)
  }

  /** Keeps the rows under a name by which they can be read from the store, and passes them on. */
  cache<K>(cache: Cache<R, K>): Stream<R> {
    return this.graph.add(cacheNode(cache), [this], cache.name)
  }

  /** Rows are edges: the pairs that ways lead between, with the length of the shortest. */
  reachable(options: ReachableOptions<R>): Stream<ReachablePair> {
    return this.graph.add(reachableNode(options), [this])
  }

  #outerJoin<Right, Out>(
    how: OuterJoinKind,
    right: Stream<Right>,
    options: OuterJoinOptions<R, Right, Out>,
  ): Stream<Out> {
    return this.graph.add(outerJoinNode(how, options), [this, right])
  }
}
