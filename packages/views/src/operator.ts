/** The contract between the runner and operators: enough to write a new operator from. */
import type { Delta } from './delta.ts'
import type { Announce, Bag, Cells, Datum, Need, OrderedBag, OrderTerm } from './state.ts'

/**
 * One vertex of a running graph. Made once per opened view, holds nothing but its state handles and
 * caches of them, so that a graph over a persisted store can be dropped at any time between steps.
 *
 * The runner calls `step` at most once per step of the graph, after all its inputs are known, and only
 * if one of them is not empty (or `isAlwaysRun`). Throwing fails the whole step: the runner discards
 * what was not flushed.
 */
export interface Operator {
  /** True for those that have something to say when nothing came in (`delay`). */
  readonly isAlwaysRun?: boolean
  /**
   * Announces every key of its state that `step` will read for these inputs. Called right before
   * `step`, only for stores that are remote. May announce more than is read, never less.
   */
  announce?(inputs: readonly Delta[], announce: Announce): void
  /** The change of its output. Inputs are as the node names them; none may be changed. */
  step(inputs: readonly Delta[]): Delta
  /**
   * True: what it says to a change, cut into parts that it is given one after the other, adds up to what it
   * says to the whole. So it may be run part by part within one step.
   */
  readonly isPartwise?: boolean
  /** In place of `step` over a local store: takes the inputs in parts, and tells the change at the end. */
  gather?(): Gathering
  /**
   * In place of `announce` and `step`, where what is read shows only on the way (recursion). Yields needs,
   * and is resumed when they are loaded; over a local store it yields nothing. The runner delegates to
   * it (`yield*`) if it is there and the store is remote, else calls `step`.
   */
  steps?(inputs: readonly Delta[]): Generator<readonly Need[], Delta>
}

/** A step of an operator that takes its inputs in parts. Each method as {@link Operator.step}. */
export interface Gathering {
  take(inputs: readonly Delta[]): void
  /** The change of its output. Nothing is taken after it. */
  give(): Delta
}

/** What an operator is made with: state of its own, named below the operator's path. */
export interface OperatorContext {
  /** Of its vertex; below that of the vertex whose body it stands in. For messages. */
  readonly path: string
  bag<R>(part: string): Bag<R>
  orderedBag<R>(part: string, order: readonly OrderTerm<R>[]): OrderedBag<R>
  cells<V>(part: string): Cells<V>
  /** The full name of a part, as `announce` needs it. */
  nameOf(part: string): string
  /** The store is remote: what is read must be announced. See {@link Operator.steps}. */
  readonly isRemote: boolean
  /** In development: judges functions by calling them twice now and then. See `checked-function.ts`. */
  readonly checksFunctions: boolean
}

/** A graph inside of a vertex: what feeds it, in the order of the deltas that it is run with, and what it gives. */
export interface Body {
  readonly sources: readonly Node[]
  readonly output: Node
}

/**
 * The definition of a vertex, before any graph runs. Plain structure plus functions: {@link kind},
 * `parameters` and the functions' texts make its definition hash.
 */
export interface Node {
  /** Stable within the graph: kind and number, or the name given by `named`. */
  readonly path: string
  readonly kind: string
  readonly inputs: readonly Node[]
  /** What else decides about its output. JSON. */
  readonly parameters: Datum
  readonly functions: readonly ((...args: never[]) => unknown)[]
  /** True: it keeps state. For `explain` and pictures. */
  readonly isStateful: boolean
  /** The graph that it runs inside. For pictures. */
  readonly body?: Body
  create(context: OperatorContext): Operator
}

/**
 * Reads the integral of a stream by key without keeping it: a table with an index. What it gives is
 * the state *after* the step under way, all changes of the step's input included.
 */
export interface Lookup<R = unknown> {
  /** For `explain`: `todo by project (index byProject)`. */
  readonly description: string
  each(key: Datum, onRow: (row: R, weight: number) => undefined | boolean): void
}

/** A vertex before it stands in a graph, which gives it its path and inputs. What operators' files export. */
export type NodeDefinition = Omit<Node, 'path' | 'inputs'>
