import type { Node, NodeDefinition } from '../operator.ts'
import type { Datum } from '../state.ts'

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

/** The body's answer for every group ({@link GroupRow}). Input: the rows to be grouped. */
export function perGroupNode<R>(options: PerGroupOptions<R>): NodeDefinition {
  void options
  throw new Error('under construction')
}
