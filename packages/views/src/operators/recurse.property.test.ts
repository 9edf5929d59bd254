import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Deltas } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph, type GraphBuilder } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import { AnnouncedState } from '../testing/announced-state.ts'
import { announcedStep } from '../testing/announced-step.ts'
import { ZSet } from '../zset.ts'

type Edge = readonly [from: number, to: number]
type Changes = readonly (readonly [edge: Edge, weight: number])[]

const NODES = 6

const steps = fc.array(
  fc.array(
    fc.tuple(fc.tuple(fc.nat(NODES - 1), fc.nat(NODES - 1)), fc.constantFrom(1, 1, 1, -1, -1, 2)),
    { minLength: 1, maxLength: 5 },
  ),
  { minLength: 1, maxLength: 12 },
)

/** Pairs with a way between them, from edges alone. */
function closure(): GraphBuilder {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  const pairs = graph.recurse(edges, (rows, bring) =>
    rows.join(bring(edges), {
      left: ([, to]) => to,
      right: ([from]) => from,
      combine: ([from], [, to]): Edge => [from, to],
    }),
  )
  graph.output('pairs', pairs)
  return graph
}

/** The same, joined with itself, with operators that hide single derivations elsewhere. */
function doubledClosure(): GraphBuilder {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  const pairs = graph.recurse(edges, (rows) =>
    rows
      .distinct()
      .join(rows.distinct(), {
        left: ([, to]) => to,
        right: ([from]) => from,
        combine: ([from], [, to]): Edge => [from, to],
      })
      .distinct(),
  )
  graph.output('pairs', pairs)
  return graph
}

/** Nodes to which a way leads from node 0, by semi joins: an edge counts once its beginning is reached. */
function rooted(): GraphBuilder {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  const roots = edges
    .distinct()
    .filter(([from]) => from === 0)
    .map(([from]) => from)
  const reached = graph.recurse(roots, (rows, bring) =>
    bring(edges)
      .semiJoin(rows, { left: ([from]) => from, right: (node) => node })
      .flatMap(([, to]) => [to]),
  )
  graph.output(
    'pairs',
    reached.map((node): Edge => [0, node]),
  )
  return graph
}

/** Edges to whose beginning a way leads from node 0. Several may end where one begins. */
function rootedEdges(): GraphBuilder {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  const first = edges.filter(([from]) => from === 0)
  const reached = graph.recurse(first, (rows, bring) =>
    bring(edges).semiJoin(rows, { left: ([from]) => from, right: ([, to]) => to }),
  )
  graph.output('pairs', reached)
  return graph
}

function closureOf(edges: ZSet<Edge>): ZSet<Edge> {
  const present = [...edges].filter(([, weight]) => weight > 0).map(([edge]) => edge)
  let pairs: Edge[] = present
  for (;;) {
    const longer = pairs.flatMap(([from, middle]) =>
      present.filter(([start]) => start === middle).map(([, to]): Edge => [from, to]),
    )
    const next = [...new Map([...pairs, ...longer].map((pair) => [String(pair), pair])).values()]
    if (next.length === pairs.length) return ZSet.from(next)
    pairs = next
  }
}

function rootedOf(edges: ZSet<Edge>): ZSet<Edge> {
  const isRoot = [...edges].some(([[from], weight]) => from === 0 && weight > 0)
  const reached = [...closureOf(edges)].map(([pair]) => pair).filter(([from]) => from === 0)
  const nodes = new Set([...(isRoot ? [0] : []), ...reached.map(([, to]) => to)])
  return ZSet.from([...nodes].map((node): Edge => [0, node]))
}

function rootedEdgesOf(edges: ZSet<Edge>): ZSet<Edge> {
  const nodes = new Set([...rootedOf(edges)].map(([[, node]]) => node))
  const reached = [...edges].filter(([[from], weight]) => weight > 0 && nodes.has(from))
  return ZSet.from(reached.map(([edge]) => edge))
}

function deltaOf(changes: Changes): Deltas {
  const delta = new Delta<Edge>()
  for (const [edge, weight] of changes) delta.push(edge, weight)
  return new Map([['edges', delta]])
}

function pairsOf(outputs: Deltas): ZSet<Edge> {
  return ZSet.fromDelta((outputs.get('pairs') ?? new Delta()) as Delta<Edge>)
}

test.each([
  { name: 'closure', build: closure, oracle: closureOf },
  { name: 'doubled closure', build: doubledClosure, oracle: closureOf },
  { name: 'set of rooted nodes', build: rooted, oracle: rootedOf },
  { name: 'set of rooted edges', build: rootedEdges, oracle: rootedEdgesOf },
])(
  '[VA60] [VA61] a $name equals the one computed anew, whatever edges come and go',
  ({ build, oracle }) => {
    fc.assert(
      fc.property(steps, (batches) => {
        const circuit = createCircuit(build(), new MemoryState())
        let edges = ZSet.from<Edge>([])
        let pairs = ZSet.from<Edge>([])
        for (const changes of batches) {
          edges = edges.add(ZSet.fromEntries(changes))
          pairs = pairs.add(pairsOf(circuit.step(deltaOf(changes))))
          expect(new Map(pairs)).toEqual(new Map(oracle(edges)))
        }
      }),
    )
  },
)

test.each([
  { name: 'closure', build: closure },
  { name: 'doubled closure', build: doubledClosure },
  { name: 'set of rooted nodes', build: rooted },
  { name: 'set of rooted edges', build: rootedEdges },
])('[VA64] a $name over a remote store reads what it has announced, and says the same', (each) => {
  fc.assert(
    fc.property(steps, (batches) => {
      const graph = each.build()
      const local = createCircuit(graph, new MemoryState())
      const store = new AnnouncedState()
      const remote = createCircuit(graph, store)
      for (const changes of batches) {
        const { outputs } = announcedStep(remote, store, deltaOf(changes))
        expect(pairsOf(outputs).equals(pairsOf(local.step(deltaOf(changes))))).toBe(true)
      }
    }),
    { numRuns: 30 },
  )
})
