import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Deltas } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph, type Graph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import { AnnouncedState } from '../testing/announced-state.ts'
import { announcedStep } from '../testing/announced-step.ts'
import { ZSet } from '../zset.ts'
import type { ReachablePair } from './reachable.ts'

interface Edge {
  readonly parent: number | null
  readonly child: number | null
}
type Changes = readonly (readonly [edge: Edge, weight: number])[]

interface Bounds {
  readonly roots?: readonly number[] | undefined
  readonly depthMax?: number | undefined
}

const end = fc.oneof(
  { arbitrary: fc.nat(6), weight: 30 },
  { arbitrary: fc.constant(null), weight: 1 },
)
const steps = fc.array(
  fc.array(fc.tuple(fc.record({ parent: end, child: end }), fc.constantFrom(1, 1, 1, -1, -1, 2)), {
    minLength: 1,
    maxLength: 6,
  }),
  { minLength: 1, maxLength: 15 },
)
const bounds: fc.Arbitrary<Bounds> = fc.record({
  roots: fc.option(fc.subarray([0, 1, 2]), { nil: undefined }),
  depthMax: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
})

function reachable({ roots, depthMax }: Bounds): Graph {
  const graph = createGraph()
  const pairs = graph
    .source<Edge>('edges')
    .reachable({ from: ({ parent }) => parent, to: ({ child }) => child, roots, depthMax })
  graph.output('pairs', pairs)
  return graph
}

/** By walking from every beginning, one more edge at a time. */
function reachableOf(edges: ZSet<Edge>, { roots, depthMax = 100 }: Bounds): ZSet<ReachablePair> {
  const present = [...edges]
    .filter(([{ parent, child }, weight]) => weight > 0 && parent !== null && child !== null)
    .map(([edge]) => edge)
  const pairs: ReachablePair[] = []
  for (const from of roots ?? new Set(present.map(({ parent }) => parent))) {
    const seen = new Set<unknown>()
    let ends = new Set<unknown>([from])
    for (let depth = 1; depth <= depthMax && ends.size > 0; depth += 1) {
      const next = present.filter(({ parent, child }) => ends.has(parent) && !seen.has(child))
      ends = new Set(next.map(({ child }) => child))
      for (const to of ends) {
        seen.add(to)
        pairs.push({ from, to, depth })
      }
    }
  }
  return ZSet.from(pairs)
}

function deltaOf(changes: Changes): Deltas {
  const delta = new Delta<Edge>()
  for (const [edge, weight] of changes) delta.push(edge, weight)
  return new Map([['edges', delta]])
}

function pairsOf(outputs: Deltas): ZSet<ReachablePair> {
  return ZSet.fromDelta((outputs.get('pairs') ?? new Delta()) as Delta<ReachablePair>)
}

test('[VA66] [VA67] [VA68] pairs and depths equal those of a walk, whatever edges come and go', () => {
  fc.assert(
    fc.property(steps, bounds, (batches, options) => {
      const circuit = createCircuit(reachable(options), new MemoryState())
      let edges = ZSet.from<Edge>([])
      let pairs = ZSet.from<ReachablePair>([])
      for (const changes of batches) {
        edges = edges.add(ZSet.fromEntries(changes))
        pairs = pairs.add(pairsOf(circuit.step(deltaOf(changes))))
        expect(new Map(pairs)).toEqual(new Map(reachableOf(edges, options)))
      }
    }),
    { numRuns: 300 },
  )
})

test('[VA69] over a remote store it reads what it has announced, and says the same', () => {
  fc.assert(
    fc.property(steps, bounds, (batches, options) => {
      const graph = reachable(options)
      const local = createCircuit(graph, new MemoryState())
      const store = new AnnouncedState()
      const remote = createCircuit(graph, store)
      for (const changes of batches) {
        const { outputs } = announcedStep(remote, store, deltaOf(changes))
        expect(pairsOf(outputs).equals(pairsOf(local.step(deltaOf(changes))))).toBe(true)
      }
    }),
  )
})
