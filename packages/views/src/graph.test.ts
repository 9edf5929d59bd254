import { expect, it } from 'vitest'
import { Delta } from './delta.ts'
import { createGraph } from './graph.ts'
import { MemoryState } from './memory-state.ts'
import { createCircuit } from './running-graph.ts'

function delta(...entries: readonly (readonly [unknown, number])[]): Delta {
  const made = new Delta()
  for (const [row, weight] of entries) made.push(row, weight)
  return made
}

it('runs streams', () => {
  const graph = createGraph()
  const items = graph.source<number>('items')
  graph.output(
    'even',
    items.filter((row) => row % 2 === 0).map((row) => row / 2),
  )
  graph.output('distinct', items.distinct())
  const circuit = createCircuit(graph, new MemoryState())
  const out = circuit.step(new Map([['items', delta([1, 1], [2, 2], [4, 1], [2, 1])]]))
  expect(out.get('even')).toEqual(delta([1, 3], [2, 1]))
  expect(circuit.step(new Map([['items', delta([1, -1], [2, -2])]])).get('distinct')).toEqual(
    delta([1, -1]),
  )
  expect(graph.definitionHash).toHaveLength(64)
})
