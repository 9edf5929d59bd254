/** A view with every operator that keeps state, and changes for it. For tests of stores. */
import { createRandom } from '@inner-universe/core'
import { avg, count, sum } from '../aggregates.ts'
import { collect, countDistinct, max, min, recompute } from '../bag-aggregates.ts'
import type { Deltas } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph } from '../graph.ts'
import type { ViewDefinition } from '../store/view-store.ts'
import { definitionOf } from './view-history.ts'

/** An edge between small numbers, which is also a row to join and to group. */
export interface Edge {
  readonly from: number | null
  readonly to: number
  readonly weight: number
}

/** Outputs are named for their operators. */
export function everyOperatorDefinition(): ViewDefinition {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  const others = graph.source<Edge>('others')
  const keys = { left: (edge: Edge) => edge.from, right: (edge: Edge) => edge.to }
  const pair = (left: Edge | undefined, right: Edge | undefined): unknown => [
    left?.weight ?? null,
    right?.weight ?? null,
  ]
  const outer = { ...keys, combine: pair }
  graph.output('join', edges.join(others, { ...keys, combine: pair }))
  graph.output('leftJoin', edges.leftJoin(others, outer))
  graph.output('rightJoin', edges.rightJoin(others, outer))
  graph.output('fullJoin', edges.fullJoin(others, outer))
  graph.output('semiJoin', edges.semiJoin(others, keys))
  graph.output('antiJoin', edges.antiJoin(others, keys))
  graph.output('distinct', edges.map((edge) => edge.to).distinct())
  graph.output('delay', edges.delay())
  graph.output('integrate', edges.map((edge) => edge.to).integrate())
  graph.output('differentiate', others.differentiate())
  graph.output(
    'group',
    edges.group({
      by: (edge) => edge.from,
      aggregates: {
        n: count(),
        sum: sum((edge) => edge.weight),
        avg: avg((edge) => edge.weight),
        min: min((edge) => edge.weight),
        max: max((edge) => edge.weight),
        kinds: countDistinct((edge) => edge.to),
        all: collect((edge) => edge.to),
        again: recompute((rows) => rows.length),
      },
      combine: (from, values) => ({ from, ...values }),
    }),
  )
  graph.output(
    'window',
    edges.window({
      by: (edge) => edge.to,
      orderBy: [{ pick: (edge) => edge.weight, isDescending: true }],
      offset: 1,
      limit: 2,
    }),
  )
  graph.output(
    'perGroup',
    edges.perGroup(
      (edge) => edge.to,
      (rows) => rows.map((edge) => edge.from).distinct(),
    ),
  )
  graph.output(
    'recurse',
    graph.recurse(
      edges.map((edge) => [edge.from, edge.to] as const),
      (rows, bring) =>
        rows.join(bring(edges), {
          left: ([, to]) => to,
          right: (edge) => edge.from,
          combine: ([from], edge) => [from, edge.to] as const,
        }),
    ),
  )
  graph.output(
    'reachable',
    edges.reachable({ from: (edge) => edge.from, to: (edge) => edge.to, depthMax: 4 }),
  )
  return definitionOf(graph)
}

/** Batches that add edges and take some away again. */
export function edgeBatches(seed: number, batchCount: number): Deltas[] {
  const random = createRandom(new TextEncoder().encode(`edges ${seed}`))
  const present: { readonly name: string; readonly edge: Edge }[] = []
  return Array.from({ length: batchCount }, () => {
    const batch = new Map<string, Delta<Edge>>([
      ['edges', new Delta()],
      ['others', new Delta()],
    ])
    for (let change = 0; change < 5; change += 1) {
      const taken = random.next() < 0.4 ? random.integer(0, present.length) : present.length
      const [before] = present.splice(taken, 1)
      if (before !== undefined) batch.get(before.name)?.push(before.edge, -1)
      else {
        const name = random.next() < 0.6 ? 'edges' : 'others'
        const from = random.next() < 0.1 ? null : random.integer(0, 5)
        const edge = { from, to: random.integer(0, 5), weight: random.integer(1, 9) / 10 }
        present.push({ name, edge })
        batch.get(name)?.push(edge, 1)
      }
    }
    return batch
  })
}
