import { expect, test } from 'vitest'
import { sum } from './aggregates.ts'
import { createGraph, type GraphBuilder } from './graph.ts'
import { pick } from './index-key.ts'
import { MemoryState } from './memory-state.ts'
import { defineCache } from './operators/cache.ts'
import { createCircuit } from './running-graph.ts'
import type { AnyStream, Stream } from './stream.ts'
import { ZSet } from './zset.ts'

interface Row {
  readonly id: number
  readonly city: string
}

/** Runs two rows through a query, in development or not. */
function run(
  query: (rows: Stream<Row>, graph: GraphBuilder) => AnyStream,
  checksFunctions = true,
): number {
  const graph = createGraph()
  graph.output('out', query(graph.source<Row>('rows'), graph))
  const circuit = createCircuit(graph, new MemoryState(), { checksFunctions })
  const rows = ZSet.from([
    { id: 1, city: 'Rome' },
    { id: 2, city: 'Oslo' },
  ])
  return circuit.step(new Map([['rows', rows.toDelta()]])).get('out')?.length ?? 0
}

/** A function of a row that never says the same. */
function counter(): (row: Row) => number {
  let callCount = 0
  return () => {
    callCount += 1
    return callCount
  }
}

const impureAt = (path: string) =>
  expect.objectContaining({ code: 'views/function-impure', details: { path } })

const byId = ({ id }: Row): number => id

test.each<[path: string, query: (rows: Stream<Row>, graph: GraphBuilder) => AnyStream]>([
  ['map-1', (rows) => rows.map(counter())],
  ['filter-1', (rows) => rows.filter((row) => toggling(row) === 1)],
  ['flat-map-1', (rows) => rows.flatMap((row) => [ever(row)])],
  ['join-1', (rows) => rows.join(rows, { left: counter(), right: byId, combine: (row) => row })],
  ['join-1', (rows) => rows.join(rows, { left: byId, right: byId, combine: counter() })],
  ['anti-join-1', (rows) => rows.antiJoin(rows, { left: byId, right: counter() })],
  [
    'left-join-1',
    (rows) => rows.leftJoin(rows, { left: byId, right: (row) => -row.id, combine: () => ever() }),
  ],
  ['group-1', (rows) => rows.group({ by: counter(), aggregates: {}, combine: (key) => key })],
  ['group-1', (rows) => rows.group({ by: byId, aggregates: {}, combine: () => ever() })],
  [
    'group-1',
    (rows) => rows.group({ by: byId, aggregates: { n: sum(counter()) }, combine: (key) => key }),
  ],
  ['window-1', (rows) => rows.window({ by: counter(), orderBy: [], limit: 1 })],
  ['window-1', (rows) => rows.window({ orderBy: pick(counter()).order, limit: 1 })],
  ['reachable-1', (rows) => rows.reachable({ from: byId, to: counter() })],
  ['per-group-1', (rows) => rows.perGroup(counter(), (group) => group)],
  ['per-group-1/map-1', (rows) => rows.perGroup(byId, (group) => group.map(counter()))],
  [
    'recurse-1/map-1',
    (rows, graph) => graph.recurse(rows.map(byId), (all) => all.map(() => ever())),
  ],
  ['kept', (rows) => rows.cache(defineCache('kept', { by: pick(counter()) }))],
])('[VA80] a function of %s that does not say the same again is found', (path, query) => {
  expect(() => run(query)).toThrow(impureAt(path))
})

let toggleCount = 0
function toggling(_row: Row): number {
  toggleCount += 1
  return toggleCount % 2
}

let everCount = 0
function ever(_row?: Row): number {
  everCount += 1
  return everCount
}

test('[VA80] a function that changes its row is found', () => {
  const change = (row: Row): Row => Object.assign(row, { city: `${row.city}!` })
  expect(() => run((rows) => rows.map(change))).toThrow(impureAt('map-1'))
})

test('[VA80] a fault that shows late is found by the sample', () => {
  let callCount = 0
  const graph = createGraph()
  const late = (row: number): number => {
    callCount += 1
    return callCount < 500 ? row : callCount
  }
  graph.output('out', graph.source<number>('rows').map(late))
  const circuit = createCircuit(graph, new MemoryState(), { checksFunctions: true })
  const rows = ZSet.from(Array.from({ length: 1000 }, (_, at) => at))
  expect(() => circuit.step(new Map([['rows', rows.toDelta()]]))).toThrow(impureAt('map-1'))
})

test('[VA80] functions that depend on their row alone pass, equal answers need not be one object', () => {
  expect(run((rows) => rows.map(({ city }) => ({ city, parts: [city] })))).toBe(2)
  expect(run((rows) => rows.flatMap(({ id }) => new Set([id, -id])))).toBe(4)
})

test('[VA80] outside of development nothing is called twice', () => {
  let callCount = 0
  run((rows) => {
    return rows.map(() => {
      callCount += 1
      return callCount
    })
  }, false)
  expect(callCount).toBe(2)
})
