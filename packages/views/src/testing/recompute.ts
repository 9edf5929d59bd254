/** Running graphs in tests, and what an output comes to over all steps. */
import { type Delta, NO_DELTA } from '../delta.ts'
import { createGraph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import type { AnyStream, Stream } from '../stream.ts'
import { ZSet } from '../zset.ts'

/** What every step of a graph of one source and one output gives. */
export function runHistory<R>(
  build: (source: Stream<R>) => AnyStream,
  history: readonly Delta<R>[],
): readonly ZSet[] {
  const graph = createGraph()
  graph.output('out', build(graph.source<R>('in')))
  const circuit = createCircuit(graph, new MemoryState())
  return history.map((delta) =>
    ZSet.fromDelta(circuit.step(new Map([['in', delta]])).get('out') ?? NO_DELTA),
  )
}

/** The sums of changes: after the first, the first two, and so on. */
export function integralsOf<R>(changes: readonly ZSet<R>[]): readonly ZSet<R>[] {
  let sum = ZSet.from<R>([])
  return changes.map((change) => {
    sum = sum.add(change)
    return sum
  })
}
