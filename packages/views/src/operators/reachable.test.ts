import { expect, test } from 'vitest'
import type { Circuit } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph, type Graph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import type { Bag } from '../state.ts'
import { ZSet } from '../zset.ts'
import type { ReachablePair } from './reachable.ts'

type Edge = readonly [from: string, to: string]

function reachable(roots?: readonly string[]): Graph {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  graph.output('pairs', edges.reachable({ from: ([from]) => from, to: ([, to]) => to, roots }))
  return graph
}

function step(circuit: Circuit, changes: readonly (readonly [edge: string, weight: number])[]) {
  const delta = new Delta<Edge>()
  for (const [edge, weight] of changes) delta.push(edge.split('>') as unknown as Edge, weight)
  const output = circuit.step(new Map([['edges', delta]])).get('pairs') as Delta<ReachablePair>
  const texts = [...ZSet.fromDelta(output ?? new Delta())].map(([{ from, to, depth }, weight]) => [
    `${from}>${to} ${depth}`,
    weight,
  ])
  return Object.fromEntries(texts)
}

test('[VA66] a cycle leads back to where it begins, a loop in one edge', () => {
  const circuit = createCircuit(reachable(), new MemoryState())
  expect(
    step(circuit, [
      ['a>b', 1],
      ['b>a', 1],
      ['c>c', 1],
    ]),
  ).toEqual({ 'a>b 1': 1, 'b>a 1': 1, 'a>a 2': 1, 'b>b 2': 1, 'c>c 1': 1 })
})

test('[VA67] a shorter way takes the longer one’s place, and gives it back', () => {
  const circuit = createCircuit(reachable(['a']), new MemoryState())
  step(circuit, [
    ['a>b', 1],
    ['b>c', 1],
    ['c>d', 1],
  ])
  expect(step(circuit, [['a>c', 1]])).toEqual({
    'a>c 2': -1,
    'a>c 1': 1,
    'a>d 3': -1,
    'a>d 2': 1,
  })
  expect(step(circuit, [['a>c', -1]])).toEqual({
    'a>c 2': 1,
    'a>c 1': -1,
    'a>d 3': 1,
    'a>d 2': -1,
  })
})

test('[VA67] a cycle that is cut off goes', () => {
  const circuit = createCircuit(reachable(['r']), new MemoryState())
  step(circuit, [
    ['r>a', 1],
    ['a>b', 1],
    ['b>a', 1],
  ])
  expect(step(circuit, [['r>a', -1]])).toEqual({ 'r>a 1': -1, 'r>b 2': -1 })
})

test('[VA68] roots of any kind and the bound are part of the definition; a bound is a whole number', () => {
  const hashOf = (roots: readonly unknown[], depthMax?: number): string => {
    const graph = createGraph()
    const edges = graph.source<Edge>('edges')
    graph.output('pairs', edges.reachable({ from: ([from]) => from, to: () => 1, roots, depthMax }))
    return graph.definitionHash
  }
  expect(hashOf([2n ** 60n, Uint8Array.of(1)])).toBe(hashOf([2n ** 60n, Uint8Array.of(1)]))
  expect(hashOf([2n ** 60n])).not.toBe(hashOf([2n ** 61n]))
  expect(hashOf([1], 2)).not.toBe(hashOf([1], 3))
  for (const depthMax of [0, 1.5, Number.POSITIVE_INFINITY]) {
    expect(() => hashOf([1], depthMax)).toThrow(
      expect.objectContaining({ code: 'views/invalid-graph' }),
    )
  }
})

test('[VA68] copies of an edge are one edge', () => {
  const circuit = createCircuit(reachable(), new MemoryState())
  expect(step(circuit, [['a>b', 2]])).toEqual({ 'a>b 1': 1 })
  expect(step(circuit, [['a>b', -1]])).toEqual({})
  expect(step(circuit, [['a>b', -1]])).toEqual({ 'a>b 1': -1 })
})

/** Counts what is written. */
class CountingState extends MemoryState {
  addCount = 0

  override bag<R>(name: string): Bag<R> {
    const bag = super.bag<R>(name)
    return {
      each: (key, onRow) => bag.each(key, onRow),
      add: (key, row, weight) => {
        this.addCount += 1
        return bag.add(key, row, weight)
      },
      weight: (key, row) => bag.weight(key, row),
      size: (key) => bag.size(key),
      eachEntry: (onEntry) => bag.eachEntry(onEntry),
    }
  }
}

test('[VA69] where another edge leads on as shortly, nothing but the edge is written', () => {
  const state = new CountingState()
  const circuit = createCircuit(reachable(['a']), state)
  const chain = Array.from({ length: 20 }, (_, at): [string, number] => [`d${at}>d${at + 1}`, 1])
  step(circuit, [['a>b', 1], ['a>c', 1], ['b>d0', 1], ['c>d0', 1], ...chain])
  state.addCount = 0
  expect(step(circuit, [['b>d0', -1]])).toEqual({})
  expect(state.addCount).toBe(2)
})

test('[VA69] of 50 chains of 20 nodes one edge moves the pairs of its own', () => {
  const circuit = createCircuit(reachable(), new MemoryState())
  const edges: [string, number][] = []
  for (let chain = 0; chain < 50; chain += 1) {
    for (let at = 1; at < 20; at += 1) edges.push([`${chain}.${at}>${chain}.${at + 1}`, 1])
  }
  expect(Object.keys(step(circuit, edges))).toHaveLength((50 * 20 * 19) / 2)
  expect(Object.keys(step(circuit, [['7.10>7.11', -1]]))).toHaveLength(100)
  expect(Object.keys(step(circuit, [['7.20>7.1', 1]]))).toHaveLength(100)
  expect(Object.keys(step(circuit, [['7.10>7.11', 1]]))).toHaveLength(210)
})
