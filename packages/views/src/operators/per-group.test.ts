import { expect, test } from 'vitest'
import type { Circuit } from '../circuit.ts'
import { Delta } from '../delta.ts'
import { createGraph, type Graph } from '../graph.ts'
import { MemoryState } from '../memory-state.ts'
import { createCircuit } from '../running-graph.ts'
import type { Stream } from '../stream.ts'
import { AnnouncedState } from '../testing/announced-state.ts'
import { announcedStep } from '../testing/announced-step.ts'
import { ZSet } from '../zset.ts'
import type { GroupRow } from './per-group.ts'

interface Sale {
  readonly city: string | null
  readonly item: string
  readonly price: number
}

function perCity<V>(body: (rows: Stream<Sale>) => Stream<V>): Graph {
  const graph = createGraph()
  const sales = graph.source<Sale>('sales')
  graph.output(
    'rows',
    sales.perGroup(({ city }) => city, body),
  )
  return graph
}

function deltaOf(changes: readonly (readonly [sale: Sale, weight: number])[]) {
  const delta = new Delta<Sale>()
  for (const [sale, weight] of changes) delta.push(sale, weight)
  return new Map([['sales', delta]])
}

function step(circuit: Circuit, changes: readonly (readonly [sale: Sale, weight: number])[]) {
  const output = circuit.step(deltaOf(changes)).get('rows') ?? new Delta()
  return new Map(
    [...ZSet.fromDelta(output as Delta<GroupRow<string, unknown>>)].map(([row, weight]) => [
      `${row.key} ${JSON.stringify(row.value)}`,
      weight,
    ]),
  )
}

const sale = (city: string | null, item: string, price = 1): Sale => ({ city, item, price })

test('[VA70] groups do not see each other: each has its own distinct rows', () => {
  const circuit = createCircuit(
    perCity((rows) => rows.map(({ item }) => item).distinct()),
    new MemoryState(),
  )
  const changes = [
    [sale('Rome', 'pen', 1), 1],
    [sale('Rome', 'pen', 2), 1],
    [sale('Oslo', 'pen', 1), 1],
  ] as const
  expect(step(circuit, changes)).toEqual(
    new Map([
      ['Rome "pen"', 1],
      ['Oslo "pen"', 1],
    ]),
  )
  expect(step(circuit, [[sale('Oslo', 'pen', 1), -1]])).toEqual(new Map([['Oslo "pen"', -1]]))
})

test('[VA70] a join inside pairs the rows of one group', () => {
  const circuit = createCircuit(
    perCity((rows) =>
      rows
        .filter(({ price }) => price > 1)
        .join(rows, {
          left: ({ item }) => item,
          right: ({ item }) => item,
          combine: (dear, other) => `${dear.item} ${dear.price} ${other.price}`,
        }),
    ),
    new MemoryState(),
  )
  const changes = [
    [sale('Rome', 'pen', 1), 1],
    [sale('Oslo', 'pen', 2), 1],
    [sale('Rome', 'pen', 3), 1],
  ] as const
  expect(step(circuit, changes)).toEqual(
    new Map([
      ['Rome "pen 3 1"', 1],
      ['Rome "pen 3 3"', 1],
      ['Oslo "pen 2 2"', 1],
    ]),
  )
})

test('[VA70] NULL is a group', () => {
  const circuit = createCircuit(
    perCity((rows) => rows.map(({ item }) => item).distinct()),
    new MemoryState(),
  )
  const changes = [
    [sale(null, 'pen'), 1],
    [sale(null, 'pen', 2), 1],
    [sale('null', 'pen'), 1],
  ] as const
  const rows = circuit.step(deltaOf(changes)).get('rows') as Delta<GroupRow<string | null, string>>
  expect(rows.rows.map(({ key }) => key)).toEqual([null, 'null'])
})

test('[VA71] a group that has lost its rows leaves nothing behind', () => {
  const circuit = createCircuit(
    perCity((rows) =>
      rows.distinct().perGroup(
        ({ item }) => item,
        (inner) => inner.distinct(),
      ),
    ),
    new MemoryState(),
  )
  step(circuit, [[sale('Rome', 'pen'), 1]])
  expect([...step(circuit, [[sale('Rome', 'pen'), -1]]).values()]).toEqual([-1])
})

test('[VA72] a function that throws is named by its vertex and the one around it', () => {
  const graph = perCity((rows) =>
    rows.map(() => {
      throw new Error('no')
    }),
  )
  const failure = expect.objectContaining({
    code: 'views/function-failed',
    details: { path: 'per-group-1/map-1' },
  })
  const inputs = deltaOf([[sale('Rome', 'pen'), 1]])
  expect(() => createCircuit(graph, new MemoryState()).step(inputs)).toThrow(failure)
  const store = new AnnouncedState()
  expect(() => announcedStep(createCircuit(graph, store), store, inputs)).toThrow(failure)
})

test('[VA71] a delay inside a group says its part in the step after, and no more', () => {
  const circuit = createCircuit(
    perCity((rows) =>
      rows
        .map(({ item }) => item)
        .delay()
        .delay(),
    ),
    new MemoryState(),
  )
  expect(step(circuit, [[sale('Rome', 'pen'), 1]]).size).toBe(0)
  expect(step(circuit, [[sale('Oslo', 'ink'), 1]]).size).toBe(0)
  expect(step(circuit, [])).toEqual(new Map([['Rome "pen"', 1]]))
  expect(step(circuit, [])).toEqual(new Map([['Oslo "ink"', 1]]))
  expect(step(circuit, []).size).toBe(0)
})

test('[VA72] a remote store is asked once per vertex, whatever the number of groups', () => {
  const graph = perCity((rows) =>
    rows
      .distinct()
      .join(rows, { left: ({ item }) => item, right: ({ item }) => item, combine: (a) => a.item })
      .reachable({ from: (item) => item, to: () => 'end' }),
  )
  const changes = Array.from({ length: 40 }, (_, at) => [sale(`city ${at}`, 'pen'), 1] as const)
  const store = new AnnouncedState()
  const { outputs, loadCount } = announcedStep(createCircuit(graph, store), store, deltaOf(changes))
  expect(outputs.get('rows')?.rows).toHaveLength(40)
  // Distinct, join, then the rounds that reachable takes.
  expect(loadCount).toBeLessThan(10)
})

test('[VA72] over a remote store a delay is found though nothing comes in', () => {
  const store = new AnnouncedState()
  const circuit = createCircuit(
    perCity((rows) => rows.delay()),
    store,
  )
  expect(announcedStep(circuit, store, deltaOf([[sale('Rome', 'pen'), 1]])).outputs.size).toBe(0)
  expect(announcedStep(circuit, store, new Map()).outputs.get('rows')?.rows).toHaveLength(1)
  expect(announcedStep(circuit, store, new Map()).outputs.size).toBe(0)
})
