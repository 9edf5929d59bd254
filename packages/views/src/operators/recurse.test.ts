import { expect, test } from 'vitest'
import type { Circuit } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph, type Graph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import type { Stream } from '../stream.ts'
import { ZSet } from '../zset.ts'

type Edge = readonly [from: string, to: string]

/** Runs one step; gives the changed rows as text with their weights. */
function step(circuit: Circuit, changes: readonly (readonly [edge: string, weight: number])[]) {
  const delta = new Delta<Edge>()
  for (const [edge, weight] of changes) delta.push(edgeOf(edge), weight)
  const output = circuit.step(new Map([['edges', delta]])).get('rows') ?? new Delta()
  return Object.fromEntries([...ZSet.fromDelta(output)].map(([row, n]) => [String(row), n]))
}

function edgeOf(text: string): Edge {
  return text.split('>') as unknown as Edge
}

interface Calls {
  combine: number
}

function closure(calls: Calls = { combine: 0 }): Graph {
  const graph = createGraph()
  const edges = graph.source<Edge>('edges')
  const pairs = graph.recurse(edges, (rows, bring) =>
    rows.join(bring(edges), {
      left: ([, to]) => to,
      right: ([from]) => from,
      combine: ([from], [, to]): Edge => {
        calls.combine += 1
        return [from, to]
      },
    }),
  )
  graph.output(
    'rows',
    pairs.map((pair) => pair.join('>')),
  )
  return graph
}

function recursionOver(body: (rows: Stream<number>) => Stream<number>, roundsMax?: number): Graph {
  const graph = createGraph()
  const numbers = graph.source<number>('edges')
  graph.output('rows', graph.recurse(numbers, body, roundsMax === undefined ? {} : { roundsMax }))
  return graph
}

test('[VA61] a cycle that is cut off from its only ground goes', () => {
  const circuit = createCircuit(closure(), new MemoryState())
  step(circuit, [
    ['r>a', 1],
    ['a>b', 1],
    ['b>a', 1],
  ])
  expect(step(circuit, [['r>a', -1]])).toEqual({ 'r>a': -1, 'r>b': -1 })
  expect(step(circuit, [['b>a', -1]])).toEqual({ 'b>a': -1, 'a>a': -1, 'b>b': -1 })
})

test('[VA61] of a diamond one side is enough', () => {
  const circuit = createCircuit(closure(), new MemoryState())
  step(circuit, [
    ['a>b', 1],
    ['a>c', 1],
    ['b>d', 1],
    ['c>d', 1],
  ])
  expect(step(circuit, [['b>d', -1]])).toEqual({ 'b>d': -1 })
  expect(step(circuit, [['c>d', -1]])).toEqual({ 'c>d': -1, 'a>d': -1 })
})

test('[VA61] a loss does not hide behind a gain of the same step that rests on the lost row', () => {
  const circuit = createCircuit(closure(), new MemoryState())
  step(circuit, [
    ['r>a', 1],
    ['a>b', 1],
  ])
  // r>a loses its edge and would gain a derivation through r>b, which rests on r>a alone.
  expect(
    step(circuit, [
      ['r>a', -1],
      ['b>a', 1],
    ]),
  ).toEqual({ 'r>a': -1, 'r>b': -1, 'b>a': 1, 'b>b': 1, 'a>a': 1 })
})

test('[VA62] rows count once, whatever the copies of what they come from', () => {
  const circuit = createCircuit(closure(), new MemoryState())
  expect(step(circuit, [['a>b', 3]])).toEqual({ 'a>b': 1 })
  expect(step(circuit, [['a>b', -2]])).toEqual({})
  expect(step(circuit, [['a>b', -1]])).toEqual({ 'a>b': -1 })
})

test('[VA62] what is retracted before it comes is not there meanwhile, and does no harm later', () => {
  const circuit = createCircuit(closure(), new MemoryState())
  step(circuit, [['b>c', 1]])
  expect(step(circuit, [['a>b', -1]])).toEqual({})
  expect(step(circuit, [['a>b', 1]])).toEqual({})
  expect(step(circuit, [['a>b', 1]])).toEqual({ 'a>b': 1, 'a>c': 1 })
})

test('[VA63] a body that may take rows away is refused, and the vertex named', () => {
  const graph = createGraph()
  const numbers = graph.source<number>('edges')
  expect(() => graph.recurse(numbers, (rows) => rows.minus(rows.map((row) => row + 1)))).toThrow(
    expect.objectContaining({
      code: 'views/not-monotone',
      details: { path: 'minus-1', kind: 'minus' },
    }),
  )
})

test('[VA63] a body that never ends is given up', () => {
  const circuit = createCircuit(
    recursionOver((rows) => rows.map((row) => row + 1), 100),
    new MemoryState(),
  )
  const delta = new Delta<number>()
  delta.push(1, 1)
  expect(() => circuit.step(new Map([['edges', delta]]))).toThrow(
    expect.objectContaining({ code: 'views/recursion-limit' }),
  )
})

test('[VA63] a filter in the body ends it', () => {
  const circuit = createCircuit(
    recursionOver((rows) => rows.map((row) => row + 1).filter((row) => row < 5)),
    new MemoryState(),
  )
  const delta = new Delta<number>()
  delta.push(1, 1)
  const output = circuit.step(new Map([['edges', delta]])).get('rows') ?? new Delta()
  expect(output.rows).toEqual([1, 2, 3, 4])
})

test('[VA65] cost follows the pairs that change: among 50 chains of 20 nodes, those of one', () => {
  const calls: Calls = { combine: 0 }
  const circuit = createCircuit(closure(calls), new MemoryState())
  const edges: [string, number][] = []
  for (let chain = 0; chain < 50; chain += 1) {
    for (let at = 1; at < 20; at += 1) edges.push([`${chain}.${at}>${chain}.${at + 1}`, 1])
  }
  expect(Object.keys(step(circuit, edges))).toHaveLength((50 * 20 * 19) / 2)

  calls.combine = 0
  expect(Object.keys(step(circuit, [['7.10>7.11', -1]]))).toHaveLength(100)
  expect(Object.keys(step(circuit, [['7.10>7.11', 1]]))).toHaveLength(100)
  expect(Object.keys(step(circuit, [['7.20>7.21', 1]]))).toHaveLength(20)
  // A derivation more or less for each pair that came or went, and not one for any other chain.
  expect(calls.combine).toBeLessThan(250)
})

test('[VA73] what the body does is part of the definition', () => {
  const hashOf = (body: (rows: Stream<number>) => Stream<number>): string =>
    recursionOver(body).definitionHash
  const hash = hashOf((rows) => rows.filter((row) => row < 5))
  expect(hashOf((rows) => rows.filter((row) => row < 5))).toBe(hash)
  expect(hashOf((rows) => rows.filter((row) => row < 6))).not.toBe(hash)
})
